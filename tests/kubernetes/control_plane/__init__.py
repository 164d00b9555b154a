"""A real control plane on this machine's loopback: etcd, API server, controller manager, scheduler, simulated nodes.

`python -m tests.kubernetes.control_plane start` starts one for a developer, `stop` stops it.
"""
