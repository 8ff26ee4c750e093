"""Reads the mailbox to which mail comes back, where one is set. The worker has one `Reader` and lets it work.

What a report says of a message is noted in one transaction with how far the mailbox is read; only then is it marked as
read. Mail that is no report of a message of ours is left as it is: the mailbox may be one that people read.
"""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction

from ripeline.base import clock
from ripeline.outbox import reports, returning
from ripeline.outbox.imap import Mailbox
from ripeline.outbox.models import BounceBox, Message
from ripeline.outbox.reports import Report
from ripeline.outbox.returning import Fate, Returned
from ripeline.outbox.transport import UnreachableError

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between looks
PAUSES = (60, 300, 900)  # seconds to wait while the mailbox cannot be read
LOOKED_BACK = 1_000  # messages that are there already when it is read for the first time


class Reader:
    """Looks into the mailbox every so often. Used by one thread."""

    def __init__(self) -> None:
        self._rests_until = 0.0
        self._failures = 0

    def work(self, is_stopping: Callable[[], bool] = lambda: False) -> bool:
        """Look, if it is time to; whether anything was noted. Whatever is wrong with the mailbox is kept and shown."""
        if not settings.BOUNCES_URL or time.monotonic() < self._rests_until:
            return False
        self._rests_until = time.monotonic() + EVERY
        try:
            noted = look(is_stopping)
        except UnreachableError as problem:
            self._rests_until = time.monotonic() + PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1
            log.warning("Mail that comes back is not read: %s %s", problem.what, problem.do)
            said = f"{problem.what} {problem.do}"[:500]
            box = _box()
            box.failing_since = box.failing_since or clock.now()
            box.error = said
            box.save(update_fields=["failing_since", "error"])
            return False
        self._failures = 0
        return noted > 0


def look(is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Note what came back since the last look; how many reports did. Raises UnreachableError."""
    mailbox = Mailbox(settings.BOUNCES_URL or "")
    mailbox.open()
    noted = 0
    try:
        after = _place(mailbox)
        for last, heads in mailbox.heads(after):
            for head in heads:
                if is_stopping():
                    return noted
                if reports.is_report(head.content_type) and _take(mailbox, head.uid):
                    noted += 1
            _reached(mailbox, last)
        BounceBox.objects.update(looked_at=clock.now(), failing_since=None, error="")
    finally:
        mailbox.close()
    return noted


def _box() -> BounceBox:
    return BounceBox.objects.get_or_create(id=1)[0]


def _place(mailbox: Mailbox) -> int:
    """The last message that was read; another mailbox, or one that was numbered anew, is begun near its end."""
    with transaction.atomic():
        _box()
        box = BounceBox.objects.select_for_update().get(id=1)
        name = f"{mailbox.name} {mailbox.folder}"[:300]
        if (box.name, box.validity) != (name, mailbox.validity):
            box.name, box.validity = name, mailbox.validity
            box.uid = max(mailbox.next - 1 - LOOKED_BACK, 0)
            box.save(update_fields=["name", "validity", "uid"])
    return box.uid


def _reached(mailbox: Mailbox, uid: int) -> None:
    BounceBox.objects.filter(validity=mailbox.validity, uid__lt=uid).update(uid=uid)


def _take(mailbox: Mailbox, uid: int) -> bool:
    """Note one message, and mark it as read once that is committed; whether it was a report of a message of ours."""
    report = reports.read(mailbox.read(uid))
    if report is None:
        return False
    try:
        is_ours = _noted(report, mailbox, uid)
    except DatabaseError:
        raise  # it is read again
    except Exception:
        log.exception("What came back as message %s of the mailbox could not be noted.", uid)
        return False
    if is_ours:
        mailbox.mark_seen(uid)
    return is_ours


def _noted(report: Report, mailbox: Mailbox, uid: int) -> bool:
    with transaction.atomic():
        BounceBox.objects.select_for_update().get(id=1)  # one worker at a time
        message = Message.objects.filter(pk=UUID(report.message)).first()
        if message:
            returning.note(
                Returned(_fate(report), message.to_address, message=message.pk, words=report.words, at=report.at)
            )
        _reached(mailbox, uid)
    return message is not None


def _fate(report: Report) -> Fate:
    if report.action == "complained":
        return Fate.COMPLAINED
    if report.action == "delayed":
        return Fate.PUT_OFF
    return Fate.NO_ADDRESS if report.is_no_address else Fate.NOT_NOW
