"""What a list of leads is narrowed to: read from an address, and written to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from itertools import islice
from urllib.parse import urlencode
from uuid import UUID

from ripeline.catalog.models import SourceType
from ripeline.leads.finding import leaks
from ripeline.leads.models import CLOSED_STATES, OPEN_STATES, State
from ripeline.people.models import Role, User

NO_SOURCE = "none"  # as a type of source: leads of which no source is known
NOBODY = "nobody"  # as an owner: leads that no rep owns
CUSTOM = "f."  # prefix of a custom field's name in the address
QUESTIONS_AT_MOST = 10  # about own fields, in one address


class View(StrEnum):
    """Whose leads."""

    MINE = "mine"
    TEAM = "team"
    QUEUE = "queue"
    ALL = "all"


class Due(StrEnum):
    """When the next step is due, by the viewer's own days."""

    NOW = "now"  # overdue, or today
    SOON = "soon"  # overdue, today or within the week
    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"


_VIEWS: dict[str, tuple[View, ...]] = {  # the first is where the role begins
    Role.REP: (View.MINE, View.TEAM, View.ALL),
    Role.SDR: (View.QUEUE, View.MINE, View.TEAM, View.ALL),
    Role.MARKETER: (View.ALL, View.QUEUE),
    Role.LEADER: (View.TEAM, View.MINE, View.QUEUE, View.ALL),
    Role.ADMIN: (View.ALL, View.MINE, View.TEAM, View.QUEUE),
}
STATES = ("open", "closed", *State.values)


def views_of(actor: User) -> tuple[View, ...]:
    """The views that make sense for this person, the usual one first."""
    return tuple(view for view in _VIEWS[actor.role] if view != View.TEAM or actor.team_id)


@dataclass(frozen=True)
class Filters:
    """What somebody asked a list for. Everything empty: their usual view, whole."""

    q: str = ""
    view: str = ""
    state: str = ""  # "open", "closed", or one or several of State, with commas
    source: UUID | None = None
    type: str = ""  # of source
    campaign: UUID | None = None
    since: date | None = None  # they first came to us on this day or later, by the viewer's own days
    until: date | None = None  # or earlier
    owner: UUID | str | None = None  # a person's id, or NOBODY
    due: str = ""
    ripe: str = ""  # a tag of ripeness; what it means is decided by whoever keeps the scores
    run: UUID | None = None  # the import that brought them
    team: UUID | None = None  # of whoever holds them
    leak: str = ""  # the way in which they leak, or that a file lost them
    custom: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "Filters":
        """From an address's query; what it does not understand is left out, so that an old link still opens."""
        owner = query.get("owner", "")
        return cls(
            q=" ".join(query.get("q", "").replace("\x00", "").split())[:200],
            view=_one_of(query.get("view", ""), tuple(View)),
            state=_states(query.get("state", "")),
            source=_uuid(query.get("source", "")),
            type=_one_of(query.get("type", ""), (*SourceType.values, NO_SOURCE)),
            campaign=_uuid(query.get("campaign", "")),
            since=_date(query.get("since", "")),
            until=_date(query.get("until", "")),
            owner=NOBODY if owner == NOBODY else _uuid(owner),
            due=_one_of(query.get("due", ""), tuple(Due)),
            ripe="".join(c for c in query.get("ripe", "") if c.isalnum() or c in "_-")[:20],
            run=_uuid(query.get("run", "")),
            team=_uuid(query.get("team", "")),
            leak=_one_of(query.get("leak", ""), leaks.ASKED),
            custom=_of_own_fields(query),
        )

    def write(self) -> dict[str, str]:
        """As an address's query; `parse` reads it back."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "custom"}
        plain = {name: str(value) for name, value in given.items() if value}
        return plain | {CUSTOM + key: value for key, value in sorted(self.custom.items())}

    def url(self, **others: str) -> str:
        """The query string with `others` (a sort, a cursor) added where they are not empty."""
        return urlencode(self.write() | {name: value for name, value in others.items() if value})

    def __bool__(self) -> bool:
        """Whether anything but the view is asked for."""
        return bool(replace(self, view="").write())


def _of_own_fields(query: Mapping[str, str]) -> dict[str, str]:
    """What an address asks of the company's own fields: of more than a few, each would be looked for in every lead."""
    asked = ((key, value) for key, value in query.items() if key.startswith(CUSTOM) and value)
    whole = ((key.removeprefix(CUSTOM)[:70], value[:200]) for key, value in asked if "\x00" not in key + value)
    return dict(islice(whole, QUESTIONS_AT_MOST))


def states_of(state: str) -> tuple[str, ...]:
    """The states that a filter names; none where it asks for none."""
    all_of = {"": (), "open": OPEN_STATES, "closed": CLOSED_STATES}
    return tuple(all_of.get(state, state.split(",")))


def is_of_closed(state: str) -> bool:
    """Whether the states in a filter are those of closed leads alone."""
    return bool(state) and set(states_of(state)) <= set(CLOSED_STATES)


def is_of_open(state: str) -> bool:
    """Whether the states in a filter are those of open leads alone."""
    return bool(state) and set(states_of(state)) <= set(OPEN_STATES)


def _states(text: str) -> str:
    """Several states in their order, each once; what is all of the open or the closed ones by that name."""
    given = [each for each in text.split(",") if each in STATES]
    if len(given) < 2:
        return "".join(given)
    asked = {state for each in given for state in states_of(each)}
    for name in ("open", "closed"):
        if asked == set(states_of(name)):
            return name
    return "" if asked == set(State.values) else ",".join(state for state in State.values if state in asked)


def _one_of(text: str, known: Sequence[str]) -> str:
    return text if text in known else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 9000 else None
