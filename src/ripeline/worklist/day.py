"""Today as it is shown: its rows, how far one is, how it was chosen, and how it ended, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from ripeline.leads.models import Lead
from ripeline.people.working_time import Calendar
from ripeline.worklist.models import Belief, Plan, PlanItem
from ripeline.worklist.reasons import ago, last_contact, on
from ripeline.worklist.rules import LABELS


@dataclass(frozen=True)
class Row:
    """Somebody on the list."""

    item: PlanItem
    lead: Lead
    now: datetime
    calendar: Calendar
    beside: str = ""  # a colleague of theirs who comes before them on the list

    @property
    def id(self) -> UUID:
        return self.item.pk

    @property
    def put_at(self) -> datetime:
        """When it was put on the list, to the millisecond: its id tells (UUIDv7)."""
        return datetime.fromtimestamp((self.id.int >> 80) / 1000, UTC)

    @property
    def is_done(self) -> bool:
        return self.item.done_at is not None

    @property
    def tag(self) -> str:
        return self.item.tag

    @property
    def label(self) -> str:
        """The tag as a word."""
        return str(LABELS.get(self.item.tag, self.item.tag))

    @property
    def why(self) -> str:
        return self.item.why

    @property
    def result(self) -> str:
        return self.item.result

    @property
    def company(self) -> str:
        return self.lead.account.name if self.lead.account else self.lead.company

    @property
    def last(self) -> str:
        """The last contact in a few words; "" where the sentence above it has said so."""
        said = last_contact(
            reached=self.lead.last_reached_at,
            touched=self.lead.last_touch_at,
            unanswered=self.lead.unanswered,
            now=self.now,
            calendar=self.calendar,
        )
        return "" if said.lower() in self.item.why.lower() or not self.lead.touches else said


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def spelled(count: int) -> str:
    """A number as one would write it: up to twelve in letters."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


@dataclass(frozen=True)
class Day:
    """A rep's day. `moved` and `ripening` are filled when it is over (or empty from the start)."""

    plan: Plan
    now: datetime
    calendar: Calendar
    rows: Sequence[Row]
    belief: Belief | None = None  # what one's leads will become
    moved: Mapping[str, int] = field(default_factory=dict)
    ripening: Sequence[Lead] = ()
    has_leads: bool = True  # looked up where the day is empty

    @property
    def day(self) -> date:
        return self.plan.day

    @property
    def is_today(self) -> bool:
        """False on a day that is not worked: then it is the next working day's list."""
        return self.plan.day == self.calendar.day(self.now)

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def done(self) -> int:
        return sum(row.is_done for row in self.rows)

    @property
    def minutes_left(self) -> int:
        return sum(row.item.minutes for row in self.rows if not row.is_done)

    @property
    def is_over(self) -> bool:
        return bool(self.rows) and self.done == self.total

    @property
    def headline(self) -> str:
        """ "Nine people today, about 70 minutes"."""
        when = "today" if self.is_today else on(self.calendar.at(self.day), self.now, self.calendar)
        if not self.rows:
            return f"Nobody to call {when}"
        if self.is_over:
            return "Done for today" if self.is_today else f"Done for {self.day:%A}"
        left = self.total - self.done
        people = f"{spelled(left)} {'person' if left == 1 else 'people'}"
        more = " more" if self.done else ""
        return f"{people[0].upper()}{people[1:]}{more} {when}, about {_rounded(self.minutes_left)} minutes"

    @property
    def came_in(self) -> str:
        """Why the list is longer than it was: "Two new since 09:05: Priya Raman and Ken Abe."; "" if it is not."""
        names = [str(row.lead) for row in self.rows if row.put_at > self.plan.planned_at and not row.is_done]
        if not names:
            return ""
        shown = names if len(names) <= _NAMED else [*names[:_NAMED], f"{spelled(len(names) - _NAMED)} more"]
        who = " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
        since = self.plan.planned_at.astimezone(self.calendar.zone)
        return f"{spelled(len(names)).capitalize()} new since {since:%H:%M}: {who}."

    @property
    def day_off(self) -> str:
        """Why it is not today's list; "" if it is."""
        if self.is_today:
            return ""
        return f"You do not work today: this is the list for {self.day:%A}, {self.day.day} {self.day:%B}."

    @property
    def chosen(self) -> str:
        """How these were chosen."""
        if not self.rows:
            return "Nobody is due, so nobody is here." + (
                " Every lead of yours has its date." if self.has_leads else ""
            )
        if self.plan.due > self.total:
            begins = f"Of {self.plan.due:,} who are due, these {self.total} fit into your {self.plan.minutes} minutes."
        else:
            begins = f"All {self.total} who are due are here." if self.total > 1 else "Nobody else is due."
        rest = max(self.plan.due - self.total, 0)
        waits = f" The other {rest:,} keep their turn: each has a date, and the best come next." if rest else ""
        return (
            f"{begins} People who asked for us and dates that you chose come first, then those with whom a minute is"
            f" worth most now: how likely they are to be ready, and how long nobody has looked.{waits}"
        )

    @property
    def believed(self) -> str:
        """How sure that is, and when it was reckoned; "" where nothing is said."""
        if self.belief is None:
            return ""
        return f"{self.belief.uncertainty} Reckoned {ago(self.belief.made_at, self.now, self.calendar)}."

    @property
    def moved_words(self) -> str:
        """What the day moved: "Three reached, one meeting set, two tried without an answer."."""
        parts = [f"{spelled(count)} {_MOVED[what]}" for what in _MOVED if (count := self.moved.get(what, 0))]
        return f"{', '.join(parts)}.".capitalize() if parts else ""


_NAMED = 3  # of those who came in during the day
_MOVED = {
    "won": "won",
    "meeting_set": "meeting set",
    "opportunity": "opportunity opened",
    "reached": "reached",
    "still_working": "still at it",
    "no_answer": "tried without an answer",
    "nurtured": "left to ripen",
    "lost": "let go for a reason",
    "disqualified": "found not to fit",
    "next_set": "given another date",
}


def _rounded(minutes: int) -> int:
    """Minutes as people say them."""
    return minutes if minutes < 10 else round(minutes / 5) * 5
