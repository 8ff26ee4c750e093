"""Times, money, chances and counts as people say them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.leads.models import State
from ripeline.web.templatetags import words

TUESDAY = datetime(2026, 6, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=30), "in a minute"),
        (timedelta(minutes=-5), "5 min ago"),
        (timedelta(minutes=40), "in 40 min"),
        (timedelta(hours=-3), "today 08:00"),
        (timedelta(hours=3), "today 14:00"),
        (timedelta(days=-1), "yesterday"),
        (timedelta(days=1), "tomorrow"),
        (timedelta(days=3), "Friday"),
        (timedelta(days=-3), "last Saturday"),
        (timedelta(days=9), "in 9 days"),
        (timedelta(days=-9), "9 days ago"),
        (timedelta(days=30), "in 4 weeks"),
        (timedelta(days=-30), "4 weeks ago"),
        (timedelta(days=90), "31 Aug"),
        (timedelta(days=-200), "14 Nov 2025"),
    ],
)
def test_a_moment_is_said_relative_to_now(ahead: timedelta, said: str) -> None:
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Europe/Lisbon")):
        shown = words.when(TUESDAY + ahead)
    assert f">{said}</time>" in shown


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (datetime(2026, 6, 3, 8, 0, tzinfo=UTC), "tomorrow"),  # in the morning, which is nobody's hour
        (datetime(2026, 6, 3, 9, 30, tzinfo=UTC), "tomorrow 10:30"),
        (datetime(2026, 6, 6, 9, 0, tzinfo=UTC), "Saturday 10:00"),
        (datetime(2026, 6, 20, 9, 30, tzinfo=UTC), "in 3 weeks"),
    ],
)
def test_what_is_due_at_an_hour_of_the_coming_week_says_the_hour(due: datetime, said: str) -> None:
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Europe/Lisbon")):
        assert f">{said}</time>" in str(words.late_tag(due))


def test_the_exact_time_is_in_the_viewers_zone() -> None:
    moment = datetime(2025, 10, 14, 15, 40, tzinfo=UTC)
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Europe/Lisbon")):
        assert 'title="Tue 14 Oct 2025, 16:40 WEST"' in words.when(moment)
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Asia/Tokyo")):
        assert 'title="Wed 15 Oct 2025, 00:40 JST"' in words.when(moment)


def test_yesterday_is_the_viewers_yesterday() -> None:
    late = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)  # in Tokyo already the 2nd
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Asia/Tokyo")):
        assert ">today 01:00<" in words.when(late)
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Europe/Lisbon")):
        assert ">yesterday<" in words.when(late)


def test_a_day_is_said_without_a_time() -> None:
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Europe/Lisbon")):
        assert ">tomorrow<" in words.when(date(2026, 6, 3))
    assert words.when(None) == ""
    assert words.day(date(2026, 6, 3)) == "3 June 2026"


@given(st.timedeltas(min_value=timedelta(days=-20_000), max_value=timedelta(days=20_000)))
def test_every_moment_can_be_said(apart: timedelta) -> None:
    with clock.at(TUESDAY), timezone.override(ZoneInfo("America/Sao_Paulo")):
        assert words.when(TUESDAY + apart).startswith("<time datetime=")


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (Decimal("12500"), "EUR", "€12,500"),
        (Decimal("12500.5"), "GBP", "£12,500.50"),
        (Decimal("-80"), "USD", "−$80"),
        (Decimal("12500.00"), "SEK", "12,500 SEK"),
        (9.99, "", "9.99"),
        (None, "EUR", ""),
    ],
)
def test_money_is_said_with_its_currency(amount: Decimal | float | None, currency: str, said: str) -> None:
    assert words.money(amount, currency) == said


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_chance_is_never_said_to_be_certain(share: float) -> None:
    assert words.percent(share) not in ("0 %", "100 %")


def test_chances_are_said_with_what_is_uncertain() -> None:
    assert words.percent_range(0.251, 0.449) == "between 25 and 45 %"
    assert words.percent_range(0.341, 0.342) == "about 34 %"
    assert words.percent(0.344) == "34 %"
    assert words.percent(0) == "0 %"


def test_counts_are_said_in_words() -> None:
    assert words.plural(1, "lead,leads") == "1 lead"
    assert words.plural(1200, "lead,leads") == "1,200 leads"
    assert words.spelled(9) == "nine"
    assert words.spelled(70) == "70"


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada Lindqvist", "AL"), ("alice", "A"), ("", "?"), ("Ana de la Paz", "AP")]
)
def test_initials(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_nobody_has_to_know_what_nurture_is() -> None:
    assert words.state_words(State.NURTURE) == "In Keep in touch"


def test_a_tag_has_a_word_and_a_drawing_beside_its_colour() -> None:
    for state in State:
        tag = words.state_tag(state)
        assert words.state_words(state) in tag
        assert "<svg" in tag
    assert words.ripeness_tag("ripe") == '<span class="tag ripe">Likely ready</span>'


def test_late_is_a_day_that_is_over_for_the_viewer() -> None:
    with clock.at(TUESDAY), timezone.override(ZoneInfo("Europe/Lisbon")):
        assert "3 days late" in words.late_tag(TUESDAY - timedelta(days=3))
        assert "late" not in words.late_tag(TUESDAY - timedelta(hours=3))
        assert words.late_tag(TUESDAY, State.WON) == ""
        assert words.late_tag(None) == ""


def test_the_query_of_a_page_keeps_its_filters(rf: "pytest.Item") -> None:
    request = rf.get("/leads?q=ann&page=2")  # type: ignore[attr-defined]
    said = Template("{% with_query page=3 %} {% with_query q='' %}").render(Context({"request": request}))
    assert said == "?q=ann&amp;page=3 ?page=2"
