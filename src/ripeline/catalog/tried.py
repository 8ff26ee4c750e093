"""Who tried from where it is not allowed: by the tag of another site, or with a form that may not stand there.

Anybody can say any host or site: the last few are kept, and of those the latest said for a while.
"""

from datetime import timedelta
from typing import TypeVar

from django.db import models
from django.db.models import QuerySet

from ripeline.base import clock

SHOWN = 5
LATELY = timedelta(days=30)


class Tried(models.Model):
    """How often somebody tried, and when last."""

    id = models.BigAutoField(primary_key=True)
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(default=clock.now)

    class Meta:
        abstract = True


T = TypeVar("T", bound=Tried)


def lately(found: QuerySet[T]) -> list[T]:
    """The last few of these, the latest first."""
    return list(found.filter(last_at__gte=clock.now() - LATELY).order_by("-last_at", "-id")[:SHOWN])
