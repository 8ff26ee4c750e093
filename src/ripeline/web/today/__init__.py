"""Today: the short list of the day."""
