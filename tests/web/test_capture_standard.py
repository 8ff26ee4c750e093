"""One standard at every door: its questions where one of us notes somebody, with place and campaign."""

import re
from contextlib import nullcontext
from typing import Any

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.capture.imports.actions import capture_one
from ripeline.catalog import standard
from ripeline.catalog.models import Question
from ripeline.leads.decisions import answers
from ripeline.leads.decisions.deciding import By, LeadError
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import Company, User
from ripeline.timeline.models import Activity
from tests.cast import MONDAY

DOORS = {"by_hand": "/leads/new", "call": "/leads/call"}
PERSON = {"key": "a", "name": "Priya Raman", "phone": "+44 20 7183 8750"}


@pytest.fixture(autouse=True)
def here(db: None) -> None:
    Company.objects.update(country="GB", time_zone="Europe/London")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(ada: User, label: str, answer_type: str, options: tuple[str, ...] = ()) -> str:
    return standard.keep(actor=ada, label=label, answer_type=answer_type, options=options, meaning="other").key


@pytest.mark.parametrize("door", DOORS)
def test_who_is_noted_by_one_of_us_is_asked_the_questions_of_every_door(door: str, sam: User, ada: User) -> None:
    sites = asked(ada, "Which sites?", "choices", ("North", "South"))
    since = asked(ada, "Until when are you bound?", "date")
    chairs, own = asked(ada, "How many chairs?", "number"), asked(ada, "Do you own the building?", "yes_no")
    client = signed_in(sam)
    page = client.get(DOORS[door]).text
    assert re.search(r'<details class="noted"><summary>[^<]*your questions', page), "folded away"
    for said in ("What is your part in it?", "When should it be in place?", "Which sites?", "Until when"):
        assert said in page
    assert "What would you like to achieve?" not in page, "that is what they said"
    assert "You may write to me" not in page, "a consent is noted on the record, with how we know"
    sent = PERSON | {
        "q-timeline": "Later", f"q-{sites}": ["North", "South"], f"q-{since}": "27.11.2027", f"q-{chairs}": "4",
        f"q-{own}": "no", "q-product": "",
    }  # fmt: skip
    assert client.post(DOORS[door], sent).status_code == 302
    enquiry = Enquiry.objects.get()
    assert (enquiry.door, enquiry.answers) == (
        door, {"timeline": "Later", sites: ["North", "South"], since: "2027-11-27", chairs: 4, own: False},
    )  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_a_wrong_answer_is_said_beside_its_question_and_nothing_typed_is_lost(door: str, sam: User, ada: User) -> None:
    until, chairs = asked(ada, "Until when are you bound?", "date"), asked(ada, "How many chairs?", "number")
    client = signed_in(sam)
    typed = PERSON | {f"q-{until}": "31.02.2027", f"q-{chairs}": "some", "q-timeline": "Later", "place": "Hall <7>"}
    answer = client.post(DOORS[door], typed)
    assert answer.status_code == 422
    assert '<details class="noted" open>' in answer.text
    assert re.search(rf'id="id_q-{until}_error">[^<]*not in the calendar', answer.text)
    assert re.search(rf'id="id_q-{chairs}_error">Please write a number', answer.text)
    for kept in ('value="31.02.2027"', 'value="some"', '<option value="Later" selected>', "Hall &lt;7&gt;"):
        assert kept in answer.text
    assert not Lead.objects.exists()
    assert client.post(DOORS[door], typed | {f"q-{until}": "28.02.2027", f"q-{chairs}": "2"}).status_code == 302
    assert Enquiry.objects.get().answers == {until: "2027-02-28", chairs: 2, "timeline": "Later"}


@pytest.mark.parametrize("door", DOORS)
def test_place_and_campaign_stay_as_chosen_last_for_the_day_and_are_said_on_the_folded_line(
    door: str, sam: User, bob: User
) -> None:
    client = signed_in(sam)
    said = {"place": "0800 1234", "campaign": "Spring fairs"}
    with clock.at(MONDAY):
        client.post(DOORS[door], PERSON | said)
        page = client.get(DOORS[door]).text
        assert '<span class="soft">0800 1234, Spring fairs</span>' in page
        assert 'value="Spring fairs"' in page
        assert "0800 1234" not in signed_in(bob).get(DOORS[door]).text
        client.post(DOORS[door], {"key": "b", "name": "Otto"})
        assert "0800 1234" not in client.get(DOORS[door]).text, "taken out, it stays out"
        client.post(DOORS[door], {"key": "c", "name": "Tom"} | said)
    with clock.at(MONDAY.replace(day=MONDAY.day + 1)):
        assert "0800 1234" not in client.get(DOORS[door]).text
    found: dict[str, Any] = {each.lead.name: each for each in Enquiry.objects.select_related("lead", "campaign")}
    assert (found["Otto"].place, found["Otto"].campaign) == ("", None)
    assert (found["Tom"].place, found["Tom"].campaign.name) == ("0800 1234", "Spring fairs")


def came(alice: User, **answers: Any) -> Enquiry:
    found = capture_one(actor=alice, name="Priya Raman", email="priya@x.example", answers=answers)
    return Enquiry.objects.get(lead_id=found.lead_id)


def as_shown(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(key|seen)" value="([^"]*)"', page))


def test_whoever_works_on_a_record_corrects_what_they_answered(alice: User, ada: User) -> None:
    chairs = asked(ada, "How many chairs?", "number")
    enquiry = came(alice, timeline="Later", **{chairs: 2})
    client, url = signed_in(alice), f"/leads/{enquiry.lead_id}/answers/{enquiry.pk}"
    assert url in client.get(f"/leads/{enquiry.lead_id}").text
    page = client.get(url).text
    assert '<option value="Later" selected>' in page
    sent = as_shown(page) | {"q-timeline": "Within a month", "q-product": "Chair 4", f"q-{chairs}": "2"}
    wrong = client.post(url, sent | {f"q-{chairs}": "two"})
    assert (wrong.status_code, "Please write a number" in wrong.text, 'value="two"' in wrong.text) == (422, True, True)
    for _ in range(2):  # pressed twice
        assert client.post(url, sent).status_code == 302
    enquiry.refresh_from_db()
    assert enquiry.said == {"timeline": "Within a month", chairs: 2, "product": "Chair 4"}
    assert enquiry.answers == {"timeline": "Later", chairs: 2}, "what was said then is what is learnt from"
    entry = Activity.objects.get(kind="answered")
    assert (entry.actor_id, entry.data["answers"]["timeline"]) == (alice.pk, ["Later", "Within a month"])
    record = client.get(f"/leads/{enquiry.lead_id}").text
    assert "Within a month" in record
    assert "Which product is it about: Chair 4" in record, "on the timeline"
    client.post(url, as_shown(client.get(url).text) | {f"q-{chairs}": "2"})
    enquiry.refresh_from_db()
    assert enquiry.said == {chairs: 2}, "what is emptied is no answer any more"


def test_an_answer_that_cannot_be_chosen_any_more_stays_until_another_is(alice: User, ada: User) -> None:
    enquiry = came(alice, timeline="Next spring", role="I decide")
    client, url = signed_in(alice), f"/leads/{enquiry.lead_id}/answers/{enquiry.pk}"
    standard.set_active(actor=ada, question_id=Question.objects.get(key="role").pk, is_active=False)
    page = client.get(url).text
    assert '<option value="Next spring" selected>' in page
    assert '<option value="I decide" selected>' in page, "retired since, and still to be corrected"
    client.post(url, as_shown(page) | {"q-timeline": "Next spring", "q-role": "I am only looking around"})
    enquiry.refresh_from_db()
    assert enquiry.said == {"timeline": "Next spring", "role": "I am only looking around"}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(alice: User, ada: User) -> None:
    enquiry = came(alice, timeline="Later")
    url = f"/leads/{enquiry.lead_id}/answers/{enquiry.pk}"
    mine, theirs = signed_in(alice), signed_in(ada)
    shown = as_shown(mine.get(url).text)
    assert theirs.post(url, as_shown(theirs.get(url).text) | {"q-timeline": "Within a month"}).status_code == 302
    answer = mine.post(url, shown | {"q-product": "Chair 4"})
    assert (answer.status_code, "Somebody changed these answers" in answer.text) == (422, True)
    assert 'value="Chair 4"' in answer.text
    enquiry.refresh_from_db()
    assert enquiry.said == {"timeline": "Within a month"}
    assert mine.post(url, as_shown(answer.text) | {"q-product": "Chair 4"}).status_code == 302
    answer = mine.post(url, as_shown(answer.text) | {"q-product": "Chair 5"})  # once more from where it was sent
    assert answer.status_code == 422
    assert mine.post(url, as_shown(answer.text) | {"q-product": "Chair 5"}).status_code == 302
    enquiry.refresh_from_db()
    assert enquiry.said == {"product": "Chair 5"}


def test_two_who_correct_in_the_same_moment_do_not_overwrite_each_other(alice: User, ada: User) -> None:
    enquiry = came(alice, timeline="Later")
    seen = enquiry.said
    for who, answer in ((alice, "Within a month"), (ada, "Next spring")):
        with nullcontext() if who is alice else pytest.raises(LeadError, match="Somebody changed these answers"):
            answers.correct(
                lead_id=enquiry.lead_id, enquiry_id=enquiry.pk, by=By(who, "web"), answers={"timeline": answer},
                seen=seen,
            )  # fmt: skip
    enquiry.refresh_from_db()
    assert enquiry.said == {"timeline": "Within a month"}


def test_who_may_not_work_on_it_corrects_nothing(alice: User, bob: User, mona: User, mallory: User) -> None:
    enquiry = came(alice, timeline="Later")
    url = f"/leads/{enquiry.lead_id}/answers/{enquiry.pk}"
    for who in (bob, mona, mallory):
        assert signed_in(who).get(url).status_code == 403
        assert signed_in(who).post(url, {"q-timeline": "Within a month"}).status_code == 403
    assert url not in signed_in(mona).get(f"/leads/{enquiry.lead_id}").text
    other = signed_in(alice).get(f"/leads/{enquiry.lead_id}/answers/{enquiry.lead_id}")
    assert other.status_code == 404
    enquiry.refresh_from_db()
    assert enquiry.said == {"timeline": "Later"}
