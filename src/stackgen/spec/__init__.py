"""The spec that a platform engineer writes: stack, environments, references; loading with positions."""
