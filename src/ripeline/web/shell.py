"""What every page's frame needs."""

from typing import Any

from django.http import HttpRequest


def context(request: HttpRequest) -> dict[str, Any]:
    """The rail's entries for this person's role, and the company."""
    return {}
