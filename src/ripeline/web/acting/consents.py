"""Noting on the record what somebody told one of us about getting mail."""

from contextlib import suppress
from datetime import date

from django.urls import path
from django.utils import timezone

from ripeline.base import clock
from ripeline.capture.in_person import agreeing
from ripeline.capture.in_person.agreeing import Said
from ripeline.outbox import queries
from ripeline.outbox.actions import OutboxError
from ripeline.web.acting import screens
from ripeline.web.acting.deeds import Beside, Request, deed


@deed("agreed", "how")
def note(asked: Request) -> screens.Said:
    """They agreed to a purpose, or want it no more, and told one of us."""
    agreed, purpose, address = asked.text("agreed"), asked.text("purpose"), asked.text("address")
    if agreed not in list(Said):
        raise Beside("agreed", "Say whether they agreed.")
    day = _day(asked.text("said_on"))
    words = asked.text("wording")
    try:
        is_news = agreeing.note(
            actor=asked.actor, lead_id=asked.lead.pk, address=address, purpose=purpose, said=Said(agreed),
            how=asked.text("how"), said_on=day if day != timezone.localdate(clock.now()) else None,
            key=asked.text("key")[:64], wording_id=int(words) if words.isdecimal() and len(words) < 10 else None,
        )  # fmt: skip
    except OutboxError as error:
        raise Beside(error.field or "how", str(error)) from error
    name = queries.purpose_name(purpose)
    if not is_news:
        stands = _STANDS[Said(agreed)].format(lead=asked.lead, name=name)
        return screens.Said(f"Nothing changes: {stands}.", stays=True)
    return screens.Said(f"Noted: {_NOTED[Said(agreed)].format(lead=asked.lead, name=name)}", stays=True)


_STANDS = {
    Said.YES: "{lead} has agreed to “{name}” already",
    Said.NOT_THEN: "what {lead} said of “{name}” before still counts",
    Said.NO_MORE: "{lead} gets no “{name}” already",
}
_NOTED = {
    Said.YES: "{lead} agreed to “{name}”. It stands on the timeline.",
    Said.NOT_THEN: "{lead} was asked about “{name}” and did not agree.",
    Said.NO_MORE: "{lead} gets no more “{name}”. It stands on the timeline.",
}


def _day(text: str) -> date | None:
    if not text:
        return None
    with suppress(ValueError):
        return date.fromisoformat(text)
    raise Beside("said_on", "Write a day, such as 2026-11-26.")


urlpatterns = [path("leads/<uuid:lead_id>/agreed", note, name="lead-agreed")]
