"""Won and lost deals of a file find their leads; nobody who is being worked on, or came back, is closed by it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ripeline.base import clock
from ripeline.capture.imports import actions, queries
from ripeline.catalog import queries as catalog
from ripeline.leads import queries as record
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import deciding
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Lead, NextKind, Opportunity
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported, outcomes
from tests.cast import MONDAY, MakeLead, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

LEADS = csv(
    "Id,E-mail,Created",
    "1,a@x.example,2023-01-10",
    "2,b@x.example,2023-02-10",
    "3,c@x.example,2026-04-10",
)


def lead(external: str) -> Lead:
    return Lead.objects.select_related("close_reason").get(identities__key=external)


def test_a_won_deal_closes_the_lead_on_its_day_with_a_reason_and_an_entry(mona: User) -> None:
    imported(LEADS)
    run = outcomes(csv("Id,Won date,Amount,Currency,Product", "1,2023-03-01,1200.50,EUR,Scheduler"), actor=mona)
    won = lead("1")
    assert counts(run) == (0, 1, 0, 0)
    assert (won.state, won.closed_by, str(won.close_reason)) == ("won", mona, "Bought from us")
    assert won.closed_at == won.state_at == datetime(2023, 3, 1, tzinfo=UTC)
    assert won.next_at is None
    deal = Opportunity.objects.get()
    assert (deal.state, deal.amount, deal.currency, deal.product) == ("won", Decimal("1200.50"), "EUR", "Scheduler")
    entry = Activity.objects.get(lead_id=won.pk, kind="won")
    assert (entry.occurred_at, entry.actor, entry.data["reason"]) == (won.closed_at, mona, "bought_from_us")
    assert record.counts()["wins"] == 1
    assert won.pk not in ripeness.of([won.pk])


def test_the_same_outcomes_again_change_nothing() -> None:
    imported(LEADS)
    file = csv("Id,Won date,Amount", "1,2023-03-01,1200", "2,2023-03-02,")
    outcomes(file)
    before = (list(Lead.objects.order_by("pk").values()), list(Opportunity.objects.values()), Activity.objects.count())
    assert counts(outcomes(file)) == (0, 0, 2, 0)
    assert before == (
        list(Lead.objects.order_by("pk").values()), list(Opportunity.objects.values()), Activity.objects.count(),
    )  # fmt: skip


def test_outcomes_join_by_address_too_and_those_that_join_nobody_come_back_with_the_reason() -> None:
    imported(LEADS)
    run = outcomes(
        csv(
            "Id,E-mail,Won date",
            ",B@X.example,2023-03-01",
            "99,,2023-03-01",
            ",nobody@x.example,2023-03-01",
            "98,gone@x.example,2023-03-01",
            "1,b@x.example,2023-03-01",
        )
    )
    assert counts(run) == (0, 1, 0, 4)
    assert lead("2").state == "won"
    found = {reject.row: reject for reject in queries.rejects(run)}
    assert found[3].reason == "no lead has this id: import its lead first"
    assert (found[3].cells, found[3].column) == (["99", "", "2023-03-01"], "Id")
    assert found[4].reason == "no lead has this e-mail address: import its lead first"
    assert "no lead has this id and no lead has this e-mail address" in found[5].reason
    assert "two different leads" in found[6].reason


def test_lost_and_disqualified_deals_close_with_the_reason_they_name_or_the_usual_one() -> None:
    imported(LEADS)
    run = outcomes(
        csv(
            "Id,Status,Closed on,Loss reason,Amount",
            "1,Closed Lost,2023-03-01,no budget,500",
            "2,lost,2023-03-01,Did not like our logo,",
            "3,junk,2026-05-01,,",
        )
    )
    assert counts(run) == (0, 3, 0, 0)
    assert [str(lead(n).close_reason) for n in "123"] == ["No budget", "Lost, no reason given", "Not a fit"]
    assert [lead(n).state for n in "123"] == ["lost", "lost", "disqualified"]
    assert Activity.objects.get(lead_id=lead("2").pk, kind="lost").data["said"] == "Did not like our logo"
    assert list(Opportunity.objects.values_list("state", "amount")) == [("lost", Decimal("500"))]
    assert record.counts()["wins"] == 0


def test_a_lead_that_somebody_worked_on_since_stays_open_with_the_deal_on_record(alice: User) -> None:
    imported(csv("Id,E-mail,Created,Owner", "7,g@x.example,2026-04-10,alice@example.com"))
    leads.touch(lead("7").pk, by(alice), kind="call", reached=True, next=soon(days=3))
    run = outcomes(csv("Id,Won date", "7,2026-05-01"))
    kept = lead("7")
    assert counts(run) == (0, 1, 0, 0)
    assert (kept.state, kept.next_at is not None, record.counts()["wins"]) == ("working", True, 1)
    (said,) = queries.remarked(run)
    assert said.startswith("One row is about a lead that was worked on, or came to us again, since. It stays open;")
    assert counts(outcomes(csv("Id,Won date", "7,2026-05-01"))) == (0, 0, 1, 0)


def test_a_lead_with_a_promised_date_stays_open(alice: User) -> None:
    imported(csv("Id,E-mail,Created,Owner", "7,g@x.example,2026-04-10,alice@example.com"))
    leads.set_next(lead("7").pk, by(alice), next=leads.Next(MONDAY + timedelta(days=2), committed=True))
    outcomes(csv("Id,Lost date", "7,2026-05-01"))
    assert lead("7").state == "new"


def test_a_lead_that_came_again_after_the_deal_stays_open() -> None:
    imported(csv("Id,Created,Source", "7,2023-01-10,Webinar", "7,2025-12-01,Quote request"))
    outcomes(csv("Id,Won date", "7,2023-06-01"))
    assert (lead("7").state, record.counts()["wins"]) == ("new", 1)


def test_won_before_they_came_is_kept_flagged_and_told() -> None:
    imported(LEADS)
    run = outcomes(csv("Id,Won date", "1,2023-01-01", "3,2026-04-01"))
    assert (lead("1").state, lead("1").won_before_captured) == ("won", True)
    assert (lead("3").state, lead("3").won_before_captured) == ("won", True), "however lately the record came"
    assert record.counts()["wins"] == 2
    (early,) = queries.remarked(run)
    assert early.startswith("2 rows were won before their leads came to us")


def test_who_came_again_after_a_deal_from_before_they_were_known_is_still_to_be_answered() -> None:
    imported(csv("Id,Created,Source", "7,2026-04-10,Webinar", "7,2026-05-20,Quote request"))
    outcomes(csv("Id,Won date", "7,2026-04-01"))
    assert (lead("7").state, record.counts()["wins"]) == ("new", 1)


def test_who_was_lost_before_they_came_lately_is_a_request_still_to_be_answered() -> None:
    imported(LEADS)
    outcomes(csv("Id,Lost date", "3,2026-04-01"))
    assert lead("3").state == "new"


def test_a_deal_of_the_day_they_came_is_not_before_it() -> None:
    imported(csv("Id,Created", "7,2023-01-10 15:00"))
    outcomes(csv("Id,Won date", "7,2023-01-10"))
    won = lead("7")
    assert (won.state, won.won_before_captured, won.closed_at) == ("won", False, won.captured_at)


def test_leads_of_a_list_without_dates_are_closed_by_their_deals() -> None:
    imported(csv("Id,E-mail", "7,g@x.example"))
    outcomes(csv("Id,Won date", "7,2023-06-01"))
    assert (lead("7").state, lead("7").won_before_captured) == ("won", True)


def test_a_deal_entered_by_hand_is_not_counted_again(alice: User, make_lead: MakeLead) -> None:
    mine = make_lead(alice, captured=timedelta(days=40))
    leads.open_opportunity(mine.pk, by(alice), next=soon(), product="Scheduler")
    leads.win(mine.pk, by(alice), reason=catalog.reason("bought_from_us"))
    run = outcomes(csv("E-mail,Won date,Amount", f"{mine.email},2026-05-31,900"))
    assert (counts(run), record.counts()["wins"]) == ((0, 1, 0, 0), 1)
    assert Opportunity.objects.get().amount == 900
    other = outcomes(csv("E-mail,Won date,Amount", f"{mine.email},2026-05-31,950"))
    assert (counts(other), Opportunity.objects.get().amount) == ((0, 0, 1, 0), 900)
    assert "another amount" in queries.remarked(other)[0]


def test_the_deal_in_hand_is_the_one_that_was_won(alice: User, make_lead: MakeLead) -> None:
    mine = make_lead(alice, captured=timedelta(days=40))
    with clock.at(MONDAY - timedelta(days=20)):
        leads.open_opportunity(mine.pk, by(alice), next=soon(), amount=Decimal("700"), currency="EUR")
    outcomes(csv("E-mail,Won date", f"{mine.email},2026-05-30"))
    deal = Opportunity.objects.get()
    assert (deal.state, deal.amount, Lead.objects.get(pk=mine.pk).state) == ("won", 700, "won")


def test_two_products_bought_on_one_day_are_two_deals_and_a_later_lost_one_is_won_after_all(
    alice: User, make_lead: MakeLead
) -> None:
    mine = make_lead(alice, captured=timedelta(days=40))
    with clock.at(MONDAY - timedelta(days=20)):
        leads.close(mine.pk, by(alice), reason=catalog.reason("price"))
    rows = [f"{mine.email},2026-05-20,{product}" for product in ("Scheduler", "Support")]
    assert counts(outcomes(csv("E-mail,Won date,Product", *rows))) == (0, 2, 0, 0)
    assert (Lead.objects.get(pk=mine.pk).state, record.counts()["wins"]) == ("won", 2)
    assert counts(outcomes(csv("E-mail,Won date,Product", *rows))) == (0, 0, 2, 0)


def test_an_imported_win_can_be_taken_back(ada: User) -> None:
    imported(LEADS)
    outcomes(csv("Id,Won date,Amount", "1,2023-03-01,100"), actor=ada)
    leads.undo(Activity.objects.get(kind="won").pk, by(ada))
    assert (lead("1").state, lead("1").closed_at, Opportunity.objects.count()) == ("new", None, 0)
    assert lead("1").next_at is not None


def test_a_file_of_open_deals_alone_needs_no_day_and_a_stage_that_says_open_is_kept() -> None:
    imported(LEADS)
    run = outcomes(csv("Id,Product,Outcome,Amount", "1,Lathe,Presentation scheduled,500", "2,Saw,Open,"))
    assert counts(run) == (0, 2, 0, 0)
    assert set(Opportunity.objects.values_list("name", "state", "stage")) == {
        ("Lathe", "open", "Presentation scheduled"), ("Saw", "open", ""),
    }  # fmt: skip


def test_who_won_in_a_file_without_days_comes_back_with_the_reason() -> None:
    imported(LEADS)
    run = outcomes(csv("Id,Product,Outcome", "1,Lathe,Closed won", "2,Saw,Proposal"))
    assert counts(run) == (0, 1, 0, 1)
    assert [reject.reason for reject in queries.rejects(run)] == ["is won, but not when: write the day"]


def test_the_day_expected_is_taken_from_a_column_beside_that_of_the_day_it_ended() -> None:
    imported(LEADS)
    run = outcomes(
        csv(
            "Id,Product,Status,Closed on,Expected close date",
            "1,Lathe,open,,2026-12-20",
            "2,Saw,won,2026-03-01,2027-12-20",
        )
    )
    assert counts(run) == (0, 2, 0, 0)
    found = {name: (str(day), ended) for name, day, ended in Opportunity.objects.values_list(
        "product", "expected_close", "closed_at")}  # fmt: skip
    assert found == {"Lathe": ("2026-12-20", None), "Saw": ("None", datetime(2026, 3, 1, tzinfo=UTC))}


OPEN = "E-mail,Deal name,Deal stage,Amount,Close date"


def test_what_somebody_here_says_of_an_open_deal_stays_until_the_file_says_something_else(
    alice: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, email="ann@x.example")
    file = csv(OPEN, "ann@x.example,Chairs,Proposal,1000,2027-05-01")
    outcomes(file)
    leads.open_opportunity(lead.pk, by(alice), next=soon(), amount=Decimal(7000), currency="EUR", stage="Negotiation")
    assert counts(outcomes(file + b"\n")) == (0, 0, 1, 0)
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.stage) == (7000, "Negotiation")
    assert counts(outcomes(csv(OPEN, "ann@x.example,Chairs,Proposal,1500,2027-05-01"))) == (0, 1, 0, 0)
    deal.refresh_from_db()
    assert (deal.amount, deal.stage) == (1500, "Negotiation")


def test_an_open_deal_that_somebody_took_back_is_not_opened_by_the_next_file(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, email="ann@x.example")
    before = lead.decision_id
    file = csv(OPEN, "ann@x.example,Chairs,Proposal,1000,2027-05-01")
    outcomes(file)
    deciding.undo(Lead.objects.get().decision_id, by(alice))
    run = outcomes(file + b"\n")
    assert not Opportunity.objects.exists()
    assert Lead.objects.get().state == "new"
    assert Lead.objects.get().decision_id == before
    actions.undo(actor=people.system(), run_id=run.pk)
    actions.work(run.pk)
    assert not Opportunity.objects.exists()


def test_who_is_kept_in_touch_with_and_has_a_deal_there_is_their_owners_again(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, email="ann@x.example")
    leads.nurture(lead.pk, by(alice), next=Next(clock.now() + timedelta(days=300), NextKind.KEEP_IN_TOUCH))
    outcomes(csv(OPEN, "ann@x.example,Chairs,Proposal,1000,2027-01-01"))
    lead.refresh_from_db()
    assert (lead.state, lead.responsible) == ("opportunity", people.responsible_of(alice))
    assert lead.next_at is not None
    assert lead.next_at <= clock.now()
