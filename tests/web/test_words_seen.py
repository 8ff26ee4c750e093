"""The evidence of a consent is the words that somebody saw, whatever they are by the time it is sent or confirmed."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.capture.doors import doors, holding
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.models import Door, Submission
from ripeline.catalog import standard
from ripeline.leads.models import Enquiry
from ripeline.outbox import actions, queries
from ripeline.outbox.models import ConsentEvent, ConsentState
from ripeline.people.models import User
from tests.mail_server import Post

PRIYA = "priya@nordtor.example"
OLD = "Write to me by e-mail now and then"
NEW = "Write to me once a month, not more."


@pytest.fixture
def door(mona: User) -> Door:
    draft = FormDraft(name="Guide", source_type="content_download", title="A guide", questions=[("may_write", False)])
    return doors.keep_form(actor=mona, draft=draft)


def opened() -> dict[str, str]:
    """What the page that somebody opened a little while ago hands on."""
    with clock.at(clock.now() - timedelta(seconds=20)):
        return unseen(Client().get("/f/guide").text)


def unseen(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))


def agree(page: Mapping[str, str], **more: str) -> str:
    given = {"email": PRIYA, "q-may_write": "yes"} | dict(page) | more
    return Client().post("/f/guide", given, follow=True).text


def confirmed(post: Post) -> None:
    path = re.search(r"https?://[^/]+(/confirm/\S+)", post.received[-1].text)
    assert path
    assert Client().post(path[1]).status_code == 200


def evidence() -> dict[str, str]:
    """The words of each step of Priya's consent, by step."""
    events = ConsentEvent.objects.select_related("wording").order_by("at")
    return {each.state: each.wording.text if each.wording else "" for each in events}


def say(ada: User, text: str = NEW, language: str = "") -> None:
    actions.say_purpose(actor=ada, code="news", name="News", text=text, language=language)


def test_words_changed_between_the_answer_and_its_confirmation_leave_the_evidence_as_it_was(
    door: Door, ada: User, post: Post, send_all: Callable[[], None]
) -> None:
    agree(opened())
    say(ada)
    Door.objects.update(language="de")
    send_all()
    assert post.received[-1].mail["Subject"].startswith("Please confirm"), "in the language that they were asked in"
    confirmed(post)
    said = evidence()
    assert said[ConsentState.PENDING].startswith(OLD)
    assert said[ConsentState.GIVEN] == said[ConsentState.PENDING], "they confirmed what they had agreed to"
    assert queries.has_consent(PRIYA, "news")


def test_who_sends_a_page_whose_words_have_changed_reads_the_new_ones_first(door: Door, ada: User) -> None:
    page = opened()
    say(ada)
    again = agree(page)
    assert "These words have changed since you opened the page." in again
    assert NEW in again
    assert not re.search(r'name="q-may_write" value="yes" checked', again), "nobody has agreed to these yet"
    assert f'value="{PRIYA}"' in again, "what they wrote is still there"
    assert not Submission.objects.exists()
    agree(page | {"words": unseen(again)["words"]})
    assert evidence() == {ConsentState.PENDING: NEW}


def test_who_sends_a_page_that_was_in_another_language_reads_it_in_the_new_one_first(door: Door, ada: User) -> None:
    page = opened()
    Door.objects.update(language="de")
    again = agree(page)
    assert "Dieser Text hat sich geändert" in again
    agree(page | {"words": unseen(again)["words"]})
    assert evidence()[ConsentState.PENDING].startswith("Schreiben Sie mir ")


def test_who_did_not_tick_words_that_changed_is_not_said_to_have_refused_the_new_ones(door: Door, ada: User) -> None:
    page = opened()
    say(ada)
    assert "We will be in touch" in agree(page, **{"q-may_write": ""})
    assert evidence() == {}
    agree(opened(), **{"q-may_write": "", "email": "tom@nordtor.example"})
    assert evidence() == {ConsentState.DECLINED: NEW}


def test_what_was_held_back_keeps_words_and_language_when_it_is_let_in(
    door: Door, ada: User, mona: User, post: Post, send_all: Callable[[], None]
) -> None:
    agree(opened(), fax="12345")
    say(ada)
    Door.objects.update(language="de")
    [held] = holding.held()
    holding.release(actor=mona, submission_id=held.pk)
    assert evidence()[ConsentState.PENDING].startswith(OLD)
    send_all()
    assert post.received[-1].mail["Subject"].startswith("Please confirm")


def test_a_consent_to_nothing_that_is_mailed_is_asked_once_more_in_its_new_words_too(door: Door, mona: User) -> None:
    keep = standard.keep(actor=mona, label="You may keep my data.", answer_type="consent", meaning="other")
    Door.objects.update(questions=[{"key": keep.key, "required": True}])
    page, name = opened(), f"q-{keep.key}"
    standard.keep(actor=mona, question=keep, label="You may keep it a year.", answer_type="consent", meaning="other")
    assert "These words have changed" in agree(page, **{name: "yes"})
    agree(page | {"words": opened()["words"]}, **{name: "yes"})
    assert Enquiry.objects.get().answers == {keep.key: {"given": True, "wording": "You may keep it a year."}}


def test_a_page_from_before_it_handed_its_words_on_comes_in_as_it_did(door: Door) -> None:
    page = opened()
    del page["words"]
    assert "We will be in touch" in agree(page)
    assert evidence()[ConsentState.PENDING].startswith(OLD)
