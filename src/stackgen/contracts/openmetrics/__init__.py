"""openmetrics/1: metrics to be scraped, in the OpenMetrics text format."""
