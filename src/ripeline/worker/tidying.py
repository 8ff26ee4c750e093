"""What nobody needs any more is removed: old plans, expired sessions, removed views, strangers' addresses."""

from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore

from ripeline.base import clock
from ripeline.capture.exports import exports
from ripeline.capture.imports import schedules
from ripeline.leads.finding import saved
from ripeline.leads.many import batches
from ripeline.outbox import actions as outbox
from ripeline.worklist import actions as worklist

PLANS_KEPT = timedelta(days=90)  # what came of each item is on the timeline for good

VIEWS_KEPT = timedelta(days=30)  # after they were removed: as long as that can be taken back
STRANGERS_KEPT = timedelta(days=30)  # who asked for a new password and is nobody here

BATCHES_KEPT = timedelta(days=30)  # so long the page of one says what it did; the timelines do for good


def tidy() -> int:
    """Remove them; how many plans. Again removes nothing."""
    SessionStore.clear_expired()
    saved.tidy(before=clock.now() - VIEWS_KEPT)
    batches.tidy(before=clock.now() - BATCHES_KEPT)
    exports.tidy()
    schedules.tidy()
    outbox.forget_strangers(before=clock.now() - STRANGERS_KEPT)
    return worklist.forget_plans(before=(clock.now() - PLANS_KEPT).date())
