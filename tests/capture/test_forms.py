"""Forms: what strangers send comes in once, with its context; what looks like a machine's work waits for a look."""

import contextlib
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.arriving.keeping import WINDOW, RefusedError, TooOftenError
from ripeline.capture.doors import doors, holding, proof, submissions
from ripeline.capture.doors.drafts import DoorError, FormDraft
from ripeline.capture.doors.proof import Proof, StaleProofError
from ripeline.capture.doors.submissions import Sent
from ripeline.capture.models import Door, Submission, SubmissionState
from ripeline.catalog import standard
from ripeline.catalog.models import Question, Source, SourceType
from ripeline.leads.models import Enquiry, Lead
from ripeline.outbox import queries as outbox
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness.models import Score
from ripeline.timeline.models import Activity
from tests.cast import MakeLead

PRIYA = {"name": "Priya Raman", "email": "priya@northgate.example", "company": "Northgate Dental"}


def draft(**changes: Any) -> FormDraft:
    return FormDraft(
        **{
            "name": "Quote", "source_type": "quote_request", "title": "Ask for a quote",
            "fields": {"name": "required", "company": "optional", "phone": "optional"},
            "questions": [("need", False), ("timeline", True), ("may_write", False)],
        } | changes
    )  # fmt: skip


@pytest.fixture
def door(mona: User) -> Door:
    return doors.keep_form(actor=mona, draft=draft())


def sent(fields: dict[str, Any] | None = None, *, number: UUID | None = None, **more: Any) -> Sent:
    filled = {"q-timeline": "Within a month", **PRIYA} if fields is None else fields
    return Sent(
        **{
            "proof": Proof(number or uuid4(), timedelta(seconds=40)),
            "fields": {name: value if isinstance(value, list) else [value] for name, value in filled.items()},
            "address": "somewhere",
        } | more
    )  # fmt: skip


def test_who_asks_for_a_quote_is_a_lead_with_context_somebody_responsible_and_a_score(door: Door) -> None:
    trail = {"utm_source": "google", "utm_campaign": "Spring fair", "referrer": "https://www.google.com/"}
    filled = {**PRIYA, "q-need": "Two chairs,\nby spring.", "q-timeline": "Within a month", "q-may_write": "yes"}
    found = submissions.take(door=door, sent=sent(filled, page="https://www.example.com/quote", trail=trail))
    lead = Lead.objects.get(pk=found.lead_id)
    assert (lead.name, lead.email, lead.company) == ("Priya Raman", "priya@northgate.example", "Northgate Dental")
    assert lead.responsible_id
    assert lead.next_at
    assert Score.objects.filter(lead_id=lead.pk).exists()
    enquiry = Enquiry.objects.get(lead=lead)
    assert (enquiry.door, enquiry.message) == ("form", "Two chairs,\nby spring.")
    assert enquiry.source
    assert enquiry.source.source_type == SourceType.QUOTE_REQUEST
    assert enquiry.campaign
    assert enquiry.campaign.name == "Spring fair"
    assert enquiry.landing_page == "https://www.example.com/quote"
    assert enquiry.trail == trail
    assert enquiry.answers["timeline"] == "Within a month"
    shown = next(question.label for question, _ in doors.asks(door) if question.key == "may_write")
    assert enquiry.answers["may_write"] == {"given": True, "wording": shown}


def test_sending_twice_counts_once(door: Door) -> None:
    number = uuid4()
    first = submissions.take(door=door, sent=sent(number=number))
    again = submissions.take(door=door, sent=sent(number=number))
    assert first.lead_id == again.lead_id
    assert Enquiry.objects.count() == Submission.objects.count() == Lead.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_count_once(door: Door) -> None:
    number, start = uuid4(), Barrier(2)

    def press() -> None:
        try:
            start.wait()
            submissions.take(door=door, sent=sent(number=number))
        finally:
            connection.close()

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Enquiry.objects.count() == Submission.objects.count() == Lead.objects.count() == 1


def test_who_is_here_already_comes_again_and_what_the_record_says_is_not_overwritten_by_a_stranger(
    door: Door, alice: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, name="Dr. Priya Raman", email="priya@northgate.example")
    found = submissions.take(door=door, sent=sent())
    lead.refresh_from_db()
    assert found.lead_id == lead.pk
    assert lead.name == "Dr. Priya Raman"
    assert lead.owner == alice
    assert Activity.objects.filter(lead_id=lead.pk, kind="enquired").exists()


def test_all_faults_are_said_at_once_beside_their_fields_and_nothing_is_kept(door: Door) -> None:
    with pytest.raises(RefusedError) as wrong:
        submissions.take(door=door, sent=sent({"email": "priya@", "phone": "12", "q-timeline": "Tomorrow"}))
    assert set(wrong.value.errors) == {"name", "email", "phone", "q-timeline"}
    assert not Submission.objects.exists()
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"bait": "x"}, "a field that people do not see"),
        ({"proof": Proof(UUID(int=7), timedelta(milliseconds=300))}, "within a second"),
        ({"fields": {**{k: [v] for k, v in PRIYA.items()}, "q-timeline": ["Later"],
                     "q-need": ["http://a.example http://b.example www.c.example"]}}, "3 links"),
    ],
)  # fmt: skip
def test_what_looks_like_a_machines_work_waits_and_can_be_let_in(
    door: Door, mona: User, more: dict[str, Any], why: str
) -> None:
    found = submissions.take(door=door, sent=sent(**more))
    assert found.state == SubmissionState.HELD
    assert why in found.why
    assert not Lead.objects.exists()
    assert holding.held() == [found]
    holding.discard(actor=mona, submission_id=found.pk)
    assert holding.held() == []
    holding.hold_again(actor=mona, submission_id=found.pk)
    with clock.at(clock.now() + timedelta(days=2)):
        holding.release(actor=mona, submission_id=found.pk)
        holding.release(actor=mona, submission_id=found.pk)
    (enquiry,) = Enquiry.objects.all()
    assert enquiry.captured_at == found.received_at, "it counts from when it was sent"


def test_a_machine_that_sends_without_end_is_told_to_wait_and_others_are_not(door: Door) -> None:
    for number in range(submissions.FROM_ONE_ADDRESS):
        submissions.take(door=door, sent=sent(PRIYA | {"email": f"p{number}@x.example", "q-timeline": "Later"}))
    with pytest.raises(TooOftenError):
        submissions.take(door=door, sent=sent())
    assert submissions.take(door=door, sent=sent(address="elsewhere")).lead_id
    with clock.at(clock.now() + WINDOW + timedelta(seconds=1)):
        assert submissions.take(door=door, sent=sent()).lead_id


def test_a_trial_says_what_would_happen_and_leaves_no_trace(door: Door, mona: User, alice: User) -> None:
    found = submissions.rehearse(actor=mona, door=door, sent=sent())
    assert found.is_new
    assert (found.lead, found.responsible) == ("Priya Raman", "Alice")
    assert found.p_30
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()
    with pytest.raises(NotAllowed):
        submissions.rehearse(actor=alice, door=door, sent=sent())


def test_a_proof_is_good_for_its_own_door_and_for_a_day(door: Door, mona: User) -> None:
    other = doors.keep_form(actor=mona, draft=draft(name="Other"))
    text = proof.issue(door)
    assert proof.read(door, text).age < timedelta(seconds=5)
    for bad in ("", "x", text[:-2], text + "x", "a:b:c"):
        with pytest.raises(StaleProofError):
            proof.read(door, bad)
    with pytest.raises(StaleProofError):
        proof.read(other, text)
    with clock.at(clock.now() + timedelta(days=2)), pytest.raises(StaleProofError):
        proof.read(door, text)


def test_only_marketing_and_administrators_keep_doors(alice: User, carol: User, mona: User, ada: User) -> None:
    for who in (alice, carol):
        with pytest.raises(NotAllowed):
            doors.keep_form(actor=who, draft=draft())
    assert doors.keep_form(actor=mona, draft=draft()).slug == "quote"
    assert doors.keep_form(actor=ada, draft=draft()).slug == "quote-2"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": "  "}, "name"),
        ({"title": ""}, "title"),
        ({"source_type": "nonsense"}, "source_type"),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url"),
        ({"redirect_url": "//evil.example"}, "redirect_url"),
        ({"style": {"accent": "red;} body{display:none"}}, "accent"),
        ({"sites": ["https://a.example/'; script-src *"]}, "sites"),
        ({"sites": ["https://a example"]}, "sites"),
    ],
)
def test_a_form_that_cannot_be_so_is_refused_beside_the_field(mona: User, changes: dict[str, Any], where: str) -> None:
    if where == "sites" and "/'" in changes["sites"][0]:  # a path is cut off: an origin is what is kept
        assert doors.keep_form(actor=mona, draft=draft(**changes)).sites == ["https://a.example"]
        return
    with pytest.raises(DoorError) as wrong:
        doors.keep_form(actor=mona, draft=draft(**changes))
    assert wrong.value.field == where
    assert not Door.objects.exists()


def test_how_a_door_is_doing_counts_who_opened_it_and_who_came_in(door: Door, mona: User) -> None:
    for _ in range(4):
        doors.note(door, "seen")
    doors.note(door, "refused")
    submissions.take(door=door, sent=sent())
    submissions.take(door=door, sent=sent(PRIYA | {"q-timeline": "Later"}, bait="x"))
    (found,) = doors.health()
    assert (found.seen, found.refused, found.taken, found.held, found.conversion) == (4, 1, 1, 1, 0.25)
    assert not found.looks_shut
    doors.set_active(actor=mona, door=door, is_active=False)
    assert not Door.objects.get().is_active


def test_a_source_that_is_here_keeps_its_kind(mona: User) -> None:
    Source.objects.create(key="website quote", name="Website: Quote", source_type=SourceType.CONTACT_FORM)
    credited = doors.keep_form(actor=mona, draft=draft()).source
    assert (credited.name, credited.source_type) == ("Website: Quote, quote request", SourceType.QUOTE_REQUEST)
    assert Source.objects.get(key="website quote").source_type == SourceType.CONTACT_FORM


def test_a_question_keeps_its_key_and_its_kind_of_answer_and_leaves_every_door_when_retired(
    door: Door, mona: User, alice: User
) -> None:
    timeline = Question.objects.get(key="timeline")
    changed = standard.keep(
        actor=mona, question=timeline, label="By when?", answer_type="choice", options=["Soon", "Later", "Soon"],
        meaning="timeline",
    )  # fmt: skip
    assert (changed.key, changed.options) == ("timeline", ["Soon", "Later"])
    with pytest.raises(standard.QuestionError) as wrong:
        standard.keep(actor=mona, question=timeline, label="By when?", answer_type="date", meaning="timeline")
    assert wrong.value.field == "answer_type"
    assert [question.key for question, _ in doors.asks(door)] == ["need", "timeline", "may_write"]
    standard.set_active(actor=mona, question_id=timeline.pk, is_active=False)
    assert [question.key for question, _ in doors.asks(door)] == ["need", "may_write"]
    with pytest.raises(NotAllowed):
        standard.set_active(actor=alice, question_id=timeline.pk, is_active=True)


def test_questions_move_one_place_at_a_time(mona: User) -> None:
    keys = [question.key for question in Question.objects.order_by("position")]
    third = Question.objects.get(key=keys[2])
    standard.move(actor=mona, question_id=third.pk, up=True)
    assert [q.key for q in Question.objects.order_by("position")][:3] == [keys[0], keys[2], keys[1]]


def test_what_a_person_changed_is_not_made_anew(mona: User) -> None:
    Question.objects.exclude(key="need").delete()
    standard.seed()
    assert Question.objects.count() == 1


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fields=st.dictionaries(
        st.sampled_from(["name", "email", "company", "phone", "title", "q-need", "q-timeline", "q-may_write", "other"]),
        st.lists(st.text(max_size=400), max_size=3),
    )
)
def test_whatever_is_sent_is_taken_held_or_refused_in_words(door: Door, fields: dict[str, list[str]]) -> None:
    with contextlib.suppress(RefusedError):
        found = submissions.take(door=door, sent=sent(fields, address=uuid4().hex))
        assert found.state in SubmissionState.values
        assert bool(found.lead_id) == (found.state == SubmissionState.TAKEN)
        return
    with pytest.raises(RefusedError) as wrong:
        submissions.heard(door, fields)
    assert all(text.endswith(".") for text in wrong.value.errors.values())


def test_who_was_asked_and_did_not_agree_is_noted_so_and_gets_no_mail(door: Door) -> None:
    shown = next(question.label for question, _ in doors.asks(door) if question.key == "may_write")
    without = {**PRIYA, "q-timeline": "Later"}
    submissions.take(door=door, sent=sent(without))
    assert not outbox.consents("priya@northgate.example"), "the box was not on the page that was sent"
    found = submissions.take(door=door, sent=sent(without | {"shown": "may_write"}))
    (consent,) = outbox.consents("priya@northgate.example")
    event = consent.events.get()
    assert (consent.state, consent.lead_id, event.wording.text if event.wording else "") == (
        "declined", found.lead_id, shown,
    )  # fmt: skip
    assert not outbox.has_consent("priya@northgate.example", consent.purpose_id)
    assert outbox.latest(["confirm"], "priya@northgate.example") is None
    submissions.take(door=door, sent=sent(without | {"shown": "may_write", "q-may_write": "yes"}))
    submissions.take(door=door, sent=sent(without | {"shown": "may_write"}))
    assert [each.state for each in outbox.consents("priya@northgate.example")] == ["pending"], "no takes a yes back"


def test_who_agrees_to_mail_is_asked_to_confirm_it_in_the_words_that_were_shown(door: Door) -> None:
    shown = next(question.label for question, _ in doors.asks(door) if question.key == "may_write")
    filled = {**PRIYA, "q-timeline": "Later", "q-may_write": "yes"}
    found = submissions.take(door=door, sent=sent(filled, base_url="https://ripeline.example"))
    (consent,) = outbox.consents("priya@northgate.example")
    event = consent.events.get()
    assert (consent.state, consent.lead_id) == ("pending", found.lead_id)
    assert event.wording
    assert event.wording.text == shown
    assert "Quote" in event.how
    message = outbox.latest(["confirm"], "priya@northgate.example")
    assert message
    assert not outbox.has_consent("priya@northgate.example", "news"), "until they confirm"


def test_who_does_not_agree_is_asked_nothing(door: Door) -> None:
    submissions.take(door=door, sent=sent())
    assert not outbox.consents("priya@northgate.example")


def test_what_one_request_does_to_its_door_no_other_sees(door: Door) -> None:
    mine = doors.open_door(door.slug)
    assert mine
    mine.fields["name"], mine.style["accent"] = "changed", "#000000"
    mine.questions.append({"key": "x"})
    mine.sites.append("https://x.example")
    theirs = doors.open_door(door.slug)
    assert theirs
    said = ("fields", "style", "questions", "sites")
    assert [getattr(theirs, name) for name in said] == [getattr(door, name) for name in said]
