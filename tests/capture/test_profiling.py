"""Forms that do not ask twice: who is known by their browser and their own address is asked what is missing."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.capture.doors import doors
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.models import Door, DoorDay
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import User

FIRST = {"name": "Priya Raman", "email": "priya@northgate.example", "company": "Northgate", "q-timeline": "Later"}


def form(mona: User, name: str, *, known: str = "skip", asks: tuple[str, ...] = ("need", "timeline")) -> Door:
    draft = FormDraft(
        name=name, source_type="quote_request", title=name, fields={"name": "required", "company": "required"},
        questions=[(key, key == "timeline") for key in asks], known=known,
    )  # fmt: skip
    return doors.keep_form(actor=mona, draft=draft)


@pytest.fixture
def quote(mona: User) -> Door:
    return form(mona, "Quote")


def asked(path: str) -> tuple[set[str], dict[str, str]]:
    """The names of what a page asks, and the fields it hands on unseen."""
    page = Client().get(path).text
    unseen = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    return set(re.findall(r'\bname="([\w-]+)"', page.partition("<form")[2])) - unseen.keys() - {"fax"}, unseen


def send(path: str, fields: dict[str, str], visitor: str) -> int:
    _, unseen = asked(f"{path}?visitor={visitor}")
    with clock.at(clock.now() + timedelta(seconds=20)):
        return Client().post(path, fields | unseen).status_code


def test_who_is_known_is_asked_for_their_address_and_what_they_need(quote: Door, mona: User) -> None:
    visitor = str(uuid4())
    everything = {"name", "email", "company", "q-need", "q-timeline"}
    assert asked(f"/f/quote?visitor={visitor}")[0] == everything
    assert send("/f/quote", FIRST, visitor) == 302
    assert asked(f"/f/quote?visitor={visitor}")[0] == {"email", "q-need"}
    assert asked("/f/quote")[0] == everything
    assert asked(f"/f/quote?visitor={uuid4()}")[0] == everything
    assert asked("/f/quote?visitor=nonsense")[0] == everything
    assert send("/f/quote", {"email": FIRST["email"], "q-need": "A second chair"}, visitor) == 302
    lead = Lead.objects.get()
    assert (lead.name, lead.company) == ("Priya Raman", "Northgate"), "what was not asked is not emptied"
    assert Enquiry.objects.count() == 2


def test_somebody_else_at_the_same_browser_is_asked_everything(quote: Door) -> None:
    visitor = str(uuid4())
    send("/f/quote", FIRST, visitor)
    _, unseen = asked(f"/f/quote?visitor={visitor}")
    with clock.at(clock.now() + timedelta(seconds=20)):
        answer = Client().post("/f/quote", {"email": "tom@northgate.example"} | unseen)
    assert answer.status_code == 422
    assert "3 answers need another look" in answer.text
    assert 'name="name"' in answer.text
    assert "Priya" not in answer.text
    assert Lead.objects.count() == 1
    assert send("/f/quote", FIRST | {"name": "Tom", "email": "tom@northgate.example"}, visitor) == 302
    assert Lead.objects.count() == 2


def test_the_next_questions_of_the_standard_stand_in_for_those_answered(quote: Door, mona: User) -> None:
    form(mona, "Paper", known="more", asks=("timeline", "role"))
    visitor = str(uuid4())
    send("/f/quote", FIRST, visitor)
    assert asked(f"/f/paper?visitor={visitor}")[0] == {"email", "q-role", "q-budget"}
    assert send("/f/paper", {"email": FIRST["email"], "q-role": "I decide", "q-budget": "Yes"}, visitor) == 302
    latest = Enquiry.objects.order_by("-captured_at").first()
    assert latest
    assert latest.answers == {"role": "I decide", "budget": "Yes"}
    assert asked(f"/f/paper?visitor={visitor}")[0] == {"email", "q-product"}


def test_what_somebody_else_answers_on_a_page_made_for_the_first_is_kept_and_theirs(quote: Door, mona: User) -> None:
    form(mona, "Paper", known="more", asks=("timeline", "role"))
    visitor = str(uuid4())
    send("/f/quote", FIRST, visitor)
    names, unseen = asked(f"/f/paper?visitor={visitor}")
    assert names == {"email", "q-role", "q-budget"}, "made for Priya"
    typed = {"email": "tom@northgate.example", "q-role": "I decide", "q-budget": "Yes"}
    with clock.at(clock.now() + timedelta(seconds=20)):
        page = Client().post("/f/paper", typed | unseen)
    assert page.status_code == 422
    for name in ("name", "company", "q-timeline", "q-role", "q-budget"):
        assert f'name="{name}"' in page.text, "everything is asked now"
    assert [page.text.count(f"selected>{said}<") for said in ("I decide", "Yes")] == [1, 1], "what he typed stays"
    for hers in ("Priya", "priya@", 'Later" selected'):
        assert hers not in page.text, "nothing of hers is shown"
    unseen = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page.text))
    more = {"name": "Tom Reyes", "company": "Northgate", "q-timeline": "Within a month"}
    with clock.at(clock.now() + timedelta(seconds=40)):
        assert Client().post("/f/paper", typed | more | unseen).status_code == 302
    tom, priya = Lead.objects.get(email=typed["email"]), Lead.objects.get(email=FIRST["email"])
    assert Enquiry.objects.get(lead=tom).answers == {"role": "I decide", "budget": "Yes", "timeline": "Within a month"}
    assert Enquiry.objects.filter(lead=priya).count() == 1
    assert (tom.phone, tom.title, priya.name) == ("", "", "Priya Raman")


def test_a_form_that_asks_no_more_takes_no_more(quote: Door) -> None:
    assert send("/f/quote", FIRST | {"q-budget": "Yes"}, str(uuid4())) == 302
    assert "budget" not in Enquiry.objects.get().answers


def test_a_page_that_is_asked_for_again_for_who_is_known_is_one_look(quote: Door) -> None:
    Client().get("/f/quote")
    Client().get(f"/f/quote?visitor={uuid4()}&again=1")
    assert DoorDay.objects.get(door=quote).seen == 1


def test_a_page_that_is_asked_for_again_does_not_say_that_they_came_from_it(quote: Door) -> None:
    ours = "http://testserver/f/quote"
    site = "https://www.casaverde.example/"
    page = Client().get("/f/quote", {"visitor": str(uuid4()), "again": "1", "referrer": site}, HTTP_REFERER=ours)
    assert f'name="referrer" value="{site}"' in page.text
    assert 'name="referrer" value' not in Client().get("/f/quote?again=1", HTTP_REFERER=ours).text
    assert f'name="referrer" value="{site}"' in Client().get("/f/quote", HTTP_REFERER=site).text


def test_an_old_answer_is_asked_for_again_and_a_form_may_ask_everybody_alike(quote: Door, mona: User) -> None:
    form(mona, "Alike", known="alike")
    visitor = str(uuid4())
    send("/f/quote", FIRST, visitor)
    assert asked(f"/f/alike?visitor={visitor}")[0] == {"name", "email", "company", "q-need", "q-timeline"}
    Enquiry.objects.update(captured_at=clock.now() - timedelta(days=200))
    assert asked(f"/f/quote?visitor={visitor}")[0] == {"email", "q-need", "q-timeline"}
