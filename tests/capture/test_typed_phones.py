"""Whatever is typed as a telephone number, at whichever door: nothing of it is lost."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from ripeline.capture.cells import values
from ripeline.capture.doors import doors, machines, submissions
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.doors.machines import Entry
from ripeline.capture.doors.proof import Proof
from ripeline.capture.doors.submissions import Sent
from ripeline.capture.in_person import by_hand, cards
from ripeline.capture.in_person.card import Card
from ripeline.capture.models import DoorKind
from ripeline.leads import queries
from ripeline.leads.models import Enquiry, Lead
from ripeline.people import keys
from ripeline.people.models import User

pytestmark = pytest.mark.django_db
EMAIL = "priya@x.example"


def by_form(mona: User, _: User, fields: dict[str, str]) -> None:
    form = FormDraft(
        name="Quote", source_type="quote_request", title="A quote", questions=[],
        fields={"name": "optional", "phone": "optional"},
    )  # fmt: skip
    given = {name: [text] for name, text in fields.items()}
    sent = Sent(proof=Proof(uuid4(), timedelta(minutes=1)), fields=given, address="", page="", trail={})
    submissions.take(door=doors.keep_form(actor=mona, draft=form), sent=sent)


def by_card(_: User, alice: User, fields: dict[str, str]) -> None:
    card = Card(key="a", fields=fields, note="Met at the fair.")
    cards.take(actor=alice, door=cards.built_in(DoorKind.CARD), card=card)


def by_program(mona: User, _: User, fields: dict[str, str]) -> None:
    User.objects.filter(pk=mona.pk).update(role="admin")
    mona.refresh_from_db()
    machines.take(key=keys.issue(actor=mona, name="Shop", scopes=["capture"])[0], entry=Entry(fields=fields))


def typed_in(_: User, alice: User, fields: dict[str, str]) -> None:
    by_hand.capture_one(actor=alice, **fields)  # type: ignore[arg-type]


Door = Callable[[User, User, dict[str, str]], None]
DOORS = [by_form, by_card, by_program, typed_in]


def kept() -> tuple[str, list[str], str]:
    lead = Lead.objects.get()
    return lead.phone, list(queries.reached(lead, [lead.pk]).numbers), Enquiry.objects.get().message


@pytest.mark.parametrize("door", DOORS)
def test_of_two_numbers_both_are_theirs(door: Door, mona: User, alice: User) -> None:
    both = "+49 30 901820 / +49 170 1234567"
    door(mona, alice, {"name": "Priya Raman", "email": EMAIL, "phone": both})
    number, others, message = kept()
    assert (number, others) == ("+4930901820", ["+491701234567"])
    assert "Telephone" not in message


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("typed", ["+49 30 901820 / +49 170 1234567", "+49 30 901820 ext. 12"])
def test_what_they_cannot_be_known_by_stands_beside_and_never_as_what_they_said(
    door: Door, typed: str, mona: User, alice: User
) -> None:
    door(mona, alice, {"name": "Priya", "email": EMAIL, "phone": typed})
    number, others, message = kept()
    assert (number, others) == ("+4930901820", [])
    assert message == ("Met at the fair." if door is by_card else "")
    enquiry = Enquiry.objects.get()
    assert enquiry.trail["beside"] == f"telephone as it was written: {typed}"
    client = Client()
    client.force_login(alice)
    assert f"telephone as it was written: {typed}" in client.get(f"/leads/{enquiry.lead_id}").text


@pytest.mark.parametrize("door", DOORS)
def test_a_number_that_is_read_whole_is_said_once(door: Door, mona: User, alice: User) -> None:
    door(mona, alice, {"name": "Priya Raman", "email": EMAIL, "phone": "+49 (0)2151 / 123456-0"})
    assert kept() == ("+4921511234560", [], "Met at the fair." if door is by_card else "")


def test_in_the_record_one_number_is_asked_for(alice: User) -> None:
    typed_in(alice, alice, {"name": "Priya Raman", "email": EMAIL})
    lead = Lead.objects.get()
    client = Client()
    client.force_login(alice)
    both = "+49 30 901820; +49 170 1234567"
    typed = {"name": "Priya Raman", "title": "", "phone": both, "company": "", "amount": ""}
    page = client.post(f"/leads/{lead.pk}/edit", typed)
    assert "Write one number here; the others go into a note." in page.text
    assert f'value="{both}"' in page.text
    assert Lead.objects.get().phone == ""


def test_of_several_numbers_in_a_cell_one_that_is_none_does_not_cost_the_others() -> None:
    found = values.phone("0221 998877, 0172 555444", home="DE")
    assert found == ("+49221998877", "of “0221 998877, 0172 555444” the first that is a number was taken")
    assert "no country code" not in values.phone("0172 5, 0172 6", home="DE").remark
