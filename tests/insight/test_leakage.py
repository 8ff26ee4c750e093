"""What is leaking: each kind by its rule, counted as one would by hand, within what each role may see."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as reasons
from ripeline.insight import leak_words, leakage
from ripeline.insight.leakage import Asked, By, Leakage
from ripeline.insight.rules import Whose
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.finding import lists
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.finding.lists import Filters
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import actions as ripeness
from tests.cast import MONDAY, MakeLead, by

ZONE = ZoneInfo("Europe/Lisbon")


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def life(make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A lead that came `ago` days ago, was tried `tries` times, talked to or not, and so on: `life(alice, ago=40)`."""

    def live(
        owner: User | None, *, ago: int, tries: int = 0, talks: bool = False, last: int = 0, deal: bool = False,
        lost: str = "", next_in: int = 3, committed: bool = False, source: str = "",
    ) -> Lead:  # fmt: skip
        def on(days: int) -> None:
            monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=days))

        on(ago)
        made = catalog.sources_named([source])[source].pk if source else None
        lead = make_lead(owner, captured=timedelta(), source_id=made, name=f"Priya {ago} {tries}")
        on(last or ago)
        for at in range(tries):
            following = Next(clock.now() + timedelta(days=1))
            is_last = at == tries - 1
            leads.touch(
                lead.pk, by(owner or lead.responsible.user), kind="call", reached=talks and is_last, next=following,
                disposition="reached" if talks and is_last else "no_answer",
            )  # fmt: skip
        if deal:
            leads.open_opportunity(lead.pk, by(owner), next=Next(clock.now() + timedelta(days=1)))
        if lost:
            leads.close(lead.pk, by(owner), reason=reasons.reason(lost))
        on(0)
        if not lost:
            Lead.objects.filter(pk=lead.pk).update(
                next_at=MONDAY + timedelta(days=next_in), next_set_at=MONDAY, next_committed=committed
            )
        lead.refresh_from_db()
        return lead

    return live


@pytest.fixture
def company(alice: User, bob: User, mallory: User, life: Any) -> dict[str, Lead]:
    """One of each, and of each one that does not leak."""
    return {
        "untouched": life(alice, ago=8, source="Trade fair"),
        "fresh": life(alice, ago=6),
        "given up": life(alice, ago=90, tries=3, last=40, source="Quote request"),
        "tried enough": life(alice, ago=90, tries=6, last=40),
        "tried lately": life(alice, ago=90, tries=3, last=20),
        "let go": life(bob, ago=200, tries=2, last=150, lost="lost_unstated"),
        "let go for a reason": life(bob, ago=200, tries=2, last=150, lost="no_budget"),
        "stalled": life(bob, ago=100, tries=2, talks=True, last=60),
        "stalled deal": life(bob, ago=100, deal=True, last=50),
        "talking": life(bob, ago=100, tries=1, talks=True, last=10),
        "overdue": life(alice, ago=5, next_in=-8),
        "a little late": life(alice, ago=5, next_in=-3),
        "stalled and overdue": life(alice, ago=100, tries=1, talks=True, last=60, next_in=-20),
        "has its day": life(alice, ago=60, committed=True, next_in=30),
        "theirs": life(mallory, ago=30),
    }


def names(company: dict[str, Lead], found: Sequence[Any]) -> set[str]:
    by_id = {lead.pk: name for name, lead in company.items()}
    return {by_id[row.id] for row in found}


def look(actor: User, **asked: Any) -> Leakage:
    return leakage.leakage(actor, Asked(**({"whose": Whose.EVERYBODY} | asked)))


BEHIND = {
    Leak.UNTOUCHED: {"untouched", "theirs"},
    Leak.GIVEN_UP: {"given up", "let go"},
    Leak.STALLED: {"stalled", "stalled deal", "stalled and overdue"},
    Leak.OVERDUE: {"overdue", "stalled and overdue"},
}


def by_hand(lead: Lead, now: datetime) -> set[Leak]:
    """The rules as the page says them, one lead at a time."""
    found = set()
    planned = (
        lead.next_at is not None
        and lead.next_at >= now
        and (lead.next_committed or lead.next_kind in ("reopened", "promise", "meeting"))
    )
    at_work = lead.state in ("new", "qualifying", "working")
    quiet = (lead.last_touch_at or lead.state_at) < now - timedelta(days=30)
    if at_work and not lead.touches and lead.episode_at < now - timedelta(days=7) and not planned:
        found.add(Leak.UNTOUCHED)
    if lead.last_reached_at is None and lead.touches < 6:
        let_go = lead.state == "lost" and lead.close_reason is not None and lead.close_reason.code == "lost_unstated"
        if let_go or (at_work and lead.touches and quiet and not planned):
            found.add(Leak.GIVEN_UP)
    talked = lead.state == "opportunity" or (
        lead.state in ("qualifying", "working") and lead.last_reached_at is not None
    )
    if talked and quiet and not planned:
        found.add(Leak.STALLED)
    if lead.state not in ("won", "lost", "disqualified") and lead.next_at < now - timedelta(days=7):
        found.add(Leak.OVERDUE)
    return found


def test_each_kind_holds_who_its_rule_says_and_the_list_behind_it_the_same(company: dict[str, Lead], ada: User) -> None:
    found = look(ada)
    for leak, expected in BEHIND.items():
        rows = lists.page(ada, Filters(view="all", leak=leak), zone=ZONE).rows
        assert names(company, rows) == expected, leak
        assert found.figures[leak].n == len(expected)
    assert found.whole.n == len(set.union(*BEHIND.values()))  # who leaks in two ways counts once


def test_whom_inside_sales_talked_to_and_handed_over_stalls_like_any_other(
    ada: User, sam: User, bob: User, life: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = life(sam, ago=90, tries=2, talks=True, last=60)
    Lead.objects.filter(pk=lead.pk).update(state="qualifying")
    monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=59))
    leads.give(lead.pk, by(sam), to=bob.responsible, why={})
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    lead.refresh_from_db()
    assert (lead.state, lead.owner) == ("qualifying", bob)
    assert look(ada).figures[Leak.STALLED].n == 1
    assert [row.id for row in lists.page(ada, Filters(view="all", leak="stalled"), zone=ZONE).rows] == [lead.pk]


def test_counts_and_groups_agree_with_a_count_by_hand(company: dict[str, Lead], ada: User) -> None:
    everybody = Lead.objects.select_related("close_reason", "source", "owner")
    told = {lead.pk: by_hand(lead, MONDAY) for lead in everybody}
    found = look(ada)
    for leak in Leak:
        assert found.figures[leak].n == sum(leak in ways for ways in told.values())
    for which, key_of in (
        (By.TYPE, lambda lead: lead.source.source_type if lead.source else ""),
        (By.TEAM, lambda lead: str(lead.owner.team_id)),
    ):
        groups = {group.key: group for group in look(ada, by=which).groups}
        for lead in everybody:
            group = groups[key_of(lead)]
            mine = [other for other in everybody if key_of(other) == group.key]
            assert group.leaking == sum(bool(told[other.pk]) for other in mine)
            assert dict(group.by_leak) == {leak: sum(leak in told[other.pk] for other in mine) for leak in Leak}
        assert sum(group.leaking for group in groups.values()) == found.whole.n


def test_each_sees_what_is_theirs_to_see(
    company: dict[str, Lead], alice: User, carol: User, mallory: User, mona: User, sam: User
) -> None:
    assert look(alice).figures[Leak.UNTOUCHED].n == 1  # asked for everybody's, she gets her own
    assert look(alice, whose=Whose.MINE).whole.n == 4
    assert look(carol, whose=Whose.TEAM).figures[Leak.UNTOUCHED].n == 1
    assert look(carol).figures[Leak.UNTOUCHED].n == 2  # other teams in sums alone
    assert look(mallory, whose=Whose.MINE).whole.n == 1
    assert look(mona).whole.n == 8
    with pytest.raises(NotAllowed):
        look(sam)
    assert names(company, lists.page(carol, Filters(view="all", leak="untouched"), zone=ZONE).rows) == {"untouched"}
    assert not lists.page(mona, Filters(view="all", leak="overdue"), zone=ZONE).rows  # dates are not hers to see
    assert len(lists.page(mona, Filters(view="all", leak="stalled"), zone=ZONE).rows) == 3
    assert not lists.page(alice, Filters(view="all", leak="stalled", owner=company["stalled"].owner_id), zone=ZONE).rows


def test_what_may_be_in_them_is_the_models_word_with_a_range(company: dict[str, Lead], ada: User) -> None:
    ripeness.rescore()
    found = look(ada)
    for figure in [found.whole, *found.figures.values()]:
        assert figure.low <= figure.wins <= figure.high
        assert 0 < figure.wins < figure.n
    assert found.whole.wins <= sum(figure.wins for figure in found.figures.values()) + 1e-9
    assert found.deals == 0
    assert found.currency == "EUR"


def test_who_came_with_a_file_waits_for_the_first_day_it_was_given(
    ada: User, alice: User, life: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = uuid4()
    for ahead in (0, 1, 3, 40):
        lead = life(alice, ago=30, next_in=ahead)
        Lead.objects.filter(pk=lead.pk).update(import_run_id=run, next_kind="first_contact")
    by_hand = life(alice, ago=30, next_in=3)
    assert by_hand.import_run_id is None

    def untouched(days: float) -> int:
        monkeypatch.setattr(clock, "now", lambda: MONDAY + timedelta(days=days))
        return look(ada).figures[Leak.UNTOUCHED].n

    assert untouched(0) == 1, "only who came otherwise, long ago"
    assert untouched(0.9) == 1, "a first day is not past while it lasts"
    assert [untouched(day) for day in (1.5, 2.5, 4.5, 41.5)] == [2, 3, 4, 5]


def test_of_those_re_opened_it_says_when_and_how_it_goes(
    ada: User, bob: User, life: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [life(bob, ago=300, tries=1, last=200, lost="lost_unstated") for _ in range(4)]
    for at, lead in enumerate(gone):
        monkeypatch.setattr(clock, "now", lambda at=at: MONDAY - timedelta(days=20 - at))
        leads.reopen(lead.pk, by(bob), to=bob.responsible, next=Next(MONDAY + timedelta(days=9)))
    monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=5))
    for lead, talks in ((gone[0], True), (gone[1], False)):
        leads.touch(
            lead.pk, by(bob), kind="call", reached=talks, next=Next(MONDAY + timedelta(days=3)),
            disposition="reached" if talks else "no_answer",
        )  # fmt: skip
    leads.open_opportunity(gone[0].pk, by(bob), next=Next(MONDAY + timedelta(days=3)))
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    again = look(ada).reopened
    assert (again.n, again.tried, again.talked, again.deals) == (4, 2, 1, 1)
    assert again.first == (MONDAY - timedelta(days=20)).date()
    assert again.last == (MONDAY - timedelta(days=17)).date()
    said = leak_words.headline(look(ada), Asked(whose=Whose.EVERYBODY), str)[-1]
    assert "4 old leads were re-opened between" in said
    assert said.endswith("2 not tried yet, 2 tried, 1 talked to, 1 with a deal open or won.")


def test_nothing_there_leaks_nothing(ada: User) -> None:
    found = look(ada)
    assert (found.open, found.whole.n, found.whole.wins) == (0, 0, 0.0)
    assert not found.groups


def test_the_same_few_queries_however_many_leads(company: dict[str, Lead], ada: User, life: Any, bob: User) -> None:
    counts = []
    for more in (0, 8):
        for at in range(more):
            life(bob, ago=50 + at, source=f"Source {at}")
        look(ada)  # the model is read once in each process
        with CaptureQueriesContext(connection) as asked:
            look(ada)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 40
