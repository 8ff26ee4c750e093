"""The sentence beside a name: it says what decided, in plain words, and never scolds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from ripeline.leads.models import NextKind, State
from ripeline.people.working_time import Calendar
from ripeline.routing.worth import Standing
from ripeline.worklist.deciding import Fact
from ripeline.worklist.reasons import why
from ripeline.worklist.rules import Candidate, plan

LISBON = Calendar(ZoneInfo("Europe/Lisbon"), country="PT")
NOW = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 11, 16, 40, tzinfo=UTC)


def said(
    *,
    kind: str = NextKind.FOLLOW_UP,
    state: str = State.WORKING,
    p_30: float = 0.03,
    captured: datetime = NOW - timedelta(days=30),
    unanswered: int = 0,
    touched: datetime | None = None,
    reached: datetime | None = None,
    at: datetime = NOW,
    **more: Any,
) -> str:
    standing = Standing(
        lead_id=UUID(int=1), state=state, p_30=p_30, curve="even", since=captured, unanswered=unanswered,
        touches=unanswered + bool(reached), last_touch_at=touched or reached, last_reached_at=reached,
    )  # fmt: skip
    candidate = Candidate(standing=standing, next_at=at, next_kind=kind, captured_at=captured, **more)
    (item,) = plan([candidate], now=NOW, budget=90).items
    return why(candidate, item.decided, now=NOW, calendar=LISBON)


def test_what_somebody_asked_for_who_was_here_already_is_said_first() -> None:
    been = NOW - timedelta(days=35)
    assert said(note="Asked for a quote.", reached=been).startswith("Asked for a quote meanwhile. Still green, and ")
    assert said(note="They came to us again.", reached=been).startswith("They came to us again. Still green, and ")
    assert said(note="Asked for a trial.", kind=NextKind.FIRST_CONTACT, source="White paper") == (
        "Asked for a trial meanwhile. Came from White paper 4 weeks ago; nobody has been in touch yet."
    )
    assert said(note="after the move", reached=been).startswith("Still green, and ")


def test_a_request_that_nobody_has_answered() -> None:
    assert said(kind=NextKind.FIRST_CONTACT, source_type="quote_request", captured=YESTERDAY) == (
        "Asked for a quote yesterday at 16:40; nobody has called yet."
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"kind": NextKind.PROMISE, "note": "after the budget round"},
            "You promised to be in touch: “after the budget round”.",
        ),
        (
            {"kind": NextKind.PROMISE, "at": datetime(2026, 11, 9, 9, tzinfo=UTC)},
            "You promised to be in touch on Monday.",
        ),
        (
            {"kind": NextKind.MEETING, "at": datetime(2026, 11, 12, 14, tzinfo=UTC), "note": "at their office"},
            "Meeting today at 14:00: “at their office”.",
        ),
        ({"is_committed": True, "at": datetime(2026, 11, 12, 9, tzinfo=UTC)}, "You chose today."),
        (
            {"is_committed": True, "kind": NextKind.KEEP_IN_TOUCH, "note": "new fiscal year"},
            "Back from Keep in touch on the day you chose: “new fiscal year”.",
        ),
    ],
)
def test_a_date_that_somebody_chose(given: dict[str, Any], sentence: str) -> None:
    assert said(**given) == sentence


def test_back_from_keep_in_touch() -> None:
    assert said(kind=NextKind.KEEP_IN_TOUCH, note="after the move") == (
        "Back from Keep in touch: “after the move”. Came to us 4 weeks ago; nobody has been in touch yet."
    )
    assert said(kind=NextKind.KEEP_IN_TOUCH, reached=datetime(2026, 5, 4, tzinfo=UTC)) == (
        "Back from Keep in touch. Still green, and last reached in May 2026; a short call keeps the thread."
    )


def test_out_of_the_shoebox() -> None:
    old = datetime(2018, 2, 11, tzinfo=UTC)
    assert said(kind=NextKind.REOPENED, source="organic_search", captured=old) == (
        "Re-opened from the shoebox: came from organic search in February 2018; worth one honest look."
    )
    assert said(kind=NextKind.REOPENED, note="Bought elsewhere in November 2025") == (
        "Re-opened: Bought elsewhere in November 2025; worth another look."
    )


def test_nobody_answered_so_far() -> None:
    assert said(unanswered=2, touched=datetime(2026, 11, 10, 9, 15, tzinfo=UTC)) == (
        "Tried twice, last on Tuesday in the morning; the afternoon may be better."
    )


def test_who_has_ripened_since_they_were_chosen_for_another_reason_is_not_called_green() -> None:
    standing = Standing(
        lead_id=UUID(int=1), state=State.WORKING, p_30=0.3, curve="even", since=NOW - timedelta(days=90), unanswered=0,
        touches=1, last_touch_at=NOW - timedelta(days=36), last_reached_at=NOW - timedelta(days=36),
    )  # fmt: skip
    candidate = Candidate(
        standing=standing, next_at=NOW, next_kind=NextKind.FOLLOW_UP, captured_at=NOW - timedelta(days=90),
        p_30_low=0.2, p_30_high=0.4,
    )  # fmt: skip
    assert why(candidate, Fact.WAITED, now=NOW, calendar=LISBON).startswith(
        "Last reached 5 weeks ago; a short call keeps the thread. Likely ready within a month (30 %"
    )


def test_ripe_with_what_speaks_for_it() -> None:
    sentence = said(
        p_30=0.34, p_30_low=0.25, p_30_high=0.45, reached=NOW - timedelta(days=9),
        reasons=[["quote_request", True, 1.2], ["title_director", True, 0.4], ["phone", False, -0.3]],
    )  # fmt: skip
    assert sentence == ("Likely ready within a month (34 %, between 25 and 45): asked for a quote, leads a department.")


def test_green_and_still_worth_a_call() -> None:
    assert said(reached=NOW - timedelta(days=36)) == (
        "Still green, and last reached 5 weeks ago; a short call keeps the thread."
    )
    assert said(source="Cologne congress", captured=NOW - timedelta(days=9)) == (
        "Came from Cologne congress 9 days ago; nobody has been in touch yet."
    )


def test_an_opportunity() -> None:
    sentence = said(
        state=State.OPPORTUNITY, amount=Decimal("12000.00"), currency="EUR", opened_at=NOW - timedelta(days=9),
        expected_close=date(2026, 11, 30), reached=NOW - timedelta(days=5),
    )  # fmt: skip
    assert sentence == (
        "Opportunity of 12,000 EUR opened 9 days ago, expected to close 30 November; last reached on Saturday."
    )


def test_somebody_elses_while_they_are_away() -> None:
    assert said(kind=NextKind.MEETING, theirs="Alice", at=datetime(2026, 11, 12, 9, tzinfo=UTC)) == (
        "For Alice, who is away: meeting today."
    )
