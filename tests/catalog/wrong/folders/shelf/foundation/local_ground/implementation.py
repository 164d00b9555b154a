"""A foundation beside its provider."""

from stackgen.descriptors.model import Implementation

IMPLEMENTATION = Implementation(description="A ground.", level="bare", billing="own-machines", licence="MIT")
