"""A deal that names only a company stays with the lead that has it, whoever else comes in from there."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.imports import trial
from ripeline.leads.models import Lead, Opportunity
from ripeline.people import queries as people
from ripeline.timeline.models import Activity
from tests.capture.importing import begun, counts, csv, imported, outcomes
from tests.cast import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

LATER = csv("Id,Name,E-mail,Company,Created", "1,Ann,ann@rhein.example,Rhein GmbH,2026-03-10")
EARLIER = csv("Id,Name,E-mail,Company,Created", "2,Bo,bo@rhein.example,Rhein GmbH,2024-03-10")
HEAD = "Id,Company,Product,Status,Amount,Currency,Opened on,Closed on,Loss reason"
DEALS = csv(
    HEAD,
    "99,Rhein GmbH,Rhein - Line 0,Contract Sent,12000,EUR,2026-04-01,2026-08-01,",
    "99,Rhein GmbH,Rhein - Line 1,Closed Won,500,EUR,2026-03-20,2026-04-20,",
    "99,Rhein GmbH,Rhein - Line 2,Closed Lost,,,2026-03-20,2026-04-21,Price",
    "99,Rhein GmbH,,Closed Lost,,,2026-03-20,2026-04-22,",
)


def whose() -> dict[str, str]:
    return dict(Opportunity.objects.values_list("product", "lead__name"))


def test_the_same_deals_again_change_nothing_after_others_came_with_earlier_dates() -> None:
    imported(LATER)
    assert counts(outcomes(DEALS)) == (0, 4, 0, 0)
    imported(EARLIER)
    before = (list(Lead.objects.order_by("pk").values()), list(Opportunity.objects.values()), Activity.objects.count())
    found = trial.attempt(lambda: begun(DEALS, kind="outcomes", name="deals.csv"), actor=people.system())
    assert (found.updated, found.unchanged, found.rejected, found.changed) == (0, 4, 0, 0)
    assert counts(outcomes(DEALS)) == (0, 0, 4, 0)
    assert set(whose().values()) == {"Ann"}
    after = (list(Lead.objects.order_by("pk").values()), list(Opportunity.objects.values()), Activity.objects.count())
    assert before == after


def test_an_open_deal_that_is_won_in_the_next_file_is_won_by_who_has_it() -> None:
    imported(LATER)
    outcomes(csv(HEAD, "99,Rhein GmbH,Rhein - Line 0,Contract Sent,12000,EUR,2026-04-01,2026-08-01,"))
    imported(EARLIER)
    with clock.at(MONDAY + timedelta(hours=1)):
        outcomes(csv(HEAD, "99,Rhein GmbH,Rhein - Line 0,Closed Won,13000,EUR,2026-04-01,2026-05-20,"))
    assert list(Opportunity.objects.values_list("state", "lead__name")) == [("won", "Ann")]


def test_a_deal_of_another_name_still_goes_to_who_came_first() -> None:
    imported(LATER)
    outcomes(DEALS)
    imported(EARLIER)
    outcomes(csv(HEAD, "99,Rhein GmbH,Rhein - Line 7,Contract Sent,12000,EUR,2026-04-01,2026-08-01,"))
    assert whose()["Rhein - Line 7"] == "Bo"


def test_a_deal_that_is_only_called_alike_is_another_one() -> None:
    imported(LATER)
    outcomes(csv(HEAD, "1,Rhein GmbH,Rhein GmbH deal,Contract Sent,12000,EUR,2026-04-01,2026-08-01,"))
    imported(EARLIER)
    other = csv(HEAD, "99,Rhein GmbH,Rhein GmbH deal,Contract Sent,500,EUR,2026-04-09,2026-08-01,")
    assert [counts(outcomes(other)) for _ in range(2)] == [(0, 1, 0, 0), (0, 0, 1, 0)]
    found = Opportunity.objects.order_by("lead__name").values_list("lead__name", "amount")
    assert list(found) == [("Ann", 12000), ("Bo", 500)]
