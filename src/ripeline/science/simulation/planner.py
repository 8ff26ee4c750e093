"""Ripeline's own way of following up: the functions that the product uses, and nothing that it does not know.

The model's scores (`model`), what leads did (`signals`), what a contact is worth now (`recheck`) and how a day is
filled (`choice`). Nothing is tuned to a market: every assumption is the product's.
"""

from dataclasses import dataclass, fields

import numpy as np

from ripeline.science import choice, recheck, signals
from ripeline.science.choice import ASKING, FRESH_DAYS, Rank
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.model import Model
from ripeline.science.prior import MONTH, ripe_within
from ripeline.science.recheck_rules import DEFAULT_RULES
from ripeline.science.signals import DEFAULT_SIGNALS, Believed, Trust, decayed
from ripeline.science.simulation.seen import GREEN, NOT_REACHED, RIPE, Seen

FIRST_MINUTES, MINUTES = 8.0, 6.0
"""What Today counts for a first contact and for another."""


ENOUGH = 20
"""Conversations after which the trust in signals is renewed."""


def _believe(p_30: FloatArray, known: FloatArray, counts: FloatArray, since_talk: FloatArray, trust: float) -> Believed:
    """`known`: days since we knew. What was done before a conversation still says that they compare."""
    soon = signals.believe(p_30, counts=counts, days=np.maximum(known, MONTH), trust=trust)
    ripe = signals.believe(soon.p_30, counts=since_talk, days=known, trust=trust)
    return Believed(p_30=soon.p_30, odds=ripe.odds)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Found:
    """Conversations, and what was known before them."""

    ripe: BoolArray
    p_30: FloatArray
    known: FloatArray
    counts: FloatArray
    since_talk: FloatArray

    def believe(self, trust: float) -> Believed:
        return _believe(self.p_30, self.known, self.counts, self.since_talk, trust)

    @classmethod
    def together(cls, parts: "list[_Found]") -> "_Found":
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})


class Ripeline:
    """The policy; see the module."""

    name = "ripeline"
    proposes_early = False

    def __init__(self, model: Model | None = None) -> None:
        self._model = model or Model.of_prior()
        self._trust = Trust()
        self._as_of = 0.0
        self._log_odds, self._curve = np.zeros(0), np.zeros(0, dtype=np.int64)
        k = len(DEFAULT_SIGNALS.kinds)
        self._counts, self._since_talk = np.zeros((0, k)), np.zeros((0, k))
        self._known_since = np.zeros(0)
        self._found: list[_Found] = []

    def choose(self, seen: Seen) -> IntArray:
        self._meet(seen)
        self._learn(seen)
        self._watch(seen)
        rows = np.flatnonzero(seen.is_open)
        if not len(rows):
            return rows
        before = self._p_30(seen, rows)
        known = np.maximum(seen.now - self._known_since[rows], 0.0)
        believed = _believe(before, known, self._counts[rows], self._since_talk[rows], self._trust.power)
        values = self._worth(seen, rows, believed)
        asks = np.isin(np.array(seen.source_types)[seen.source_type[rows]], ASKING)
        fresh = seen.now - seen.arrived[rows] <= FRESH_DAYS
        ranks = np.where(asks & fresh & (seen.attempts[rows] == 0), Rank.ASKED, Rank.OPEN)
        chosen = np.zeros(len(rows), dtype=np.bool_)
        cost = np.where(seen.attempts[rows] == 0, FIRST_MINUTES, MINUTES)
        for rep, minutes in enumerate(seen.minutes_left):
            mine = np.flatnonzero((seen.rep[rows] == rep) & (values > 0))
            chosen[mine] = choice.fill(ranks[mine], values[mine], cost[mine], budget=float(minutes))
        picked = np.flatnonzero(chosen)
        return rows[picked[choice.in_order(ranks[picked], values[picked])]]

    def _meet(self, seen: Seen) -> None:
        """Score who is new, once, as the product does at capture."""
        known = len(self._log_odds)
        new = slice(known, len(seen.arrived))
        if new.start == new.stop:
            return
        types = np.array(seen.source_types)[seen.source_type[new]]
        facts = self._model.facts(source_type=types, signals={key: has[new] for key, has in seen.facts.items()})
        scores = self._model.score(facts, age_days=0.0)
        self._log_odds = np.append(self._log_odds, scores.log_odds)
        self._curve = np.append(self._curve, facts.curve)
        none = np.zeros((new.stop - new.start, self._counts.shape[1]))
        self._counts, self._since_talk = np.vstack([self._counts, none]), np.vstack([self._since_talk, none])
        self._known_since = np.append(self._known_since, seen.arrived[new])

    def _learn(self, seen: Seen) -> None:
        """Conversations tell how far signals may be believed, and that what was done before them is explained."""
        contacts = seen.contacts
        rows = contacts.lead[np.isin(contacts.finding, (GREEN, RIPE))]
        if len(rows):
            known = np.maximum(seen.now - self._known_since[rows], 0.0)
            self._found.append(
                _Found(
                    ripe=contacts.finding[np.isin(contacts.finding, (GREEN, RIPE))] == RIPE,
                    p_30=self._p_30(seen, rows),
                    known=known,
                    counts=self._counts[rows],
                    since_talk=self._since_talk[rows],
                )
            )
        if sum(len(found.ripe) for found in self._found) >= ENOUGH:
            found = _Found.together(self._found)
            self._trust.learn(
                ripe=found.ripe,
                chance=np.clip(found.p_30 / MONTH * np.minimum(found.known, 45.0), 0.0, 0.9),
                odds_of=lambda power: found.believe(power).odds,
            )
            self._found = []
        talked = contacts.finding != NOT_REACHED
        self._since_talk[contacts.lead[talked]] = 0.0
        self._known_since[contacts.lead[talked]] = contacts.day[talked]

    def _watch(self, seen: Seen) -> None:
        """Add what leads did since, everything before having faded."""
        signs = seen.signs
        for counts in (self._counts, self._since_talk):
            counts *= decayed(np.ones(1), seen.now - self._as_of)
            np.add.at(counts, (signs.lead, signs.kind), decayed(np.ones(len(signs.lead)), seen.now - signs.day))
        self._as_of = seen.now

    def _p_30(self, seen: Seen, rows: IntArray) -> FloatArray:
        age = np.maximum(seen.now - seen.arrived[rows], 0.0)
        # Past the year a lead is an old one, its clock at 0, as the product has it.
        old = age >= self._model.curves.horizon
        reopened = next(term.mean for term in self._model.terms if term.key == "reopened")
        return ripe_within(
            self._log_odds[rows] + np.where(old, reopened, 0.0),
            age_days=np.where(old, age - self._model.curves.horizon, age),
            curve=np.where(old, self._model.curves.keys.index("old"), self._curve[rows]),
            days=MONTH,
            curves=self._model.curves,
        )

    def _worth(self, seen: Seen, rows: IntArray, believed: Believed) -> FloatArray:
        came = seen.arrived[rows]
        contact = np.maximum(seen.last_attempt[rows], came)
        talk = np.maximum(seen.last_talk[rows], came)
        silent = seen.unanswered[rows]
        reached = seen.conversations[rows] > 0
        learnt = np.where(seen.attempts[rows] == 0, "new", np.where(silent > 0, "no_answer", "reached"))
        worth = recheck.contact_value(
            believed.p_30,
            days_since_contact=np.maximum(seen.now - contact, 0.0),
            disposition=learnt,
            kind=np.array(self._model.curves.keys)[self._curve[rows]],
            attempts=silent,
            ever_reached=reached,
            days_unseen=np.maximum(contact - talk, 0.0),
            ripe_odds=believed.odds,
            minutes=np.where(seen.attempts[rows] == 0, FIRST_MINUTES, MINUTES),
            rules=DEFAULT_RULES,
        )
        return choice.likelier_first(worth, chance=believed.p_30, new=seen.attempts[rows] == 0)
