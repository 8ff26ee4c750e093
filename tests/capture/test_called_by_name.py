"""A deal or a call that names its person by name and company goes to that person, be they known by whatever; and to
nobody where that cannot be told."""

import pytest

from ripeline.leads.models import Lead, Opportunity
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported, rejected

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

PEOPLE = csv(
    "Person - ID,Person - Name,Person - Organization,Person - Email - Work,Person - Phone - Work,Person created",
    "901,Quirin Testmann,Orgtest A,,+43 1 9990001,2026-05-10 08:00:00",
    "902,Zacharias Probst,Orgtest A,zp@orgtest.example,+43 1 9990002,2026-05-01 08:00:00",
    "903,Xaver Teßtfuß,Orgtest B,,+43 1 9990003,2026-05-10 08:00:00",
    "904,Korbinian Groß,Orgtest B,kg@orgtest.example,,2026-05-01 08:00:00",
    "905,Renate Größer,Orgtest C,,,2026-05-01 08:00:00",
)
HEAD = "Deal - ID,Deal - Title,Deal - Organization,Deal - Contact person,Deal - Value,Deal - Status,Deal - Won time"
DEALS = csv(
    HEAD,
    "91,T0,Orgtest A,Quirin Testmann,5000,Open,",
    "92,T1,Orgtest A,Zacharias Probst,5000,Won,2026-05-20 10:00:00",
    "93,T2,Orgtest B,Xaver Teßtfuß,5000,Won,2026-05-20 10:00:00",
    "94,T3,Orgtest B,Korbinian Groß,5000,Open,",
    "95,T4,Orgtest C,Renate Größer,5000,Open,",
)
ACTIVITIES = csv(
    "Activity - ID,Activity - Subject,Activity - Type,Activity - Due date,Activity - Done,Activity - Contact person,"
    "Activity - Organization",
    "1,Call,Call,2026-05-20,Done,Quirin Testmann,Orgtest A",
    "2,Call,Call,2026-05-20,Done,Zacharias Probst,Orgtest A",
    "3,Call,Call,2026-05-20,Done,Xaver Teßtfuß,Orgtest B",
)


def whose() -> dict[str, str]:
    return dict(Opportunity.objects.values_list("product", "lead__name"))


def one_deal(organization: str, person: str, *more: str) -> bytes:
    head = "Deal - ID,Deal - Title,Deal - Organization,Deal - Contact person,Deal - Status"
    return csv(",".join([head, *more[:1]]), ",".join(["77,Boat", organization, person, "Open", *more[1:]]))


def test_the_deals_of_people_without_an_address_are_theirs_and_not_their_colleagues() -> None:
    imported(PEOPLE, kind=None)
    run = imported(DEALS, kind=None)
    assert (counts(run), rejected(run)) == ((0, 5, 0, 0), [])
    assert whose() == {
        "T0": "Quirin Testmann", "T1": "Zacharias Probst", "T2": "Xaver Teßtfuß", "T3": "Korbinian Groß",
        "T4": "Renate Größer",
    }  # fmt: skip
    assert dict(Lead.objects.values_list("name", "state")) == {
        "Quirin Testmann": "opportunity", "Zacharias Probst": "won", "Xaver Teßtfuß": "won",
        "Korbinian Groß": "opportunity", "Renate Größer": "opportunity",
    }  # fmt: skip


def test_their_calls_stand_on_their_own_timelines() -> None:
    imported(PEOPLE, kind=None)
    assert counts(imported(ACTIVITIES, kind=None)) == (3, 0, 0, 0)
    found = Activity.objects.filter(kind="call").values_list("lead_id", flat=True)
    names = Lead.objects.filter(pk__in=list(found)).values_list("name", flat=True)
    assert sorted(names) == ["Quirin Testmann", "Xaver Teßtfuß", "Zacharias Probst"]


def test_who_came_after_a_colleague_under_the_same_domain_is_still_found_at_the_company_that_was_said() -> None:
    imported(csv("Name,E-mail,Company", "Ann Berg,ann@group.example,North Ltd", "Bo Li,bo@group.example,South Ltd"))
    imported(csv("Name,Company,Phone", "Cy Fox,South Ltd,+43 1 9990009"))
    imported(one_deal("South Ltd", "Bo Li"), kind=None)
    assert whose() == {"Boat": "Bo Li"}


def test_of_two_of_one_name_at_a_company_nobody_is_guessed_though_the_company_is_here() -> None:
    imported(csv("Name,E-mail,Company", "Ann Berg,ann@x.example,Rhein GmbH", "Ann Berg,,Rhein GmbH"))
    run = imported(one_deal("Rhein GmbH", "Ann Berg"), kind=None)
    assert rejected(run) == [(2, "several here are called “Ann Berg”: say whose it is by id or e-mail address")]
    assert whose() == {}


def test_who_is_here_at_another_company_is_said_and_no_colleague_gets_the_deal() -> None:
    imported(csv("Name,E-mail,Company", "Ann Berg,ann@x.example,Elbe AG", "Bo Li,bo@y.example,Rhein GmbH"))
    run = imported(one_deal("Rhein GmbH", "Ann Berg"), kind=None)
    ((row, why),) = rejected(run)
    assert (row, why.partition(":")[0]) == (2, "“Ann Berg” is here, but at Elbe AG")
    assert whose() == {}
    notes = csv("Note - ID,Note - Content,Note - Add time,Note - Person,Note - Organization")
    run = imported(notes + b"1,Hello,2026-05-22,Ann Berg,Rhein GmbH\n", kind=None)
    assert rejected(run)[0][1].startswith("“Ann Berg” is here, but at Elbe AG")


def test_who_is_here_without_a_company_gets_the_deal_that_names_them_with_one() -> None:
    imported(csv("Name,E-mail,Company", "Ann Berg,ann@gmail.com,", "Bo Li,bo@y.example,Rhein GmbH"))
    imported(one_deal("Rhein GmbH", "Ann Berg"), kind=None)
    assert whose() == {"Boat": "Ann Berg"}


def test_whose_id_is_another_is_somebody_else_unless_at_the_same_company() -> None:
    imported(csv("Name,E-mail,Company", "Ann Berg,ann@x.example,Elbe AG", "Bo Li,bo@y.example,Rhein GmbH"))
    run = imported(one_deal("Rhein GmbH", "Ann Berg", "Person - ID", "555"), kind=None)
    assert (whose(), rejected(run)) == ({"Boat": "Bo Li"}, []), "as before: it names nobody who is here, but a company"
