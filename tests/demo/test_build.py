"""Making the demo company: whole or not at all, the same on the same day, and never over somebody's own."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ripeline.base import clock
from ripeline.cli import invariants
from ripeline.demo import build, present
from ripeline.leads import queries as leads
from ripeline.leads.models import IS_OPEN, Lead, State
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Role
from ripeline.timeline.models import Activity
from ripeline.worker import schedule
from ripeline.worklist import actions as worklist
from ripeline.worklist import queries as worklist_queries
from tests.demo.conftest import LEADS, NOW


@pytest.mark.usefixtures("looked_at")
def test_every_promise_of_the_design_holds() -> None:
    assert [(f.name, f.examples) for f in invariants.check() if f.rows] == []


@pytest.mark.usefixtures("demo")
def test_a_second_start_finds_it_and_changes_nothing() -> None:
    before = Activity.objects.count()
    assert build.ensure_demo(progress=_silence) is False
    assert Activity.objects.count() == before


def _silence(line: str) -> None:
    raise AssertionError(f"nothing is made, so nothing is said: {line}")


@pytest.mark.usefixtures("looked_at")
def test_the_same_day_makes_the_same_company(fingerprint: Callable[[], object], another: Callable[[], object]) -> None:
    assert fingerprint() == another()


def _fingerprint() -> object:
    """Names, states and owners, and how often what was done: everything but ids."""
    held = Lead.objects.order_by("captured_at", "name").values_list("name", "email", "state", "owner__name", "next_at")
    kinds = Counter(Activity.objects.values_list("kind", "actor__name", "body"))
    days = {user.name: [row.lead.name for row in worklist.plan_for(user).rows] for user in people.people()[:4]}
    return list(held), kinds, days


@pytest.fixture
def fingerprint() -> Callable[[], object]:
    return _fingerprint


@pytest.fixture
def another(server: str, template: str, worker: str) -> Callable[[], object]:
    """What a second build on the same day looks like."""
    from tests.demo.conftest import at, fresh_database

    def make() -> object:
        with fresh_database(server, template, f"demo_twin_{worker}") as url, at(url), clock.at(NOW):
            build.ensure_demo(leads=LEADS)
            return _fingerprint()

    return make


@pytest.mark.usefixtures("empty")
def test_a_company_of_one_s_own_is_never_touched() -> None:
    people_actions.make_first_administrator(
        name="Ada", email="ada@example.com", password="ripe-tomatoes-in-may", company_name="Mine", time_zone="UTC",
        country="GB",
    )  # fmt: skip
    with pytest.raises(build.NotADemoError):
        build.ensure_demo()
    assert people.people().get().name == "Ada"
    assert working_time.company().name == "Mine"


@pytest.mark.usefixtures("empty")
def test_what_was_broken_off_is_made_again_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with clock.at(NOW), monkeypatch.context() as patched:
        patched.setattr(present, "arrange", killed)
        with pytest.raises(KeyboardInterrupt):
            build.ensure_demo(leads=60)
        assert Lead.objects.exists()
        assert not working_time.company().is_demo
    with clock.at(NOW):
        assert build.ensure_demo(leads=60)
    assert working_time.company().is_demo
    assert people.people().count() == 7
    assert not [f for f in invariants.check() if f.rows]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("days", [1, 4, 10])
def test_it_can_be_opened_days_later(days: int) -> None:
    with clock.at(NOW + timedelta(days=days)):
        assert build.ensure_demo() is False
        schedule.tick()
        assert worklist_queries.shoebox() == 0
        for rep in people.people().filter(role=Role.REP):
            day = worklist.plan_for(rep)
            assert day.rows
            assert sum(row.item.minutes for row in day.rows) < 200


@pytest.mark.parametrize("day", ["2026-11-28T22:30+00:00", "2027-01-01T09:00+00:00"])
@pytest.mark.usefixtures("empty")
def test_it_can_be_made_on_any_day(day: str) -> None:
    with clock.at(datetime.fromisoformat(day)):
        build.build(leads=100)
        assert worklist_queries.shoebox() == 0
        for rep in people.people().filter(role=Role.REP):
            assert worklist.plan_for(rep).rows
    assert not [f for f in invariants.check() if f.rows]


@pytest.mark.usefixtures("empty")
def test_the_whole_company_obeys_the_law_of_the_market() -> None:
    """The one build at full size: about 2,000 leads, and what the figures of the trade say becomes of them."""
    said: list[str] = []
    with clock.at(NOW):
        build.build(progress=said.append)
    assert len(said) > 10
    assert not [f for f in invariants.check() if f.rows]
    assert 1800 <= leads.counts()["total"] <= 2200
    old = Lead.objects.filter(captured_at__lt=NOW - timedelta(days=365), import_run_id__isnull=True)
    ripe = old.filter(opportunities__isnull=False).distinct().count()
    elsewhere = old.filter(close_reason__code="bought_elsewhere", opportunities__isnull=True).count()
    assert 0.2 < (ripe + elsewhere) / old.count() < 0.5  # of the 45 of 100 who bought, those whom we found
    won = Lead.objects.filter(state=State.WON).count()
    lost = Lead.objects.filter(state=State.LOST, opportunities__isnull=False).distinct().count()
    assert 0.24 < won / (won + lost) < 0.48  # a third of the opportunities
    assert won >= 40
    alice, tom = (people.people().get(email__startswith=name) for name in ("alice", "tom"))
    unstated = Lead.objects.filter(close_reason__code="lost_unstated")
    assert unstated.filter(owner=tom).count() > 20 > unstated.filter(owner=alice).count()
    for rep in people.people().filter(role=Role.REP):
        assert 40 <= Lead.objects.filter(IS_OPEN, responsible__user=rep).count() <= 180
    with clock.at(NOW):
        assert len(worklist.plan_for(people.people().get(role=Role.SDR)).rows) >= 5
