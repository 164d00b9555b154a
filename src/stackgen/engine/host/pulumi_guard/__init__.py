"""Guards of the engine's Python servers: who may call them, when they end, what they load.

Copied beside the launchers. Runs in the language host's environment and in those of programs: standard library,
grpc and pulumi only.
"""
