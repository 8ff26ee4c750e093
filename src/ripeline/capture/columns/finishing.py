"""A row of which every cell was read, as a whole: one name, one outcome, one day; or why it cannot go in."""

import re
from datetime import datetime, timedelta

from ripeline.capture.cells.fields import DUE_AT, FIELDS, OTHER_PHONE, SUBJECT
from ripeline.capture.cells.text import key, words
from ripeline.capture.columns.row import Row
from ripeline.leads.words import systems

_TOTALS = words("total totals sum summe gesamt gesamtsumme anzahl somme totale totaal")
_TELL = ("name", "title", "company", "website")  # who somebody is
_WORDS_ONLY = re.compile(r"[^\W\d][^\d]*")
_CODE = re.compile(r"\w+(?:[-_/]\w+)+")  # an id such as TOTAL-0012
PARTS = ("first_name", "last_name")  # of a name
_MESSAGE = FIELDS["leads"]["message"].longest
_STAGE = FIELDS["outcomes"]["pipeline_stage"].longest
_OPEN = words("open offen ouvert ouverte abierto abierta aberto aberta")  # is no stage
CLOCKS_DIFFER = timedelta(days=1)


class NotTakenError(Exception):
    """Why a row as a whole is refused."""


def finish_lead(row: Row) -> None:
    parts = [part for name in PARTS if (part := row.text(name))]
    if parts:
        row.values.setdefault("name", " ".join(parts))
    if subject := str(row.values.pop(SUBJECT, "")):
        said = row.text("message")
        if key(subject) not in key(said):
            row.values["message"] = f"{subject}\n{said}".strip()[:_MESSAGE]
    if others := row.text(OTHER_PHONE).split():
        row.values.setdefault("phone", others[0])
    if row.system != systems.OURS and _is_of_totals(row):
        raise NotTakenError("looks like a line of totals, not a person: take it out")


def _is_of_totals(row: Row) -> bool:
    """Whether it is called a total and nothing else tells a person: no way to reach them, no word of who they are."""
    label = row.text("external_id") or row.text("name")
    beside = (text for name in _TELL if (text := row.text(name)) != label and key(text) not in _TOTALS)
    if any(name in row.values for name in ("email", "phone")) or any(map(_WORDS_ONLY.fullmatch, beside)):
        return False
    name = key(label).removeprefix("grand ")
    says_more = name.startswith(("total ", "totals ")) and len(name.split()) <= 4
    return name in _TOTALS or (says_more and not _CODE.fullmatch(label))


def may_be_plan(done: str, is_ahead: bool) -> bool:
    return done == "no" or (not done and is_ahead)


def _tell_plans(row: Row, now: datetime) -> None:
    """Leave the day of what is planned in `due_at` alone, of what happened in `happened_at` alone."""
    happened, due = row.moment("happened_at"), row.moment(DUE_AT)
    at, name = (happened, "happened_at") if happened else (due, DUE_AT)
    if at is None:
        return
    is_plan = may_be_plan(row.text("done"), at > now + CLOCKS_DIFFER)
    if is_plan and due:
        at, name = due, DUE_AT
    is_day = name in row.days
    for each in ("happened_at", DUE_AT):
        row.values.pop(each, None)
        row.days.discard(each)
    if is_plan:
        row.values |= {"done": "no", DUE_AT: at}
    else:
        row.values["happened_at"] = min(at, now)
    if is_day:
        row.days.add(DUE_AT if is_plan else "happened_at")


def finish_activity(row: Row, now: datetime) -> None:
    _tell_plans(row, now)
    if row.text("done") == "no" and DUE_AT not in row.values:
        raise NotTakenError("is a plan there, not done yet, and does not say for when: the timeline has what happened")
    if not {"happened_at", DUE_AT} & row.values.keys():
        raise NotTakenError("does not say when it was: write the day")
    if not (row.text("subject") or row.text("body") or row.text("activity")):
        raise NotTakenError("says nothing: no subject, no text")


def finish_outcome(row: Row) -> None:
    """Leave one `outcome` and one `closed_at`, whichever columns said so: of a deal that is open, the day expected.

    A stage that says that a deal is open is kept as its stage, unless another column has that.
    """
    dates = {name: found for name in ("won_at", "lost_at", "closed_at") if (found := row.moment(name))}
    said = row.text("outcome")
    expected, word = row.values.pop("expected_close", None), row.words.get("outcome", "")
    if said == "open" and {"won_at", "lost_at"}.isdisjoint(dates):
        if expected:
            row.values["closed_at"] = expected
        if word and key(word) not in _OPEN:
            row.values.setdefault("pipeline_stage", word[:_STAGE])
        return
    if said == "open":
        said = ""
    if not said:
        if {"won_at", "lost_at"} <= dates.keys():
            raise NotTakenError("has a day won and a day lost: clear one of them")
        said = "won" if "won_at" in dates else "lost" if "lost_at" in dates else ""
    if not said:
        raise NotTakenError("is neither won nor lost: write the outcome or its day")
    order = ("won_at", "closed_at") if said == "won" else ("lost_at", "closed_at")
    name = next((name for name in order if name in dates), "")
    if not name:
        raise NotTakenError(f"is {said}, but not when: write the day")
    for other in dates:
        del row.values[other]
    row.values.update(outcome=said, closed_at=dates[name])
    row.days = {"closed_at"} if name in row.days else set()
