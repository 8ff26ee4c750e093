"""What a leader asks of the figures: whether leads ripen, and how that compares with what was expected."""
