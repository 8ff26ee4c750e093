"""When the people of a list came: one day for all, said later, or the day on which a record was made elsewhere."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import actions
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported
from tests.web.test_imports import SignIn, signed_in, text, upload, worked  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

LIST = csv("Name,E-mail,Talked on", "Ann,ann@x.example,2026-05-04", "Bo,,2026-05-05", "Cy,cy@x.example,2024-05-05")
UNDATED = {"Name": "name", "E-mail": "email", "Talked on": "ignore"}
DATED = {**UNDATED, "Talked on": "captured_at"}


def days() -> list[str]:
    return sorted(each.captured_at.date().isoformat() for each in Enquiry.objects.all())


def test_the_column_of_days_mapped_afterwards_dates_the_first_enquiry_and_makes_no_second(mona: User) -> None:
    imported(LIST, actor=mona, mapping=UNDATED)
    later = imported(LIST, actor=mona, mapping=DATED)
    assert counts(later) == (0, 3, 0, 0)
    assert days() == ["2024-05-05", "2026-05-04", "2026-05-05"]
    ann, cy = Lead.objects.get(name="Ann"), Lead.objects.get(name="Cy")
    assert ann.captured_at == ann.episode_at == ann.enquiries.get().captured_at
    assert (cy.episode, cy.captured_at.year) == (2, 2024), "an old lead, as it would have been"
    assert not Activity.objects.filter(kind__in=("enquired", "next_set")).exists(), "nobody came again"
    assert counts(imported(LIST, actor=mona, mapping=DATED)) == (0, 0, 3, 0)


def test_taking_the_later_import_back_leaves_them_as_they_were(mona: User) -> None:
    imported(LIST, actor=mona, mapping=UNDATED)
    was = {lead.pk: (lead.captured_at, lead.episode_at, lead.episode) for lead in Lead.objects.all()}
    later = imported(LIST, actor=mona, mapping=DATED)
    actions.undo(actor=mona, run_id=later.pk)
    actions.work(later.pk)
    assert {lead.pk: (lead.captured_at, lead.episode_at, lead.episode) for lead in Lead.objects.all()} == was
    assert {each.captured_at for each in Enquiry.objects.all()} == {at for at, *_ in was.values()}


def test_who_came_on_another_day_by_a_list_of_days_has_come_again(mona: User) -> None:
    imported(LIST, actor=mona, mapping=DATED)
    imported(csv("Name,E-mail,Talked on", "Ann,ann@x.example,2026-05-20"), actor=mona, mapping=DATED)
    assert Lead.objects.get(name="Ann").enquiries.count() == 2


def test_one_day_for_a_whole_file_is_when_all_came_whose_row_does_not_say(mona: User) -> None:
    content = csv("Name,E-mail", "Ann,ann@x.example", "Bo,bo@x.example")
    run = imported(content, actor=mona)
    assert days()[0] == clock.now().date().isoformat()
    again = imported(content, actor=mona, said=Said(came="2026-05-12"))
    assert (counts(run), counts(again)) == ((2, 0, 0, 0), (0, 2, 0, 0))
    assert {lead.captured_at.astimezone().date().isoformat() for lead in Lead.objects.all()} <= {
        "2026-05-11", "2026-05-12"
    }  # fmt: skip
    assert Enquiry.objects.count() == 2
    other = imported(csv("Name,E-mail", "Cy,cy@x.example"), actor=mona)
    assert Lead.objects.get(name="Cy").captured_at == other.began_at, "a day is of one file, and not remembered"


def test_a_days_column_goes_before_the_day_of_the_file(mona: User) -> None:
    content = csv("Name,E-mail,Date", "Ann,ann@x.example,2026-05-04", "Bo,bo@x.example,")
    imported(content, actor=mona, said=Said(came="2026-05-12"))
    assert days()[0] == "2026-05-04"
    assert days()[1] in ("2026-05-11", "2026-05-12")


def test_the_page_asks_for_the_day_and_the_result_says_where_nothing_was_said(
    signed_in: SignIn,  # noqa: F811
    mona: User,
) -> None:
    client = signed_in(mona)
    content = csv("Name,E-mail", "Ann,ann@x.example")
    where = upload(client, content).url
    assert "No column says when they came." in text(client.get(where))
    kept = client.post(f"{where}/mapping", {"came": "2026-05-12"})
    assert "No column says when they came." not in text(kept)
    assert 'value="2026-05-12"' in kept.text
    refused = client.post(f"{where}/mapping", {"came": (clock.now() + timedelta(days=9)).date().isoformat()})
    assert "No column says when they came." in text(refused), "what is yet to come is no day on which they came"
    _, page = worked(client, content, came="")
    assert "Nothing said when they came. The new leads count from the day of this import" in text(page)
    _, page = worked(client, csv("Name,E-mail", "Bo,bo@x.example"), came="2026-05-12")
    assert "Nothing said when they came." not in text(page)


@pytest.mark.parametrize("heading", ["Angelegt am", "Created", "Erstellt am", "Date added"])
def test_the_day_on_which_their_system_made_a_record_is_no_sign_that_somebody_came_again(
    mona: User, heading: str
) -> None:
    imported(csv("Name,E-mail", "Ann,ann@x.example"), actor=mona)
    yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
    run = imported(csv(f"Name,E-mail,Title,{heading}", f"Ann,ann@x.example,Head,{yesterday}"), actor=mona)
    assert counts(run) == (0, 1, 0, 0)
    assert Lead.objects.get().enquiries.count() == 1
    assert not Activity.objects.filter(kind__in=("enquired", "next_set")).exists()


def test_who_wrote_something_on_the_day_of_the_record_has_come_again(mona: User) -> None:
    imported(csv("Name,E-mail", "Ann,ann@x.example"), actor=mona)
    yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
    imported(csv("Name,E-mail,Message,Created", f"Ann,ann@x.example,please call,{yesterday}"), actor=mona)
    assert Lead.objects.get().enquiries.count() == 2


CONTACTS = csv(
    "Contact ID,First Name,Last Name,Account ID,Account Name,Email,Contact Owner,Created Date",
    "0035g00000BBBB1,Paul,Kern,0015g00000CCCC1,Kern & Co,paul@kern.example,,2026-03-02",
    "0035g00000BBBB2,Olga,Petrova,0015g00000CCCC2,Petrov OOD,olga@petrov.example,,2026-03-02",
)
LEADS = csv(
    "Lead ID,First Name,Last Name,Company / Account,Email,Lead Status,Lead Owner,Create Date,Converted",
    "00Q5g00000AAAA3,Paul,Kern,Kern & Co,paul@kern.example,Closed - Converted,,2026-01-05,1",
    "00Q5g00000AAAA4,Olga,Petrova,Petrov OOD,olga@petrov.example,Open - Not Contacted,,2026-05-05,0",
)


@pytest.mark.parametrize("order", [(CONTACTS, LEADS), (LEADS, CONTACTS)], ids=["contacts first", "leads first"])
def test_a_salesforce_lead_and_the_contact_that_it_became_are_one_enquiry(
    mona: User, order: tuple[bytes, bytes]
) -> None:
    for content in (*order, *order):
        imported(content, actor=mona, kind=None)
    paul = Lead.objects.get(email="paul@kern.example")
    assert [each.captured_at.date().isoformat() for each in paul.enquiries.all()] == ["2026-01-05"]
    assert paul.captured_at.date().isoformat() == "2026-01-05"
    if order[0] is CONTACTS:
        assert Lead.objects.get(name="Olga Petrova").enquiries.count() == 2, "a lead that is open is another"
