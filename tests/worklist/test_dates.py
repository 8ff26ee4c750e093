"""Dates as people say them, on Thursday 12 November 2026 at 10:00 in Lisbon unless another day is named."""

import contextlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ripeline.leads.models import FARTHEST_NEXT
from ripeline.people.working_time import Calendar
from ripeline.worklist.dates import NotADate, read, say

LISBON = Calendar(ZoneInfo("Europe/Lisbon"), country="PT")
OHIO = Calendar(ZoneInfo("America/New_York"), country="US")
NOW = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


def named(text: str, calendar: Calendar = LISBON, now: datetime = NOW) -> str:
    return f"{read(text, now=now, calendar=calendar).at:%a %d %b %Y %H:%M}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow", "Fri 13 Nov 2026 09:00"),
        ("Tomorrow at 2pm", "Fri 13 Nov 2026 14:00"),
        ("today 16:30", "Thu 12 Nov 2026 16:30"),
        ("today", "Thu 12 Nov 2026 10:00"),
        ("15:00", "Thu 12 Nov 2026 15:00"),
        ("in 2 hours", "Thu 12 Nov 2026 12:00"),
        ("in 30 minutes", "Thu 12 Nov 2026 10:30"),
        ("the day after tomorrow", "Mon 16 Nov 2026 09:00"),  # a Saturday
        ("sat 11:00", "Sat 14 Nov 2026 11:00"),  # but whoever names a time means it
        ("in 2 days", "Mon 16 Nov 2026 09:00"),  # a stretch ends on a day that is worked
        ("in 3 weeks", "Thu 03 Dec 2026 09:00"),
        ("In three weeks.", "Thu 03 Dec 2026 09:00"),
        ("3w", "Thu 03 Dec 2026 09:00"),
        ("10 days", "Mon 23 Nov 2026 09:00"),
        ("in a couple of weeks", "Thu 26 Nov 2026 09:00"),
        ("in a fortnight", "Thu 26 Nov 2026 09:00"),
        ("in 3 working days", "Tue 17 Nov 2026 09:00"),
        ("in 3 months", "Fri 12 Feb 2027 09:00"),
        ("in half a year", "Wed 12 May 2027 09:00"),
        ("in a year", "Fri 12 Nov 2027 09:00"),
        ("next Tuesday", "Tue 17 Nov 2026 09:00"),
        ("tuesday", "Tue 17 Nov 2026 09:00"),
        ("this friday", "Fri 13 Nov 2026 09:00"),
        ("thu 14:00", "Thu 12 Nov 2026 14:00"),  # it is Thursday, ten o'clock
        ("thu 9:30", "Thu 19 Nov 2026 09:30"),
        ("thursday", "Thu 19 Nov 2026 09:00"),
        ("next thursday", "Thu 19 Nov 2026 09:00"),
        ("sunday", "Mon 16 Nov 2026 09:00"),
        ("monday in 2 weeks", "Mon 23 Nov 2026 09:00"),
        ("friday morning", "Fri 13 Nov 2026 09:00"),
        ("mon afternoon", "Mon 16 Nov 2026 14:00"),
        ("next week", "Mon 16 Nov 2026 09:00"),
        ("next month", "Wed 02 Dec 2026 09:00"),  # the first is a holiday in Portugal
        ("next quarter", "Mon 04 Jan 2027 09:00"),
        ("next year", "Mon 04 Jan 2027 09:00"),
        ("15 March", "Mon 15 Mar 2027 09:00"),
        ("15th of march", "Mon 15 Mar 2027 09:00"),
        ("March 15th 2027", "Mon 15 Mar 2027 09:00"),
        ("march 15, 2027", "Mon 15 Mar 2027 09:00"),
        ("Monday, 15 March", "Mon 15 Mar 2027 09:00"),
        ("20 nov", "Fri 20 Nov 2026 09:00"),
        ("15.3.2027", "Mon 15 Mar 2027 09:00"),
        ("15.3.", "Mon 15 Mar 2027 09:00"),
        ("15/3", "Mon 15 Mar 2027 09:00"),
        ("3/15", "Mon 15 Mar 2027 09:00"),  # there is no month 15
        ("5/3/27", "Fri 05 Mar 2027 09:00"),
        ("15-3-2027 8:15", "Mon 15 Mar 2027 08:15"),
        ("2027-01-15 9:30", "Fri 15 Jan 2027 09:30"),
        ("2027-01-15T09:30", "Fri 15 Jan 2027 09:30"),
        ("2027-01-15", "Fri 15 Jan 2027 09:00"),
        ("in march", "Mon 01 Mar 2027 09:00"),
        ("May", "Mon 03 May 2027 09:00"),
        ("end of the month", "Mon 30 Nov 2026 09:00"),
        ("end of january", "Fri 29 Jan 2027 09:00"),
        ("mid-march", "Tue 16 Mar 2027 09:00"),
        ("early next month", "Wed 02 Dec 2026 09:00"),
        ("end of the week", "Fri 13 Nov 2026 09:00"),
        ("end of next week", "Fri 20 Nov 2026 09:00"),
        ("end of the quarter", "Thu 31 Dec 2026 09:00"),
        ("end of the year", "Thu 31 Dec 2026 09:00"),
        ("Q1", "Mon 04 Jan 2027 09:00"),
        ("Q2 2027", "Thu 01 Apr 2027 09:00"),
        ("end of q1", "Wed 31 Mar 2027 09:00"),
        ("in spring", "Mon 01 Mar 2027 09:00"),
        ("winter", "Wed 02 Dec 2026 09:00"),
        ("in the new year", "Mon 04 Jan 2027 09:00"),
        ("after the holidays", "Mon 04 Jan 2027 09:00"),
        ("after christmas", "Mon 04 Jan 2027 09:00"),
        ("before Christmas", "Tue 22 Dec 2026 09:00"),
        ("after Easter", "Tue 30 Mar 2027 09:00"),
        ("before easter", "Thu 25 Mar 2027 09:00"),
        ("after the summer", "Wed 01 Sep 2027 09:00"),
        ("after the weekend", "Mon 16 Nov 2026 09:00"),
    ],
)  # fmt: skip
def test_what_people_say_is_understood(text: str, meant: str) -> None:
    assert named(text) == meant


def test_the_fifth_of_march_is_written_as_people_write_it_there() -> None:
    assert named("3/5/2027", OHIO) == named("5/3/2027") == "Fri 05 Mar 2027 09:00"
    assert named("5.3.2027", OHIO) == "Fri 05 Mar 2027 09:00"


def test_times_are_those_of_the_persons_zone() -> None:
    assert read("tomorrow 14:00", now=NOW, calendar=OHIO).at == datetime(2026, 11, 13, 19, 0, tzinfo=UTC)


def test_spring_comes_in_september_where_it_does() -> None:
    assert named("in spring", Calendar(ZoneInfo("Australia/Sydney"), country="AU")) == "Wed 01 Sep 2027 09:00"


def test_a_day_off_or_away_becomes_the_next_day_that_is_worked() -> None:
    away = Calendar(LISBON.zone, country="PT", away=((date(2026, 12, 1), date(2026, 12, 9)),))
    assert named("in 3 weeks", away) == "Thu 10 Dec 2026 09:00"
    assert named("3 december", away) == "Thu 10 Dec 2026 09:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sunday", "Sunday 15 November is a day off"),
        ("1 december: they are back", "Tuesday 1 December is a day off"),  # Portugal's Restoration of Independence
        ("sat 11:00", "Saturday 14 November is a day off"),
        ("monday", ""),
        ("in 3 weeks", ""),  # a stretch of time names no day
        ("end of january", ""),
    ],
)
def test_a_day_off_that_was_named_is_said(text: str, words: str) -> None:
    assert read(text, now=NOW, calendar=LISBON).day_off_words == words


def test_today_is_today_also_on_a_day_off() -> None:
    sunday = NOW + timedelta(days=3)
    found = read("today", now=sunday, calendar=LISBON)
    assert (found.at, found.day_off_words) == (sunday, "")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("in March, after the budget round", "after the budget round"),
        ("next tuesday: he is back then", "he is back then"),
        ("in 3 weeks – “when Ines decides”", "when Ines decides"),
        ("march 15, 2027, board meets", "board meets"),
    ],
)
def test_what_follows_the_date_is_kept_as_the_reason(text: str, note: str) -> None:
    assert read(text, now=NOW, calendar=LISBON).note == note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Say when, for example “tomorrow”"),
        ("some day", "“some day” is not a date that can be read here; write for example “tomorrow”, “thu 14:00”"),
        ("31.2.2027", "There is no 31 February 2027."),
        ("15/15/2027", "There is no month 15."),
        ("thu 25:00", "There is no 25:00 on the clock."),
        ("today 8:00", "12 November 2026 08:00 is past; choose a moment from now on."),
        ("3 march 2020", "3 March 2020 is past; choose a moment from now on."),
        ("in 2 years", "13 November 2028 is more than 400 days away; choose a nearer day, however rough."),
        ("5 may 2031", "5 May 2031 is more than 400 days away"),
        ("in 9999 weeks", "9999 weeks is more than 400 days away"),
        ("this monday", "9 November 2026 is past"),
    ],
)
def test_what_cannot_be_is_refused_in_words_that_help(text: str, words: str) -> None:
    with pytest.raises(NotADate) as refused:
        read(text, now=NOW, calendar=LISBON)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ((11, 12, 14, 0), "today 14:00"),
        ((11, 13, 9, 0), "tomorrow"),
        ((11, 16, 14, 0), "Mon 14:00"),
        ((11, 17, 9, 0), "Tue"),
        ((11, 19, 9, 0), "in a week, 19 November"),
        ((11, 25, 9, 0), "in 13 days, 25 November"),
        ((12, 3, 9, 30), "in 3 weeks, 3 December 09:30"),
        ((11, 11, 9, 0), "yesterday"),
        ((11, 2, 9, 0), "10 days ago, 2 November"),
    ],
)
def test_a_date_is_said_as_people_say_it(at: tuple[int, int, int, int], said: str) -> None:
    month, day, hour, minute = at
    moment = datetime(2026, month, day, hour, minute, tzinfo=LISBON.zone)
    assert say(moment, now=NOW, calendar=LISBON) == said


def test_another_year_is_said() -> None:
    moment = datetime(2027, 3, 15, 9, 0, tzinfo=LISBON.zone)
    assert say(moment, now=NOW, calendar=LISBON) == "in 4 months, 15 March 2027"


nows = st.timedeltas(timedelta(0), timedelta(days=5000)).map(lambda since: datetime(2020, 1, 1, tzinfo=UTC) + since)
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(["Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]).map(ZoneInfo),
    work_days=st.sets(st.integers(0, 6), min_size=1).map(tuple),
    country=st.sampled_from(["", "PT", "US", "NZ"]),
)
phrases = st.one_of(
    st.sampled_from(
        ["tomorrow", "next week", "end of the month", "in spring", "Q3", "after the holidays", "in a year"]
    ),
    st.builds("in {} {}".format, st.integers(1, 56), st.sampled_from(["days", "weeks"])),
    st.builds("{}{}".format, st.sampled_from(["", "next "]), st.sampled_from(["mon", "wednesday", "sun"])),
)


@given(phrases, nows, calendars)
def test_whatever_is_understood_lies_ahead_and_no_further_than_a_next_date_may(
    text: str, now: datetime, calendar: Calendar
) -> None:
    at = read(text, now=now, calendar=calendar).at
    assert now <= at <= now + FARTHEST_NEXT
    if text.startswith(("in ", "end ", "after ", "Q")):
        day = at.astimezone(calendar.zone).date()
        assert calendar.works(day) or day == calendar.day(now)


@given(st.dates(date(2026, 11, 13), date(2027, 12, 1)), st.times(), st.sampled_from([LISBON, OHIO]))
def test_any_day_written_out_is_read_back(day: date, clock: time, calendar: Calendar) -> None:
    clock = clock.replace(second=0, microsecond=0, fold=0)
    for text in (f"{day} {clock:%H:%M}", f"{day.day} {day:%B %Y} {clock:%H:%M}", f"{day:%d.%m.%Y} at {clock:%H:%M}"):
        at = read(text, now=NOW, calendar=calendar).at
        assert (at.date(), at.time()) == (day, clock)


@given(st.text(max_size=40), nows)
@example("in 0 days", NOW)
@example("0.0.", NOW)
@example("-1-1-1", NOW)
@example("９ march", NOW)
def test_nonsense_is_refused_in_words_and_never_breaks(text: str, now: datetime) -> None:
    with contextlib.suppress(NotADate):
        assert read(text, now=now, calendar=LISBON).at >= now


@given(st.timedeltas(timedelta(0), timedelta(days=399)), nows)
def test_saying_a_date_always_names_the_day(ahead: timedelta, now: datetime) -> None:
    at = now + ahead
    said = say(at, now=now, calendar=LISBON)
    local = at.astimezone(LISBON.zone)
    assert said.startswith(("today", "tomorrow", f"{local:%a}")) or f"{local.day} {local:%B}" in said
