"""What nobody needs any more is removed: plans of days long past, sessions that have expired."""

from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore

from ripeline.base import clock
from ripeline.worklist import actions as worklist

PLANS_KEPT = timedelta(days=90)  # what came of each item is on the timeline for good


def tidy() -> int:
    """Remove them; how many plans. Again removes nothing."""
    SessionStore.clear_expired()
    return worklist.forget_plans(before=(clock.now() - PLANS_KEPT).date())
