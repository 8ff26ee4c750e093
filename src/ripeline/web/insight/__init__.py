"""Insight: what came of leads, what would, whether the model is right, what is leaking."""
