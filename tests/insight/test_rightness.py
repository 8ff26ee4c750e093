"""Is the model right? What was said is held against what came; the days are watched; not everybody sees the sums."""

from datetime import date, timedelta

import pytest

from ripeline.base import clock
from ripeline.insight import rightness
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import watching
from ripeline.ripeness.models import KeptWord, Watched

pytestmark = pytest.mark.django_db


def said(band: int, n: int, did: int, mean: float, *, by_rule: bool = True) -> None:
    KeptWord.objects.create(band=band, by_rule=by_rule, n=n, did=did, said=mean, counted_at=clock.now())


def days(expected: float, actual: int, *, number: int = 60, source_type: str = "webinar") -> None:
    today = clock.now().date()
    Watched.objects.bulk_create(
        Watched(
            day=today - timedelta(days=back), source_type=source_type, expected=expected, actual=actual, model="run-2"
        )
        for back in range(1, number + 1)
    )


def test_before_anything_was_said_it_says_that_nothing_can_be_said(carol):
    found = rightness.rightness(carol)
    words = " ".join(rightness.headline(found))
    assert "Nothing can be said yet" in words
    assert "Rule of 45" in words
    assert found.bands == []
    assert found.now is None


def test_a_model_that_kept_its_word_is_called_right(carol):
    said(2, 500, 24, 0.05)
    said(5, 100, 19, 0.2)
    found = rightness.rightness(carol)
    assert found.n == 600
    assert "right, as far as chance lets us see" in rightness.headline(found)[0]
    assert all(band.is_right for band in found.bands)


def test_a_model_that_promised_twice_too_much_is_told_so(carol):
    said(5, 400, 40, 0.2)
    found = rightness.rightness(carol)
    assert "too much was promised" in rightness.headline(found)[0]
    assert not found.bands[0].is_right


def test_what_the_model_has_learnt_is_judged_apart_from_what_the_rule_said(carol):
    said(5, 400, 40, 0.2)
    said(5, 100, 19, 0.2, by_rule=False)
    found = rightness.rightness(carol)
    assert found.n == 100
    assert rightness.headline(found)[0].startswith("The model has said 100 times")


def test_while_the_world_holds_still_the_last_weeks_are_within_chance(mona):
    days(1.0, 1)
    found = rightness.rightness(mona)
    assert found.now is not None
    assert (round(found.now.expected), found.now.actual, found.now.alarm) == (28, 28, False)
    assert "within what chance allows" in rightness.headline(found)[1]


def test_when_leads_stop_ripening_the_newest_four_weeks_raise_the_alarm(ada):
    days(1.0, 1, number=90)
    newest = clock.now().date() - timedelta(days=28)
    Watched.objects.filter(day__gte=newest).update(actual=0)
    found = rightness.rightness(ada)
    assert found.now is not None
    assert found.now.alarm
    assert "clearly fewer" in rightness.headline(found)[1]
    assert found.kinds[0][0] == "webinar"


def test_three_weeks_are_no_four_weeks(carol):
    days(1.0, 1, number=21)
    assert rightness.rightness(carol).now is None


def test_a_day_without_a_row_expected_nothing_and_moves_no_other_day(carol):
    days(1.0, 1, number=60)
    Watched.objects.filter(day=clock.now().date() - timedelta(days=5)).delete()
    now = rightness.rightness(carol).now
    assert now is not None
    assert round(now.expected) == 27


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_who_may_not_see_everybodys_leads_added_up_is_refused(who, request):
    with pytest.raises(NotAllowed):
        rightness.rightness(request.getfixturevalue(who))


@pytest.fixture
def thirty_of_forty_days_ago(alice, make_lead, monkeypatch):
    """Thirty leads that were written down on the day they came, forty days ago."""
    now = clock.now()
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: now - timedelta(days=40))
        for number in range(30):
            make_lead(alice, email=f"p{number}@firm.example", captured=timedelta(0))


@pytest.mark.usefixtures("thirty_of_forty_days_ago")
def test_every_day_that_is_over_is_written_down_once():
    assert ripeness.watch() == watching.LOOKED_BACK
    first = list(Watched.objects.order_by("day").values_list("day", "expected"))
    assert first[0][0] == clock.now().date() - timedelta(days=40)
    assert first[-1][0] == clock.now().date() - timedelta(days=1)
    assert ripeness.watch() == 0
    assert list(Watched.objects.order_by("day").values_list("day", "expected")) == first


@pytest.mark.usefixtures("thirty_of_forty_days_ago")
def test_what_was_expected_of_thirty_average_leads_adds_up():
    ripeness.watch()
    total = sum(Watched.objects.values_list("expected", flat=True))
    assert 0.5 < total < 4.0  # 30 leads, 40 days, about 4 % a month


@pytest.mark.usefixtures("thirty_of_forty_days_ago")
def test_a_day_once_written_keeps_what_was_expected_then(monkeypatch):
    ripeness.watch()
    before = dict(Watched.objects.values_list("day", "expected"))
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert ripeness.watch() == 1
    after: dict[date, float] = dict(Watched.objects.values_list("day", "expected"))
    assert {day: after[day] for day in before} == before
    assert len(after) == len(before) + 1
