"""The same person at every door in the same moment, spelt differently at each: one lead, and every door knows."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.doors import doors, hooks, machines, submissions
from ripeline.capture.doors.machines import Entry
from ripeline.capture.doors.proof import Proof
from ripeline.capture.doors.submissions import Sent
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.in_person.by_hand import capture_one
from ripeline.capture.in_person.card import Card
from ripeline.leads.models import Enquiry, Identity, Lead
from ripeline.people import keys
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import csv, imported
from tests.capture.test_forms import draft
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
Door = Callable[[dict[str, str]], UUID | None]


@pytest.fixture
def every_door(alice: User, mona: User, ada: User) -> dict[str, Door]:
    """Each way in, as a function of what they say of themselves to the lead that it becomes."""
    form = doors.keep_form(actor=mona, draft=draft(fields={"name": "optional", "phone": "optional"}, questions=[]))
    booth = booths.keep_booth(actor=mona, draft=BoothDraft(name="Expo"))
    mapping = {"name": "who", "email": "mail", "phone": "tel"}
    hook = hooks.keep_hook(actor=mona, name="Ads", source_type="social", mapping=mapping)
    key, _ = keys.issue(actor=ada, name="Shop", scopes=["capture"])

    def by_form(said: dict[str, str]) -> UUID | None:
        fields = {name: [text] for name, text in said.items()}
        sent = Sent(proof=Proof(uuid4(), timedelta(seconds=40)), fields=fields, address=uuid4().hex)
        return submissions.take(door=form, sent=sent).lead_id

    def by_hook(said: dict[str, str]) -> UUID | None:
        payload = {mapping[name]: text for name, text in said.items()} | {"id": uuid4().hex}
        return hooks.take_hook(door=hook, payload=payload, address=uuid4().hex).lead_id

    def by_file(said: dict[str, str]) -> UUID | None:
        run = imported(csv(",".join(said), ",".join(said.values())), actor=ada)
        assert (run.rejected, run.created + run.updated + run.unchanged) == (0, 1)
        entry = Activity.objects.filter(import_run_id=run.pk, kind__in=("captured", "enquired")).first()
        return entry.lead_id if entry else None

    def by_booth(said: dict[str, str]) -> UUID | None:
        return cards.take(actor=alice, door=booth, card=Card(key=uuid4().hex, fields=said))[0].lead_id

    return {
        "form": by_form,
        "booth": by_booth,
        "hook": by_hook,
        "file": by_file,
        "api": lambda said: machines.take(key=key, entry=Entry(fields=said))[0].lead_id,
        "hand": lambda said: capture_one(actor=alice, **said).lead_id,
    }


def mailboxes(token: str) -> list[str]:
    """One mailbox, as people write it."""
    return [f"A.{token}@gmail.com", f"a{token}@gmail.com", f"a{token}+fair@googlemail.com", f"A{token}@GoogleMail.com"]


@settings(
    max_examples=5, deadline=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.data(), by_mail=st.booleans())
def test_one_person_at_all_doors_at_once_is_one_lead(every_door: dict[str, Door], data: Any, by_mail: bool) -> None:
    token = uuid4().hex[:10]
    number = f"+4930{uuid4().int % 10**8:08}"
    names = [f"Anna {token}", f"Dr. Anna {token.upper()}"]
    numbers = [number, f"{number[:5]} {number[5:]}", f"00{number[1:]}"]
    private = mailboxes(token)
    said = {
        door: {
            "name": data.draw(st.sampled_from(names)),
            "phone": data.draw(st.sampled_from(numbers)),
            # by mail: everybody says a spelling of it; else the form, which asks for one, and nobody else does
            **({"email": data.draw(st.sampled_from(private))} if by_mail or door == "form" else {}),
        }
        for door in every_door
    }
    if by_mail:
        for door, each in said.items():  # and then the name and the number say nothing
            each |= {"name": f"Anna {door} {token}"}
    together, found = Barrier(len(said)), {}

    def come(door: str) -> None:
        together.wait()
        found[door] = every_door[door](said[door])

    assert run_in_threads(*(lambda door=door: come(door) for door in said)) == []
    assert len(set(found.values())) == 1, found
    (lead_id,) = set(found.values())
    assert list(Lead.objects.filter(search__contains=token).values_list("pk", flat=True)) == [lead_id]
    assert set(Identity.objects.filter(key__contains=token).values_list("lead_id", flat=True)) == {lead_id}
    assert Enquiry.objects.filter(lead_id=lead_id).count() == len(said), "each door's context is kept"


def test_the_same_card_from_several_tabs_in_one_moment_is_one_enquiry(alice: User, mona: User) -> None:
    booth = booths.keep_booth(actor=mona, draft=BoothDraft(name="Expo"))
    start = Barrier(4)

    def send(fields: dict[str, str]) -> None:
        start.wait()
        cards.take(actor=alice, door=booth, card=Card(key="one", fields=fields, heat="hot"))

    mended = {"name": "Ann Lee", "email": "ann@x.example"}
    raised = run_in_threads(*(lambda said=said: send(said) for said in ({"name": "Ann"}, mended) * 2))
    assert raised == []
    assert (Lead.objects.count(), Enquiry.objects.count()) == (1, 1)


def test_two_cards_of_one_person_amended_at_the_same_moment_keep_their_own_answers(alice: User, mona: User) -> None:
    booth = booths.keep_booth(actor=mona, draft=BoothDraft(name="Expo", questions=[("timeline", False)]))
    met = clock.now()

    def take(key: str, said: str, both: Barrier) -> None:
        both.wait()
        card = Card(key=key, fields={"email": "priya@northgate.example"}, answers={"timeline": said}, captured_at=met)
        cards.take(actor=alice, door=booth, card=card)

    for first, second in (("Later", "No plans yet"), ("Within a month", "Within half a year")):
        both = Barrier(2)
        assert run_in_threads(partial(take, "one", first, both), partial(take, "two", second, both)) == []
    said = {enquiry.answers["timeline"]: enquiry.said["timeline"] for enquiry in Enquiry.objects.all()}
    assert said == {"Later": "Within a month", "No plans yet": "Within half a year"}
    assert Lead.objects.count() == 1
