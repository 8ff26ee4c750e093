"""Web hooks: what a tool sends is never lost, and comes in once somebody has said where everything stands in it."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripeline.capture.arriving.keeping import HeldError
from ripeline.capture.doors import holding, hooks
from ripeline.capture.doors.holding import StillHeldError
from ripeline.capture.models import Door, Submission, SubmissionState
from ripeline.leads.models import Enquiry, Lead
from ripeline.outbox.models import Consent
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.timeline.models import Activity, Visitor
from ripeline.web.record import entries
from tests.intake.test_recognising import raw, store

TYPEFORM = {
    "event_id": "e1",
    "form_response": {
        "landed_at": "2026-11-20T10:00:00Z",
        "answers": [
            {"field": {"id": "a"}, "type": "text", "text": "Priya Raman"},
            {"field": {"id": "b"}, "type": "email", "email": "priya@northgate.example"},
        ],
    },
}
LEAD_AD = {
    "id": "1", "created_time": "2026-11-20",
    "field_data": [
        {"name": "email", "values": ["priya@northgate.example"]},
        {"name": "full_name", "values": ["Priya Raman"]},
        {"name": "company_name", "values": ["Northgate"]},
    ],
}  # fmt: skip


@pytest.fixture
def door(mona: User) -> Door:
    return hooks.keep_hook(actor=mona, name="Lead ads", source_type="social", mapping={})


def send(door: Door, payload: Any, content_type: str = "application/json") -> Any:
    body = payload if isinstance(payload, str | bytes) else json.dumps(payload)
    return Client().post(f"/h/{door.slug}", body, content_type=content_type)


def told(lead: Lead) -> list[str]:
    return [each.words for each in entries.tell(list(Activity.objects.filter(lead_id=lead.pk)))]


def test_what_comes_before_anybody_said_where_things_stand_waits_and_then_comes_in(door: Door, mona: User) -> None:
    answer = send(door, LEAD_AD)
    assert (answer.status_code, answer.json()["state"]) == (202, "held")
    assert not Lead.objects.exists()
    guessed = hooks.guess_mapping(LEAD_AD)
    assert guessed == {
        "email": "field_data.email.0", "name": "field_data.full_name.0", "company": "field_data.company_name.0"
    }  # fmt: skip
    kept = hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping=guessed)
    assert holding.retry(actor=mona, door=kept) == 1
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.company) == ("Priya Raman", "priya@northgate.example", "Northgate")
    assert "Came to us by a web hook: Lead ads" in told(lead)
    enquiry = Enquiry.objects.get()
    assert enquiry.captured_at == Submission.objects.get().received_at
    assert enquiry.door == "hook"
    again = send(door, LEAD_AD | {"id": "2", "field_data": [{"name": "email", "values": ["bo@x.example"]}]})
    assert again.json()["state"] == "taken"
    assert Lead.objects.count() == 2


def test_the_same_delivery_twice_counts_once(door: Door, mona: User) -> None:
    hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping=hooks.guess_mapping(LEAD_AD))
    assert send(door, LEAD_AD).json()["id"] == send(door, LEAD_AD).json()["id"]
    assert Enquiry.objects.count() == 1


def test_something_that_nobody_is_in_stays_held_and_says_why(door: Door, mona: User, alice: User) -> None:
    hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping={"email": "mail"})
    assert "Give at least" in send(door, {"other": 1}).json()["why"]
    pk = Submission.objects.get().pk
    with pytest.raises(StillHeldError):
        holding.release(actor=mona, submission_id=pk)
    assert Submission.objects.get().state == SubmissionState.HELD
    with pytest.raises(NotAllowed):
        holding.release(actor=alice, submission_id=pk)


def test_mona_mends_a_bad_address_where_it_waits_or_lets_it_in_without(client: Client, door: Door, mona: User) -> None:
    hooks.keep_hook(
        actor=mona,
        door=door,
        name="Ads",
        source_type="social",
        mapping={"email": "mail", "name": "who", "company": "f"},
    )
    for who in ("Priya Raman", "Jo Marsh"):
        send(door, {"who": who, "f": "Northgate", "mail": "someone(at)northgate.example"})
    send(door, {"f": "Harbour", "mail": "nobody"})
    client.force_login(mona)
    assert "machine’s work" not in client.get("/capture").text
    assert "3 sent by a web hook wait" in client.get("/capture").text
    page = client.get("/capture/held").text
    assert "These looked like a machine" not in page
    assert page.count('value="someone(at)northgate.example"') == 2
    assert page.count("Let in without an address") == 2, "of the third nothing else is known"
    priya, jo = (Submission.objects.get(content__raw__who=who) for who in ("Priya Raman", "Jo Marsh"))
    path = f"/capture/held/{priya.pk}/release"
    assert "is not an e-mail address" in client.post(path, {"email": "priya"}, follow=True).text
    client.post(path, {"email": "priya@northgate.example"})
    assert Lead.objects.get().email == "priya@northgate.example"
    client.post(f"/capture/held/{jo.pk}/release", {"email": "someone(at)northgate.example", "without": "1"})
    lead = Lead.objects.get(name="Jo Marsh")
    assert (lead.email, lead.company) == ("", "Northgate")
    assert "sent with the address “someone(at)northgate.example”" in client.get(f"/leads/{lead.pk}").text


def test_what_a_tool_asked_is_an_answer_to_our_question_or_stands_in_words(door: Door, mona: User) -> None:
    raw = {"email": "priya@northgate.example", "timeline": "within a month", "need": "Two chairs", "may_write": "yes",
           "answers": [{"question": "What is your part in it?", "value": "The boss"}]}  # fmt: skip
    guessed = hooks.guess_mapping(raw)
    part = "answers.What is your part in it?"
    assert guessed == {"email": "email", "q-timeline": "timeline", "q-need": "need", "q-role": part}
    hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping=guessed)
    assert send(door, raw).json()["state"] == "taken"
    enquiry = Enquiry.objects.get()
    assert enquiry.answers == {"timeline": "Within a month", "need": "Two chairs"}
    assert enquiry.message == "What is your part in it? The boss"
    assert not Consent.objects.exists(), "no word of a tool's is a consent"


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"firm": "Northgate"}, "firm"),
        ({"Firma": "Northgate"}, "Firma"),
        ({"organisation": "Northgate"}, "organisation"),
        ({"organisation": {"name": "Northgate"}}, "organisation.name"),
        ({"contact": {"name": "Priya"}, "firm": {"name": "Northgate"}}, "firm.name"),
        ({"companies": ["Northgate"], "phones": ["+49 30 1"], "company": "Northgate"}, "company"),
    ],
)
@pytest.mark.django_db
def test_where_a_company_stands_is_guessed_by_its_usual_names(sent: dict[str, object], place: str) -> None:
    assert hooks.guess_mapping(sent)["company"] == place


def test_mona_sees_what_of_a_tools_words_is_read_and_what_is_not(client: Client, door: Door, mona: User) -> None:
    send(door, {"email": "priya@northgate.example", "utm_campaign": "Spring", "chairs": "3"})
    client.force_login(mona)
    page = client.get(f"/capture/hooks/{door.pk}").text
    assert "<dt>chairs</dt><dd>3</dd>" in page
    assert "<dt>email</dt>" not in page
    assert page.index('name="at-email"') < page.index("more that can be read from it") < page.index('name="at-phone"')


def test_an_address_is_found_by_its_look_and_mona_is_warned_where_none_is_read(
    client: Client, door: Door, mona: User
) -> None:
    sent = {"a": "1", "reply": "ask@firm.example", "respondent": {"contact": {"mail_addr": "priya@northgate.example"}}}
    send(door, sent | {"note": "write to me@home"})
    assert hooks.guess_mapping(sent) == {"email": "respondent.contact.mail_addr"}
    client.force_login(mona)
    page = client.get(f"/capture/hooks/{door.pk}").text
    assert page.index("<dt>reply</dt>") < page.index("<dt>a</dt>"), "what may be an address comes first"
    kept = {"name": "Ads", "source_type": "social", "at-name": "a"}
    assert (
        "Nothing in it is read as their e-mail address"
        in client.post(f"/capture/hooks/{door.pk}", kept, follow=True).text
    )
    kept["at-email"] = "respondent.contact.mail_addr"
    assert "Nothing in it is read" not in client.post(f"/capture/hooks/{door.pk}", kept, follow=True).text


def test_neither_an_empty_delivery_nor_one_of_another_shape_hides_a_good_one_before_it(
    client: Client, door: Door, mona: User
) -> None:
    client.force_login(mona)
    path = f"/capture/hooks/{door.pk}"
    send(door, {})
    assert "Nothing stood in what was sent." in client.get(path).text
    send(door, LEAD_AD)
    send(door, {"ping": {"sent_by": "the tool"}})
    send(door, {})
    page = client.get(path).text
    assert "field_data.email.0: priya@northgate.example" in page
    assert re.search(r'<option value="field_data.email.0" selected', page), "it is still guessed from the good one"
    assert "<dt>ping.sent_by</dt><dd>the tool</dd>" in page, "and what stood in others can be read as well"
    assert "Places that stood in others of the last few are there, too." in page
    kept = {"name": "Ads", "source_type": "social", "at-email": "field_data.email.0"}
    assert "1 that waited came in" in client.post(path, kept, follow=True).text
    page = client.get("/capture/held").text
    assert page.count("Give at least a name") == 2, "the two empty ones are one delivery"
    assert "Nobody has said yet" not in page, "somebody has said it since"
    Submission.objects.filter(state=SubmissionState.HELD).update(why=hooks.UNMAPPED)  # as it was kept before
    assert "Nobody has said yet" not in client.get("/capture/held").text


@pytest.mark.django_db
def test_a_list_of_numbers_or_addresses_is_guessed_by_its_first() -> None:
    raw = {"lead": {"phones": ["+49 30 1234567", "+49 171 1"], "emails": ["priya@northgate.example"]}}
    assert hooks.guess_mapping(raw) == {"phone": "lead.phones.0", "email": "lead.emails.0"}


def test_a_marketer_says_where_an_answer_stands(door: Door, mona: User) -> None:
    client = Client()
    client.force_login(mona)
    send(door, {"who": "priya@northgate.example", "soon": "Later"})
    page = client.get(f"/capture/hooks/{door.pk}").text
    assert "When should it be in place?" in page
    mapping = {"at-email": "who", "at-q-timeline": "soon"}
    client.post(f"/capture/hooks/{door.pk}", {"name": "Ads", "source_type": "social", **mapping})
    assert Enquiry.objects.get().answers == {"timeline": "Later"}


def test_a_tool_says_how_they_came_and_whose_browser_it_was(door: Door, mona: User) -> None:
    visitor = uuid4()
    store(raw(visitor, path="/pricing"))
    sent = {"email": "priya@northgate.example", "hidden": {"utm_source": "google", "visitor": str(visitor)}}
    send(door, sent)
    guessed = hooks.guess_mapping(sent)
    assert guessed == {"email": "email", "utm_source": "hidden.utm_source", "visitor": "hidden.visitor"}
    holding.retry(
        actor=mona,
        door=hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping=guessed),
    )
    send(door, sent | {"email": "jo@harbour.example", "hidden": {"utm_source": "bing", "visitor": "nobody"}})
    priya, jo = (enquiry.trail for enquiry in Enquiry.objects.order_by("pk"))
    assert (priya["utm_source"], priya["first"]["page"]) == ("google", "www.casaverde.example/pricing")
    assert jo == {"utm_source": "bing"}
    assert Visitor.objects.get().visitor_id == visitor


def test_the_fields_of_a_form_serve_as_well_as_json(door: Door, mona: User) -> None:
    hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping={"email": "your-email"})
    body = "your-email=priya%40northgate.example&x=1&x=2"
    assert send(door, body, "application/x-www-form-urlencoded").json()["state"] == "taken"


def test_who_is_being_worked_on_by_somebody_else_is_to_be_sent_again(
    door: Door, mona: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise HeldError

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(hooks, "keep", busy)
        answer = send(door, {"email": "priya@northgate.example"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert send(door, {"email": "priya@northgate.example"}).status_code == 202


def test_a_wrong_address_no_json_and_too_much_are_refused(door: Door) -> None:
    assert Client().post("/h/nowhere", "{}", content_type="application/json").status_code == 404
    assert send(door, "{").status_code == 400
    assert send(door, b"\xff\xfe").status_code == 400
    assert send(door, '{"x": Infinity}').status_code == 400
    assert send(door, '{"x": 1e999}').status_code == 400
    assert send(door, "[" * 100_000).status_code == 400
    large = send(door, {"x": "y" * 300_000})
    assert (large.status_code, large.json()["error"]) == (413, "Send at most 256 kB at a time.")
    odd = Client().post(f"/h/{door.slug}", "{}", content_type="application/json", headers={"content-length": "much"})
    assert odd.status_code == 413
    looked = Client().get(f"/h/{door.slug}")
    assert (looked.status_code, looked.json()["error"]) == (405, "GET is not for this address; send POST.")
    assert not Submission.objects.exists()


def test_a_marketer_connects_a_tool(door: Door, mona: User, carol: User) -> None:
    client = Client()
    client.force_login(mona)
    made = client.post("/capture/hooks/new", {"name": "Typeform", "source_type": "content_download"})
    page = client.get(made["Location"]).content.decode()
    assert "Nothing was sent yet" in page
    hook = Door.objects.get(name="Typeform")
    assert f"http://testserver/h/{hook.slug}" in page
    send(hook, TYPEFORM)
    page = client.get(made["Location"]).content.decode()
    assert "form_response.answers.1.email: priya@northgate.example" in page
    assert "1 waits until" in page
    filled = {"name": "Typeform", "source_type": "content_download", "at-name": "form_response.answers.0.text",
              "at-email": "form_response.answers.1.email"}  # fmt: skip
    assert client.post(made["Location"], filled | {"name": " "}).status_code == 422
    client.post(made["Location"], filled)
    assert Lead.objects.get().name == "Priya Raman"
    assert "Priya Raman" in client.get(made["Location"]).content.decode()
    assert client.get(f"/capture/doors/{hook.pk}")["Location"] == made["Location"]
    client.force_login(carol)
    assert client.get(made["Location"]).status_code == 403


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(payload=JSON)
def test_whatever_is_sent_is_kept_as_it_came(door: Door, payload: Any) -> None:
    answer = send(door, json.dumps(payload))
    assert answer.status_code == 202, answer.content
    assert Submission.objects.filter(pk=answer.json()["id"]).exists()


def test_characters_that_no_text_holds_are_left_out(door: Door, mona: User) -> None:
    hooks.keep_hook(
        actor=mona, door=door, name="Lead ads", source_type="social", mapping={"email": "mail", "name": "n"}
    )
    answer = send(door, r'{"mail": "priya@x.example", "n": "Pri\u0000ya \ud800Raman", "k\u0000": "a literal \\u0000"}')
    assert answer.json()["state"] == "taken"
    assert Lead.objects.get().name == "Priya Raman"
    assert Submission.objects.get().content["raw"]["k"] == r"a literal \u0000"


def test_an_address_and_an_id_of_two_people_are_kept_for_a_look(door: Door, mona: User) -> None:
    mapping = {"email": "mail", "external_id": "no", "country": "land"}
    hooks.keep_hook(actor=mona, door=door, name="Lead ads", source_type="social", mapping=mapping)
    send(door, {"mail": "priya@x.example", "land": "Portugal"})
    send(door, {"no": "7"})
    answer = send(door, {"mail": "priya@x.example", "no": "7"})
    assert (answer.status_code, answer.json()["state"]) == (202, "held")
    assert "two different people" in Submission.objects.get(pk=answer.json()["id"]).why
    assert Lead.objects.get(email="priya@x.example").country == "PT"


def test_a_little_that_unfolds_into_much_is_not_looked_through(door: Door) -> None:
    assert not list(hooks.flat({"k" * 100_000: [[0] * 200] * 200}))
