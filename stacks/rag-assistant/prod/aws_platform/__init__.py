"""Building blocks of this program on AWS: network, workloads, containers, databases."""
