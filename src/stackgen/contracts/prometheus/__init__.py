"""prometheus/1: metrics to be queried, by the Prometheus HTTP API."""
