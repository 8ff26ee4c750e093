"""I1: an open lead without somebody responsible and a next moment cannot exist, whatever writes to the database."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import LeadError, Next
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.cast import by, soon

BREAKS = {
    "no next moment": "UPDATE lead SET next_at = NULL",
    "nobody responsible": "UPDATE lead SET responsible_id = NULL",
    "a next moment nobody set": "UPDATE lead SET next_set_at = NULL",
    "a next moment in two years": "UPDATE lead SET next_at = next_set_at + interval '401 days'",
    "closed without a reason": "UPDATE lead SET state = 'lost', next_at = NULL, closed_at = next_set_at,"
    " closed_by_id = owner_id",
    "closed by nobody": "UPDATE lead SET state = 'lost', next_at = NULL, closed_at = next_set_at,"
    " close_reason_id = (SELECT id FROM close_reason LIMIT 1)",
    "closed, and yet something next": "UPDATE lead SET state = 'won', closed_at = next_set_at, closed_by_id = owner_id,"
    " close_reason_id = (SELECT id FROM close_reason LIMIT 1)",
    "open, and yet a reason to close": "UPDATE lead SET close_reason_id = (SELECT id FROM close_reason LIMIT 1)",
    "a state that is none": "UPDATE lead SET state = 'shoebox'",
    "merged into itself": "UPDATE lead SET merged_into_id = id",
}


@pytest.mark.parametrize("sql", BREAKS.values(), ids=BREAKS.keys())
def test_raw_sql_that_would_make_a_shoebox_is_refused(lead: Lead, sql: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_responsible_cannot_be_deleted_under_a_lead(lead: Lead) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("DELETE FROM responsible WHERE id = %s", [lead.responsible_id])


def test_alice_cannot_put_a_lead_off_for_more_than_400_days(lead: Lead, alice: User) -> None:
    with pytest.raises(LeadError, match="400 days"):
        actions.set_next(lead.pk, by(alice), next=soon(days=401))


def test_alice_cannot_put_a_lead_off_into_the_past(lead: Lead, alice: User) -> None:
    with pytest.raises(LeadError, match="past"):
        actions.set_next(lead.pk, by(alice), next=Next(clock.now() - timedelta(days=1)))


def test_a_lead_let_go_has_a_reason_a_moment_and_a_person(lead: Lead, alice: User) -> None:
    decision = actions.close(lead.pk, by(alice), reason=catalog.reason("not_a_fit"))
    closed = Lead.objects.get(pk=lead.pk)
    assert (closed.state, closed.close_reason.code, closed.closed_by) == ("disqualified", "not_a_fit", alice)
    assert closed.decision_id == decision.activity_id
    assert closed.next_at is None


def test_a_closed_lead_takes_no_outcome_until_it_is_reopened(lead: Lead, alice: User) -> None:
    actions.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    with pytest.raises(LeadError, match="re-open it first"):
        actions.touch(lead.pk, by(alice), kind="call", reached=True, next=soon())
    actions.reopen(lead.pk, by(alice), to=lead.responsible, next=soon(days=2))
    again = Lead.objects.get(pk=lead.pk)
    assert (again.state, again.episode, again.close_reason) == ("new", 2, None)
