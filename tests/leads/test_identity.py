"""Who is the same person: by mailbox, by id, by telephone and name; and who is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base.addresses import email_key, mailbox_key
from ripeline.leads.decisions import actions
from ripeline.leads.knowing import identity
from ripeline.leads.models import Identity, Lead
from ripeline.leads.words.keys import phone_key
from ripeline.people.models import User
from tests.cast import MakeLead, by

BERG = "+49301234567"


@pytest.mark.parametrize(
    ("given_as", "mailbox"),
    [
        ("Anna.Berg@Gmail.com", "annaberg@gmail.com"),
        ("anna.berg+fair@googlemail.com", "annaberg@gmail.com"),
        ("anna.berg+fair@outlook.com", "anna.berg@outlook.com"),  # its dots count there
        ("anna+fair@northgate.example", "anna+fair@northgate.example"),  # may be somebody else there
        ("+fair@gmail.com", "+fair@gmail.com"),
        ('"a+b"@gmail.com', '"a+b"@gmail.com'),
        ("no address", ""),
    ],
)
def test_an_address_is_its_mailbox_where_the_provider_says_so(given_as: str, mailbox: str) -> None:
    assert mailbox_key(given_as) == mailbox


@given(st.emails(), st.sampled_from(["gmail.com", "googlemail.com", "outlook.com", "northgate.example"]))
def test_the_spelling_of_a_mailbox_is_final_and_never_empty(address: str, domain: str) -> None:
    key = mailbox_key(f"{address.rpartition('@')[0]}@{domain}")
    assert mailbox_key(key) == key == email_key(key) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Anna Berg", ""), ("Dr. Anna BERG", "Northgate")),
        (("Berg Anna", ""), ("Anna Berg", "")),
        (("Zoë Müller", ""), ("zoe muller", "")),
        (("", "Northgate GmbH"), ("", "northgate  gmbh")),
    ],
)
def test_the_same_number_and_name_is_the_same_person(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert phone_key(BERG, *one) == phone_key(BERG, *other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Anna Berg", "Northgate"), ("Ben Cole", "Northgate")),  # a switchboard
        (("", "Northgate"), ("Anna Berg", "Northgate")),
    ],
)
def test_colleagues_who_share_a_number_are_two(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert phone_key(BERG, *one) != phone_key(BERG, *other)


def test_a_number_alone_and_half_a_name_say_nothing() -> None:
    assert not phone_key(BERG, "")
    assert not phone_key(BERG, "Anna", "Northgate")
    assert not phone_key("0176 123", "Anna Berg"), "it can be dialled in many countries"


def known_by(lead: Lead, number: str, name: str) -> identity.Key:
    """What makes a lead known by a telephone."""
    key = identity.phone(number, name)
    assert key
    identity.claim({key: lead.pk})
    return key


def test_a_correction_forgets_no_other_telephone_of_theirs(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, name="Ben Cole", phone=BERG)
    today, mobile = known_by(lead, BERG, "Ben Cole"), known_by(lead, "+491701234567", "Ben Cole")
    retitled = actions.edit(lead.pk, by(alice), fields={"title": "Owner", "phone": BERG})
    assert identity.resolve([today, mobile]).keys() == {today, mobile}
    actions.undo(retitled.activity_id, by(alice))
    assert identity.resolve([today, mobile]).keys() == {today, mobile}
    request = by(alice)
    for _ in range(2):
        renamed = actions.edit(lead.pk, request, fields={"name": "Ben Colefax"})
        now, mobile_now = (identity.phone(number, "Ben Colefax") for number in (BERG, "+491701234567"))
        assert now
        assert mobile_now
        assert identity.resolve([today, mobile, now, mobile_now]).keys() == {now, mobile_now}
    actions.undo(renamed.activity_id, by(alice))
    assert identity.resolve([today, mobile, now, mobile_now]).keys() == {today, mobile}


def test_a_corrected_record_is_known_by_what_it_says_now(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, name="Ben Cole", phone=BERG)
    known_by(lead, BERG, "Ben Cole")
    done = actions.edit(lead.pk, by(alice), fields={"name": "Anna Berg"})
    was, now = identity.phone(BERG, "Ben Cole"), identity.phone(BERG, "Anna Berg")
    assert was
    assert now
    assert identity.resolve([was, now]) == {now: lead.pk}
    actions.undo(done.activity_id, by(alice))
    assert identity.resolve([was, now]) == {was: lead.pk}


def test_the_key_of_somebody_else_is_not_taken_by_a_correction(alice: User, make_lead: MakeLead) -> None:
    first, second = make_lead(alice, name="Anna Berg", phone=BERG), make_lead(alice, name="A. Berg", phone=BERG)
    known_by(first, BERG, "Anna Berg")
    actions.edit(second.pk, by(alice), fields={"name": "Anna Berg"})
    assert Identity.objects.get(kind="phone").lead == first
