"""The booth's page and the door that its cards come in by: for whoever is signed in, each card by itself."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.capture.arriving.keeping import HeldError
from ripeline.capture.doors import doors
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.models import Door, DoorDay, Submission
from ripeline.leads.models import Enquiry, Lead
from ripeline.outbox import queries as outbox
from ripeline.people.models import User
from tests.cast import MakeLead

PRIYA = {"name": "Priya Raman", "email": "priya@northgate.example"}


@pytest.fixture
def booth(mona: User) -> Door:
    with clock.at(clock.now() - timedelta(days=9)):
        return booths.keep_booth(
            actor=mona, draft=BoothDraft(name="Dental Expo", place="Hall 7", questions=[("timeline", False)])
        )


def signed_in(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def card(key: str = "one", **said: Any) -> dict[str, Any]:
    return {"key": key, "at": 1_000.0, "rev": 1, "fields": PRIYA, "answers": {}, "heat": "hot", "note": ""} | said


def send(client: Client, user: User, *given: Any, csrf: str | None = None, **more: Any) -> Any:
    token = client.get("/booth/dental-expo/state").json().get("csrf", "") if csrf is None else csrf
    body = {"user": str(user.pk), "sent_at": 1_000.0, "cards": list(given)} | more
    return client.post(
        "/booth/dental-expo/cards", json.dumps(body), content_type="application/json", headers={"X-CSRFToken": token}
    )


def test_a_booth_has_no_preview_of_a_form(booth: Door, mona: User) -> None:
    assert signed_in(mona).get(f"/capture/doors/{booth.pk}/preview").status_code == 404


def test_cards_come_in_each_by_itself_and_what_is_wrong_is_said_beside_it(alice: User, booth: Door) -> None:
    wrong = card("two", fields={"name": "Tom", "phone": "call me"})
    answer = send(signed_in(alice), alice, card(), wrong, card("three", fields={"name": "Ann"}))
    one, two, three = answer.json()["results"]
    assert (one["is"], three["is"]) == ("new", "new")
    assert "phone" in two["errors"]
    assert set(Lead.objects.values_list("name", flat=True)) == {"Priya Raman", "Ann"}
    assert one["lead"] == str(Lead.objects.get(name="Priya Raman").pk)
    assert DoorDay.objects.get().refused == 1


def test_that_somebody_seemed_hot_stands_beside_a_chance_that_is_reckoned(alice: User, booth: Door) -> None:
    send(signed_in(alice), alice, card())
    page = signed_in(alice).get(f"/leads/{Lead.objects.get().pk}").text
    assert "Still green" in page
    assert "Seemed hot when met, which sets when they hear from us. The chance goes by what became of others." in page


def test_a_box_that_stays_empty_is_noted_as_asked_and_ticked_later_it_is_asked_to_be_confirmed(
    alice: User, booth: Door
) -> None:
    words = outbox.wording("news").text

    def said(*, given: bool, rev: int) -> str:
        answers = {"may_write": {"given": given, "wording": words}}
        assert send(signed_in(alice), alice, card(answers=answers, rev=rev)).status_code == 200
        [standing] = outbox.consents(PRIYA["email"])
        assert all(event.wording and event.wording.text == words for event in standing.events.all())
        return standing.state

    assert said(given=False, rev=1) == "declined"
    page = signed_in(alice).get(f"/leads/{Lead.objects.get().pk}").text
    assert "did not agree" in page
    assert "Not ticked on booth: Dental Expo" in page
    assert said(given=True, rev=2) == "pending"
    assert said(given=False, rev=3) == "pending", "what they said stands until they say otherwise themselves"


def test_a_card_whose_answer_was_lost_is_there_once_when_it_is_sent_again(alice: User, booth: Door) -> None:
    client = signed_in(alice)
    first, again = (send(client, alice, card(), card()).json()["results"] for _ in range(2))
    assert [each["is"] for each in first + again] == ["new", "same", "same", "same"]
    assert (Lead.objects.count(), Enquiry.objects.count()) == (1, 1)


def test_a_card_about_somebody_whom_another_is_at_work_on_waits_on_the_phone_and_the_others_come_in(
    alice: User, booth: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = cards.take

    def held(**given: Any) -> Any:
        if given["card"].key == "one":
            raise HeldError
        return take(**given)

    monkeypatch.setattr(cards, "take", held)
    answer = send(signed_in(alice), alice, card(), card("two", fields={"name": "Ann"}))
    assert (answer.status_code, [each["key"] for each in answer.json()["results"]]) == (200, ["two"])
    answer = send(signed_in(alice), alice, card())
    assert (answer.status_code, answer["Retry-After"], answer.json()["results"]) == (503, "1", [])


def test_a_version_of_a_card_that_was_long_on_its_way_takes_nothing_back(alice: User, booth: Door) -> None:
    client = signed_in(alice)
    for rev, name, taken in ((1, "Prya", "new"), (3, "Priya Raman", "amended"), (2, "Priya", "same")):
        (result,) = send(client, alice, card(rev=rev, fields={"name": name})).json()["results"]
        assert result["is"] == taken
    assert Lead.objects.get().name == "Priya Raman"


def test_an_answer_amended_on_the_phone_is_the_one_on_the_card_and_the_record_says_what_it_was(
    alice: User, booth: Door
) -> None:
    client = signed_in(alice)
    for rev, timeline in ((1, "Later"), (2, "Within a month")):
        send(client, alice, card(rev=rev, answers={"timeline": timeline}))
    page = client.get(f"/leads/{Lead.objects.get().pk}").text
    assert "When should it be in place: Within a month</" in page, "the context card"
    assert '<dd>Within a month <small class="soft">amended; first “Later”</small></dd>' in page
    assert "Answers changed. When should it be in place: Within a month (it was: Later)" in page, "the timeline"


def test_a_card_is_dated_by_how_long_ago_the_phone_took_it_whatever_its_clock_says(alice: User, booth: Door) -> None:
    two_days = 2 * 24 * 3600 * 1000
    send(signed_in(alice), alice, card(at=5_000.0), sent_at=5_000.0 + two_days)
    ago = clock.now() - Enquiry.objects.get().captured_at
    assert timedelta(days=2) <= ago < timedelta(days=2, minutes=5)


def test_without_a_sign_in_nothing_is_taken_and_it_is_said_so(alice: User, booth: Door) -> None:
    assert Client().get("/booth/dental-expo/state").status_code == 401
    assert send(Client(), alice, card()).status_code == 401
    page = Client().get("/booth/dental-expo")
    assert (page.status_code, page["Location"]) == (302, "/sign-in?next=/booth/dental-expo")
    assert not Submission.objects.exists()


def test_one_persons_cards_are_never_sent_by_another(alice: User, bob: User, booth: Door) -> None:
    assert send(signed_in(bob), alice, card()).status_code == 409
    assert not Submission.objects.exists()


def test_another_site_cannot_send_in_somebodys_name(alice: User, booth: Door) -> None:
    assert send(signed_in(alice), alice, card(), csrf="").status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"cards": 1}', b'{"cards": [], "sent_at": "x", "user": ""}', b"[" * 90_000]
)
def test_what_no_booth_sends_is_refused_in_words(alice: User, booth: Door, body: bytes) -> None:
    client = Client()
    client.force_login(alice)
    answer = client.post("/booth/dental-expo/cards", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "odd",
    [
        {"fields": [1]}, {"fields": {"name": 7}}, {"fields": {"name": "\u0000\ud800"}}, {"answers": [1]}, {"note": 3},
        {"answers": {"timeline": {"a": 1}, "may_write": True, "x" * 900: "y"}}, {"at": None}, {"at": 1e300},
        {"at": "nan"}, {"heat": "boiling"}, {"key": None}, {"rev": "x"}, {"rev": -(10**40)}, {"rev": 10**40},
        {"fields": {"name": "x" * 9_000}, "note": "y" * 9_000},
    ],
)  # fmt: skip
def test_an_odd_card_breaks_nothing(alice: User, booth: Door, odd: dict[str, Any]) -> None:
    answer = send(signed_in(alice), alice, card() | odd, "no card", card("two", fields={"name": "Ann"}))
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 2
    assert Lead.objects.filter(name="Ann").exists()


def test_too_much_at_once_is_refused_before_it_is_read(alice: User, booth: Door) -> None:
    assert send(signed_in(alice), alice, card(note="x" * 600_000)).status_code == 413


def test_who_may_not_see_a_lead_is_not_led_to_it_and_their_card_counts(
    make_lead: MakeLead, alice: User, carol: User, mallory: User, booth: Door
) -> None:
    make_lead(mallory, email=PRIYA["email"])
    (result,) = send(signed_in(carol), carol, card()).json()["results"]
    assert (result["is"], result["lead"]) == ("new", None)
    assert Enquiry.objects.filter(captured_by=carol).count() == 1


def test_the_page_asks_what_the_event_asks_and_can_be_put_on_a_phone(alice: User, booth: Door) -> None:
    client = signed_in(alice)
    page = client.get("/booth/dental-expo").text
    assert "When should it be in place?" in page
    assert "Wants a demonstration" in page
    assert "<script>" not in page
    manifest = client.get("/booth/dental-expo/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert (manifest.json()["start_url"], manifest.json()["scope"]) == ("/booth/dental-expo", "/booth/")
    for icon in manifest.json()["icons"]:
        assert client.get(icon["src"]).content.startswith(b"\x89PNG")
    worker = client.get("/booth/worker.js")
    assert worker["Content-Type"].startswith("text/javascript")
    for name in ("booth.js", "booth.css", "base.css"):
        assert f"/static/ripeline/{name}?v=" in worker.text
        assert f"/static/ripeline/{name}?v=" in page
    assert client.get("/booth/nowhere").status_code == 404
    assert DoorDay.objects.get().seen == 1


def test_a_booth_is_set_up_changed_shut_and_found(alice: User, mona: User) -> None:
    client = Client()
    client.force_login(mona)
    event = {
        "name": "Dental Expo", "source_type": "trade_show", "place": "Hall 7", "first_day": "2026-03-02",
        "last_day": "2026-03-04", "campaign": "Spring fairs",
    }  # fmt: skip
    answer = client.post("/capture/booths/new", event)
    assert answer.status_code == 302
    door = Door.objects.get(kind="booth")
    assert [question.key for question, _ in doors.asks(door)] == ["role", "timeline"]
    settings = f"/capture/booths/{door.pk}"
    page = client.get(settings).text
    assert "Who took cards" in page
    assert client.get(f"/capture/doors/{door.pk}")["Location"] == settings
    changed = event | {"ask-name": "on", "ask-q-timeline": "required", "notes": "Wants a price\n\nCall me"}
    assert client.post(settings, changed).status_code == 302
    door.refresh_from_db()
    assert (list(door.fields), door.questions) == (["name"], [{"key": "timeline", "required": True}])
    assert door.notes == ["Wants a price", "Call me"]
    refused = client.post(settings, changed | {"last_day": "2026-03-01"})
    assert refused.status_code == 422
    assert "It ends before it begins." in refused.text
    rep = Client()
    rep.force_login(alice)
    assert "Dental Expo" in rep.get("/booth").text
    assert rep.get("/capture/booths/new").status_code == 403
    assert rep.get(settings).status_code == 403
    client.post(f"/capture/doors/{door.pk}/active", {"to": "shut"})
    assert "Dental Expo" not in rep.get("/booth").text
    (result,) = send(signed_in(alice), alice, card()).json()["results"]
    assert result["is"] == "new", "what was taken while it was open still comes in"
