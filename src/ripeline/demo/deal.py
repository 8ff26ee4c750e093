"""An opportunity of the story: opened, shown, offered, talked over, and decided when the buyer decides."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ripeline.demo import words
from ripeline.demo.happening import Happening, Verb
from ripeline.demo.scene import MINUTE, Scene
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import NextKind
from ripeline.science.market import WON

# Why a lead is lost, by the law's words and by ours.
REASONS = {
    "no_need": "no_project", "no_budget": "no_budget", "no_decision": "no_project", "not_a_fit": "not_a_fit",
    "wrong_person": "wrong_person", "bought_elsewhere": "bought_elsewhere", "price": "price",
    "existing_supplier": "missing_feature",
}  # fmt: skip


@dataclass
class Deal:
    """An opportunity of a life, from the day it was found to the decision."""

    scene: Scene
    desk: int
    found: float
    hour: float = field(init=False)  # of the meeting

    def __post_init__(self) -> None:
        self.hour = self.scene.stage.random.choice((10, 11, 14, 15.5))

    def happenings(self) -> Iterator[Happening]:
        stage, i = self.scene.stage, self.scene.lead
        decision = self._decision()
        steps = [day for day in self._steps(decision) if day < stage.frontier]
        days = [self.found, *steps]
        ahead = [*steps, decision if decision < stage.frontier else self._after(days[-1])]
        for number, (day, following) in enumerate(zip(days, ahead, strict=True)):
            yield self._step(number, day, following, decision)
        if decision >= stage.frontier:
            return
        at, actor = stage.moment(decision), stage.staff.desks[self.desk]
        if self.scene.pursuit.law.outcome[i] == WON:
            yield Happening(at=at, verb=Verb.WIN, actor=actor, amount=self.amount)
            body = self.scene.say("note.won.any", decision, amount=f"£{self.amount:,}")
            yield Happening(at=at + 4 * MINUTE, verb=Verb.NOTE, actor=actor, body=body, more={"is_private": False})
            return
        market = self.scene.inflow.market
        reason = REASONS[market.law.reasons[market.fate.reason[i]]]
        pool = "to_rival" if reason == "bought_elsewhere" else reason
        body = self.scene.say(f"note.lost.{pool}", decision)
        yield Happening(at=at, verb=Verb.CLOSE, actor=actor, kind=reason, body=body, more={"deal": True})

    @property
    def amount(self) -> Decimal:
        """In whole tens of pounds; the order's, where there is one."""
        law, i = self.scene.pursuit.law, self.scene.lead
        found = law.amount[i] or self.scene.inflow.market.fate.amount[i]
        return Decimal(max(round(float(found) / 10) * 10, 600))

    def _decision(self) -> float:
        """When the buyer decides: a working day after we found them."""
        stage, i = self.scene.stage, self.scene.lead
        fate = self.scene.inflow.market.fate
        closes = self.scene.inflow.day[i] + fate.ripe_after[i] + fate.window[i]
        day = stage.works(self.desk, max(closes, self.found + 3))
        return float(day + stage.random.uniform(9.3, 16.9) / 24)

    def _steps(self, decision: float) -> list[float]:
        """Demo, offer, and talks until the decision."""
        stage, day = self.scene.stage, self.found
        days: list[float] = []
        for low, high in ((3, 9), (3, 8), *(((7, 15),) * 12)):
            hour = stage.random.uniform(9.2, 17) if days else self.hour + 0.8
            day = stage.works(self.desk, day + stage.random.uniform(low, high)) + hour / 24
            if day >= decision - 1:
                break
            days.append(float(day))
        return days

    def _after(self, day: float) -> float:
        """What comes next of an open deal: some days after the last step, and not before the day that lies ahead."""
        stage = self.scene.stage
        ahead = max(day + stage.random.uniform(4, 13), stage.frontier + stage.random.uniform(0, 9))
        return float(stage.works(self.desk, ahead))

    def _step(self, number: int, day: float, following: float, decision: float) -> Happening:
        """Opening, demo, offer, or one of the talks that follow."""
        stage = self.scene.stage
        at, actor = stage.moment(day), stage.staff.desks[self.desk]
        amount = f"£{self.amount:,}"
        pool = ("note.found", "note.step.demo", "note.step.offer")[number] if number < 3 else "note.step.follow"
        said = words.when(stage.day(following), stage.day(day))
        body = self.scene.say(pool, day, amount=amount, when=said)
        if number == 0 or (number == 2 and decision >= stage.frontier):  # of decided deals the stage says no more
            return Happening(
                at=at, verb=Verb.OPPORTUNITY, actor=actor, next=self._next(number, at, following), body=body,
                amount=self.amount,
                more={
                    "stage": "Needs agreed" if number == 0 else "Offer sent",
                    "product": self.scene.facts["product"],
                    "expected_close": stage.day(max(decision + stage.random.uniform(-9, 12), day + 7)),
                },
            )  # fmt: skip
        return Happening(
            at=at, verb=Verb.TOUCH, actor=actor, kind="meeting" if number == 1 else "call", reached=True,
            disposition="still_working" if number > 1 else "reached", next=self._next(number, at, following), body=body,
        )  # fmt: skip

    def _next(self, number: int, at: datetime, following: float) -> Next:
        """A meeting after the opening, a promise after it, then talks."""
        if number == 0:
            note = f"show {self.scene.facts['product']} to the team"
            return self.scene.next(at, following, NextKind.MEETING, note, hour=self.hour, committed=True)
        if number == 1:
            return self.scene.next(at, following, NextKind.PROMISE, "the offer", committed=True)
        return self.scene.next(at, following, NextKind.FOLLOW_UP, "" if number % 2 else "their decision")
