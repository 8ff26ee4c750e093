"""What a set of leads should yield, by when, for what effort; and what it has."""

import pytest

from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions, queries, yields
from tests.cast import MakeLead, by, soon
from tests.ripeness.company import grow


def test_a_batch_says_what_to_expect_when_for_what_effort_and_what_has_come(alice: User, make_lead: MakeLead) -> None:
    many = [make_lead(alice) for _ in range(30)]
    leads.open_opportunity(many[0].pk, by(alice), next=soon())
    actions.rescore()
    found = yields.of(Lead.objects.filter(owner=alice))
    assert (found.n, found.buying, found.won) == (30, 1, 0)
    assert found.year.buyers_low <= found.year.buyers <= found.year.buyers_high
    assert found.soon.buyers <= found.quarter.buyers <= found.year.buyers
    assert found.year.ours < found.year.buyers
    assert found.words.startswith("Of these 30 leads about ")
    assert "within a month" in found.when
    assert found.actual == "So far 0 won, 0 bought elsewhere, 1 has an opportunity open."
    assert found.effort.startswith("It takes about 11 contacts a lead, as planned")
    assert not found.is_measured


def test_what_is_decided_already_is_said_and_no_part_of_what_is_expected(alice: User, make_lead: MakeLead) -> None:
    many = [make_lead(alice) for _ in range(30)]
    actions.rescore()
    whole = yields.of(Lead.objects.filter(owner=alice))
    for lead in many[:8]:
        leads.win(lead.pk, by(alice), reason=reasons.reason("bought_from_us"))
    actions.rescore()
    found = yields.of(Lead.objects.filter(owner=alice))
    assert (found.total, found.n, found.won) == (30, 22, 8)
    assert found.words.startswith("Of these 30 leads 8 are decided already. Of the 22 open ones about ")
    assert found.soon.buyers <= whole.soon.buyers, "who has bought is not expected once more"
    assert found.actual.startswith("So far 8 won")


def test_with_enough_decided_leads_the_effort_is_measured(ada: User, alice: User) -> None:
    grow(alice, n=80, chance={"referral": 0.9})
    found = yields.of(Lead.objects.filter(owner=alice))
    assert found.is_measured
    assert found.contacts == pytest.approx(1.0, abs=0.2)  # each of them an opportunity at the first contact


def test_once_learnt_the_same_leads_are_expected_with_less_doubt(ada: User, alice: User) -> None:
    grow(alice)
    actions.rescore()
    before = queries.expected(Lead.objects.filter(owner=alice))
    run = actions.request_fit(actor=ada)
    actions.work(run.pk)
    after = queries.expected(Lead.objects.filter(owner=alice))
    width = [each.buyers_high[-1] - each.buyers_low[-1] for each in (before, after)]
    assert width[1] < width[0] / 2
    assert after.ours[-1] > 0
