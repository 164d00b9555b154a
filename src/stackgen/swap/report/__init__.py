"""Report of what a swap would change, before anything is touched. Each statement has a source."""
