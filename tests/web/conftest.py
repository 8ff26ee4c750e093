"""Fixtures that only the pages use."""

from tests.threads import in_threads

__all__ = ["in_threads"]
