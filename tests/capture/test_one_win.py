"""A customer by their stage who also has a deal won in another file is one win, whichever file comes first."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ripeline.base import clock
from ripeline.capture.imports import actions, undoing
from ripeline.leads import queries as leads
from ripeline.leads.decisions import actions as opening
from ripeline.leads.decisions import closing
from ripeline.leads.models import Lead, Opportunity
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported
from tests.capture.test_undoing import passing
from tests.cast import MONDAY, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

CONTACTS = csv(
    "Record ID,First Name,Last Name,Email,Lifecycle Stage,Create Date,Became a Customer Date",
    "101,Ann,Berg,ann@x.example,Customer,2026-01-10 09:00,2026-03-01 08:00",
    "102,Bo,Li,bo@x.example,Customer,2026-01-10 09:00,",
)  # fmt: skip
AS_LEADS = CONTACTS.replace(b",Customer,2026-01-10 09:00,2026-03-01 08:00", b",Lead,2026-01-10 09:00,").replace(
    b",Customer,", b",Lead,"
)
DEALS = csv(
    "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Contact IDs",
    "9001,Boats,Closed Won,2026-02-20 10:00,4500,101", "9002,Sails,Closed Won,2026-04-20 10:00,300,102",
)  # fmt: skip


def found() -> list[tuple[str, str, Decimal | None, str]]:
    deals = Opportunity.objects.order_by("lead__name", "product")
    return [
        (deal.lead.name, deal.product, deal.amount, str(deal.closed_at)[:10]) for deal in deals.select_related("lead")
    ]


BOTH = [("Ann Berg", "Boats", Decimal(4500), "2026-02-20"), ("Bo Li", "Sails", Decimal(300), "2026-04-20")]


def test_the_customers_first_and_their_deals_after_them() -> None:
    imported(CONTACTS, kind=None)
    assert leads.counts()["wins"] == 2
    run = imported(DEALS, kind=None)
    assert (run.kind, counts(run)) == ("outcomes", (0, 2, 0, 0))
    assert (found(), leads.counts()["wins"]) == (BOTH, 2)
    assert counts(imported(DEALS, kind=None)) == (0, 0, 2, 0)
    assert counts(imported(CONTACTS, kind=None)) == (0, 0, 2, 0)
    assert (found(), Activity.objects.filter(kind="won").count()) == (BOTH, 2)


def test_the_deals_first_and_the_customers_after_them() -> None:
    imported(DEALS, kind=None)  # nobody is here yet
    imported(AS_LEADS, kind=None)
    imported(DEALS, kind=None)
    assert (found(), leads.counts()["wins"]) == (BOTH, 2)
    imported(CONTACTS, kind=None)
    assert (found(), Activity.objects.filter(kind="won").count()) == (BOTH, 2)
    assert set(Lead.objects.values_list("state", flat=True)) == {"won"}


def stated_ann() -> Lead:
    """A customer by her stage alone, since the first of March."""
    imported(CONTACTS.split(b"102")[0], kind=None)
    return Lead.objects.get()


def deal(name: str, day: str) -> None:
    imported(csv(
        "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Contact IDs",
        f"9{len(name)}{day[:4]},{name},Closed Won,{day} 10:00,4500,101",
    ), kind=None)  # fmt: skip


@pytest.mark.parametrize("has_deal", [False, True])
def test_what_a_customer_who_was_opened_again_buys_then_closes_them_and_is_a_second_win(
    alice: User, has_deal: bool
) -> None:
    ann = stated_ann()
    with clock.at(MONDAY + timedelta(days=1)):
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
        if has_deal:
            opening.open_opportunity(ann.pk, by(alice), next=soon(), amount=None, product="Upsell")
    with clock.at(MONDAY + timedelta(days=40)):
        deal("Upsell", "2026-07-05")
    ann.refresh_from_db()
    assert (ann.state, str(ann.closed_at)[:10]) == ("won", "2026-07-05")
    assert sorted(deals()) == [("", "won", "2026-03-01"), ("Upsell", "won", "2026-07-05")]


def test_the_deal_that_had_made_them_a_customer_is_the_old_win_also_while_they_are_open_again(alice: User) -> None:
    ann = stated_ann()
    with clock.at(MONDAY + timedelta(days=1)):
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
        deal("Boats", "2026-02-20")
    ann.refresh_from_db()
    assert (ann.state, deals()) == ("new", [("Boats", "won", "2026-02-20")])


@pytest.mark.parametrize("day", ["2024-05-05", "2026-05-05"])
def test_a_deal_long_before_or_after_they_became_a_customer_is_another_win(day: str) -> None:
    stated_ann()
    deal("Oars", day)
    assert sorted(deals()) == [("", "won", "2026-03-01"), ("Oars", "won", day)]


def test_what_a_customer_of_an_unknown_day_buys_after_that_was_said_is_another_win() -> None:
    imported(CONTACTS, kind=None)
    with clock.at(MONDAY + timedelta(days=40)):
        imported(DEALS.replace(b"2026-04-20", b"2026-07-05"), kind=None)
    assert [each for each in found() if each[0] == "Bo Li"] == [
        ("Bo Li", "", None, "2026-01-10"), ("Bo Li", "Sails", Decimal(300), "2026-07-05"),
    ]  # fmt: skip


def deals() -> list[tuple[str, str, str]]:
    kept = Opportunity.objects.order_by("closed_at").values_list("product", "state", "closed_at")
    return [(product, state, str(at)[:10]) for product, state, at in kept]


def test_a_second_deal_is_a_second_win_and_taken_back_the_customer_is_one_by_their_stage_again() -> None:
    with passing(MONDAY):
        imported(CONTACTS, kind=None)
        before = found()
        run = imported(DEALS + b"9003,Oars,Closed Won,2026-05-01 10:00,80,102\n", kind=None)
        assert leads.counts()["wins"] == 3
        assert found()[1:] == [("Bo Li", "Oars", Decimal(80), "2026-05-01"), BOTH[1]]
        actions.undo(actor=people.system(), run_id=run.pk)
        undoing.go_on(run.pk, lambda _: None, lambda: False)
        assert found() == before
        assert counts(imported(DEALS, kind=None)) == (0, 2, 0, 0)
        assert found() == BOTH
