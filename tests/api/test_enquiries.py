"""Programs bring leads in with a key: once each, with their context, and told in words what is wrong."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from django.db import OperationalError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.live_server_helper import LiveServer
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from ripeline.base import clock
from ripeline.capture.doors import doors, machines
from ripeline.capture.models import Door, DoorDay, Submission
from ripeline.leads.models import Enquiry, Lead
from ripeline.outbox import queries as outbox
from ripeline.outbox.models import Message
from ripeline.people import keys
from ripeline.people.actions import PeopleError
from ripeline.people.models import ApiKey, AuditEntry, User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness.models import Score
from ripeline.timeline.models import Activity
from ripeline.web.record import entries
from ripeline.worker import reactions
from tests.intake.test_recognising import raw, store

PRIYA = {"name": "Priya Raman", "email": "priya@northgate.example", "company": "Northgate"}
PATH = "/api/v1/enquiries"


@pytest.fixture
def secret(ada: User) -> str:
    return keys.issue(actor=ada, name="Web shop", scopes=["capture"])[1]


def send(secret: str, body: Any, key: str = "", **more: Any) -> Any:
    headers = {"authorization": f"Bearer {secret}"} | ({"idempotency-key": key} if key else {})
    text = body if isinstance(body, str) else json.dumps(body)
    return Client().post(PATH, text, content_type="application/json", headers=headers | more)


def test_who_only_looks_at_an_address_is_told_as_json_how_to_ask(secret: str) -> None:
    answer = Client().get(PATH, headers={"authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer["Allow"], answer["Content-Type"]) == (405, "POST", "application/json")
    assert answer.json() == {"error": "GET is not for this address; send POST.", "fields": {}}


def test_a_program_brings_a_lead_with_its_context(secret: str) -> None:
    body = PRIYA | {
        "source": "Shop", "campaign": "Spring", "message": "Two chairs", "landing_page": "/chairs",
        "answers": {"timeline": "Within a month"}, "trail": {"utm_source": "google"}, "external_id": "c-7",
        "captured_at": (clock.now() - timedelta(hours=3)).isoformat(),
    }  # fmt: skip
    answer = send(secret, body)
    assert answer.status_code == 201, answer.content
    said = answer.json()
    lead = Lead.objects.get(pk=UUID(said["lead"]))
    assert said["result"] == "created"
    assert (lead.name, lead.reference) == ("Priya Raman", "c-7")
    assert lead.responsible_id
    assert lead.next_at
    assert Score.objects.filter(lead_id=lead.pk).exists()
    enquiry = Enquiry.objects.select_related("source", "campaign").get()
    assert (enquiry.door, enquiry.message, enquiry.landing_page) == ("api", "Two chairs", "/chairs")
    assert (str(enquiry.source), str(enquiry.campaign)) == ("Shop", "Spring")
    assert enquiry.answers == {"timeline": "Within a month"}
    assert enquiry.trail == {"utm_source": "google"}
    assert clock.now() - enquiry.captured_at > timedelta(hours=2)
    assert Door.objects.get().name == "Web shop", "what a key brings is counted as a door"
    (came,) = entries.tell(list(Activity.objects.filter(lead_id=lead.pk, kind="captured")))
    assert came.words == "Came to us by the API: Web shop"


def said_of_mail(agreed: bool, **more: Any) -> dict[str, Any]:
    return {"purpose": "news", "agreed": agreed, "how": "box on the order page", **more}


def ago(days: float) -> str:
    return (clock.now() - timedelta(days=days)).isoformat()


def test_a_consent_is_kept_with_its_evidence_and_one_that_is_not_confirmed_is_asked_for(secret: str) -> None:
    sure = send(secret, PRIYA | {"consents": [said_of_mail(True, confirmed=True, at=ago(2))]}, "order-1")
    assert (sure.status_code, sure.json()["consents"]) == (201, [{"purpose": "news", "result": "given", "why": ""}])
    (found,) = outbox.consents(PRIYA["email"])
    assert (found.state, str(found.lead_id)) == ("given", sure.json()["lead"])
    assert found.events.get().how.startswith("Web shop: box on the order page, on ")
    older = send(secret, PRIYA | {"consents": [said_of_mail(True, confirmed=True, at=ago(3))]}, "order-2").json()
    assert older["consents"][0]["result"] == "unchanged"

    bo = {"email": "bo@northgate.example", "consents": [said_of_mail(True)]}
    assert send(secret, bo, "order-3").json()["consents"][0]["result"] == "asked"
    assert not outbox.has_consent("bo@northgate.example", "news"), "until they confirm it"
    assert Message.objects.filter(kind="confirm", to_address="bo@northgate.example").count() == 1
    assert send(secret, bo, "order-3").json()["consents"][0]["result"] == "asked"
    assert Message.objects.filter(kind="confirm").count() == 1


def test_nothing_is_guessed_from_silence_and_the_later_word_counts(secret: str) -> None:
    assert send(secret, PRIYA).json()["consents"] == []
    assert not outbox.consents(PRIYA["email"])

    def result(agreed: bool, days: float) -> dict[str, str]:
        more = {"confirmed": agreed, "at": ago(days)}
        found: dict[str, str] = send(secret, PRIYA | {"consents": [said_of_mail(agreed, **more)]}).json()["consents"][0]
        return found

    assert result(False, 10)["result"] == "withdrawn"
    old = result(True, 20)
    assert (old["result"], old["why"]) == ("refused", "They have said otherwise since.")
    assert result(True, 5)["result"] == "given"
    assert result(False, 7)["result"] == "refused"
    assert outbox.has_consent(PRIYA["email"], "news")
    unsure = send(secret, PRIYA | {"consents": [said_of_mail(True, at=ago(1))]}).json()["consents"][0]
    assert unsure["result"] == "unchanged", "they have agreed already"
    assert result(False, 0)["result"] == "withdrawn"
    unsure = send(secret, PRIYA | {"consents": [said_of_mail(True, at=ago(1))]}).json()["consents"][0]
    assert unsure["result"] == "refused", "who said no since is not asked again"
    assert not Message.objects.filter(kind="confirm").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (said_of_mail(True, purpose="sports"), "consents.0.purpose"),
        (said_of_mail(True, how=" "), "consents.0.how"),
        (said_of_mail(True, at="2026-01-01T10:00:00"), "consents.0.at"),
        (said_of_mail(True, at="2126-01-01T10:00:00Z"), "consents.0.at"),
        ({"purpose": "news", "how": "x"}, "consents.0.agreed"),
    ],
)
def test_a_consent_that_is_none_is_refused_beside_its_field(secret: str, wrong: dict[str, Any], field: str) -> None:
    answer = send(secret, PRIYA | {"consents": [wrong]})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert not Submission.objects.exists()


def test_a_consent_belongs_to_an_address_and_is_said_once(secret: str) -> None:
    nobody = send(secret, {"name": "Priya", "consents": [said_of_mail(True)]})
    assert (nobody.status_code, list(nobody.json()["fields"])) == (422, ["email"])
    twice = send(secret, PRIYA | {"consents": [said_of_mail(True), said_of_mail(False)]})
    assert (twice.status_code, list(twice.json()["fields"])) == (422, ["consents.1.purpose"])
    (health,) = doors.health()
    assert health.refused == 2, "and the door says that something is sent that it cannot take"


def test_the_same_key_of_theirs_twice_counts_once_and_with_something_else_is_refused(secret: str) -> None:
    first, again = send(secret, PRIYA, "order-1"), send(secret, PRIYA, "order-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["lead"] == again.json()["lead"]
    assert again.json()["result"] == "repeated"
    other = send(secret, PRIYA | {"email": "bo@x.example"}, "order-1")
    assert other.status_code == 409
    assert Enquiry.objects.count() == 1


def test_the_very_same_without_a_key_of_theirs_is_one_enquiry_within_a_minute_and_then_they_came_again(
    secret: str,
) -> None:
    nameless = {"name": "Ann", "message": "Call me", "trail": {"utm_source": "google"}}
    start = clock.now().replace(second=0)
    for seconds, status in ((50, 201), (55, 200), (65, 200), (109, 200), (185, 201), (240, 200)):
        with clock.at(start + timedelta(seconds=seconds)):
            assert send(secret, nameless).status_code == status, seconds
    with clock.at(start + timedelta(seconds=60)):
        assert send(secret, nameless | {"message": "Call us"}).status_code == 201
        assert send(secret, nameless | {"trail": {}}).status_code == 201, "by another way"
    assert Enquiry.objects.count() == Lead.objects.count() == 4


def test_who_is_here_already_comes_again_and_nothing_is_overwritten(secret: str) -> None:
    first = send(secret, PRIYA).json()["lead"]
    again = send(secret, {"email": "Priya@Northgate.example", "name": "P. R.", "phone": "+351 210 000 000"}).json()
    lead = Lead.objects.get()
    assert again["lead"] == first
    assert (lead.name, lead.phone) == ("Priya Raman", "+351210000000")
    assert Enquiry.objects.count() == 2


def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(secret: str) -> None:
    body = {"email": "priya@", "phone": "1", "answers": {"timeline": "Tomorrow", "shoe": "42"},
            "captured_at": "2999-01-01T00:00:00Z"}  # fmt: skip
    answer = send(secret, body)
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"email", "phone", "answers.timeline", "answers.shoe", "captured_at"}
    assert send(secret, {}).json()["fields"]["email"].startswith("Give at least")
    said = send(secret, {"emial": "a@x.example"}).json()["fields"]["emial"]
    assert said.startswith("There is no field emial; there are: email, name, first_name")
    said = send(secret, {"trail": {"utm": "a"}}).json()["fields"]["trail.utm"]
    assert said.startswith("There is no field utm; there are: referrer, utm_source")
    assert send(secret, "{").status_code == 400
    assert send(secret, "[]").status_code == 422
    assert not Submission.objects.exists()
    assert DoorDay.objects.get().refused == 6


def test_of_an_unknown_question_those_are_named_that_a_program_may_answer(secret: str) -> None:
    said = send(secret, PRIYA | {"answers": {"shoe": "42"}}).json()["fields"]["answers.shoe"]
    assert "timeline" in said
    assert "may_write" not in said, "no word of a program's is a consent"


def test_two_people_in_one_are_refused(secret: str) -> None:
    send(secret, PRIYA)
    send(secret, {"external_id": "c-9", "name": "Bo"})
    answer = send(secret, PRIYA | {"external_id": "c-9"})
    assert answer.status_code == 422
    assert "two different people" in answer.json()["fields"]["external_id"]
    assert DoorDay.objects.get().refused == 1


def test_a_key_is_asked_for_and_a_revoked_one_is_none(secret: str, ada: User) -> None:
    assert Client().post(PATH, "{}", content_type="application/json").status_code == 401
    assert send("rk_nonsense", PRIYA)["WWW-Authenticate"] == "Bearer"
    keys.revoke(actor=ada, key_id=ApiKey.objects.get().pk)
    assert send(secret, PRIYA).status_code == 401
    assert not Lead.objects.exists()


def test_keys_are_made_by_administrators_shown_once_and_kept_as_a_digest(ada: User, alice: User, mona: User) -> None:
    key, secret = keys.issue(actor=ada, name=" Web  shop ", scopes=["capture"])
    assert key.name == "Web shop"
    assert secret not in str(ApiKey.objects.values_list().get())
    assert AuditEntry.objects.filter(verb="key.add", actor=ada).exists()
    for who in (alice, mona):
        with pytest.raises(NotAllowed):
            keys.issue(actor=who, name="x", scopes=["capture"])
        with pytest.raises(NotAllowed):
            keys.revoke(actor=who, key_id=key.pk)
    for wrong in ([], ["everything"]):
        with pytest.raises(PeopleError):
            keys.issue(actor=ada, name="x", scopes=wrong)


def test_the_page_of_keys_shows_a_secret_on_one_answer_alone(ada: User, carol: User) -> None:
    mine, hers = Client(), Client()
    mine.force_login(ada)
    hers.force_login(carol)
    assert hers.get("/settings/keys").status_code == 403
    assert "No keys yet" in mine.get("/settings/keys").content.decode()
    page = mine.post("/settings/keys", {"name": "Web shop", "scopes": ["capture"]}).content.decode()
    secret = page.split('id="secret" value="')[1].split('"')[0]
    assert send(secret, PRIYA).status_code == 201
    assert secret not in mine.get("/settings/keys").content.decode()
    mine.post(f"/settings/keys/{ApiKey.objects.get().pk}/revoke")
    assert "Revoked" in mine.get("/settings/keys").content.decode()
    assert mine.post("/settings/keys", {"name": ""}).status_code == 422


def test_whatever_the_description_allows_or_not_is_answered_as_it_says(live_server: LiveServer, secret: str) -> None:
    described = schemathesis.openapi.from_url(f"{live_server.url}/api/v1/openapi.json")
    operation = described["/api/v1/enquiries"]["POST"]
    anything = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=anything)
    def each(case: Case) -> None:
        case.headers["Authorization"] = f"Bearer {secret}"
        response = case.call()
        case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])

    each()


def test_a_form_of_the_company_s_own_says_whose_browser_it_was(secret: str) -> None:
    visitor = uuid4()
    store(raw(visitor, path="/pricing"), raw(uuid4()))
    assert send(secret, PRIYA | {"trail": {"visitor": "mine"}}).status_code == 422
    assert send(secret, PRIYA | {"trail": {"visitor": str(visitor)}}).status_code == 201
    enquiry = Enquiry.objects.get()
    assert enquiry.trail["first"]["page"] == "www.casaverde.example/pricing"
    assert "visitor" not in enquiry.trail
    reactions.work()
    assert Activity.objects.get(kind="visited").lead_id == enquiry.lead_id


def test_a_program_is_told_to_come_again_where_the_database_is_away(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: Any) -> None:
        raise OperationalError("the connection was closed")

    monkeypatch.setattr(machines, "take", away)
    answer = send(secret, PRIYA)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "send it again" in answer.json()["error"]


def test_characters_that_no_text_holds_are_left_out_of_what_a_program_says(secret: str) -> None:
    body = (
        r'{"email": "p@x.example", "name": "Pri\u0000ya", "trail": {"utm_source": "goo\u0000"}, "message": "a\u0000"}'
    )
    assert send(secret, body).status_code == 201
    enquiry = Enquiry.objects.select_related("lead").get()
    assert (enquiry.lead.name, enquiry.message, enquiry.trail) == ("Priya", "a", {"utm_source": "goo"})


def test_a_consent_that_is_not_given_is_none(secret: str) -> None:
    for said in (False, None, "no"):
        sent = PRIYA | {"answers": {"may_write": said, "need": None}, "message": str(said)}
        assert send(secret, sent).status_code == 201
    assert [enquiry.answers for enquiry in Enquiry.objects.all()] == [{}, {}, {}]
    assert not outbox.consents(PRIYA["email"])
    assert send(secret, PRIYA | {"answers": {"may_write": True}}).status_code == 201
    assert outbox.consents(PRIYA["email"])[0].state == "pending"


def test_an_address_that_no_mail_can_go_to_loses_no_enquiry(secret: str) -> None:
    assert send(secret, {"email": "joe@example.c", "answers": {"may_write": True}}).status_code == 201


def test_what_is_too_long_or_too_long_ago_is_said(secret: str) -> None:
    body = {"email": "a@x.example", "external_id": "x" * 300, "captured_at": "0001-01-01T00:00:00Z"}
    assert set(send(secret, body).json()["fields"]) == {"external_id", "captured_at"}
    assert send(secret, {"first_name": "a" * 300, "last_name": "b" * 300, "country": "Portugal"}).status_code == 201
    assert Lead.objects.get().country == "PT"
