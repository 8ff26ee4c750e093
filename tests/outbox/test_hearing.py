"""What people said of mail elsewhere: the later word counts, in whatever order it reaches us; silence is no word."""

from datetime import datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.outbox import consent, hearing, queries, suppression
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.hearing import Heard, Word, counts
from ripeline.outbox.links import Unsubscribing
from ripeline.outbox.models import Consent, ConsentEvent
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.cast import MakeLead
from tests.outbox.conftest import NEWS, PRIYA, SAID_SO, agree

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def word(agreed: bool, days_ago: float | None = None, **more: object) -> Word:
    at = None if days_ago is None else clock.now() - DAY * days_ago
    usual = {"address": PRIYA, "purpose": NEWS, "how": "File crm.csv, row 2"}
    return Word(**{**usual, **more}, agreed=agreed, at=at)  # type: ignore[arg-type]


def heard(*words: Word) -> list[str]:
    return [each.name for each in hearing.hear(words)]


def stands() -> str:
    (found,) = queries.consents(PRIYA)
    return found.state


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=6))
def test_whatever_the_order_the_latest_word_counts_and_of_two_at_once_the_no(said: list[tuple[bool, int]]) -> None:
    start = datetime(2026, 1, 1, tzinfo=clock.now().tzinfo)
    latest = max(at for _, at in said)
    expected = "given" if all(agreed for agreed, at in said if at == latest) else "withdrawn"
    for order in set(list(permutations(said))[:24]):
        state, since = "", None
        for agreed, day in order:
            at = start + DAY * day
            if not state or counts(agreed=agreed, at=at, state=state, said_at=since):
                state, since = ("given" if agreed else "withdrawn"), at
        assert state == expected


def test_an_older_no_leaves_a_newer_yes_and_an_older_yes_a_newer_no() -> None:
    assert heard(word(True, 10), word(False, 20)) == ["NOTED", "OVERRULED"]
    assert stands() == "given"
    assert heard(word(False, 5), word(True, 7), word(True, 6)) == ["NOTED", "OVERRULED", "OVERRULED"]
    assert not queries.has_consent(PRIYA, NEWS)
    assert heard(word(True, 1)) == ["NOTED"]
    assert queries.has_consent(PRIYA, NEWS)


def test_a_yes_of_nobody_knows_when_is_older_than_every_no() -> None:
    assert heard(word(True), word(False, 4000)) == ["NOTED", "NOTED"]
    assert heard(word(True)) == ["OVERRULED"]
    assert heard(word(True, 3999)) == ["NOTED"], "this one was said after the no"
    assert heard(word(False)) == ["NOTED"], "a no of nobody knows when is of now"


def test_what_they_told_us_here_is_dated_too() -> None:
    agree()
    assert heard(word(False, 1)) == ["OVERRULED"]
    consent.withdraw(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    assert heard(word(True, 1)) == ["OVERRULED"]


def test_who_stopped_all_mail_starts_it_again_alone() -> None:
    what = Unsubscribing(address_hash(PRIYA), "", None)
    consent.unsubscribe(what=what, everything=True, evidence=SAID_SO)
    assert heard(word(True, 0), word(False, 3)) == ["STOPPED", "NOTED"]
    assert suppression.Suppression.objects.filter(lifted_at=None).count() == 1


def test_the_evidence_says_how_and_when_and_the_lead_hears_of_it_once(alice: User, make_lead: MakeLead) -> None:
    priya = make_lead(alice, email=PRIYA)
    said = word(True, 10, lead_id=priya.pk, actor=alice)
    assert heard(said, said) == ["NOTED", "KNOWN"]
    event = ConsentEvent.objects.get()
    assert event.how.startswith("File crm.csv, row 2, on ")
    assert (event.actor, event.said_at) == (alice, said.at)
    (entry,) = Activity.objects.filter(lead_id=priya.pk, kind="agreed")
    assert entry.occurred_at == said.at
    assert heard(word(True, 3, lead_id=priya.pk)) == ["NOTED"], "said again: other evidence"
    assert Activity.objects.filter(lead_id=priya.pk, kind="agreed").count() == 1


def test_what_an_import_noted_goes_with_it(alice: User, make_lead: MakeLead) -> None:
    priya, run = make_lead(alice, email=PRIYA), uuid4()
    agree()
    before = Consent.objects.values().get()
    hearing.hear(
        [
            word(False, 0, import_run_id=run, lead_id=priya.pk),
            word(True, 9, import_run_id=run, address="new@northgate.example"),
        ]
    )
    assert stands() == "withdrawn"
    assert hearing.unhear(run) == 2
    after = Consent.objects.values().get()
    assert {**after, "lead_id": None} == before
    assert not Activity.objects.filter(lead_id=priya.pk, kind="unsubscribed").exists()
    assert hearing.unhear(run) == 0


def test_many_words_take_as_many_statements_as_one() -> None:
    def statements(count: int) -> int:
        many = [word(n % 2 == 0, 1, address=f"{uuid4().hex}@northgate.example") for n in range(count)]
        with CaptureQueriesContext(connection) as made:
            assert set(hearing.hear(many)) == {Heard.NOTED}
        return len(made)

    assert statements(300) == statements(3)
    assert Consent.objects.filter(state="given").count() == 152
