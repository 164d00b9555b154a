"""The foundation of every component of a provider; the planner adds it."""

from stackgen.descriptors.model import Capability

CAPABILITY = Capability(description="What a provider's components stand on.", contracts=(), internal=True)
