"""A deal that was opened after its lead had ended takes them up again; whose deals ended earlier stays open with it."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.imports import queries
from ripeline.leads.models import Lead, Opportunity
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported, outcomes
from tests.capture.test_undoing import undone
from tests.cast import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

PIPEDRIVE = csv(
    "Person - ID,Person - Name,Person - Email - Work,Person - Owner,Person - Person created",
    "701,Ann Berg,ann@x.example,Alice,2025-01-05 10:00:00",
)
HEAD = (
    "Deal - ID,Deal - Title,Deal - Contact person ID,Deal - Value,Deal - Currency of Value,Deal - Status,"
    "Deal - Lost reason,Deal - Deal created,Deal - Won time,Deal - Lost time"
)
WON = "7010,Lathe,701,1000,EUR,Won,,2025-02-01 10:00:00,2025-03-01 10:00:00,"
LOST = "7010,Lathe,701,1000,EUR,Lost,Price too high,2025-02-01 10:00:00,,2025-03-01 10:00:00"
OPEN = "7011,Press,701,2000,EUR,Open,,2026-04-01 10:00:00,,"
OLD = "7012,Saw,701,500,EUR,Open,,2025-01-20 10:00:00,,"


def stands() -> tuple[str, list[tuple[str, str]]]:
    return Lead.objects.get().state, sorted(Opportunity.objects.values_list("product", "state"))


@pytest.mark.parametrize("ended", [WON, LOST])
@pytest.mark.parametrize("is_later_first", [True, False])
def test_in_one_file_the_later_open_deal_stays_open_and_so_does_the_person(
    ended: str, is_later_first: bool, alice: User
) -> None:
    imported(PIPEDRIVE)
    rows = (OPEN, ended) if is_later_first else (ended, OPEN)
    assert counts(outcomes(csv(HEAD, *rows))) == (0, 2, 0, 0)
    state, deals = stands()
    assert (state, deals) == ("opportunity", [("Lathe", ended.split(",")[5].lower()), ("Press", "open")])
    assert Lead.objects.get().next_at


@pytest.mark.parametrize("ended", [WON, LOST])
@pytest.mark.parametrize("is_later_first", [True, False])
def test_in_two_files_too(ended: str, is_later_first: bool, alice: User) -> None:
    imported(PIPEDRIVE)
    for row in (OPEN, ended) if is_later_first else (ended, OPEN):
        assert counts(outcomes(csv(HEAD, row))) == (0, 1, 0, 0)
    assert stands() == ("opportunity", [("Lathe", ended.split(",")[5].lower()), ("Press", "open")])


def test_a_customer_is_taken_up_again_by_a_new_deal_which_is_said_and_undone(alice: User) -> None:
    imported(PIPEDRIVE)
    outcomes(csv(HEAD, WON))
    before = Lead.objects.values().get()
    with clock.at(MONDAY + timedelta(hours=1)):
        run = outcomes(csv(HEAD, OPEN))
    lead = Lead.objects.get()
    assert (lead.state, lead.episode - before["episode"], lead.owner, lead.next_kind) == (
        "opportunity", 1, alice, "reopened",
    )  # fmt: skip
    assert lead.next_at
    (said,) = queries.remarked(run)
    assert said == ("One row is a deal that was opened after its lead had ended here, row 2: they are taken up again.")
    assert Activity.objects.filter(lead_id=lead.pk, kind="reopened", import_run_id=run.pk).count() == 1
    with clock.at(MONDAY + timedelta(hours=2)):
        undone(run)
    after = Lead.objects.values().get()
    assert {name for name in before if before[name] != after[name]} <= {"decision_id"}
    assert stands() == ("won", [("Lathe", "won")])


def test_a_deal_that_was_open_before_the_lead_ended_stays_out_with_the_reason(alice: User) -> None:
    imported(PIPEDRIVE)
    outcomes(csv(HEAD, WON))
    run = outcomes(csv(HEAD, OLD))
    assert counts(run) == (0, 0, 0, 1)
    (refused,) = queries.rejects(run)
    assert "its lead is closed here, and not before it was opened" in refused.reason


def test_who_was_let_go_as_no_lead_is_not_taken_up_by_a_deal(alice: User) -> None:
    imported(csv("Id,Name,E-mail,Status", "1,Ann,ann@x.example,spam", "2,Bo,bo@x.example,new"))
    run = outcomes(csv("E-mail,Product,Outcome,Opened at", "ann@x.example,Press,open,2026-05-01"))
    assert counts(run) == (0, 0, 0, 1)


def test_of_several_contacts_of_a_deal_the_first_who_is_open_here_has_it(alice: User) -> None:
    imported(
        csv(
            "Record ID,First Name,Last Name,Email,Lifecycle Stage,Create Date,Contact owner,Became a Customer Date",
            "101,Ann,Berg,ann@x.example,Customer,2024-02-11,Alice,2024-06-30",
            "102,Bo,Lund,bo@x.example,Lead,2026-04-01,Alice,",
        )
    )
    run = outcomes(
        csv(
            "Record ID,Deal Name,Deal Stage,Amount,Currency,Close Date,Create Date,Associated Contact IDs",
            "9002,Hall 3,Presentation Scheduled,75500,EUR,2027-01-31,2026-05-01,101;102",
        )
    )
    assert counts(run) == (0, 1, 0, 0)
    assert [(deal.lead.name, deal.stage) for deal in Opportunity.objects.filter(state="open").select_related("lead")] \
        == [("Bo Lund", "Presentation Scheduled")]  # fmt: skip


def test_when_a_won_deal_was_opened_is_kept_where_only_was_said_that_they_bought(alice: User) -> None:
    imported(
        csv(
            "Record ID,First Name,Last Name,Email,Lifecycle Stage,Create Date,Became a Customer Date",
            "101,Ann,Berg,ann@x.example,Customer,2024-02-11,2024-06-30",
        )
    )
    outcomes(
        csv(
            "Record ID,Deal Name,Deal Stage,Amount,Currency,Close Date,Create Date,Associated Contact IDs",
            "9001,Hall 2,Closed Won,48000,EUR,2024-06-30,2024-03-01,101",
        )
    )
    deal = Opportunity.objects.get()
    assert (deal.product, str(deal.opened_at.date()), str((deal.closed_at or deal.opened_at).date())) == (
        "Hall 2", "2024-03-01", "2024-06-30",
    )  # fmt: skip


def test_no_deal_is_closed_before_it_was_opened_nor_takes_anothers_name(alice: User) -> None:
    imported(csv("Id,E-mail,Owner,Created", "1,ann@x.example,Alice,2025-01-10"))
    head = "Id,Product,Outcome,Opened at,Closed on,Amount"
    outcomes(csv(head, "1,Lathe,open,2026-05-01,,2000"))
    outcomes(csv(head, "1,Lathe,won,2025-02-01,2025-03-01,1000"))
    assert sorted(Opportunity.objects.values_list("state", "amount")) == [("open", 2000), ("won", 1000)]
    assert Lead.objects.get().state == "opportunity"
    assert all(deal.closed_at is None or deal.opened_at <= deal.closed_at for deal in Opportunity.objects.all())


def test_who_has_several_deals_is_found_by_the_id_that_stands_in_each_of_their_rows(alice: User) -> None:
    imported(csv("Id,E-mail,Owner,Created", "1,ann@x.example,Alice,2025-01-10"))
    rows = (f"1,{name},won,2025-02-01,2025-03-0{day},1000" for day, name in enumerate(("Lathe", "Saw", "Press"), 1))
    assert counts(outcomes(csv("Id,Product,Outcome,Opened at,Closed on,Amount", *rows))) == (0, 3, 0, 0)
