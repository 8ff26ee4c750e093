"""Tests here run things at the same time."""

from tests.threads import in_threads

__all__ = ["in_threads"]
