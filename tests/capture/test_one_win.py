"""A customer by their stage who also has a deal won in another file is one win, whichever file comes first."""

from decimal import Decimal

import pytest

from ripeline.capture import actions, undoing
from ripeline.leads import queries as leads
from ripeline.leads.models import Lead, Opportunity
from ripeline.people import queries as people
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported
from tests.capture.test_undoing import passing
from tests.cast import MONDAY

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
