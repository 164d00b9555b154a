"""Building blocks of a Kubernetes program. Copied into the program; needs `pulumi` and `pulumi_kubernetes`."""
