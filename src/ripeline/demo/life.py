"""What happens to one lead after the other, in full: from the contacts that are made to what is said and noted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from ripeline.demo import doors, words
from ripeline.demo.arriving import campaign
from ripeline.demo.company import SDR, TOM
from ripeline.demo.deal import REASONS, Deal
from ripeline.demo.happening import Happening, Verb
from ripeline.demo.pursuit import FOUND, GREEN_LATER, NO_ANSWER, REACHED, SAYS_NO, STILL_WORKING, TOO_LATE
from ripeline.demo.scene import MINUTE, Scene
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import NextKind
from ripeline.people.models import User

DISPOSITION = {NO_ANSWER: "no_answer", REACHED: "reached", STILL_WORKING: "still_working", GREEN_LATER: "green_later"}


class Life(Scene):
    """One lead's story, told by `happenings`."""

    def happenings(self) -> Iterator[Happening]:
        """Everything after the first arrival, in order."""
        made = int(np.count_nonzero(~np.isnan(self.pursuit.moment[self.lead])))
        for k in range(made):
            yield from self._before(k)
            yield from self._contact(k)
        yield from self._before(made)

    # --- what leads to a contact

    def _before(self, k: int) -> Iterator[Happening]:
        """They come again, or their date has come, or what was given up is taken up again."""
        p, i, stage = self.pursuit, self.lead, self.stage
        last = k >= p.moment.shape[1] or np.isnan(p.moment[i, k])
        prompted = bool(p.coming[i]) if last else bool(p.prompted[i, k])
        gave_up = k > 0 and bool(p.gave_up[i, k - 1])
        rests = k > 0 and self._rests(k - 1)
        came = float(self.inflow.day[i] + self.inflow.again_after[i]) if prompted else np.inf
        if gave_up and p.reopened_day[i] + 4 < came:
            yield self._reopening(k - 1)
            rests = True
        if prompted and came < stage.now:
            yield self._coming(came)
            if rests:
                yield self._returning(stage.moment(came) + 2 * MINUTE, k)
        elif rests and not last:
            yield self._returning(stage.moment(int(p.moment[i, k]) + 7.6 / 24), k)

    def _coming(self, came: float) -> Happening:
        stage = self.stage
        kind, at = self.inflow.again_by[self.lead], stage.moment(came)
        message, named = self.say(f"again.{kind}", came), campaign(kind, stage.day(came), stage.random)
        arrival = doors.again(self.who, self.known_by, kind=kind, at=at, message=message, campaign=named)
        return Happening(at=at, verb=Verb.COME, actor=stage.staff.system, more={"arrival": arrival})

    def _returning(self, at: datetime, k: int) -> Happening:
        """Back to the owner, or to the queue where nobody is credited yet."""
        desk = self._owner_desk(k)
        staff = self.stage.staff
        to = staff.queue if desk == SDR else staff.responsibles[desk]
        return Happening(at=at, verb=Verb.RETURN, actor=staff.system, to=to)

    def _reopening(self, k: int) -> Happening:
        staff, due = self.stage.staff, self.pursuit.next_day[self.lead, k]
        day = int(self.pursuit.reopened_day[self.lead])
        at = self.stage.moment(self.stage.works(TOM, day) + 10.5 / 24)
        note = "Given up early; worth another look"
        return Happening(
            at=at, verb=Verb.REOPEN, actor=self.actor(k), to=staff.programme, body=note,
            next=Next(self._morning(due), NextKind.REOPENED, note),
        )  # fmt: skip

    def _rests(self, k: int) -> bool:
        """Whether the contact left the lead to Keep in touch; who is handed on is not."""
        return bool(self.pursuit.rests[self.lead, k]) and not self._is_handed(k)

    def _is_handed(self, k: int) -> bool:
        p, i = self.pursuit, self.lead
        reached = p.found[i, k] in (REACHED, STILL_WORKING, GREEN_LATER)
        return bool(p.who[i, k] == SDR and reached and self.handed_to >= 0)

    def _owner_desk(self, k: int) -> int:
        """At whose desk the lead is before contact k."""
        p, i = self.pursuit, self.lead
        if k and self._is_handed(k - 1):
            return self.handed_to
        return int(p.who[i, max(k - 1, 0)])

    # --- a contact

    def _contact(self, k: int) -> Iterator[Happening]:
        p, i = self.pursuit, self.lead
        found = int(p.found[i, k])
        if found == FOUND:
            yield from self._ripe(k)
        elif found in (TOO_LATE, SAYS_NO):
            yield self._ending(k, found)
        elif p.gave_up[i, k]:
            yield from self._giving_up(k)
        else:
            yield from self._touching(k, found)

    def _touching(self, k: int, found: int) -> Iterator[Happening]:
        stage, p, i = self.stage, self.pursuit, self.lead
        at, actor = stage.moment(p.moment[i, k]), self.actor(k)
        due = int(p.next_day[i, k])
        reason = stage.words.reason(stage.day(due), self.facts) if found == GREEN_LATER else ""
        kind = "email" if stage.random.random() < (0.22 if found == NO_ANSWER else 0.14) else "call"
        handed = self._is_handed(k)
        body = self._noted(found, kind, handed, p.moment[i, k], due, reason)
        promise = found in (REACHED, STILL_WORKING) and not p.rests[i, k] and stage.random.random() < 0.14
        following = self._following(at, due, found, reason, promise=promise)
        yield Happening(
            at=at, verb=Verb.TOUCH, actor=actor, kind=kind, next=following, body=body, disposition=DISPOSITION[found],
            reached=found != NO_ANSWER,
        )  # fmt: skip
        if handed:
            yield self._handing(at + 3 * MINUTE, actor, following)
        elif p.rests[i, k]:
            until = min(following.at, self._morning(stage.now)) if due == stage.frontier else following.at
            rest = Next(max(until, at + MINUTE), NextKind.KEEP_IN_TOUCH, reason)
            programme = stage.staff.programme
            yield Happening(at=at + MINUTE, verb=Verb.REST, actor=actor, to=programme, next=rest)
        elif found != NO_ANSWER:
            yield from self._aside(at + 2 * MINUTE, actor)

    def _noted(self, found: int, kind: str, handed: bool, day: float, due: int, reason: str) -> str:
        """What was written down about it."""
        if found == NO_ANSWER:
            quiet = self.stage.random.random() < (0.2 if kind == "email" else 0.72)
            return "" if quiet else self.say("note.email_out" if kind == "email" else "note.no_answer", day)
        if handed:
            return self.say("note.handoff", day)
        pool = "email_reply" if kind == "email" and found == REACHED else DISPOSITION[found]
        when = words.when(self.stage.day(due), self.stage.day(day))
        return self.say(f"note.{pool}", day, when=when, reason=reason)

    def _following(self, at: datetime, due: int, found: int, reason: str, *, promise: bool) -> Next:
        """The next date, as the outcome set it."""
        if promise:
            return self.next(at, due, NextKind.PROMISE, self.say("promise.notes", due), committed=True)
        if found == NO_ANSWER:
            local = at.astimezone(self.stage.calendar.zone)
            return self.next(at, due, NextKind.FOLLOW_UP, hour=14.5 if local.hour < 12 else 9.5)
        return self.next(at, due, NextKind.FOLLOW_UP, reason)

    def _morning(self, day: float) -> datetime:
        return self.stage.moment(int(day) + 9 / 24)

    def _handing(self, at: datetime, actor: User, following: Next) -> Happening:
        to = self.stage.staff.responsibles[self.handed_to]
        return Happening(at=at, verb=Verb.GIVE, actor=actor, to=to, next=replace(following, at=max(following.at, at)))

    def _aside(self, at: datetime, actor: User) -> Iterator[Happening]:
        """Now and then something is noted beside the talk; some of it for oneself alone."""
        drawn = self.stage.random.random()
        if drawn < 0.085:
            pool, private = ("note.private", True) if drawn < 0.05 else ("note.extra", False)
            day = (at.date() - self.stage.opening).days
            yield Happening(at=at, verb=Verb.NOTE, actor=actor, body=self.say(pool, day), more={"is_private": private})

    def _giving_up(self, k: int) -> Iterator[Happening]:
        """One more attempt, and then closed with little said."""
        stage, p, i = self.stage, self.pursuit, self.lead
        at, actor, found = stage.moment(p.moment[i, k]), self.actor(k), int(p.found[i, k])
        yield Happening(
            at=at, verb=Verb.TOUCH, actor=actor, kind="call", disposition=DISPOSITION[found],
            reached=found != NO_ANSWER, next=Next(at + timedelta(days=14)),
        )  # fmt: skip
        reason = "no_budget" if found == GREEN_LATER else "lost_unstated"
        yield Happening(
            at=at + MINUTE, verb=Verb.CLOSE, actor=actor, kind=reason, body=self.say("note.gave_up", p.moment[i, k])
        )

    def _ending(self, k: int, found: int) -> Happening:
        """They bought elsewhere before we knew, or say that they will not buy."""
        p, i = self.pursuit, self.lead
        market = self.inflow.market
        reason = "bought_elsewhere" if found == TOO_LATE else REASONS[market.law.reasons[market.fate.reason[i]]]
        if found == SAYS_NO and "tudent" in self.who.title:
            reason = "student"
        decided = market.fate.ripe_after[i] + market.fate.window[i] + self.inflow.day[i]
        day = self.stage.day(p.moment[i, k])
        past = words.ago(self.stage.day(decided), day) if found == TOO_LATE else ""
        return Happening(
            at=self.stage.moment(p.moment[i, k]), verb=Verb.CLOSE, actor=self.actor(k), kind=reason,
            body=self.say(f"note.lost.{reason}", p.moment[i, k], ago=past),
        )  # fmt: skip

    # --- a deal

    def _ripe(self, k: int) -> Iterator[Happening]:
        """Found ripe: handed to a rep if need be, then sold to until they decide."""
        stage, p, i = self.stage, self.pursuit, self.lead
        found, desk = float(p.moment[i, k]), int(p.who[i, k])
        if desk == SDR:
            desk = self.handed_to if self.handed_to >= 0 else i % SDR
            at = stage.moment(found)
            tomorrow = stage.works(desk, found + 1)
            following = self.next(at, tomorrow, NextKind.FOLLOW_UP, "ready to choose, expects a call")
            yield Happening(
                at=at, verb=Verb.TOUCH, actor=self.actor(k), kind="call", next=following, reached=True,
                disposition="still_working", body=self.say("note.handoff", found),
            )  # fmt: skip
            to = stage.staff.responsibles[desk]
            yield Happening(at=at + 3 * MINUTE, verb=Verb.GIVE, actor=self.actor(k), to=to, next=following)
            found = tomorrow + stage.random.uniform(9.2, 11) / 24
            if found >= stage.frontier:
                return
        yield from Deal(self, desk, found).happenings()
