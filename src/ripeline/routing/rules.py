"""Pure decisions about who becomes responsible: own leads, the account's owner, the rotation, the fallback."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ripeline.people.models import Role

Why = dict[str, Any]  # {"rule": …, words}: kept with the entry, read by `words`

OWN, ACCOUNT_OWNER, COVER, ROUND_ROBIN, FALLBACK = "own", "account_owner", "cover", "round_robin", "fallback"
RELEASED, DISPLACES, STANDS_IN, BY_HAND = "released", "displaces", "stands_in", "by_hand"
WAITS, RIPENED, ROOM = "waits", "ripened", "room"

LONG_AWAY = 5  # working days: who is away for longer, and covered by nobody, cannot be left responsible meanwhile

# How long a new lead in a queue is for inside sales alone, before it goes past them to whoever has time (judgement):
# a working day, in which each of them has planned a day once; who asked for us, an hour: a first contact within it is
# seven times likelier to qualify than one an hour later (Oldroyd, HBR 2011).
FIRST_LOOK_DAYS = 1
FIRST_LOOK_ASKED = timedelta(hours=1)


@dataclass(frozen=True)
class Away:
    """Somebody's absence as routing sees it: the last day of it, and the name of who covers ("" if nobody does)."""

    until: date
    cover: str = ""


@dataclass(frozen=True)
class Seller:
    """Somebody who can be given leads. `room`: how many more fit under their caps; `credit`: their place in turn."""

    user_id: UUID
    responsible_id: UUID
    name: str
    role: str
    weight: int
    minutes: int = 90
    intake: int = 1000  # new leads a week at most
    is_choosy: bool = False  # a veteran: fewer and better
    time_zone: str = "UTC"
    room: int = 0
    credit: int = 0
    least: Sequence[float] = ()  # what a minute with a lead has to bring, place by place; beyond them: anything
    free: int = 1_000_000  # places of free minutes, which are filled before a full day takes more
    away: Sequence[tuple[date, date, str]] = ()  # (first day, last day, who covers)

    def today(self, now: datetime) -> date:
        """The date where they are."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def away_on(self, day: date) -> Away | None:
        """Their absence on `day`, if they are absent."""
        return next((Away(last, cover) for first, last, cover in self.away if first <= day <= last), None)


@dataclass(frozen=True)
class Wish:
    """A lead that needs somebody.

    `own`: whose own it is; `account_owner` and `account`: who looks after the company, and its name. `due`: the day of
    its next moment. `value`: where not all fit, the most valuable first. `waits`: not due yet, so it takes nobody's
    place. `left`: the name of who had it and no longer takes leads.
    """

    own: UUID | None = None
    account_owner: UUID | None = None
    account: str = ""
    due: date | None = None
    value: float = 0.0
    worth: float = inf  # what a minute with it brings, for those who have better to do; by default nobody has
    waits: bool = False
    left: str = ""


@dataclass(frozen=True)
class Place:
    """A responsible that is not in the rotation: the fallback, the queue."""

    responsible_id: UUID
    user_id: UUID | None
    name: str


@dataclass(frozen=True)
class Route:
    """Who becomes responsible for a lead, who is credited (None: nobody yet), and why."""

    responsible_id: UUID
    owner_id: UUID | None
    why: Why


def in_rotation(sellers: Iterable[Seller], now: datetime) -> list[Seller]:
    """Who takes turns: the reps with a weight who are not absent today; where there are no reps, whoever sells."""
    taking = [s for s in sellers if s.weight > 0]
    reps = [s for s in taking if s.role == Role.REP]
    return [s for s in (reps or taking) if not (s.away and s.away_on(s.today(now)))]


def looks_first(sellers: Iterable[Seller], rotation: Iterable[Seller], day: date) -> bool:
    """Whether inside sales looks at new leads before others get them: somebody of them works on `day`.

    Where they take turns themselves, because there are no reps, what is handed out is theirs anyhow.
    """
    inside = [s for s in sellers if s.role == Role.SDR and s.minutes > 0 and not s.away_on(day)]
    return bool(inside) and not any(s.role == Role.SDR for s in rotation)


def standing(wish: Wish, sellers: Mapping[UUID, Seller]) -> Route | None:
    """Who has a standing claim on a lead, whatever their cap: whose own it is, else the account's owner.

    The account's owner keeps it while absent if somebody covers for them or they are back by the day it is due.
    """
    if wish.own and (seller := sellers.get(wish.own)):
        return _to(seller, {"rule": OWN, "to": seller.name})
    seller = sellers.get(wish.account_owner) if wish.account_owner else None
    if seller is None:
        return None
    away = seller.away_on(wish.due) if wish.due else None
    if away is None:
        return _to(seller, {"rule": ACCOUNT_OWNER, "to": seller.name, "account": wish.account})
    if not away.cover:
        return None
    why = {"rule": COVER, "to": seller.name, "account": wish.account, "cover": away.cover}
    return _to(seller, why | {"until": away.until.isoformat()})


def choose(
    wishes: Sequence[Wish],
    *,
    sellers: Mapping[UUID, Seller],
    rotation: Sequence[Seller],
    fallback: Place,
    queue: Place,
    is_whole: bool = True,
) -> tuple[list[Route], dict[UUID, int]]:
    """A route for each wish, in the order given, and everybody's place in turn afterwards.

    `sellers`: everybody active who sells, by user id; `rotation`: who takes turns now, each with the room under their
    cap. What is not due yet waits in `queue`; what finds no room goes to `fallback`. Not `is_whole`: there are others,
    whose room nobody could see.
    """
    turns = _Turns(rotation)
    routes: dict[int, Route] = {}
    for index, wish in enumerate(wishes):
        if route := standing(wish, sellers):
            turns.took(route.owner_id)
            routes[index] = route
        elif wish.waits:
            due = {"until": wish.due.isoformat()} if wish.due else {}
            routes[index] = _at(queue, {"rule": FALLBACK, "to": queue.name, "because": "not_due"} | due)
    waiting = [index for index in range(len(wishes)) if index not in routes]
    for index in sorted(waiting, key=lambda i: (-wishes[i].value, i)):
        seller = turns.next(wishes[index].worth)
        if seller:
            why = {"rule": ROUND_ROBIN, "to": seller.name, "among": len(rotation)}
            routes[index] = _to(seller, why | ({"full": True} if turns.is_full(seller) else {}))
        else:
            because = ("no_room" if rotation else "nobody") if is_whole else "busy"
            routes[index] = _at(fallback, {"rule": FALLBACK, "to": fallback.name, "because": because})
    for index, wish in enumerate(wishes):
        if wish.left:
            routes[index].why["left"] = wish.left
    return [routes[index] for index in range(len(wishes))], turns.credits


class _Turns:
    """Smooth weighted round-robin: each turn everybody gains their weight, and the one ahead pays the sum of all.

    Weights 2 and 1 give a, b, a rather than a, a, b. Who has no room is left out and keeps their place.
    """

    def __init__(self, rotation: Sequence[Seller]) -> None:
        self.sellers = sorted((s for s in rotation if s.room > 0), key=lambda s: s.user_id)
        self.room = {s.user_id: s.room for s in rotation}
        self.credits = {s.user_id: s.credit for s in rotation}
        self.taken = dict.fromkeys(self.room, 0)

    def took(self, user_id: UUID | None) -> None:
        """Somebody got a lead outside the rotation: it fills their room all the same."""
        if user_id in self.room:
            self._take(user_id)

    def next(self, worth: float = inf) -> Seller | None:
        """Whose turn it is among those who have room, and nothing better to do than a lead of this worth."""
        able = [s for s in self.sellers if self.room[s.user_id] > 0 and worth >= self._least(s)]
        able = [s for s in able if self.taken[s.user_id] < s.free] or able
        if not able:
            return None
        for seller in able:
            self.credits[seller.user_id] += seller.weight
        ahead = max(able, key=lambda s: self.credits[s.user_id])
        self.credits[ahead.user_id] -= sum(s.weight for s in able)
        self._take(ahead.user_id)
        return ahead

    def is_full(self, seller: Seller) -> bool:
        """Whether what they took last did not fit into free minutes any more."""
        return self.taken[seller.user_id] > seller.free

    def _least(self, seller: Seller) -> float:
        taken = self.taken[seller.user_id]
        return seller.least[taken] if taken < len(seller.least) else 0.0

    def _take(self, user_id: UUID) -> None:
        self.room[user_id] -= 1
        self.taken[user_id] += 1


def _to(seller: Seller, why: Why) -> Route:
    return Route(seller.responsible_id, seller.user_id, why)


def _at(place: Place, why: Why) -> Route:
    return Route(place.responsible_id, place.user_id, why)


_BECAUSE = {
    "not_due": "it is not due before {until}, so it waits in {to} and takes nobody's place",
    "no_room": "everybody in turn has as many as they can look after, so it goes to {to}",
    "nobody": "nobody is here to take it, so it goes to {to}",
    "busy": "many leads were being handed on in that moment, so it goes to {to}",
}
_RULES = {
    OWN: "brought in by {to}, who keeps it",
    ACCOUNT_OWNER: "{to} looks after {account}",
    COVER: "{to} looks after {account}; {cover} covers until {until}",
    ROUND_ROBIN: "{to} was next in turn",
    RELEASED: "{to} has time today, and it was among the most promising that waited",
    DISPLACES: "{to} has a full day, and this is worth more than the least of what is on it",
    WAITS: "{to} has no minute to spare for it yet: what they have is worth more",
    RIPENED: "likely ready within a month now ({chance}), so it comes forward",
    ROOM: "{to} has minutes to spare, and it is worth them by now",
    BY_HAND: "given to {to} by hand",
    "owner": "{to} looked after it before",
    "queue": "nobody looks after it yet, so it goes to {to}",
    STANDS_IN: "{away} is away until {until} and nobody covers, so {to} keeps the date",
}


def words(why: Mapping[str, Any]) -> str:
    """The reason as a sentence for people; "" for one that this version does not know."""
    template = _BECAUSE.get(why.get("because", "")) or _RULES.get(why.get("rule", ""))
    if why.get("by") and why.get("rule") == BY_HAND:
        template = "handed over by {by}"
    if not template:
        return ""
    known = {name: _said(value) for name, value in why.items()}
    missing = {"account": "this company", "until": "later", "cover": "somebody", "to": "the queue", "away": "its owner"}
    sentence = template.format(**(missing | {k: v for k, v in known.items() if v}))
    if why.get("left"):
        sentence = f"{why['left']} no longer takes leads; {sentence}"
    return sentence[0].upper() + sentence[1:] + "."


def _said(value: Any) -> str:
    """A value as people read it: a date as 12 March 2026."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value)
    return f"{day.day} {day:%B %Y}"
