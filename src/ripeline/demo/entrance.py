"""The doors that the demo company has set up: whoever comes by one of them is let in by the code of that door.

They were set up some weeks ago, so how each is doing, what was sent and who took it is there as if people had come.
What came before then is let in as the arrivals that every door makes (`reception`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.arriving import giving
from ripeline.capture.arriving.admission import Arrival
from ripeline.capture.doors import doors, hooks, proof, submissions
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.in_person.card import Card, Heat
from ripeline.capture.models import Door
from ripeline.catalog import assets
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import Asset, Question
from ripeline.demo.arriving import SOURCES, place
from ripeline.people import queries as people
from ripeline.people.models import User

SINCE = 45  # days ago
GUIDE = "Guide “The empty chair”"
_LOOKS = {"quote_request": 4, "content_download": 7}  # at most, at the page before somebody sends it
_AGAIN = 0.12  # share of those who have a mistake to mend first
_HAS_IT = 0.85  # of those who asked for the guide
_HEATS = (Heat.WARM, Heat.WARM, Heat.LATER)  # who was hot is called on the day
_HOOK = {
    "name": "lead.full_name", "email": "lead.email", "phone": "lead.phone", "company": "lead.company",
    "title": "lead.job_title", "message": "lead.question", "campaign": "campaign",
}  # fmt: skip

Go = Callable[[datetime], None]  # sets the clock


@dataclass
class Entrance:
    """The doors by which people may come, by kind of source and campaign; none before they are set up."""

    random: Random
    doors: dict[tuple[str, str], Door] = field(default_factory=dict)
    guide: Asset | None = None
    asked: dict[str, Question] = field(default_factory=dict)

    def set_up(self, marketer: User, show: str, first_day: datetime | None) -> None:
        """Two forms of the site, a hook of an advertising tool, and the booth of the show that is next, if one is."""
        self.asked = {question.key: question for question in catalog.questions()}
        self.doors["quote_request", ""] = doors.keep_form(actor=marketer, draft=_QUOTE)
        self.guide = assets.add(actor=marketer, draft=_GUIDE)
        given = replace(_PAPER, gives=self.guide.pk)
        self.doors["content_download", GUIDE] = doors.keep_form(actor=marketer, draft=given)
        self.doors["social", ""] = hooks.keep_hook(
            actor=marketer, name=SOURCES["social"], source_type="social", mapping=_HOOK
        )
        if first_day:
            self.doors["trade_show", show] = keep_booth(marketer, show, first_day)

    def close(self, marketer: User) -> None:
        """The show is over, and its booth shut; the guide asks by now whether one may write."""
        for (kind, _), door in self.doors.items():
            if kind == "trade_show":
                doors.set_active(actor=marketer, door=door, is_active=False)
        draft = replace(_PAPER, gives=self.guide.pk if self.guide else None)
        draft = replace(draft, questions=[*draft.questions, ("may_write", False)])
        doors.keep_form(actor=marketer, draft=draft, door=self.doors["content_download", GUIDE])

    def door_of(self, kind: str, campaign: str) -> Door | None:
        return self.doors.get((kind, campaign)) or self.doors.get((kind, ""))

    def let_in(self, kind: str, door: Door, arrival: Arrival, go: Go) -> UUID:
        """Let somebody in by a door, at the moment at which they came; their lead."""
        at = arrival.context.captured_at
        go(at)
        if kind == "trade_show":
            lead_id = self._card(door, arrival)
        elif kind == "social":
            lead_id = self._sent_by_a_tool(door, arrival)
        else:
            lead_id = self._form(kind, door, arrival)
        assert lead_id
        if kind == "content_download" and self.guide and self.random.random() < _HAS_IT:
            go(at + timedelta(minutes=self.random.randrange(1, 4)))
            giving.note(giving.Gift(self.guide, lead_id, giving.until()))
        return lead_id

    def _form(self, kind: str, door: Door, arrival: Arrival) -> UUID | None:
        person, context = arrival.person, arrival.context
        for _ in range(self.random.randrange(1, _LOOKS[kind] + 1)):
            doors.note(door, "seen")
        if self.random.random() < _AGAIN:
            doors.note(door, "refused")
        fields = {name: [getattr(person, name)] for name in ("name", "email", "phone", "company", "title")}
        fields["q-need"] = [context.message]
        fields |= {f"q-{each['key']}": [self._chosen(each["key"])] for each in door.questions if each["key"] != "need"}
        seen = proof.Proof(
            UUID(int=self.random.getrandbits(128), version=4), timedelta(seconds=self.random.randrange(20, 240))
        )
        sent = submissions.Sent(
            proof=seen, fields=fields, address=f"demo {seen.id}", page=context.landing_page,
            trail={"utm_campaign": arrival.campaign} if arrival.campaign else {},
        )  # fmt: skip
        return submissions.take(door=door, sent=sent).lead_id

    def _card(self, door: Door, arrival: Arrival) -> UUID | None:
        person, context = arrival.person, arrival.context
        actor = next(user for user in people.people() if user.pk == context.captured_by_id)
        doors.note(door, "seen")
        card = Card(
            key=str(self.random.getrandbits(64)), rev=1, captured_at=context.captured_at, note=context.message,
            heat=self.random.choice(_HEATS),
            fields={name: getattr(person, name) for name in booths.PERSON} | {"country": person.country},
            answers={each["key"]: self._chosen(each["key"]) for each in door.questions},
        )  # fmt: skip
        return cards.take(actor=actor, door=door, card=card)[0].lead_id

    def _sent_by_a_tool(self, door: Door, arrival: Arrival) -> UUID | None:
        person = arrival.person
        lead = {
            "full_name": person.name, "email": person.email, "phone": person.phone, "company": person.company,
            "job_title": person.title, "question": arrival.context.message,
        }  # fmt: skip
        raw = {
            "form": "Book a demonstration",
            "campaign": arrival.campaign,
            "lead": lead,
            "sent": clock.now().isoformat(),
        }
        return hooks.take_hook(door=door, payload=raw, address="demo").lead_id

    def _chosen(self, key: str) -> str:
        """An answer to a question that is chosen from a list; every other time none is."""
        question = self.asked.get(key)
        if question is None or not question.options or self.random.random() < 0.5:
            return ""
        return str(self.random.choice(question.options))


def keep_booth(marketer: User, name: str, first_day: datetime) -> Door:
    """The booth of a show, which lasts two days."""
    day = first_day.date()
    draft = BoothDraft(
        name=name, place=place("trade_show", name, ""), campaign=name, first_day=day, last_day=day + timedelta(days=1),
        questions=[("timeline", False), ("budget", False)],
    )  # fmt: skip
    return booths.keep_booth(actor=marketer, draft=draft)


_QUOTE = FormDraft(
    name="Quote request", source_type="quote_request", source=SOURCES["quote_request"], title="Ask for a quote",
    verb="Ask for a quote",
    fields={"name": "required", "company": "optional", "phone": "optional", "title": "optional"},
    questions=[("need", False), ("timeline", False)],
)  # fmt: skip
_PAPER = FormDraft(
    name="The empty chair", source_type="content_download", source=SOURCES["content_download"], campaign=GUIDE,
    title="The empty chair", verb="Send it to me",
    intro="What a missed appointment costs, and the five things that practices do about it.",
    thanks="Thank you. It is on its way to you.",
    fields={"name": "optional", "company": "optional", "phone": "optional", "title": "optional"},
    questions=[("role", False)],
)  # fmt: skip
_GUIDE = assets.Draft(
    title="The empty chair", url="https://www.evenday.example/guides/the-empty-chair", stage="interest",
    pains=["Patients who do not come"], persona="Practice managers",
)  # fmt: skip
