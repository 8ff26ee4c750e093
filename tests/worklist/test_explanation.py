"""The sentence beside a name follows from the computation that put it there: what it says first is what decided.

What decided is found here anew and plainly: the whole day is planned again without each thing that speaks for somebody.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ripeline.leads.models import NextKind, State
from ripeline.people.working_time import Calendar
from ripeline.routing.worth import Standing
from ripeline.worklist.deciding import Fact, without
from ripeline.worklist.reasons import clause, why
from ripeline.worklist.rules import Candidate, Chosen, Rank, plan

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
LISBON = Calendar(ZoneInfo("Europe/Lisbon"), country="PT")
A_LONG_DAY = 100_000


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@st.composite
def somebody(draw: st.DrawFn) -> Candidate:
    came = draw(st.floats(1, 300))
    touches = draw(st.integers(0, 5))
    touched = draw(st.floats(0, came)) if touches else None
    reached = draw(st.none() | st.floats(0, came)) if touches else None
    silent = 0 if touched is None or (reached is not None and reached <= touched) else draw(st.integers(1, touches))
    p = draw(st.none() | st.floats(0.001, 0.9))
    standing = Standing(
        lead_id=UUID(int=draw(st.integers(1, 10**9))),
        state=draw(st.sampled_from([State.NEW, State.WORKING, State.OPPORTUNITY])),
        p_30=p,
        curve=draw(st.sampled_from(["even", "front_loaded", "old"])),
        since=ago(came),
        touches=touches,
        unanswered=silent,
        last_touch_at=None if touched is None else ago(min(touched, reached if reached is not None else touched)),
        last_reached_at=None if reached is None else ago(reached),
        disposition=draw(st.sampled_from(["", "reached", "still_working"])) if touches and not silent else "",
        stake=draw(st.sampled_from([1.0, 0.5, 1.4, 2.0])),
    )
    return Candidate(
        standing=standing, next_at=NOW, captured_at=standing.since, source=draw(st.sampled_from(["", "Fair", "Web"])),
        next_kind=draw(st.sampled_from([NextKind.FIRST_CONTACT, NextKind.FOLLOW_UP, NextKind.KEEP_IN_TOUCH])),
        is_committed=draw(st.booleans()) and draw(st.booleans()),
        source_type=draw(st.sampled_from(["webinar", "quote_request"])),
        p_30_low=None if p is None else p / 2, p_30_high=None if p is None else (1 + p) / 2,
        account_id=draw(st.none() | st.sampled_from([UUID(int=1), UUID(int=2)])),
        amount=None if standing.stake == 1.0 else Decimal(int(8_000 * standing.stake**2)), currency="EUR",
    )  # fmt: skip


people = st.lists(somebody(), min_size=1, max_size=8, unique_by=lambda c: c.lead_id)


def planned(candidates: list[Candidate]) -> dict[UUID, Chosen]:
    return {item.candidate.lead_id: item for item in plan(candidates, now=NOW, budget=A_LONG_DAY).items}


def place(candidates: list[Candidate], lead_id: UUID) -> tuple[Rank, float]:
    found = planned(candidates)[lead_id]
    return found.rank, -found.value


def swapped(candidates: list[Candidate], other: Candidate) -> list[Candidate]:
    return [other if c.lead_id == other.lead_id else c for c in candidates]


def stripped(candidate: Candidate, fact: Fact) -> Candidate:
    """The same without what decided."""
    if fact is Fact.DATED:
        kind = candidate.next_kind if candidate.next_kind not in (NextKind.PROMISE, NextKind.MEETING) else "follow_up"
        return replace(candidate, is_committed=False, next_kind=kind, source_type="webinar")
    if fact is Fact.ASKED:
        return replace(candidate, source_type="webinar")
    return replace(candidate, standing=without(candidate.standing, NOW)[fact])


def one(number: int, **known: Any) -> Candidate:
    standing = Standing(lead_id=UUID(int=number), curve="even", since=ago(100), **known)
    kind = NextKind.FOLLOW_UP
    return Candidate(standing=standing, next_at=NOW, captured_at=standing.since, next_kind=kind)


# Without their deal, nobody has been in touch with the first of them either: they would be dealt a worth like the rest.
_DEAL_AMONG_NEW = [
    one(1, state=State.OPPORTUNITY, p_30=0.3),
    *(one(number, state=State.NEW, p_30=0.05 * number) for number in range(2, 9)),
]


@settings(max_examples=25, deadline=None)
@example(_DEAL_AMONG_NEW)
@given(people)
def test_what_the_sentence_says_first_is_where_the_computation_loses_most(candidates: list[Candidate]) -> None:
    for lead_id, item in planned(candidates).items():
        if item.rank is not Rank.OPEN:
            continue
        alone = [replace(c, account_id=None, source="") for c in candidates]  # variety is about the others of the day
        this = next(c for c in alone if c.lead_id == lead_id)
        full = planned(alone)[lead_id].value
        lost = {
            fact: full - planned(swapped(alone, replace(this, standing=other)))[lead_id].value
            for fact, other in without(this.standing, NOW).items()
        }
        most = max(lost.values(), default=0.0)
        if most <= 0:
            assert item.decided is Fact.TURN
        else:
            assert lost[item.decided] >= most * (1 - 1e-9)
        sentence = why(item.candidate, item.decided, now=NOW, calendar=LISBON)
        first = clause(item.candidate, item.decided, NOW, LISBON)
        assert sentence.removeprefix("Back from Keep in touch. ").startswith(first)


@settings(max_examples=25, deadline=None)
@given(people)
def test_without_what_decided_somebody_comes_later(candidates: list[Candidate]) -> None:
    for lead_id, item in planned(candidates).items():
        if item.decided is Fact.TURN:
            continue
        before = place(candidates, lead_id)
        after = place(swapped(candidates, stripped(item.candidate, item.decided)), lead_id)
        if item.rank is Rank.OPEN:
            assert after >= before
        else:
            assert after[0] > before[0]


@settings(max_examples=25, deadline=None)
@given(people)
def test_dates_and_requests_say_so(candidates: list[Candidate]) -> None:
    for item in planned(candidates).values():
        assert (item.rank is Rank.DATED) == (item.decided is Fact.DATED)
        assert (item.rank is Rank.ASKED) == (item.decided is Fact.ASKED)


def test_each_kind_of_reason_can_decide() -> None:
    def one(**known: object) -> Fact:
        standing = Standing(lead_id=UUID(int=1), state="working", p_30=0.04, curve="even", since=ago(90))
        person = Candidate(
            standing=replace(standing, **known), next_at=NOW, next_kind="follow_up", captured_at=ago(90),  # type: ignore[arg-type]
        )  # fmt: skip
        return planned([person])[person.lead_id].decided

    spoken = {"touches": 1, "last_touch_at": ago(40), "last_reached_at": ago(40)}
    lately = {"touches": 1, "last_touch_at": ago(9), "last_reached_at": ago(9)}
    assert one(**spoken) is Fact.WAITED
    assert one(**lately, p_30=0.4) is Fact.LIKELY
    assert one(touches=1, last_touch_at=ago(12), last_reached_at=ago(12), disposition="still_working") is Fact.CHOOSING
    assert one(state="opportunity", **lately) is Fact.CHOOSING
    assert one(since=ago(20)) is Fact.NEW
    assert one(**lately, stake=2.0) is Fact.LARGE
    assert one(**spoken, stake=0.5) is Fact.WAITED
