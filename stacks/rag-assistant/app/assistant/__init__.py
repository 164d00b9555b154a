"""A small retrieval assistant, written with ordinary clients against ordinary environment variables."""
