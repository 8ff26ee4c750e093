"""Mail is sent by writing a row in the transaction of what causes it; the worker hands it over (`delivery`)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import transaction

from ripeline.base import clock
from ripeline.base.copying import insert_new
from ripeline.base.ids import new_id
from ripeline.base.reading import made
from ripeline.outbox import queries
from ripeline.outbox.addresses import address_hash, key_check
from ripeline.outbox.kinds import KINDS
from ripeline.outbox.mail import ascii_domain, plain
from ripeline.outbox.models import MailServer, Message, MessageState, Purpose, Wording
from ripeline.people import actions as people
from ripeline.people import queries as who
from ripeline.people import rules as people_rules
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

NEWS = "news"
_NEWS = "Write to me by e-mail now and then with news and offers. I can stop it with one click."
_NEUES = "Schreiben Sie mir ab und zu per E-Mail mit Neuigkeiten und Angeboten. Ich kann das mit einem Klick beenden."
_is_web_address = URLValidator(schemes=["http", "https"])


class OutboxError(ValueError):
    """What was asked cannot be; `field` says where to show it."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def seed() -> None:
    """Make the built-in rows: the state of the way out, under the present key, and one purpose. Idempotent."""
    with transaction.atomic():
        server, _ = MailServer.objects.get_or_create(id=1, defaults={"key_check": key_check()})
        if server.key_check != key_check() and not queries.has_hashes():  # nothing depends on the old key
            MailServer.objects.update(key_check=key_check())
        purpose, _ = Purpose.objects.get_or_create(code=NEWS, defaults={"name": "News by e-mail"})
        said, _ = Wording.objects.get_or_create(
            purpose=purpose, language="", version=1, defaults={"text": _NEWS, "actor": who.system()}
        )
        if said.text == _NEWS:  # nobody began with words of their own
            named = {"name": "Neuigkeiten per E-Mail", "text": _NEUES, "actor": who.system()}
            Wording.objects.get_or_create(purpose=purpose, language="de", version=1, defaults=named)


def send(
    *,
    kind: str,
    to: str,
    key: str,
    name: str = "",
    lead_id: UUID | None = None,
    purpose: str = "",
    context: Mapping[str, Any] | None = None,
    actor: User | None = None,
    not_before: datetime | None = None,
    stops_when_answered: bool = False,
) -> Message:
    """Have one mail sent. Call it in the transaction of what causes it; the same (lead, kind, key) again sends nothing.

    The mail goes out after commit, once, if at that moment the address may get it. Where no mail server is set it is
    kept as not sent, so that it does not go out months later by itself. Raises OutboxError for what could
    never be sent.
    """
    given = dict(context or {})
    _check(kind, to, purpose, given)
    now = clock.now()
    can_go = queries.can_send()
    wanted_at = max(not_before or now, now)
    row: dict[str, Any] = {
        "id": new_id(), "lead_id": lead_id, "kind": kind, "key": key, "to_address": to.strip(),
        "to_name": plain(name)[:200], "address_hash": address_hash(to), "purpose": purpose, "context": given,
        "stops_when_answered": stops_when_answered, "actor_id": (actor or who.system()).pk, "created_at": now,
        "wanted_at": wanted_at, "due_at": wanted_at, **({} if can_go else _for_want_of_a_server(kind, given, now)),
    }  # fmt: skip
    with transaction.atomic(savepoint=False):
        is_new = bool(insert_new(Message, [row]))
        if is_new and can_go:
            timeline.wake_worker(timeline.POST)
    if is_new:
        return made(Message, row)
    return Message.objects.get(lead_id=lead_id, kind=kind, key=key)


def _not_sent(reason: str, now: datetime) -> dict[str, Any]:
    return {"state": MessageState.STOPPED, "reason": reason, "ended_at": now, "context": {}}


def _for_want_of_a_server(kind: str, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What somebody waits for keeps what it would say, so that an administrator may have it sent (`send_held`)."""
    return _not_sent("no_server", now) | ({"context": dict(given)} if kind in queries.AWAITED else {})


def is_address(text: str) -> bool:
    """Whether mail can be addressed to this; letters of any alphabet are let through."""
    if not text.isprintable() or not address_hash(text) or len(text) > 254:
        return False
    try:
        validate_email(re.sub(r"[^\x00-\x7f]", "x", ascii_domain(text)))
    except ValidationError:
        return False
    return True


def _check(kind: str, to: str, purpose: str, context: Mapping[str, Any]) -> None:
    if kind not in KINDS:
        raise OutboxError(f"There is no kind of mail {kind!r}.")
    if not is_address(to.strip()):
        raise OutboxError(f"{to or 'An empty text'} is not an e-mail address.", "to")
    if KINDS[kind].for_purpose != bool(purpose):
        raise OutboxError("Mail for a purpose says which one; an answer to somebody has none.", "purpose")
    if purpose and not Purpose.objects.filter(code=purpose).exists():
        raise OutboxError(f"There is no purpose {purpose!r}.", "purpose")
    if context.get("url"):
        try:
            _is_web_address(context["url"])
        except ValidationError as wrong:
            raise OutboxError("A link in a mail is an http or https address.", "url") from wrong


def send_test(*, actor: User, key: str, base_url: str = "") -> Message:
    """A message to oneself, to see whether mail arrives."""
    people_rules.require_administers(actor)
    context = {"base_url": base_url}
    return send(kind="test", to=actor.email, name=actor.name, key=key, context=context, actor=actor)


def cancel(*, lead_id: UUID, kind: str, key: str) -> bool:
    """Take back a mail that has not begun to go out; whether there was one."""
    waiting = Message.objects.filter(lead_id=lead_id, kind=kind, key=key, state=MessageState.WAITING)
    return bool(waiting.update(**_not_sent("cancelled", clock.now())))


def settle(*, actor: User, message_id: UUID, again: bool) -> bool:
    """Decide about a message in doubt: send it once more, or leave it as it is. False if it was decided already.

    Its text is written anew from what still holds; only what was in doubt keeps its context.
    """
    people_rules.require_administers(actor)
    now = clock.now()
    changes: dict[str, Any] = (
        {"state": MessageState.WAITING, "due_at": now, "wanted_at": now, "claimed_by": ""}
        if again
        else {"state": MessageState.STOPPED, "reason": "let_be", "ended_at": now, "context": {}}
    )
    with transaction.atomic():
        if not Message.objects.filter(pk=message_id, state=MessageState.DOUBT).update(**changes):
            return False
        people.audit(actor=actor, verb="mail.again" if again else "mail.let_be", target=str(message_id))
        if again:
            timeline.wake_worker(timeline.POST)
    return True


def send_held(*, actor: User, anew: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict) -> int:
    """Send what people wait for and was held back for want of a mail server, each once; how many.

    `anew`: what a mail says now of the link to what they asked for, whose last day may have come meanwhile.
    Whether each may go, and whether there is still anything to confirm, is asked at sending, as of any mail.
    """
    people_rules.require_administers(actor)
    if not queries.can_send():
        raise OutboxError("There is no mail server to send it by yet.")
    now = clock.now()
    with transaction.atomic():
        held = Message.objects.filter(pk__in=queries.held_for_a_server(), state=MessageState.STOPPED)
        given = list(held.filter(kind="asset").select_for_update().order_by("pk"))
        for message in given:
            message.context = dict(anew(message.context))
        Message.objects.bulk_update(given, ["context"])
        sent = held.update(
            state=MessageState.WAITING, reason="", ended_at=None, due_at=now, wanted_at=now, claimed_by=""
        )
        if sent:
            people.audit(actor=actor, verb="mail.held", target=f"{sent} messages")
            timeline.wake_worker(timeline.POST)
    return sent


def forget_strangers(*, before: datetime) -> int:
    """Drop the addresses for which a new password was asked and that nobody here has; how many."""
    return Message.objects.filter(reason="nobody", lead_id__isnull=True, created_at__lt=before).delete()[0]


def say_purpose(*, actor: User, code: str, name: str, text: str, language: str = "") -> Wording:
    """Name a purpose and the words by which people agree to it; other words are a new version.

    In a `language` both are for who is asked in that one; there must be words for all others before.
    """
    people_rules.require_administers(actor)
    code, name, text = code.strip().lower(), name.strip(), text.strip()
    if not code.replace("_", "").isalnum() or not code.isascii() or len(code) > 40:
        raise OutboxError("A code has at most 40 letters, digits and _.", "code")
    if not name or not text:
        raise OutboxError("Please fill this in.", "text" if name else "name")
    with transaction.atomic():
        if language and not Purpose.objects.filter(pk=code).exists():
            raise OutboxError("Say it first in words for every language.", "language")
        purpose, _ = Purpose.objects.get_or_create(code=code, defaults={"name": name[:120]})
        Purpose.objects.select_for_update().get(pk=code)
        if not language:
            Purpose.objects.filter(pk=code).update(name=name[:120])
        named = name[:120] if language else ""
        last = Wording.objects.filter(purpose=purpose, language=language).order_by("-version").first()
        if last and (last.text, last.name) == (text, named):
            return last
        people.audit(actor=actor, verb="purpose.say", target=code)
        version = (last.version if last else 0) + 1
        return Wording.objects.create(
            purpose=purpose, language=language, version=version, name=named, text=text, actor=actor
        )
