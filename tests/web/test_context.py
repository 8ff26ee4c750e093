"""The context card: a lead in at most five lines, and of colleagues only what its viewer may know (I8)."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

from django.test import Client

from ripeline.base import clock
from ripeline.capture.in_person import by_hand
from ripeline.catalog import actions as catalog
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import Tracking, User
from ripeline.ripeness import actions
from ripeline.ripeness.models import Score
from tests.cast import MakeLead
from tests.hits import hit, store

COMPANY = {"company": "Acme", "captured": timedelta(days=40)}


def card(user: User, address: str) -> list[str]:
    client = Client()
    client.force_login(user)
    page = client.get(address).text
    found = re.search(r'<ul class="plain context">(.*?)</ul>', page, re.DOTALL)
    lines = re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL) if found else []
    return [unescape(" ".join(re.sub(r"<[^>]+>", " ", line).split())) for line in lines]


def colleague(make_lead: MakeLead, owner: User, name: str) -> Lead:
    return make_lead(owner, name=name, email=f"{name.split()[0].lower()}@acme.example", **COMPANY)


def downloads(lead: Lead, name: str, days: float) -> None:
    """By a link on a page, whose title the script tells."""
    when = clock.now() - timedelta(days=days)
    page = {"title": "Evenday pricing"}
    store(hit(lead.pk, when, "other", kind="download", path=f"/papers/{quote(name)}.pdf", data=page))


def test_a_lead_in_five_lines(alice: User, make_lead: MakeLead) -> None:
    source = catalog.sources_named(["White paper"])["White paper"]
    lead = make_lead(
        alice, name="Ann Lee", email="ann@acme.example", message="We lose   a day a week\nto no-shows.",
        source_id=source.pk, **COMPANY,
    )  # fmt: skip
    other = colleague(make_lead, alice, "Ben Ode")
    downloads(lead, "The empty chair", 5)
    downloads(other, "Two diaries", 2)
    actions.rescore([lead.pk])
    assert len(card(alice, f"/leads/{lead.pk}")) == 4, "of who is at the beginning the stage says nothing"
    for days in (1, 2, 3):
        store(hit(lead.pk, clock.now() - timedelta(days=days), "prices"))
    actions.rescore([lead.pk])
    lines = card(alice, f"/leads/{lead.pk}")
    assert len(lines) == 5
    assert lines[0].startswith("How they came: White paper, entered by hand 6 weeks ago")
    assert lines[1].startswith("What they took: Downloaded “The empty chair.pdf” on")
    assert lines[2] == "What they said: “We lose a day a week to no-shows.”"
    assert "is the likeliest buying stage" in lines[3]
    assert lines[4].startswith("Others at the company: One other at Acme: Ben Ode downloaded “Two diaries.pdf” on")
    assert card(alice, f"/today/{lead.pk}")[:4] == lines[:4], "and the same on Today"


def test_beside_their_words_stands_what_they_answered_as_far_as_the_line_holds_it(alice: User) -> None:
    answers = {"timeline": "Later", "product": "Chair 4"}
    found = by_hand.capture_one(actor=alice, name="Ann Lee", message="Call me", answers=answers)
    said = "What they said: “Call me”; When should it be in place: Later; Which product is it about: Chair 4"
    assert said in card(alice, f"/leads/{found.lead_id}")
    long = by_hand.capture_one(actor=alice, name="Bo Ode", message="word " * 100, answers=answers)
    (line,) = (line for line in card(alice, f"/leads/{long.lead_id}") if line.startswith("What they said"))
    assert line.endswith("…”")


def test_what_was_agreed_to_is_said_in_the_words_beside_the_box(alice: User) -> None:
    shown = "Write to me by e-mail now and then with news and offers. You can stop it at any time."
    found = by_hand.capture_one(actor=alice, name="Ann Lee", answers={"timeline": "Later"})
    Enquiry.objects.filter(lead=found.lead_id).update(answers={"may_write": {"given": True, "wording": shown}})
    client = Client()
    client.force_login(alice)
    page = client.get(f"/leads/{found.lead_id}").text
    assert f"<dt>{shown}</dt><dd>agreed</dd>" in page
    assert "You may write to me about this" not in page


def test_a_box_that_was_ticked_is_not_said_on_the_card_and_takes_no_answer_s_place(alice: User) -> None:
    found = by_hand.capture_one(actor=alice, name="Ann Lee", answers={"timeline": "Later"})
    agreed = {"given": True, "wording": "Write to me now and then"}
    answers = {"may_write": agreed, "timeline": "Later", "product": "Chair 4", "pain": ["No-shows"]}
    Enquiry.objects.filter(lead=found.lead_id).update(answers=answers)
    (line,) = (line for line in card(alice, f"/today/{found.lead_id}") if line.startswith("What they said"))
    assert "Later" in line
    assert "Chair 4" in line
    assert "No-shows" in line, "the third answer has its place"
    assert "agreed" not in line, "whether they confirmed it, or took it back since, stands on the record"
    Enquiry.objects.filter(lead=found.lead_id).update(answers={"may_write": agreed})
    assert not [line for line in card(alice, f"/today/{found.lead_id}") if line.startswith("What they said")]


def test_of_another_rep_s_lead_alice_reads_the_name_and_with_whom(
    alice: User, bob: User, mona: User, make_lead: MakeLead
) -> None:
    lead = colleague(make_lead, alice, "Ann Lee")
    his = colleague(make_lead, bob, "Ben Ode")
    downloads(his, "Two diaries", 2)
    assert card(alice, f"/leads/{lead.pk}")[-1] == "Others at the company: One other at Acme: Ben Ode, with Bob"
    assert not any("Two diaries" in line for line in card(mona, f"/leads/{lead.pk}"))
    assert card(bob, f"/leads/{lead.pk}") == [], "who may not see how a lead came has no card"


def test_what_they_downloaded_is_told_to_whoever_may_read_the_timeline(
    alice: User, carol: User, mona: User, ada: User, make_lead: MakeLead
) -> None:
    lead = colleague(make_lead, alice, "Ann Lee")
    downloads(lead, "The empty chair", 5)

    def is_told(viewer: User) -> bool:
        lines = card(viewer, f"/leads/{lead.pk}")
        assert lines[0].startswith("How they came")
        return any("The empty chair" in line for line in lines)

    assert is_told(alice)
    assert is_told(ada)
    assert not is_told(mona)
    for tracking, told in ((Tracking.OUTCOMES, False), (Tracking.GUIDED, True)):
        User.objects.filter(pk=alice.pk).update(tracking=tracking)
        assert is_told(carol) is told


def test_a_stage_is_said_only_once_it_was_inferred(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice)
    actions.rescore([lead.pk])
    Score.objects.update(stage_p=0)  # scored before there were stages
    assert not any("stage" in line for line in card(alice, f"/leads/{lead.pk}"))
    client = Client()
    client.force_login(alice)
    assert "Buying stage" not in client.get(f"/leads/{lead.pk}").text


def test_only_what_is_known_has_a_line(alice: User, make_lead: MakeLead) -> None:
    (line,) = card(alice, f"/leads/{make_lead(alice, name='Ann Lee', email='').pk}")
    assert line.startswith("How they came: Source unknown, entered by hand yesterday")
