"""What people do on the company's site: the market's law draws it, and it is stored as the intake stores it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import numpy as np
from django.db import connection

from ripeline.base import clock
from ripeline.catalog import tracking
from ripeline.catalog.pages import DEFAULT_RULES, PageRules
from ripeline.demo.arriving import DAYS, DOORS, Inflow
from ripeline.demo.scene import Stage
from ripeline.demo.telling import ORIGIN, Time
from ripeline.leads.decisions.deciding import By
from ripeline.leads.decisions.recognising import identify
from ripeline.science.journeys import Events, events
from ripeline.timeline import storing
from ripeline.timeline.hits import Hit

HOST = "www.evenday.example"
KEPT = 360  # days: raw hits from before would be gone by now
_PAGES: dict[str, tuple[tuple[str, str], ...]] = {
    "reading": (
        ("/guides/the-empty-chair", "The empty chair"), ("/guides/what-a-no-show-costs", "What a no-show costs"),
        ("/", "EvenDay"), ("/news/spring", "What is new"),
    ),
    "product": (
        ("/features/waiting-list", "The waiting list"), ("/features/online-booking", "Online booking"),
        ("/features/recall", "Recalls"), ("/customers/two-sites", "One diary for two sites"),
    ),
    "prices": (("/pricing", "Prices"), ("/pricing", "Prices"), ("/contact", "Talk to us")),
}  # fmt: skip
_FILES = (
    ("/guides/checklist.pdf", "Choosing a diary: a checklist"),
    ("/guides/two-weeks.pdf", "Moving your diary in two weeks"),
)  # fmt: skip
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Guests:
    """Who has come so far, and what they all will do on the site; written stretch by stretch."""

    stage: Stage
    inflow: Inflow
    done: Events
    looked: np.ndarray[tuple[int], np.dtype[np.int64]]
    random: Random
    leads: dict[int, UUID] = field(default_factory=dict)
    browsers: dict[int, UUID] = field(default_factory=dict)
    written: float = 0.0

    @classmethod
    def of(cls, stage: Stage, inflow: Inflow) -> "Guests":
        """Nobody yet. What is drawn hangs on the day and the seed alone."""
        rng = np.random.default_rng([stage.seed, len(inflow.day), 7])
        done = events(inflow.market, rng, until=DAYS + 1.0)
        tracking.add_site(actor=stage.staff.system, address=HOST)
        return cls(stage, inflow, done, done.pages(inflow.market.law.journey, rng), Random(f"{stage.seed} visits"))  # noqa: S311

    def write(self, until: float, time: Time) -> None:
        """What those who are known did up to a day of the story."""
        first, last = np.searchsorted(self.done.day, [max(self.written, DAYS - KEPT), until])
        places = [at for at in range(int(first), int(last)) if int(self.done.lead[at]) in self.leads]
        self.written = until
        time.go(min(self.stage.moment(until), self.stage.present))
        for place in {int(self.done.lead[at]): None for at in places}:
            self._recognise(place)
        hits = [hit for at in places for hit in self._hits(at)]
        with connection.cursor() as cursor:
            cursor.execute(storing.STORE, {"hits": storing.as_json(hits), "now": clock.now()})

    def _recognise(self, place: int) -> None:
        if place in self.browsers:
            return
        self.browsers[place] = UUID(int=self.random.getrandbits(128), version=4)
        how = "mail" if DOORS.get(self.inflow.source_type(place)) else "form"
        identify(
            visitor_id=self.browsers[place], lead_id=self.leads[place], how=how,
            by=By(self.stage.staff.system, ORIGIN, f"visitor:{place}"), since=self.stage.moment(self.inflow.day[place]),
        )  # fmt: skip

    def _hits(self, at: int) -> Iterator[Hit]:
        """The pages of one visit: the one that counts, often with the way to it."""
        law = self.inflow.market.law.journey
        lead, moment = int(self.done.lead[at]), self.stage.moment(float(self.done.day[at]))
        kind = law.kinds[int(self.done.kind[at])]
        if kind == "download":
            yield self._hit(lead, moment, "download", *self.random.choice(_FILES))
        elif kind == "visit":
            page = law.pages[int(self.looked[at])]
            if page != "reading" and self.random.random() < 0.6:
                before = timedelta(seconds=self.random.randrange(15, 300))
                yield self._hit(lead, moment - before, "view", *_PAGES["reading"][2])
            yield self._hit(lead, moment, "view", *self.random.choice(_PAGES[page]))

    def _hit(self, lead: int, at: datetime, kind: str, path: str, title: str) -> Hit:
        moment = int(at.timestamp() * 1_000_000)
        return Hit(
            visitor_id=self.browsers[lead], event_id=_made_at(moment // 1000, self.random), site_id=1, kind=kind,
            page_kind=_RULES.kind(path), who="human", has_consent=True, occurred=moment, received=moment, lead_id=None,
            host=HOST, path=path, network="198.51.100.0/24", agent=_AGENT, marks="", data={"title": title},
        )  # fmt: skip


_RULES = PageRules([(pattern, kind.value) for pattern, kind in DEFAULT_RULES])


def _made_at(ms: int, random: Random) -> UUID:
    """A UUIDv7 of a moment."""
    return UUID(int=ms << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62))
