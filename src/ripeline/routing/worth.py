"""What a contact with each of many leads is worth now: what releases and plans are ranked by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ripeline.leads.models import OPEN_STATES, State
from ripeline.routing.stakes import stake
from ripeline.science import recheck
from ripeline.science.choice import likelier_first
from ripeline.science.recheck_rules import DEFAULT_RULES

AVERAGE_P_30 = 0.04  # of a lead that is not scored yet: 4 of each 100 a month, the Rule of 45
MINUTES = DEFAULT_RULES.minutes  # of one contact, where nothing more is known about it
DAY = timedelta(days=1)

_LEARNT = frozenset({"reached", "no_answer", "still_working", "meeting_set", "green_later", "snoozed"})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where we stand with a lead, as far as the worth of a contact goes.

    `curve`: how its kind ripens (`even`, `front_loaded`, `old`); `since`: when this episode began; `disposition`: what
    the last contact ended with, "" where that was not noted; `stake`: how many usual deals theirs would be (`stakes`).
    """

    lead_id: UUID
    state: str
    p_30: float | None
    curve: str
    since: datetime
    touches: int = 0
    unanswered: int = 0
    last_touch_at: datetime | None = None
    last_reached_at: datetime | None = None
    disposition: str = ""
    stake: float = 1.0

    def learnt(self) -> str:
        """What the last contact taught, as `science.recheck` calls it; an opportunity is ripe whatever came last."""
        if self.disposition == "" and (self.last_touch_at is None or self.last_touch_at < self.since):
            return "meeting_set" if self.state == State.OPPORTUNITY else "new"
        if self.unanswered:
            return "no_answer"
        if self.state == State.OPPORTUNITY:
            return "meeting_set"
        return self.disposition if self.disposition in _LEARNT - {"no_answer"} else "reached"

    def last_known(self) -> datetime:
        """When we last knew how things are: when they were last reached, else when the episode began."""
        return max(self.since, self.last_reached_at) if self.last_reached_at else self.since

    def last_contact(self) -> datetime:
        """Their last attempt or contact, else when the episode began."""
        return max(self.since, self.last_touch_at) if self.last_touch_at else self.since


def worth(leads: Sequence[Standing], *, now: datetime, minutes: Sequence[float] | None = None) -> NDArray[np.float64]:
    """Usual deals won that a minute spent on each of these leads brings, see `science.recheck.contact_value`."""
    if not leads:
        return np.empty(0)
    return recheck.contact_value(
        [min(max(chance(lead), 0.0), 1.0) for lead in leads],
        days_since_contact=[max((now - lead.last_contact()) / DAY, 0.0) for lead in leads],
        disposition=[lead.learnt() for lead in leads],
        kind=[lead.curve for lead in leads],
        attempts=[lead.unanswered for lead in leads],
        ever_reached=[lead.last_reached_at is not None for lead in leads],
        days_unseen=[max((lead.last_contact() - lead.last_known()) / DAY, 0.0) for lead in leads],
        value=[lead.stake for lead in leads],
        minutes=minutes,
    )


def dealt_worth(
    leads: Sequence[Standing], *, now: datetime, new: Sequence[bool], minutes: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """The same, dealt among the `new`, with whom nobody has been in touch, by what they promise."""
    return likelier_first(
        worth(leads, now=now, minutes=minutes),
        chance=[promise(lead) for lead in leads],
        new=np.array(new, dtype=np.bool_),
    )


def chance(lead: Standing) -> float:
    """P(ripe within 30 days), that of the average lead where there is no score yet."""
    return AVERAGE_P_30 if lead.p_30 is None else lead.p_30


def promise(lead: Standing) -> float:
    """By what those are ordered with whom nobody has been in touch: how likely they are, times what is at stake."""
    return chance(lead) * lead.stake


# What a standing is read from, for a query over `lead` (its alias) with its score: the columns, and the joins, of which
# `deal` is the opportunity that is open.
COLUMNS = """
    lead.id, lead.state, score.p_30, COALESCE(score.curve, 'even'), lead.episode_at, lead.touches, lead.unanswered,
    lead.last_touch_at, lead.last_reached_at, COALESCE(ended.disposition, ''), COALESCE(deal.amount, lead.amount),
    typical.amount
"""
JOINS = """
    LEFT JOIN score ON score.lead_id = lead.id
    LEFT JOIN LATERAL (  -- what the last contact of this episode ended with, unless it was taken back
        SELECT a.data ->> 'disposition' AS disposition FROM activity AS a
        WHERE lead.decision_id IS NOT NULL AND a.lead_id = lead.id AND a.occurred_at >= lead.episode_at
          AND a.data ->> 'disposition' <> ''
          AND NOT EXISTS (SELECT 1 FROM activity AS u WHERE u.lead_id = lead.id AND u.kind = 'undone'
                          AND u.data ->> 'of' = a.id::text)
        ORDER BY a.occurred_at DESC, a.id DESC LIMIT 1
    ) AS ended ON true
    LEFT JOIN LATERAL (
        SELECT o.amount, o.currency, o.opened_at, o.expected_close FROM opportunity AS o
        WHERE lead.state = 'opportunity' AND o.lead_id = lead.id AND o.state = 'open' ORDER BY o.opened_at DESC LIMIT 1
    ) AS deal ON true
    LEFT JOIN typical_amount AS typical ON typical.currency =
        CASE WHEN deal.amount IS NULL THEN lead.currency ELSE COALESCE(NULLIF(deal.currency, ''), lead.currency) END
"""
OPEN = "lead.merged_into_id IS NULL AND lead.state IN ({})".format(", ".join(f"'{s.value}'" for s in OPEN_STATES))
WIDTH = 12


def standing(row: Sequence[Any]) -> Standing:
    """One row of `COLUMNS`."""
    return Standing(
        lead_id=row[0], state=row[1], p_30=row[2], curve=row[3], since=row[4], touches=row[5], unanswered=row[6],
        last_touch_at=row[7], last_reached_at=row[8], disposition=row[9],
        stake=stake(row[10], row[11]),
    )  # fmt: skip
