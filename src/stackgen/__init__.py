"""stackgen: one provider-neutral spec for an AI ecosystem, a readable Pulumi program for every provider."""

__version__ = "0.1.0"
