"""Handing messages over, each at most once (I5). The worker's post thread has one `Sender` and lets it work.

A batch is claimed by moving its next try ahead. Then, for each message: it is written; whether it may go is asked, and
that its hand-over begins is recorded, in one conditional UPDATE that commits before the server hears of it; it is
handed over; what came of it is recorded, where it was taken in the same transaction in which the next one begins. So
one at most is under way at any time. Whoever dies in between leaves it `sending`, which becomes `doubt` and is not
repeated by itself. A refusal for now (4xx) puts it back to `waiting`: the server has said that it did not take it.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction

from ripeline.base import clock
from ripeline.base.settled import look
from ripeline.base.statements import prepared_rows
from ripeline.outbox import queries, rules, suppression
from ripeline.outbox.kinds import KINDS, NobodyError
from ripeline.outbox.letters import Letter
from ripeline.outbox.mail import Mail, Party
from ripeline.outbox.models import MailServer, Message, MessageState, SuppressionReason
from ripeline.outbox.smtp import Smtp
from ripeline.outbox.transport import Outcome, Result, Transport, UnreachableError
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

# Of these leads (with the moment their mail was caused), those who have answered since.
Answered = Callable[[Mapping[UUID, datetime]], set[UUID]]

BATCH = 50
PAUSES = (10, 30, 60, 300)  # seconds to wait while the server cannot be used
HANG_UP_AFTER = 60.0  # seconds without mail
NOTICED_WITHIN = timedelta(seconds=5)  # between looks for what somebody's death broke off
WORKED_WITHIN = timedelta(seconds=5)  # so exactly it is kept when the last was handed over

_CLAIM = """
UPDATE message SET due_at = %(until)s, claimed_by = %(sender)s
WHERE id IN (
    SELECT id FROM message WHERE state = 'waiting' AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
RETURNING *
"""

# The re-check at the moment of sending and the record of its beginning are one statement.
_BEGIN = """
UPDATE message SET state = 'sending', handed_at = %(now)s, message_id = %(message_id)s, attempts = attempts + 1
WHERE id = %(next)s::uuid AND state = 'waiting' AND claimed_by = %(sender)s
  AND NOT EXISTS (
    SELECT FROM suppression
    WHERE suppression.address_hash = message.address_hash AND lifted_at IS NULL
      AND (scope = 'everything' OR message.purpose <> ''))
  AND (purpose = '' OR EXISTS (
    SELECT FROM consent
    WHERE consent.address_hash = message.address_hash AND consent.purpose_id = message.purpose
      AND consent.state = 'given'))
"""

# Also where somebody has taken it for broken off meanwhile, or had it sent again: it was handed over. What is in doubt
# may be sent once more, so its context stays.
_END = """
UPDATE message SET state = %(state)s::text, reason = %(reason)s, reply = %(reply)s, provider_id = %(provider_id)s,
    ended_at = CASE WHEN %(state)s::text = 'doubt' THEN ended_at ELSE %(now)s::timestamptz END,
    context = CASE WHEN %(state)s::text = 'doubt' THEN context ELSE '{}' END
WHERE id = %(last)s::uuid AND state IN ('waiting', 'sending', 'doubt')
"""

_END_AND_BEGIN = f"""
WITH ended AS ({_END} RETURNING 1), begun AS ({_BEGIN} RETURNING 1)
SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM begun)
"""  # noqa: S608 - of constants alone


def transport() -> Transport | None:
    """The way out that the settings name; None where there is none."""
    if settings.MAIL_ESP:
        from ripeline.outbox.esp import Esp  # its libraries are loaded where they are used

        return Esp(settings.MAIL_ESP)
    return Smtp(settings.SMTP_URL) if settings.SMTP_URL else None


class Sender:
    """Claims messages and hands them over, over one connection. Used by one thread."""

    def __init__(self, *, answered: Answered, way_out: Callable[[], Transport | None] = transport) -> None:
        self.name = uuid4().hex
        self._answered = answered
        self._way_out = way_out
        self._transport: Transport | None = None
        self._failures = 0
        self._rests_until = 0.0
        self._noticed_at = clock.now() - NOTICED_WITHIN
        self._used_at = 0.0
        self._unrecorded: list[tuple[Message, Result]] = []  # handed over while the database was away

    def work(self, is_stopping: Callable[[], bool] = lambda: False) -> bool:
        """Send a batch of what is due; whether there was any."""
        self._record_all()
        if abs(clock.now() - self._noticed_at) >= NOTICED_WITHIN:
            notice_broken_off()
            self._noticed_at = clock.now()
        state = queries.server()
        if time.monotonic() < self._rests_until or not queries.can_send() or queries.is_key_changed(state):
            return False
        batch = self._claim()
        if not batch:
            self._hang_up()
            return False
        is_done = False
        try:
            way = self._ready(state)
            with look():  # the names that stand in every letter are read once
                for message in batch:
                    if is_stopping():
                        break
                    self._send(way, message)
                else:
                    is_done = True
            if state.worked_at is None or state.worked_at < clock.now() - WORKED_WITHIN:
                MailServer.objects.update(worked_at=clock.now())
        except UnreachableError as problem:
            self._rest(problem)
        finally:
            self._record_all()
            if not is_done:
                self._release()
        return self._failures == 0

    def close(self) -> None:
        """Let go of the server."""
        if self._transport:
            self._transport.leave()
            self._transport = None

    def _claim(self) -> list[Message]:
        now = clock.now()
        values = {"now": now, "until": now + rules.LEASE, "sender": self.name, "batch": BATCH}
        return sorted(Message.objects.raw(_CLAIM, values), key=lambda m: (m.wanted_at, m.pk))

    def _ready(self, state: MailServer) -> Transport:
        self._transport = self._transport or self._way_out()
        if self._transport is None:
            raise UnreachableError("No mail server is set.", "Set RIPELINE_SMTP_URL.")
        self._transport.ready()
        self._used_at = time.monotonic()
        if self._failures or state.error:
            log.info("Mail can be handed over to %s again.", self._transport.name)
            MailServer.objects.update(failing_since=None, error="")
        self._failures = 0
        return self._transport

    def _send(self, way: Transport, message: Message) -> None:
        """One message, from the last look whether it may go to the record of what came of it."""
        if message.wanted_at + rules.GIVE_UP_AFTER < clock.now():
            self._hold(message, MessageState.FAILED, "too_late")
            return
        if message.stops_when_answered and message.lead_id and self._answered({message.lead_id: message.created_at}):
            self._hold(message, MessageState.STOPPED, "answered")
            return
        try:
            mail = written(message)
        except NobodyError:
            self._hold(message, MessageState.STOPPED, "nobody")
            return
        except DatabaseError:
            raise
        except Exception:
            log.exception("Message %s (%s) could not be written.", message.pk, message.kind)
            self._hold(message, MessageState.FAILED, "unwritable")
            return
        if not self._begin(message):
            return
        try:
            result = way.hand_over(mail)
        except UnreachableError:
            _put_back(message, clock.now(), words="")
            raise
        self._unrecorded.append((message, result))
        if result.outcome is not Outcome.SENT:  # it may be about an address to which the next one goes, too
            self._record_all()

    def _begin(self, message: Message) -> bool:
        """Record that its hand-over begins, if it may go, and that the last was sent; committed when this returns."""
        values = {"next": message.pk, "sender": self.name, "message_id": message.message_id, "now": clock.now()}
        if self._unrecorded:
            [(last, result)] = self._unrecorded
            has_begun = _end(last, result, begins=values)
            self._unrecorded.clear()
        else:
            has_begun = bool(prepared_rows(f"{_BEGIN} RETURNING 1", values))
        if has_begun:
            message.attempts += 1
            return True
        if queries.is_suppressed(message.to_address, for_purpose=bool(message.purpose)):
            self._hold(message, MessageState.STOPPED, "suppressed")
        elif message.purpose and not queries.has_consent(message.to_address, message.purpose):
            self._hold(message, MessageState.STOPPED, "unconsented")
        return False  # else it was cancelled, or is another's by now

    def _hold(self, message: Message, state: MessageState, reason: str) -> None:
        """It is not to be sent. Nothing is done where another sender has it by now."""
        mine = Message.objects.filter(pk=message.pk, state=MessageState.WAITING, claimed_by=self.name)
        mine.update(state=state, reason=reason, ended_at=clock.now(), context={})

    def _record_all(self) -> None:
        """Record what came of each hand-over of which that is still to be done."""
        while self._unrecorded:
            self._record(*self._unrecorded[0])
            self._unrecorded.pop(0)

    def _record(self, message: Message, result: Result) -> None:
        if result.outcome is Outcome.LATER:
            again = rules.next_try(message.wanted_at, message.attempts, clock.now())
            if again:
                _put_back(message, again, words=result.words)
            else:
                _end(message, result)
            return
        _end(message, result)
        if result.outcome is Outcome.DOUBT:
            log.warning("Whether message %s arrived is in doubt (%s).", message.pk, result.words)

    def _rest(self, problem: UnreachableError) -> None:
        """The server cannot be used: everything waits, and the page says why."""
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        self._rests_until = time.monotonic() + pause
        log.warning("Mail waits: %s %s Again in %s s.", problem.what, problem.do, pause)
        if self._transport:
            self._transport.close()
        MailServer.objects.filter(failing_since__isnull=True).update(failing_since=clock.now())
        MailServer.objects.update(error=f"{problem.what} {problem.do}"[:500])

    def _release(self) -> None:
        """What was claimed and not begun is free again."""
        mine = Message.objects.filter(state=MessageState.WAITING, claimed_by=self.name, due_at__gt=clock.now())
        mine.update(due_at=clock.now(), claimed_by="")

    def _hang_up(self) -> None:
        if self._transport and time.monotonic() - self._used_at > HANG_UP_AFTER:
            self.close()


_ENDS = {
    Outcome.SENT: (MessageState.SENT, ""),
    Outcome.BAD_ADDRESS: (MessageState.BOUNCED, "address"),
    Outcome.REFUSED: (MessageState.FAILED, "refused"),
    Outcome.DOUBT: (MessageState.DOUBT, ""),
    Outcome.LATER: (MessageState.FAILED, "too_late"),  # where there is no later
}


def notice_broken_off() -> int:
    """Messages whose sender died in the middle are in doubt from now on; how many were found."""
    long_ago = clock.now() - rules.UNDER_WAY
    left = Message.objects.filter(state=MessageState.SENDING, handed_at__lt=long_ago)
    return left.update(state=MessageState.DOUBT, reply="Whoever sent it was broken off.")


def written(message: Message) -> Mail:
    """The mail that a message becomes; gives it its Message-ID, the same at every try."""
    sender = Party.parse(settings.MAIL_FROM)
    message.message_id = f"<{message.pk.hex}@{sender.domain}>"
    letter: Letter = KINDS[message.kind].write(message)
    mail = Mail(
        sender=Party(sender.address, sender.name or letter.firm),
        to=Party(message.to_address, message.to_name),
        reply_to=Party.parse(settings.MAIL_REPLY_TO) if settings.MAIL_REPLY_TO else None,
        returns_to=Party.parse(settings.MAIL_RETURN_PATH).address if settings.MAIL_RETURN_PATH else "",
        subject=letter.subject,
        text=letter.text(),
        html=letter.html(),
        message_id=message.message_id,
        date=clock.now(),
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", **letter.headers},
    )
    mail.sender.header(), mail.to.header()  # what cannot be an address is found before the hand-over begins
    return mail


def _put_back(message: Message, due_at: datetime, *, words: str) -> None:
    """The server has not taken it: it waits for its next try."""
    began = (MessageState.SENDING, MessageState.DOUBT)
    Message.objects.filter(pk=message.pk, state__in=began).update(
        state=MessageState.WAITING, due_at=due_at, claimed_by="", reply=words
    )


def _end(message: Message, result: Result, *, begins: Mapping[str, Any] | None = None) -> bool:
    """Record what became of a hand-over, and on the lead's timeline what reached them; in one transaction.

    With it the next hand-over `begins` (what `_BEGIN` is to know); whether it does.
    """
    now, (state, reason) = clock.now(), _ENDS[result.outcome]
    values = {
        "last": message.pk, "state": state.value, "reason": reason, "reply": result.words,
        "provider_id": result.provider_id, "now": now, **(begins or {}),
    }  # fmt: skip
    with transaction.atomic():
        [(ended, begun)] = prepared_rows(_END_AND_BEGIN if begins else f"{_END} RETURNING 1, 0", values) or [(0, 0)]
        if not ended:
            return bool(begun)
        if state == MessageState.BOUNCED:
            suppression.suppress(known_as=message.address_hash, reason=SuppressionReason.BOUNCED, note=result.words)
        if message.lead_id and state in _TOLD:
            _tell(message, _TOLD[state], now)
    return bool(begun)


_TOLD = {MessageState.SENT: "mailed", MessageState.BOUNCED: "bounced"}


def _tell(message: Message, kind: str, now: datetime) -> None:
    assert message.lead_id
    timeline.record(
        timeline.Entry(
            lead_id=message.lead_id,
            kind=kind,
            actor_id=message.actor_id,
            origin="outbox",
            event_key=message.pk.hex,
            occurred_at=now,
            data={"mail": KINDS[message.kind].label, "message": str(message.pk)},
        )
    )
