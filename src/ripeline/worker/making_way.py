"""Who waits for a mail or a score goes before work on every lead there is."""

import time

from ripeline.base import clock
from ripeline.base.statements import prepared_rows
from ripeline.worker.reactions import GIVE_UP

MOMENT = 0.05  # seconds: about as long as a thousand leads take to be scored
# Seconds for which a thread keeps the interpreter from others. Python's own .005 is waited for after each answer of
# the database or the mail server, of which a mail needs a dozen, while another thread computes.
TURN = 0.0005

_WAITS = """
SELECT EXISTS (SELECT FROM message WHERE state = 'waiting' AND due_at <= %(now)s::timestamptz)
    OR EXISTS (SELECT FROM reaction WHERE due_at <= %(now)s::timestamptz AND attempts < %(most)s)
"""


def make_way() -> None:
    """Rest for a moment if anybody waits, but for what was given up; not until nobody does, for somebody may always."""
    if prepared_rows(_WAITS, {"now": clock.now(), "most": GIVE_UP})[0][0]:
        time.sleep(MOMENT)
