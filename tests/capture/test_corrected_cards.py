"""A card that was sent is corrected: what becomes of its numbers, its address and its company on the record."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.in_person import cards
from ripeline.capture.in_person.cards import Taken
from ripeline.capture.models import Door
from ripeline.leads.decisions import accounts
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.models import Identity, Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from ripeline.web.record import entries
from tests.capture.test_cards import PRIYA, booth, card
from tests.cast import by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]
__all__ = ["booth"]

ONE, TWO = "+44 20 7183 8750", "+44 20 7183 8751"


def _say(actor: User, door: Door, rev: int, **fields: str) -> Taken:
    return cards.take(actor=actor, door=door, card=card(fields=PRIYA | fields, rev=rev))[1]


def _numbers() -> list[str]:
    return sorted(key.split()[0] for key in Identity.objects.filter(kind="phone").values_list("key", flat=True))


def _left() -> list[str]:
    return cards.Submission.objects.get().content.get("left", [])


def test_a_number_that_is_added_on_a_card_is_a_decision_which_can_be_taken_back(alice: User, booth: Door) -> None:
    _say(alice, booth, 1, phone=ONE)
    before = Lead.objects.get().search
    _say(alice, booth, 2, phone=f"{ONE}, {TWO}")
    lead, entry = Lead.objects.get(), Activity.objects.get(kind="edited")
    assert (entry.actor, entries.tell([entry])[0].words) == (alice, "Telephone +44 20 7183 8751 added")
    assert _numbers() == ["+442071838750", "+442071838751"]
    assert "71838751" in lead.search
    leads.undo(entry.pk, by(alice))
    assert (_numbers(), Lead.objects.get().search, _left()) == (["+442071838750"], before, [])


def test_a_number_that_is_taken_off_a_card_is_taken_off_the_record_and_can_be_put_back(
    alice: User, booth: Door
) -> None:
    _say(alice, booth, 1, phone=f"{ONE}, {TWO}")
    _say(alice, booth, 2, phone=ONE)
    assert (_numbers(), "71838751" in Lead.objects.get().search) == (["+442071838750"], False)
    _say(alice, booth, 3, phone=f"{ONE}, {TWO}")
    assert (_numbers(), "71838751" in Lead.objects.get().search) == (["+442071838750", "+442071838751"], True)


def test_the_other_number_that_becomes_the_first_is_not_taken_off(alice: User, booth: Door) -> None:
    _say(alice, booth, 1, phone=f"{ONE}, {TWO}")
    _say(alice, booth, 2, phone=TWO)
    assert (_numbers(), Lead.objects.get().phone) == (["+442071838751"], "+442071838751")


def test_numbers_on_a_lead_that_is_somebody_elses_by_now_are_only_noted_there_and_said_on_the_phone(
    alice: User, bob: User, carol: User, booth: Door
) -> None:
    _say(alice, booth, 1, phone=f"{ONE}, {TWO}")
    lead = Lead.objects.get()
    leads.give(lead.pk, by(carol), to=people.responsible_of(bob), why={"rule": "by hand"}, next=soon())
    _say(alice, booth, 2, phone=f"{ONE}, +44 20 7183 8752")
    assert _numbers() == ["+442071838750", "+442071838751"]
    assert _left() == ["telephone +44 20 7183 8752", "telephone +44 20 7183 8751 no more"]
    note = Activity.objects.get(kind="note")
    assert note.body == "Amended: telephone +44 20 7183 8752\ntelephone +44 20 7183 8751 no more"


def test_an_address_that_is_emptied_on_a_card_stays_on_the_record_and_that_is_said(alice: User, booth: Door) -> None:
    _say(alice, booth, 1)
    _say(alice, booth, 2, email="")
    assert (Lead.objects.get().email, _left()) == (PRIYA["email"], ["e-mail none"])
    assert Activity.objects.get(kind="note").body == "Amended: e-mail none"
    _say(alice, booth, 3, email="", title="Owner")
    assert (_left(), Activity.objects.filter(kind="note").count()) == ([], 1)


def test_a_correction_that_comes_once_more_is_the_same_though_its_page_left_a_field_out(
    alice: User, booth: Door
) -> None:
    assert _say(alice, booth, 1, title="Owner") is Taken.NEW
    assert [_say(alice, booth, 2, name="Priya R.") for _ in range(2)] == [Taken.AMENDED, Taken.SAME]


def test_who_is_at_another_company_by_a_correction_belongs_to_that_one(alice: User, booth: Door) -> None:
    met = {"name": "Priya Raman", "company": "Northgate Dental"}
    for rev, company in enumerate(["Northgate Dental", "Southgate Motors"], start=1):
        cards.take(actor=alice, door=booth, card=card(fields=met | {"company": company}, rev=rev))
    lead = Lead.objects.get()
    assert lead.account
    assert (lead.company, lead.account.name) == ("Southgate Motors", "Southgate Motors")
    with clock.at(clock.now() + timedelta(minutes=1)):
        done = leads.edit(lead.pk, by(alice), fields={"company": "Eastgate Bakers"})
    assert done.lead.account
    assert done.lead.account.name == "Eastgate Bakers"
    leads.undo(done.activity_id, by(alice))
    lead = Lead.objects.get()
    assert lead.account
    assert (lead.company, lead.account.name) == ("Southgate Motors", "Southgate Motors")
    assert leads.edit(lead.pk, by(alice), fields={"company": ""}).lead.account is None


def test_who_writes_from_the_domain_of_a_company_stays_there_however_its_name_is_corrected(
    alice: User, booth: Door
) -> None:
    _say(alice, booth, 1)
    account = Lead.objects.get().account
    _say(alice, booth, 2, company="NG Care Ltd")
    lead = Lead.objects.get()
    assert (lead.account, lead.company) == (account, "NG Care Ltd")


def test_a_correction_is_not_taken_back_to_a_company_that_is_gone_by_now(alice: User, booth: Door) -> None:
    cards.take(actor=alice, door=booth, card=card(fields={"name": "Priya Raman", "company": "Northgate Dental"}))
    lead = Lead.objects.get()
    done = leads.edit(lead.pk, by(alice), fields={"company": "Eastgate Bakers"})
    assert lead.account_id
    assert accounts.forget(lead.account_id)
    with pytest.raises(LeadError, match="is gone by now"):
        leads.undo(done.activity_id, by(alice))
