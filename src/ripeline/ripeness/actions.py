"""Scoring leads and keeping the prior."""


def seed() -> None:
    """Make the prior's terms that are missing."""
