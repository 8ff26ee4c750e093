"""Ripeline: every lead is followed up until it ripens, is won, or is let go for a reason."""

__version__ = "0.1.0"
