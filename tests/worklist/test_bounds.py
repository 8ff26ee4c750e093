"""Today stays quick and bounded: a rep with ten thousand leads among twenty thousand, held to its indexes."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.routing import releasing
from ripeline.timeline import actions as timeline
from ripeline.worklist import forward, queries
from ripeline.worklist.actions import plan_for
from tests.cast import MONDAY

pytestmark = pytest.mark.django_db

# Twenty thousand leads: half of them Alice's, of which every other one is due; all with a score.
_MANY = """
INSERT INTO lead (id, name, title, email, phone, company, reference, country, language, custom, search, captured_at,
    episode, episode_at, currency, state, state_at, owner_id, responsible_id, next_at, next_set_at, next_kind,
    next_note, next_committed, won_before_captured, touches, unanswered, created_at)
SELECT gen_random_uuid(), 'Lead ' || n, '', '', '', '', '', '', '', '{}', '', %(now)s - n * interval '1 minute', 1,
    %(now)s - n * interval '1 minute', '', 'working', %(now)s, %(owner)s,
    CASE WHEN n %% 2 = 0 THEN %(alice)s::uuid ELSE %(queue)s::uuid END,
    %(now)s + (n %% 4 - 2) * interval '1 day' * (1 + n %% 90), %(now)s, 'follow_up', '',
    n %% 400 = 0, false, 1, 0, %(now)s
FROM generate_series(1, 20000) AS n
"""
_SCORED = """
INSERT INTO score (lead_id, log_odds, log_odds_sd, curve, p_ever, p_ever_low, p_ever_high, p_30, p_30_low, p_30_high,
    p_win, window_start, window_end, is_concentrated, reasons, signals, stage, stage_p, model, scored_at)
SELECT id, 0, 1, 'even', .5, .3, .7, .5 * random(), 0, 1, .15, %(now)s, %(now)s, false, '[]', 0, 'awareness', 0, 'test',
    %(now)s FROM lead
"""


@pytest.fixture
def many(alice: User) -> None:
    given = {
        "now": MONDAY,
        "owner": alice.pk,
        "alice": people.responsible_of(alice).pk,
        "queue": people.built_in(people.QUALIFY).pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MANY, given)
        cursor.execute(_SCORED, given)
        cursor.execute("ANALYZE lead, score, responsible")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def explained(sql: str, given: dict[str, Any] | list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", given)
        (found,) = cursor.fetchone()
    return nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


@pytest.mark.parametrize("sql", ["CANDIDATES", "URGENT"])
def test_candidates_are_read_along_the_index_of_what_is_due(many: None, alice: User, sql: str) -> None:
    with clock.at(MONDAY):
        desk = queries.responsibles(alice, MONDAY.date())
        given = queries._given(alice, desk, MONDAY, MONDAY, MONDAY - timedelta(hours=1))
    steps = explained(getattr(queries, sql), given)
    assert {step.get("Index Name") for step in steps} & {"lead_due", "lead_next_of_owner"}
    whole = [step for step in steps if step["Node Type"] == "Seq Scan" and step["Relation Name"] == "lead"]
    assert not whole
    limits = [step["Actual Rows"] for step in steps if step["Node Type"] == "Limit"]
    assert all(rows <= 300 for rows in limits)


def test_whether_somebody_else_cannot_wait_is_asked_along_the_same_index(many: None, alice: User) -> None:
    with clock.at(MONDAY):
        desk = queries.responsibles(alice, MONDAY.date())
        given = queries._given(alice, desk, MONDAY, MONDAY, MONDAY - timedelta(hours=1))
    steps = explained(queries.URGENT_IDS, given)
    assert {step.get("Index Name") for step in steps} & {"lead_due", "lead_next_of_owner", "lead_next_of_all"}
    assert not [step for step in steps if step["Node Type"] == "Seq Scan" and step["Relation Name"] == "lead"]


def test_whether_anything_waits_to_be_handed_out_is_no_more_than_a_look(many: None) -> None:
    """Also where nothing does, and a scan would find nobody to stop at."""
    Lead.objects.filter(responsible=people.built_in(people.QUALIFY)).update(state="qualifying")
    steps = explained(releasing._WAITS, {"by": MONDAY})
    assert {step.get("Index Name") for step in steps} & {"lead_due", "lead_next_of_owner", "lead_next_of_all"}
    assert not [step for step in steps if step["Node Type"] == "Seq Scan" and step["Relation Name"] == "lead"]


def test_who_ripens_early_is_found_from_the_few_entries_that_say_so(many: None, alice: User) -> None:
    leads = list(Lead.objects.filter(next_at__gt=MONDAY).order_by("pk")[:50])
    said = [
        timeline.Entry(
            lead_id=lead.pk, kind="ripened", actor_id=alice.pk, origin="worker", event_key="ripened",
            occurred_at=MONDAY,
        )
        for lead in leads
    ]  # fmt: skip
    with clock.at(MONDAY):
        timeline.record_all(said)
    given = {
        "mine": [alice.pk], "after": MONDAY, "tomorrow": MONDAY, "ripe": 0.1, "limit": 3,
        "since": MONDAY - timedelta(days=90),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE activity")
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few entries that reading them all might be chosen
    steps = explained(forward._EARLY, given)
    assert "activity_ripened" in {step.get("Index Name") for step in steps}
    of_lead = [step for step in steps if step.get("Relation Name") == "lead"]
    assert of_lead
    assert sum(step["Actual Rows"] * step["Actual Loops"] for step in of_lead) <= len(leads)


def test_a_day_is_chosen_from_thousands_that_are_due(many: None, alice: User) -> None:
    with clock.at(MONDAY):
        found = queries.candidates(
            alice, queries.responsibles(alice, MONDAY.date()), by=MONDAY, now=MONDAY
        )  # fmt: skip
        assert len(found) <= queries.DATED + queries.ASKED + queries.BEST
        committed = [c for c in found if c.is_committed]
        day = plan_for(alice)
    assert {c.lead_id for c in committed} <= {row.lead.pk for row in day.rows}


def test_the_shoebox_is_counted_along_indexes(many: None) -> None:
    long_ago = MONDAY - timedelta(days=170)  # a few of them
    given = {"long_overdue": long_ago, "by": MONDAY, "away": [], "sellers": list(people.SELLERS)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # at this size all might be read; an index serves each part
    steps = explained(queries._SHOEBOX, given)
    assert not [step for step in steps if step["Node Type"] == "Seq Scan" and step["Relation Name"] == "lead"]
    of_lead = [step for step in steps if step.get("Relation Name") == "lead" or "lead" in step.get("Index Name", "")]
    assert sum(step["Actual Rows"] for step in of_lead) < 3000  # and reads few of the twenty thousand


def test_how_full_the_days_of_several_are_is_counted_along_it_too(many: None, alice: User, bob: User) -> None:
    desks = [pk for each in (alice, bob) for pk in queries.responsibles(each, MONDAY.date())]
    n = len(desks)
    soon = [MONDAY + timedelta(days=2)] * n
    steps = explained(queries._DUE_BY_DAY, [desks, ["UTC"] * n, [MONDAY] * n, soon])
    assert {step.get("Index Name") for step in steps} & {"lead_due"}
    assert not [step for step in steps if step["Node Type"] == "Seq Scan" and step["Relation Name"] == "lead"]
