"""What was known of a lead when it came: nothing that was filled in later may count when learning."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import answers
from ripeline.leads.doubles import merging
from ripeline.leads.models import Enquiry
from ripeline.people.models import User
from ripeline.ripeness.episodes import episodes
from ripeline.ripeness.facts import FACTS, _labels, at_capture, of_open
from ripeline.science.terms import UNKNOWN, YES
from tests.cast import MONDAY, MakeLead, by

pytestmark = pytest.mark.django_db


def test_a_telephone_number_of_a_lead_from_an_old_file_is_not_known_to_have_been_there(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        make_lead(alice, phone="+442079460000", title="Director", company="Northgate", captured=timedelta(days=200))
    with clock.at(MONDAY + timedelta(days=1)):
        known = at_capture(episodes())
    assert {known.signals[key][0] for key in ("phone", "company", "title_director")} == {UNKNOWN}


def test_a_telephone_number_given_on_the_day_counts(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        make_lead(alice, phone="+442079460000", title="Director", captured=timedelta(0))
    with clock.at(MONDAY + timedelta(days=1)):
        known = at_capture(episodes())
    assert known.signals["phone"][0] == YES
    assert known.signals["title_director"][0] == YES


def test_a_title_written_in_later_does_not_count_for_learning(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        lead = make_lead(alice, captured=timedelta(0))
    with clock.at(MONDAY + timedelta(days=5)):
        leads.edit(lead.pk, by(alice), fields={"title": "Director"})
    with clock.at(MONDAY + timedelta(days=6)):
        known = at_capture(episodes())
    assert known.signals["title_director"][0] == UNKNOWN


def test_an_answer_that_was_mended_later_does_not_count_for_learning_but_an_open_lead_is_scored_by_it(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        lead = make_lead(alice, captured=timedelta(0))
        Enquiry.objects.update(answers={"timeline": "Later"})
    with clock.at(MONDAY + timedelta(days=5)):
        said = {"timeline": "Within a month", "role": "I decide"}
        answers.correct(lead_id=lead.pk, enquiry_id=Enquiry.objects.get().pk, by=by(alice), answers=said)
        asked = {"answer.timeline": False, "answer.role": False}
        known, now = at_capture(episodes()).table, of_open([lead.pk], [MONDAY], asked)
    assert (known["answer.timeline"].tolist(), "answer.role" in known) == (["Later"], False)
    assert {name: values.tolist() for name, values in now.items()} == {
        "answer.timeline": ["Within a month"], "answer.role": ["I decide"],
    }  # fmt: skip


def test_of_merged_records_the_first_enquiry_is_what_was_known(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        first = make_lead(alice, captured=timedelta(0))
    with clock.at(MONDAY + timedelta(days=60)):
        second = make_lead(alice, captured=timedelta(0), message="Please send a quote")
        merging.merge(survivor_id=second.pk, duplicate_id=first.pk, by=by(alice))
    with clock.at(MONDAY + timedelta(days=61)):
        found = episodes()
        known = at_capture(found)
    assert len(found) == 1
    assert known.signals["message"][0] == UNKNOWN


def test_who_captured_a_lead_is_never_said() -> None:
    """It is adjusted for; said as a reason it would judge a colleague."""
    labels = _labels(["capturer", "weekday", "campaign", "answer.rooms"], [])
    assert labels == {"capturer": "", "weekday": "", "campaign": "Campaign", "answer.rooms": "Rooms"}


def test_of_each_lead_no_more_is_read_than_its_own_enquiries(alice: User, make_lead: MakeLead) -> None:
    """One seldom has so few leads that reading all enquiries for each of them is no matter."""
    with clock.at(MONDAY):
        ids = [make_lead(alice).pk for _ in range(40)]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE lead, enquiry")
            cursor.execute("SET LOCAL enable_seqscan = off")  # so few that reading them all might be chosen
            given = {"ids": ids, "moments": [MONDAY] * len(ids)}
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {FACTS}", given)
            (found,) = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    of_enquiries = [node for node in nodes(plan) if node.get("Relation Name") == "enquiry"]
    assert len(of_enquiries) == 2
    for node in of_enquiries:
        assert "lead_id" in node["Index Cond"]
        assert node["Actual Rows"] <= 1


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
