"""The context card: a lead in at most five lines, and of colleagues only what its viewer may know (I8)."""

import re
from datetime import timedelta
from html import unescape

from django.test import Client

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions
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


def downloads(lead: Lead, title: str, days: float) -> None:
    when = clock.now() - timedelta(days=days)
    store(hit(lead.pk, when, "other", kind="download", path="/guide.pdf", data={"title": title}))


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
    lines = card(alice, f"/leads/{lead.pk}")
    assert len(lines) == 5
    assert lines[0].startswith("How they came: White paper, entered by hand 6 weeks ago")
    assert lines[1].startswith("What they took: Downloaded “The empty chair” on")
    assert lines[2] == "What they said: “We lose a day a week to no-shows.”"
    assert "is the likeliest buying stage" in lines[3]
    assert lines[4].startswith("Others at the company: One other at Acme: Ben Ode downloaded “Two diaries” on")
    assert card(alice, f"/today/{lead.pk}")[:4] == lines[:4], "and the same on Today"


def test_of_another_rep_s_lead_alice_reads_the_name_and_with_whom(
    alice: User, bob: User, mona: User, make_lead: MakeLead
) -> None:
    lead = colleague(make_lead, alice, "Ann Lee")
    his = colleague(make_lead, bob, "Ben Ode")
    downloads(his, "Two diaries", 2)
    assert card(alice, f"/leads/{lead.pk}")[-1] == "Others at the company: One other at Acme: Ben Ode, with Bob"
    assert not any("Two diaries" in line for line in card(mona, f"/leads/{lead.pk}"))
    assert card(bob, f"/leads/{lead.pk}") == [], "who may not see how a lead came has no card"


def test_only_what_is_known_has_a_line(alice: User, make_lead: MakeLead) -> None:
    (line,) = card(alice, f"/leads/{make_lead(alice, name='Ann Lee', email='').pk}")
    assert line.startswith("How they came: Source unknown, entered by hand yesterday")
