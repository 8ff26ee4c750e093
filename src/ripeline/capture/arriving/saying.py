"""What a program says of who may be written to: read, kept with what it sent, and noted where it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ripeline.base import clock
from ripeline.capture.arriving import languages
from ripeline.capture.cells.text import clean
from ripeline.capture.models import Submission
from ripeline.outbox import actions as outbox_actions
from ripeline.outbox import consent, hearing, queries
from ripeline.outbox.consent import Evidence
from ripeline.outbox.hearing import Heard, Word
from ripeline.people import queries as people

_WHY = {
    Heard.OVERRULED: "They have said otherwise since.",
    Heard.STOPPED: "They have stopped all mail, which only they themselves start again.",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing that somebody said of mail, as a program tells it."""

    purpose: str
    agreed: bool
    how: str
    at: datetime | None = None
    confirmed: bool = False


def read(said: Sequence[Said], *, address: str, latest: datetime) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """How it is kept, and what is wrong with it by field."""
    errors: dict[str, str] = {}
    known = {purpose.code for purpose in queries.purposes()} if said else set()
    for place, each in enumerate(said):
        at = f"consents.{place}"
        if each.purpose not in known:
            errors[f"{at}.purpose"] = f"There is no such purpose; there are: {', '.join(sorted(known)) or 'none'}."
        elif each.purpose in [other.purpose for other in said[:place]]:
            errors[f"{at}.purpose"] = "It is said twice."
        if not clean(each.how):
            errors[f"{at}.how"] = "Say how you know."
        if each.at and each.at.tzinfo is None:
            errors[f"{at}.at"] = "Say the time zone, such as …Z or …+01:00."
        elif each.at and each.at > latest:
            errors[f"{at}.at"] = "It lies in the future."
    if said and not outbox_actions.is_address(address):
        errors.setdefault("email", "Say whose consent it is: give their e-mail address.")
    kept = [
        {"purpose": each.purpose, "agreed": each.agreed, "how": clean(each.how), "confirmed": each.confirmed,
         "at": each.at.isoformat() if each.at else ""}
        for each in said
    ]  # fmt: skip
    return kept, errors


def note(submission: Submission, *, captured_at: datetime, base_url: str) -> None:
    """Note what was said with a submission that is in; what came of each is kept beside it. In its transaction."""
    said = submission.content.get("consents")
    if not said:
        return
    for each in said:
        each["result"], each["why"] = _noted(submission, each, captured_at, base_url)
    Submission.objects.filter(pk=submission.pk).update(content=submission.content)


def _noted(submission: Submission, said: Mapping[str, Any], captured_at: datetime, base_url: str) -> tuple[str, str]:
    at = min(datetime.fromisoformat(said["at"]) if said["at"] else captured_at, clock.now())
    person, how = submission.content["person"], f"{submission.door.name[:30]}: {said['how']}"
    word = Word(
        address=person["email"], purpose=said["purpose"], agreed=said["agreed"], how=how, at=at,
        lead_id=submission.lead_id, actor=people.system(), language=languages.of(submission),
    )  # fmt: skip
    if said["agreed"] and not said["confirmed"]:
        heard = hearing.would(word)
        if heard is Heard.NOTED:
            evidence = Evidence(how=how, actor=people.system())
            consent.ask(
                to=word.address, purpose=word.purpose, evidence=evidence, name=person.get("name", ""),
                lead_id=word.lead_id, base_url=base_url, language=word.language,
            )  # fmt: skip
            return "asked", ""
    else:
        (heard,) = hearing.hear([word])
    if heard is Heard.NOTED:
        return "given" if said["agreed"] else "withdrawn", ""
    return ("refused", _WHY[heard]) if heard in _WHY else ("unchanged", "")
