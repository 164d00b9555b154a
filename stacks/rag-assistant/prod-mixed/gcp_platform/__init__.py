"""Building blocks of this program on Google Cloud: network, workloads, containers, databases."""
