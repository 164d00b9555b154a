"""What components of a Kubernetes program share. Copied into the program; needs `pulumi` and `pulumi_kubernetes`."""
