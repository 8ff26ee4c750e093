"""One lead typed in by whoever met them: born with somebody, a date and a score, once however often it is sent."""

import pytest

from ripeline.capture.imports.actions import CaptureError, capture_one
from ripeline.leads.models import Enquiry, Lead
from ripeline.people import actions as people
from ripeline.people import queries
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


def test_a_rep_keeps_what_they_bring_in_and_it_is_scored_at_once(alice: User, bob: User) -> None:
    found = capture_one(
        actor=bob, name="Priya Raman", email="Priya@Northgate.example", phone="020 7183 8750", country="GB",
        company="Northgate Dental", source="Trade show", message="two practices open in spring",
    )  # fmt: skip
    lead = Lead.objects.get(pk=found.lead_id)
    assert (found.result, lead.owner, lead.phone) == ("created", bob, "+442071838750")
    assert lead.pk in ripeness.of([lead.pk])
    enquiry = Enquiry.objects.get()
    assert (enquiry.door, enquiry.captured_by, enquiry.message) == ("by_hand", bob, "two practices open in spring")


def test_the_same_request_sent_twice_is_one_lead_and_one_enquiry(alice: User) -> None:
    for person in ({"email": "a@x.example"}, {"phone": "+44 20 7183 8750"}):
        first = capture_one(actor=alice, name="Ann", key=str(person), **person)
        second = capture_one(actor=alice, name="Ann", key=str(person), **person)
        assert (second.lead_id, second.result) == (first.lead_id, "unchanged")
    assert (Lead.objects.count(), Enquiry.objects.count()) == (2, 2)


def test_who_is_here_already_is_brought_up_to_date_and_stays_with_their_rep(alice: User) -> None:
    first = capture_one(actor=alice, name="Ann", email="a@x.example")
    second = capture_one(actor=alice, name="Ann Lee", email="a@x.example", title="Director")
    lead = Lead.objects.get()
    assert (second.lead_id, second.result) == (first.lead_id, "updated")
    assert (lead.name, lead.title, lead.owner) == ("Ann Lee", "Director", alice)


def test_others_add_what_is_missing_to_alices_lead_and_overwrite_nothing(alice: User, bob: User, mallory: User) -> None:
    capture_one(actor=alice, name="Ann", email="a@x.example", phone="+44 20 7183 8750")
    for who in (bob, mallory):
        found = capture_one(
            actor=who, name="Hijacked", email="a@x.example", phone="+44 20 7183 8799", title="Director", message="hello"
        )
        assert found.result == "updated"
    lead = Lead.objects.get()
    assert (lead.name, lead.phone, lead.title, lead.owner) == ("Ann", "+442071838750", "Director", alice)
    assert Enquiry.objects.count() == 3  # what they heard is not lost


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"name": "Ann", "email": "a@"}, "email", "is not an e-mail address"),
        ({"name": "Ann", "phone": "call me"}, "phone", "is not a phone number"),
        ({"name": "Ann", "website": "none of yours"}, "website", "is not a web site"),
        ({"company": "Acme"}, "name", "Say at least a name"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(
    alice: User, typed: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(CaptureError, match=said) as refused:
        capture_one(actor=alice, **typed)
    assert refused.value.field == field
    assert not Lead.objects.exists()


def test_what_an_sdr_brings_in_is_handed_out_by_the_rules(sam: User, alice: User) -> None:
    assert Lead.objects.get(pk=capture_one(actor=sam, name="Ann", email="a@x.example").lead_id).owner in (alice, sam)
    people.set_company(actor=queries.system(), country="GB")
    assert capture_one(actor=sam, phone="020 7183 8750").result == "created"
    assert Lead.objects.filter(phone="+442071838750").exists()
