"""Forms as strangers meet them, and Capture as those who keep the doors do."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from ripeline.base import clock
from ripeline.capture.arriving import keeping
from ripeline.capture.arriving.keeping import HeldError
from ripeline.capture.doors import doors, submissions
from ripeline.capture.doors.drafts import DoorError, FormDraft
from ripeline.capture.in_person import booths
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.models import Door, DoorDay, Submission
from ripeline.catalog.models import Question, Site, Source
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import Company, User
from ripeline.timeline.models import Activity
from ripeline.worker import reactions
from tests.cast import MakeLead
from tests.intake.test_recognising import raw, store

FIELDS = {"name": "Priya Raman", "email": "priya@northgate.example", "q-timeline": "Later"}


@pytest.fixture
def door(mona: User) -> Door:
    Company.objects.update(name="Northwind Dental")
    draft = FormDraft(
        name="Quote", source_type="quote_request", title="Ask for a quote", fields={"name": "required"},
        questions=[("need", False), ("timeline", True), ("may_write", False)], sites=["https://www.northwind.example"],
    )  # fmt: skip
    return doors.keep_form(actor=mona, draft=draft)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened(client: Client, path: str = "/f/quote", **headers: str) -> tuple[str, dict[str, str]]:
    """The page, and the fields that it hands on unseen."""
    page = client.get(path, headers=headers).content.decode()
    return page, dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))


def send(client: Client, fields: dict[str, Any], unseen: dict[str, str]) -> Any:
    """Send a page that was opened a little while ago."""
    with clock.at(clock.now() + timedelta(seconds=20)):
        return client.post("/f/quote", fields | unseen)


def test_a_stranger_fills_in_a_form_without_script_and_without_a_cookie(client: Client, door: Door) -> None:
    page, unseen = opened(client, "/f/quote?utm_source=google&utm_campaign=Spring", referer="https://search.example/q")
    assert "Ask for a quote" in page
    answer = send(client, FIELDS, unseen)
    assert (answer.status_code, answer["Location"]) == (302, "/f/quote/thanks")
    assert "We will be in touch" in client.get(answer["Location"]).content.decode()
    assert not client.cookies
    enquiry = Enquiry.objects.select_related("lead", "campaign").get()
    assert enquiry.lead.name == "Priya Raman"
    assert enquiry.trail == {"utm_source": "google", "utm_campaign": "Spring", "referrer": "https://search.example/q"}
    assert enquiry.campaign
    assert enquiry.campaign.name == "Spring"
    assert enquiry.landing_page == "http://testserver/f/quote"


def test_who_sends_a_form_is_recognised_on_the_site(client: Client, door: Door) -> None:
    """Sent from two devices: what they looked at before on either is theirs."""
    laptop, phone = uuid4(), uuid4()
    store(raw(laptop), raw(laptop, 1), raw(phone, 2), raw(uuid4(), 3))
    for device in (laptop, phone):
        _, unseen = opened(client, f"/f/quote?visitor={device}")
        assert send(client, FIELDS, unseen).status_code == 302
    _, unseen = opened(client, "/f/quote?visitor=nobody")
    assert send(client, FIELDS, unseen).status_code == 302
    with clock.at(clock.now() + timedelta(minutes=1)):
        reactions.work()
    lead = Lead.objects.get()
    assert Activity.objects.filter(lead_id=lead.pk, kind="visited").count() == 3
    assert all("visitor" not in enquiry.trail for enquiry in Enquiry.objects.all())


def test_how_somebody_first_came_is_kept_beside_how_they_came_now(client: Client, door: Door, mona: User) -> None:
    laptop = uuid4()
    by_post = {"referrer": "www.linkedin.com/feed", "campaign": {"source": "linkedin", "campaign": "Spring"}}
    store(
        raw(laptop, 0, path="/", who="bot"), raw(laptop, 5, path="/pricing"), raw(laptop, 1, path="/blog", data=by_post)
    )  # fmt: skip

    def came(email: str) -> Enquiry:
        _, unseen = opened(client, f"/f/quote?visitor={laptop}&utm_source=google")
        assert send(client, FIELDS | {"email": email}, unseen).status_code == 302
        return Enquiry.objects.latest("pk")

    first = {
        "at": "2026-06-01T12:01:00+00:00", "page": "www.casaverde.example/blog", "referrer": "www.linkedin.com/feed",
        "utm_source": "linkedin", "utm_campaign": "Spring",
    }  # fmt: skip
    enquiry = came("priya@northgate.example")
    assert enquiry.trail == {"utm_source": "google", "first": first}
    assert came("priya@northgate.example").trail["first"] == first
    assert "first" not in came("jo@harbour.example").trail, "what Priya did at this browser is not Jo's"
    page = signed_in(mona).get(f"/leads/{enquiry.lead_id}").text
    assert "first seen on /blog on 1 June 2026 by linkedin, then by google" in page


def test_what_was_typed_stays_when_something_is_wrong(client: Client, door: Door) -> None:
    _, unseen = opened(client)
    typed = {"shown": "may_write", "name": "", "email": "priya@", "q-need": "Two <b>chairs</b>", "q-may_write": "yes"}
    answer = send(client, typed, unseen)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "3 answers need another look" in page
    assert 'value="priya@"' in page
    assert "Two &lt;b&gt;chairs&lt;/b&gt;" in page
    assert re.search(r'name="q-may_write" value="yes" checked', page)
    assert DoorDay.objects.get().refused == 1
    assert send(client, FIELDS, unseen).status_code == 302, "the same page goes through once it is right"


def test_a_page_sent_again_with_other_words_loses_neither(client: Client, door: Door) -> None:
    _, unseen = opened(client)
    for _ in range(2):
        assert send(client, FIELDS, unseen).status_code == 302
    answer = send(client, FIELDS | {"email": "jo@harbour.example", "name": "Jo Berg"}, unseen)
    page = answer.content.decode()
    assert (answer.status_code, "What you wrote here before has come in" in page) == (422, True)
    assert 'value="jo@harbour.example"' in page
    fresh = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert send(client, FIELDS | {"email": "jo@harbour.example", "name": "Jo Berg"}, fresh).status_code == 302
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Jo Berg", "Priya Raman"]
    assert Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_database_that_begins_anew_meanwhile_loses_nothing(
    client: Client, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, broken = submissions.take, []

    def take(**given: Any) -> Submission:
        found = really(**given)
        if not broken:
            broken.append(found)
            connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return found

    monkeypatch.setattr(submissions, "take", take)
    _, unseen = opened(client)
    assert send(client, FIELDS, unseen).status_code == 302
    assert (len(broken), Submission.objects.count(), Enquiry.objects.count()) == (1, 1, 1)


def test_a_page_left_open_for_days_keeps_what_was_typed_and_asks_once_more(client: Client, door: Door) -> None:
    _, unseen = opened(client)
    with clock.at(clock.now() + timedelta(days=3)):
        answer = client.post("/f/quote", FIELDS | unseen)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "open for a long time" in page
        assert "Priya Raman" in page
    assert not Submission.objects.exists()


def test_who_sends_without_end_is_told_when_to_come_back(client: Client, door: Door) -> None:
    for number in range(20):
        _, unseen = opened(client)
        assert send(client, FIELDS | {"email": f"p{number}@x.example"}, unseen).status_code == 302
    _, unseen = opened(client)
    answer = send(client, FIELDS, unseen)
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert "Priya Raman" in answer.content.decode()


def test_who_is_being_worked_on_by_somebody_else_is_asked_to_send_it_once_more(
    client: Client, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise HeldError

    _, unseen = opened(client)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(keeping, "keep", busy)
        answer = send(client, FIELDS, unseen)
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert "Priya Raman" in answer.content.decode()
    assert send(client, FIELDS, unseen).status_code == 302
    assert Enquiry.objects.count() == 1


def test_only_the_sites_that_were_named_may_show_it_in_a_page_of_theirs(client: Client, door: Door) -> None:
    answer = client.get("/f/quote?embed=1")
    assert "frame-ancestors 'self' https://www.northwind.example" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert "frame-ancestors 'none'" in client.get("/sign-in")["Content-Security-Policy"]


def test_on_a_site_that_nobody_named_it_says_so_and_does_not_count_as_opened(client: Client, door: Door) -> None:
    def there(page: str) -> Any:
        return client.get("/f/quote", {"embed": "1", "page": page})

    answer = there("https://northwind.example/contact")
    assert "the site https://northwind.example has to be named" in unescape(answer.text)
    assert "frame-ancestors http: https:" in answer["Content-Security-Policy"]
    assert "<form" not in answer.text
    assert DoorDay.objects.count() == 0
    for page in ("https://www.northwind.example/contact", "http://testserver/x", "nonsense", "https://a b", ""):
        assert "<form" in there(page).text
    assert DoorDay.objects.get().seen == 5
    assert "Website https://x.example" in _in_german(client, door, "https://x.example/")


def _in_german(client: Client, door: Door, page: str) -> str:
    Door.objects.filter(pk=door.pk).update(language="de")
    return client.get("/f/quote", {"embed": "1", "page": page}).text


def test_the_colours_of_the_company_are_its_own_style_sheet(client: Client, door: Door, mona: User) -> None:
    draft = FormDraft(name="Quote", source_type="quote_request", title="Ask", style={"accent": "#AA0044", "corners": 3})
    doors.keep_form(actor=mona, door=door, draft=draft)
    light, dark, on_dark = client.get("/f/quote/style.css").text.splitlines()
    assert light == ":root { --accent: #aa0044; --on: #ffffff; --r: 3px; }"
    assert dark == (
        "@media (prefers-color-scheme: dark) { :root:not(.embedded, .own) "
        "{ --accent: #aa0044; --on: #ffffff; --link: var(--ink); --rim: var(--edge); } }"
    )
    assert on_dark.startswith(":root.embedded.dark:not(.own) { --accent: #aa0044;"), "in a dark page of another's"
    short = replace(draft, style={"accent": "a04", "ink": "1c2321"})
    doors.keep_form(actor=mona, door=door, draft=short)
    [light] = client.get("/f/quote/style.css").text.splitlines()
    assert light.startswith(":root { --accent: #aa0044; --ink: #1c2321; --on: #ffffff; color-scheme: light;")
    for wrong in ("red", "#12", "#12345g", "1234567"):
        with pytest.raises(DoorError):
            doors.keep_form(actor=mona, door=door, draft=replace(draft, style={"accent": wrong}))


def test_whether_we_may_write_is_asked_after_everything_else(client: Client, door: Door, mona: User) -> None:
    draft = FormDraft(name="Quote", source_type="quote_request", title="Ask",
                      questions=[("may_write", False), ("timeline", True), ("need", False)])  # fmt: skip
    doors.keep_form(actor=mona, door=door, draft=draft)
    page = client.get("/f/quote").text
    assert page.index('name="q-timeline"') < page.index('name="q-need"') < page.index('name="q-may_write"')


def test_no_choice_of_colours_makes_a_form_unreadable(client: Client, door: Door, mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}"
    settings = {
        "name": "Quote", "source_type": "quote_request", "title": "Ask", "verb": "Send", "thanks": "Thanks.",
        "font": "serif", "corners": "4", "accent": "#ffdd00",
    }  # fmt: skip
    assert "Too pale on this ground for links" not in hers.get(path).text
    assert hers.post(path, settings).status_code == 302
    style = client.get("/f/quote/style.css").text
    assert "--on: #000000" in style
    assert "--link: var(--ink)" in style
    assert "Too pale on this ground for links" in hers.get(path).text
    assert hers.post(path, settings | {"accent": "#123456"}).status_code == 302
    style = client.get("/f/quote/style.css").text
    assert "--on: #ffffff" in style
    assert "--link" not in style.splitlines()[0]
    for colours in ({"ink": "#eeeeee"}, {"paper": "#111111"}):
        refused = hers.post(path, settings | colours)
        assert refused.status_code == 422
        assert "could hardly be read" in refused.text
        assert hers.post(f"{path}/preview", settings | colours).status_code == 200


def test_an_address_is_completed_as_people_write_it(door: Door, mona: User) -> None:
    draft = FormDraft(name="Quote", source_type="quote_request", title="Ask")
    for typed, kept in (
        ("www.example.com/x", "https://www.example.com/x"), ("example.com:8080?a=1", "https://example.com:8080?a=1"),
        ("http://example.com", "http://example.com"),
    ):  # fmt: skip
        assert doors.keep_form(actor=mona, door=door, draft=replace(draft, redirect_url=typed)).redirect_url == kept
    for wrong in ("thanks", "mailto:priya@example.com", "javascript:alert(1)", "/thanks"):
        with pytest.raises(DoorError):
            doors.keep_form(actor=mona, door=door, draft=replace(draft, privacy_url=wrong))


def test_a_form_that_was_shut_says_so_and_one_that_never_was_is_not_found(
    client: Client, door: Door, mona: User
) -> None:
    _, unseen = opened(client)
    doors.set_active(actor=mona, door=door, is_active=False)
    assert client.get("/f/quote").status_code == 410
    assert send(client, FIELDS, unseen).status_code == 410
    assert client.get("/f/nowhere").status_code == 404
    assert not Lead.objects.exists()


def test_a_page_of_the_companys_own_follows_where_one_was_named(client: Client, door: Door, mona: User) -> None:
    draft = FormDraft(
        name="Quote",
        source_type="quote_request",
        title="Ask",
        redirect_url="https://www.northwind.example/thanks?a=1&b",
    )
    doors.keep_form(actor=mona, door=door, draft=draft)
    page = client.get("/f/quote/thanks").content.decode()
    assert 'content="0; url=https://www.northwind.example/thanks?a=1&amp;b"' in page
    assert 'data-go="https' in client.get("/f/quote/thanks?embed=1").content.decode()


def test_opening_it_is_counted_but_not_when_one_of_us_does(client: Client, door: Door, mona: User) -> None:
    opened(client)
    client.head("/f/quote")
    client.get("/f/quote", headers={"sec-purpose": "prefetch"})
    signed_in(mona).get("/f/quote?try=1")
    assert DoorDay.objects.get().seen == 1


def test_trying_a_form_says_what_would_happen_and_keeps_nothing(door: Door, mona: User) -> None:
    mine = signed_in(mona)
    page, unseen = opened(mine, "/f/quote?try=1")
    assert "nothing is kept" in page
    answer = send(mine, FIELDS, unseen).content.decode()
    assert "It works" in answer
    assert "Priya Raman" in answer
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()


def test_a_stranger_who_says_to_be_trying_is_a_submission_like_any(client: Client, door: Door) -> None:
    _, unseen = opened(client)
    assert send(client, FIELDS | {"try": "1"}, unseen).status_code == 302
    assert Lead.objects.count() == 1


def test_a_marketer_makes_a_form_in_a_minute(mona: User) -> None:
    mine = signed_in(mona)
    assert "No doors yet" in mine.get("/capture").content.decode()
    answer = mine.post("/capture/forms/new", {"name": "Talk to us", "source_type": "contact_form"})
    door = Door.objects.get()
    assert answer["Location"] == f"/capture/doors/{door.pk}"
    page = mine.get(answer["Location"]).content.decode()
    assert "http://testserver/f/talk-to-us" in page
    assert door.fields == {"name": "required", "company": "optional", "phone": "optional"}
    settings = {
        "name": "Talk", "source_type": "contact_form", "title": "Talk to us", "verb": "Send", "thanks": "Thanks.",
        "font": "serif", "corners": "4", "accent": "#123456", "sites": "www.northwind.example\n",
        "ask-name": "required", "ask-q-role": "required",
    }  # fmt: skip
    assert mine.post(answer["Location"], settings | {"accent": "blue"}).status_code == 422
    assert mine.post(answer["Location"], settings).status_code == 302
    door.refresh_from_db()
    assert (door.slug, door.questions) == ("talk-to-us", [{"key": "role", "required": True}])
    page = mine.get(answer["Location"]).content.decode()
    assert "/static/ripeline/embed.js" in page
    assert mine.post(f"/capture/doors/{door.pk}/active", {"to": "shut"}).status_code == 302
    doors_page = mine.get("/capture").content.decode()
    assert "Shut" in doors_page
    assert "Sent back to be mended" in doors_page
    assert "In the last 30 days it was opened 0 times" in mine.get(f"/capture/doors/{door.pk}").content.decode()


def test_the_address_of_a_form_is_spelt_out_or_chosen(mona: User) -> None:
    mine = signed_in(mona)
    wanted = {"name": "Rückruf für Größe", "source_type": "contact_form"}
    mine.post("/capture/forms/new", wanted)
    mine.post("/capture/forms/new", wanted | {"slug": "/f/Call me"})
    mine.post("/capture/forms/new", wanted | {"slug": " "})
    slugs = Door.objects.order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["rueckruf-fuer-groesse", "call-me", "rueckruf-fuer-groesse-2"]
    for wrong, said in (("call-me", "has the address call-me already"), ("???", "letters and digits")):
        refused = mine.post("/capture/forms/new", wanted | {"slug": wrong})
        assert refused.status_code == 422
        assert said in refused.text
    assert Door.objects.count() == 3


def test_a_consent_is_worded_alike_wherever_a_form_is_built_and_shown(client: Client, door: Door, mona: User) -> None:
    words = "Write to me by e-mail now and then with news and offers."
    hers = signed_in(mona)
    for path in (f"/capture/doors/{door.pk}", "/capture/questions"):
        page = hers.get(path).text
        assert words in page
        assert "You may write to me about this" not in page
    assert words in client.get("/f/quote").text


def test_a_form_is_shown_as_it_is_typed_and_nothing_is_kept_of_it(door: Door, mona: User, alice: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}/preview"
    assert "Ask for a quote" in hers.get(path).text
    typed = {
        "name": "Quote", "source_type": "quote_request", "language": "de", "title": "Tell us", "verb": "Go",
        "thanks": "Thanks.", "ask-company": "required", "font": "serif", "corners": "x", "known": "skip",
        "accent": "#b31", "ink": "#1", "redirect_url": "www", "sites": "a b", "privacy_url": "https://a.example/p",
    }  # fmt: skip
    answer = hers.post(path, typed)
    page = answer.text
    for said in ("<h1>Tell us</h1>", ">Go</button>", "Firma", "Datenschutzhinweise", " inert>", 'lang="de"'):
        assert said in page
    assert "When should it be in place?" not in page
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    style = re.search(r'href="(/capture/doors/preview.css[^"]*)"', page)
    assert style
    rules = hers.get(unescape(style[1])).text
    assert "--accent: #bb3311" in rules
    assert "--ink:" not in rules, "half a colour is none yet"
    door.refresh_from_db()
    assert (door.title, door.language, door.style) == ("Ask for a quote", "en", {})
    assert DoorDay.objects.count() == 0, "nobody has opened it"
    assert hers.get("/capture/doors/preview.css?accent=}*{").status_code == 404
    for corners in ("²", "9" * 5000):
        assert hers.get("/capture/doors/preview.css", {"corners": corners}).status_code == 200
    for attempt in (path, "/capture/doors/preview.css"):
        assert signed_in(alice).get(attempt).status_code == 403


def test_all_that_is_wrong_with_the_settings_is_said_at_once_beside_its_field(door: Door, mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}"
    wrong = typed(hers.get(path).text) | {
        "title": "", "corners": "many", "redirect_url": "thanks", "privacy_url": "privacy", "accent": "green",
        "sites": "a b\nhttps://fine.example\nc d",
    }  # fmt: skip
    page = hers.post(path, wrong)
    assert page.status_code == 422
    said = dict(re.findall(r'id="id_(\w+)_error">([^<]*)<', unescape(page.text)))
    assert said == {
        "title": "Please fill this in.", "corners": "Enter a whole number.",
        "redirect_url": "Write a whole address, such as https://www.example.com/thanks.",
        "privacy_url": "Write a whole address, such as https://www.example.com/privacy.",
        "accent": "Write a colour as # and six digits, such as #1f6f54.",
        "sites": "“a b”, “c d” are not addresses of sites, such as https://www.example.com.",
    }  # fmt: skip
    assert page.text.count('" open><summary>') == 5, "each group in which something is wrong"
    door.refresh_from_db()
    assert door.style == {}
    assert hers.post(path, typed(page.text)).status_code == 302


def test_a_form_is_shown_on_the_ground_that_its_own_page_has(door: Door, mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}"
    draft = FormDraft(name="Quote", source_type="quote_request", title="Ask", style={"paper": "#fffbd6"})
    doors.keep_form(actor=mona, door=door, draft=draft)
    its_own, shown = Client().get("/f/quote").text, hers.get(f"{path}/preview").text
    for page in (its_own, shown):
        assert '<html lang="en" class="own">' in page
        assert '<p class="firm">Northwind Dental</p>' in page
    style = re.search(r'href="(/capture/doors/preview.css[^"]*)"', shown)
    assert style
    assert "--paper: #fffbd6" in hers.get(unescape(style[1])).text
    assert "In a page of yours it stands without your name on the ground of that page" in hers.get(path).text


def asked_in(page: str) -> list[str]:
    return re.findall(r'name="q-(\w+)"', page)


def typed(page: str) -> dict[str, Any]:
    """What a browser would send of the settings as they stand."""
    fields: dict[str, Any] = {"order": re.findall(r'name="order" value="(\w+)"', page)}
    for name, rest in re.findall(r'<select name="(ask-[\w-]+)"(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="(\w*)" selected', rest)
        fields[name] = chosen[1] if chosen else ""
    return fields | {
        "name": "Quote", "source_type": "quote_request", "title": "Ask for a quote", "verb": "Send",
        "thanks": "Thanks.", "font": "serif", "corners": "4",
    }  # fmt: skip


def test_a_form_asks_its_questions_in_its_own_order_and_the_standard_stays(
    client: Client, door: Door, mona: User
) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}"
    assert asked_in(client.get("/f/quote").text) == ["need", "timeline", "may_write"]
    page = hers.get(path).text
    given = typed(page)
    assert given["order"] == ["need", "timeline", "role", "budget", "product", "may_write"], "what it asks comes first"
    moved = hers.post(path, given | {"move": "up timeline"}).text
    assert "Moved here; <b>Keep</b> keeps it." in moved
    assert asked_in(client.get("/f/quote").text) == ["need", "timeline", "may_write"], "nothing is kept yet"
    given = typed(moved)
    assert given["order"][:3] == ["timeline", "need", "role"]
    assert given["ask-q-timeline"] == "required", "it must be answered wherever it stands"
    assert asked_in(hers.post(f"{path}/preview", given).text) == ["timeline", "need", "may_write"]
    assert hers.post(path, given | {"ask-q-need": "", "ask-q-budget": "optional"}).status_code == 302
    assert asked_in(client.get("/f/quote").text) == ["timeline", "budget", "may_write"]
    assert typed(hers.get(path).text)["order"][:2] == ["timeline", "budget"]
    standard = list(Question.objects.order_by("position").values_list("key", flat=True))
    assert standard[:3] == ["need", "role", "timeline"], "the order of the standard is everybody's"


def test_no_question_is_moved_past_the_ends_or_beyond_what_they_agree_to(door: Door, mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}"
    given = typed(hers.get(path).text)
    for move in ("up need", "down product", "up may_write", "down may_write", "up nothing", "sideways", ""):
        assert typed(hers.post(path, given | {"move": move}).text)["order"] == given["order"], move
    wild = given | {"order": ["may_write", "nothing", "product", "product"]}
    assert typed(hers.post(path, wild | {"move": "down product"}).text)["order"][:2] == ["need", "product"]


def test_the_line_to_paste_names_the_form_for_those_who_hear_the_page(door: Door, mona: User) -> None:
    Door.objects.update(title='Ask for a "quote"')
    page = signed_in(mona).get(f"/capture/doors/{door.pk}").text
    line = re.search(r'id="snippet" value="([^"]*)"', page)
    assert line
    assert unescape(line[1]) == (
        '<script src="http://testserver/static/ripeline/embed.js" data-form="quote"'
        ' data-title="Ask for a &quot;quote&quot;" async></script>'
        '<noscript><a href="http://testserver/f/quote">Ask for a &quot;quote&quot;</a></noscript>'
    ), "who has no scripts is led to its own page"


def test_a_page_of_ours_from_which_they_went_to_the_form_is_no_origin(make_lead: MakeLead, alice: User) -> None:
    lead = make_lead(alice)
    Site.objects.create(host="casaverde.example")
    page, first = (
        "https://casaverde.example/contact",
        {"page": "casaverde.example/blog", "referrer": "https://duck.example/"},
    )
    for referrer, said in (
        ("https://www.casaverde.example/prices", "first seen on /blog by duck.example<"),
        ("https://news.example/x", "first seen on /blog by duck.example, then by news.example"),
    ):
        trail = {"referrer": referrer, "first": first}
        Enquiry.objects.filter(lead_id=lead.pk).update(landing_page=page, trail=trail)
        assert said.rstrip("<") in signed_in(alice).get(f"/leads/{lead.pk}").text
        assert "by casaverde.example" not in signed_in(alice).get(f"/leads/{lead.pk}").text


def test_what_was_held_back_is_looked_at(client: Client, door: Door, mona: User) -> None:
    _, unseen = opened(client)
    send(client, FIELDS | {"fax": "1"}, unseen)
    mine = signed_in(mona)
    assert "1 submission looked like" in mine.get("/capture").content.decode()
    page = mine.get("/capture/held").content.decode()
    assert "priya@northgate.example" in page
    pk = Submission.objects.get().pk
    mine.post(f"/capture/held/{pk}/discard")
    assert "Nothing is held back" in mine.get("/capture/held").content.decode()
    mine.post(f"/capture/held/{pk}/hold")
    mine.post(f"/capture/held/{pk}/release")
    assert Lead.objects.get().name == "Priya Raman"


def test_questions_are_added_changed_and_retired(mona: User) -> None:
    mine = signed_in(mona)
    filled = {"label": "How many chairs?", "answer_type": "number", "meaning": "need"}
    assert mine.post("/capture/questions/new", filled | {"answer_type": "choice"}).status_code == 422
    assert mine.post("/capture/questions/new", filled).status_code == 302
    chairs = Question.objects.get(key="how_many_chairs")
    assert mine.post(f"/capture/questions/{chairs.pk}", filled | {"label": "How many seats?"}).status_code == 302
    assert "How many seats?" in mine.get("/capture/questions").content.decode()
    mine.post(f"/capture/questions/{chairs.pk}/retire")
    assert "Not asked any more" in mine.get("/capture/questions").content.decode()
    mine.post(f"/capture/questions/{chairs.pk}/ask")
    chairs.refresh_from_db()
    assert chairs.is_active


def test_no_two_questions_are_of_the_same_words(mona: User) -> None:
    mine = signed_in(mona)
    filled = {"label": " when should it be  in PLACE? ", "answer_type": "text", "meaning": "other"}
    timeline, budget = (Question.objects.get(key=key) for key in ("timeline", "budget"))
    page = mine.post("/capture/questions/new", filled)
    assert (page.status_code, "There is this question already." in page.text) == (422, True)
    assert f'<a href="/capture/questions/{timeline.pk}">When should it be in place?</a>' in page.text
    kept = {"answer_type": "choice", "meaning": "budget", "options": "Yes\nNo"}
    assert mine.post(f"/capture/questions/{budget.pk}", kept | {"label": filled["label"]}).status_code == 422
    assert (
        mine.post(f"/capture/questions/{budget.pk}", kept | {"label": "is there a Budget for it?"}).status_code == 302
    )
    mine.post(f"/capture/questions/{timeline.pk}/retire")
    page = mine.post("/capture/questions/new", filled)
    again = re.search(r'formaction="([^"]+)" formnovalidate>Ask it again', page.text)
    assert again
    said = mine.post(again[1], filled, follow=True).text
    assert "“When should it be in place?” is asked again." in said
    timeline.refresh_from_db()
    assert (timeline.is_active, Question.objects.count()) == (True, 6)


def test_who_retires_a_question_sees_which_forms_and_booths_ask_it(door: Door, mona: User) -> None:
    mine = signed_in(mona)
    booths.keep_booth(actor=mona, draft=BoothDraft(name="Hall 7", questions=[("timeline", False), ("budget", False)]))
    draft = FormDraft(name="Guide", source_type="content_download", title="Get it", questions=[("timeline", False)])
    doors.set_active(actor=mona, door=doors.keep_form(actor=mona, draft=draft), is_active=False)
    page = re.sub(r"<[^>]+>", "", mine.get("/capture/questions").text)
    assert "2 forms and 1 boothGuide (shut), Hall 7, Quote" in page
    assert "1 boothHall 7" in page
    assert "No form or booth" in page, "as nobody asks which product it is"
    timeline, product = (Question.objects.get(key=key) for key in ("timeline", "product"))
    said = mine.post(f"/capture/questions/{timeline.pk}/retire", follow=True).text
    assert "Not asked any more by 2 forms and 1 booth (Guide, Hall 7, Quote); the answers given stay." in said
    assert "Not asked any more; the answers" in mine.post(f"/capture/questions/{product.pk}/retire", follow=True).text


@pytest.mark.parametrize("path", ["/capture", "/capture/forms/new", "/capture/questions", "/capture/held"])
def test_reps_and_leaders_have_no_use_for_capture(alice: User, carol: User, path: str) -> None:
    for who in (alice, carol):
        assert signed_in(who).get(path).status_code == 403
    assert 'href="/capture"' not in signed_in(alice).get("/leads").content.decode()


def test_what_they_answered_stands_on_the_record_in_the_words_of_the_question(
    client: Client, door: Door, ada: User
) -> None:
    _, unseen = opened(client, "/f/quote?utm_source=google&utm_medium=cpc")
    send(client, FIELDS | {"q-may_write": "yes"}, unseen)
    page = signed_in(ada).get(f"/leads/{Lead.objects.get().pk}").content.decode()
    assert "When should it be in place?" in page
    assert page.count("Write to me by e-mail now and then") == 2, "as the evidence, and to note what they say next"
    assert "<dd>agreed</dd>" not in page, "it stands under what they agreed to"
    assert "by a form, testserver/f/quote, by google / cpc" in page


def test_characters_that_no_text_holds_are_left_out_of_what_a_stranger_sends(client: Client, door: Door) -> None:
    _, unseen = opened(client, "/f/quote?utm_source=goo%00gle&page=/a%00b")
    typed = FIELDS | {"name": "Pri\x00ya", "q-need": "two\x00 chairs", "utm_term": "a\x00b"}
    assert send(client, typed, unseen).status_code == 302
    enquiry = Enquiry.objects.select_related("lead").get()
    assert (enquiry.lead.name, enquiry.message, enquiry.landing_page) == ("Priya", "two chairs", "/ab")


def test_whatever_a_page_says_of_how_they_came_the_record_is_shown(client: Client, door: Door, mona: User) -> None:
    _, unseen = opened(client)
    assert send(client, FIELDS, unseen | {"referrer": "https://[not-an-address"}).status_code == 302
    enquiry = Enquiry.objects.get()
    assert enquiry.trail["referrer"] == "https://[not-an-address"
    shown = signed_in(mona)
    assert shown.get(f"/leads/{enquiry.lead_id}").status_code == 200
    for at in ({}, {"at": "last week"}, {"at": "2026-06-01T12:01:00"}):  # as forms took it from any page once
        Enquiry.objects.update(trail={"first": {"page": "https://www.casaverde.example/blog"} | at})
        page = shown.get(f"/leads/{enquiry.lead_id}").text
        assert "first seen on /blog" in page


def test_a_form_that_asks_for_something_else_by_now_says_so_of_who_comes_from_then_on(mona: User) -> None:
    draft = FormDraft(name="Prices", source_type="content_download", title="Prices")
    door = doors.keep_form(actor=mona, draft=draft)
    before = door.source
    for kind in ("quote_request", "quote_request", "content_download"):
        door = doors.keep_form(actor=mona, door=door, draft=replace(draft, source_type=kind))
        assert door.source.source_type == kind
        assert (door.source == before) == (kind == "content_download"), "who came for a paper came for a paper"
    assert Source.objects.filter(name__startswith="Website: Prices").count() == 2
