"""Whatever the door: who took them, where, for which campaign, what they answered; as docs/reference/doors.md says."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from ripeline.capture.doors import doors, hooks, machines, submissions
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.doors.machines import Entry
from ripeline.capture.doors.proof import Proof
from ripeline.capture.doors.submissions import Sent
from ripeline.capture.in_person import booths, by_hand, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.in_person.card import Card
from ripeline.capture.models import DoorKind
from ripeline.leads.models import Enquiry
from ripeline.people import keys
from ripeline.people.models import User
from tests.capture.importing import csv, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]
TABLE = Path(__file__).parents[2] / "docs/reference/doors.md"
EMAIL = "priya@x.example"
PERSON = {"name": "Priya Raman", "email": EMAIL}
ANSWERED = {"timeline": "Later"}


def by_form(mona: User, _: User, *, page: str = "", trail: dict[str, str] | None = None, **draft: Any) -> None:
    form = FormDraft(
        name="Quote", source_type="quote_request", title="A quote", questions=[("timeline", False)], **draft
    )
    fields = {"email": [EMAIL], "q-timeline": ["Later"]}
    sent = Sent(proof=Proof(uuid4(), timedelta(minutes=1)), fields=fields, address="", page=page, trail=trail or {})
    submissions.take(door=doors.keep_form(actor=mona, draft=form), sent=sent)


def by_card(kind: DoorKind) -> Callable[..., None]:
    def take(_: User, alice: User, **said: str) -> None:
        card = Card(key="a", fields=PERSON, answers=ANSWERED, **said)  # type: ignore[arg-type]
        cards.take(actor=alice, door=cards.built_in(kind), card=card)

    return take


def at_booth(mona: User, alice: User, **draft: str) -> None:
    booth = booths.keep_booth(actor=mona, draft=BoothDraft(name="Dental Expo", **draft))  # type: ignore[arg-type]
    cards.take(actor=alice, door=booth, card=Card(key="a", fields=PERSON, answers=ANSWERED))


def by_program(ada: User, _: User, *, trail: dict[str, str] | None = None, **said: str) -> None:
    key = keys.issue(actor=ada, name="Web shop", scopes=["capture"])[0]
    machines.take(key=key, entry=Entry(fields=PERSON | said, answers=ANSWERED, trail=trail or {}))


def by_hook(mona: User, _: User, **said: str) -> None:
    mapping = {name: name for name in (*PERSON, *said, "q-timeline")}
    hook = hooks.keep_hook(actor=mona, name="Lead ads", source_type="social", mapping=mapping)
    hooks.take_hook(door=hook, payload=PERSON | said | {"q-timeline": "Later"}, address="")


def by_import(ada: User, _: User, **said: str) -> None:
    headings, cells = ",".join(said), ",".join(said.values())
    imported(csv(f"Email,timeline,{headings}", f"{EMAIL},Later,{cells}"), actor=ada, name="spring leads.csv")


def typed_in(_: User, alice: User, **said: str) -> None:
    by_hand.capture_one(actor=alice, email=EMAIL, answers=ANSWERED, **said)  # type: ignore[arg-type]


SPRING = {"campaign": "Spring fairs"}
UTM = {"trail": {"utm_campaign": "Spring fairs"}}
HERE = "https://www.northgate.example/prices?utm_source=x"
DOORS: list[tuple[str, Callable[..., None], dict[str, Any], str, str, str]] = [
    ("form", by_form, {"page": HERE} | SPRING, "", "www.northgate.example/prices", "Spring fairs"),
    ("form", by_form, UTM, "", "Quote", "Spring fairs"),
    ("booth", at_booth, {"place": "Hall 7"} | SPRING, "Alice", "Hall 7", "Spring fairs"),
    ("booth", at_booth, {}, "Alice", "Dental Expo", ""),
    ("program (API)", by_program, {"place": "The shop", "landing_page": "/x"} | SPRING, "", "The shop", "Spring fairs"),
    ("program (API)", by_program, {"landing_page": HERE} | UTM, "", "www.northgate.example/prices", "Spring fairs"),
    ("program (API)", by_program, {}, "", "Web shop", ""),
    ("web hook", by_hook, {"place": "Berlin"} | SPRING, "", "Berlin", "Spring fairs"),
    ("web hook", by_hook, {}, "", "Lead ads", ""),
    ("import", by_import, SPRING, "Ada", "spring leads.csv", "Spring fairs"),
    ("by hand", typed_in, {"place": "On the train"} | SPRING, "Alice", "On the train", "Spring fairs"),
    ("call", by_card(DoorKind.CALL), {"place": "0800 1234"} | SPRING, "Alice", "0800 1234", "Spring fairs"),
    ("card file", by_card(DoorKind.CARD), {"place": "Hall 7"} | SPRING, "Alice", "Hall 7", "Spring fairs"),
    ("signature", by_card(DoorKind.SIGNATURE), {"place": "By mail"} | SPRING, "Alice", "By mail", "Spring fairs"),
]


@pytest.mark.parametrize(("door", "come", "said", "capturer", "place", "campaign"), DOORS)
def test_capturer_place_campaign_and_answers_are_recorded(
    door: str, come: Callable[..., None], said: dict[str, Any], capturer: str, place: str, campaign: str, ada: User,
    alice: User,
) -> None:  # fmt: skip
    come(ada, alice, **said)
    enquiry = Enquiry.objects.select_related("campaign", "captured_by").get()
    assert (str(enquiry.captured_by or ""), enquiry.place) == (capturer, place)
    assert (str(enquiry.campaign or ""), enquiry.answers) == (campaign, ANSWERED)


def test_the_table_in_the_documentation_has_every_door() -> None:
    rows = [line.split("|")[1].strip() for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    assert rows[2:] == list(dict.fromkeys(door for door, *_ in DOORS))


def test_what_was_recorded_before_there_was_a_place_has_one(ada: User, alice: User) -> None:
    by_import(ada, alice, **SPRING)
    by_card(DoorKind.CARD)(ada, alice)
    by_form(ada, alice, page=HERE)
    Enquiry.objects.update(place="")
    Enquiry.objects.filter(door="card").update(trail={"place": "Hall 7", "heat": "hot"})
    with connection.cursor() as cursor:
        cursor.execute(import_module("ripeline.migrations.0047_places_known")._PLACES)
    found = dict(Enquiry.objects.values_list("door", "place"))
    assert found == {"import": "spring leads.csv", "card": "Hall 7", "form": "www.northgate.example/prices"}
