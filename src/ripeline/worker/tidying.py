"""What nobody needs any more is removed: plans of days long past, expired sessions, views removed."""

from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore

from ripeline.base import clock
from ripeline.leads import saved
from ripeline.worklist import actions as worklist

PLANS_KEPT = timedelta(days=90)  # what came of each item is on the timeline for good

VIEWS_KEPT = timedelta(days=30)  # after they were removed: as long as that can be taken back


def tidy() -> int:
    """Remove them; how many plans. Again removes nothing."""
    SessionStore.clear_expired()
    saved.tidy(before=clock.now() - VIEWS_KEPT)
    return worklist.forget_plans(before=(clock.now() - PLANS_KEPT).date())
