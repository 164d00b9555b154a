"""What every component of a provider stands on; added by the planner."""

from stackgen.descriptors.model import Capability

CAPABILITY = Capability(description="What a provider's components stand on.", contracts=(), internal=True)
