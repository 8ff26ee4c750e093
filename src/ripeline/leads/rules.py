"""Pure decisions about a lead: who may do what (I8), whose it is, what its keys and search words are."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from ripeline.base import clock
from ripeline.base.addresses import email_key as email_key
from ripeline.base.addresses import mailbox_key as mailbox_key
from ripeline.leads.models import CLOSED_STATES, Lead
from ripeline.leads.words.numbers import dialled, from_abroad
from ripeline.leads.words.plain import unaccented as unaccented
from ripeline.leads.words.plain import whole as whole
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Role, Tracking, User
from ripeline.people.rules import NotAllowed as NotAllowed


class Verb(StrEnum):
    """What somebody may do with a lead."""

    FIND = auto()  # see name, company, owner
    SEE_STATE = auto()
    SEE_CONTEXT = auto()  # how they came to us, enquiries, ripeness
    SEE_NEXT = auto()
    SEE_OUTCOMES = auto()  # outcomes and reasons
    SEE_TIMELINE = auto()  # the entries, without what people wrote
    READ_TEXT = auto()  # notes that are not private, mail
    WORK = auto()  # outcomes, dates, notes, changes, closing
    REASSIGN = auto()
    MERGE = auto()
    NOTE_CONSENT = auto()  # what they said about getting mail


class Relation(StrEnum):
    """How somebody stands to a lead."""

    OWN = auto()
    QUEUE = auto()  # nobody's yet: in a queue or a programme, without an owner
    TEAM = auto()
    OTHER = auto()


_ALL = frozenset(Verb)
_CONTEXT = frozenset({Verb.FIND, Verb.SEE_STATE, Verb.SEE_CONTEXT})
_NAMES = frozenset({Verb.FIND, Verb.SEE_STATE})
_LEADS = _CONTEXT | {Verb.SEE_NEXT, Verb.SEE_OUTCOMES, Verb.REASSIGN, Verb.MERGE}
_MARKETS = _CONTEXT | {Verb.SEE_OUTCOMES, Verb.NOTE_CONSENT}
_ADMINISTERS = _ALL - {Verb.READ_TEXT}

# role × relation → verbs: the one place. Nobody at all reads another's private note: `timeline.queries.of_lead`.
_MAY: dict[str, dict[Relation, frozenset[Verb]]] = {
    Role.REP: {Relation.OWN: _ALL, Relation.TEAM: _NAMES, Relation.QUEUE: _NAMES, Relation.OTHER: _NAMES},
    Role.SDR: {
        Relation.OWN: _ALL,
        Relation.QUEUE: _ALL,
        Relation.TEAM: _CONTEXT | {Verb.SEE_NEXT},
        Relation.OTHER: frozenset({Verb.FIND}),
    },
    Role.MARKETER: {
        Relation.OWN: _MARKETS,
        Relation.QUEUE: _MARKETS,
        Relation.TEAM: _MARKETS,
        Relation.OTHER: _MARKETS,
    },
    Role.LEADER: {Relation.OWN: _ALL, Relation.TEAM: _LEADS, Relation.QUEUE: _LEADS, Relation.OTHER: frozenset()},
    Role.ADMIN: {
        Relation.OWN: _ALL,
        Relation.QUEUE: _ADMINISTERS,
        Relation.TEAM: _ADMINISTERS,
        Relation.OTHER: _ADMINISTERS,
    },
}


def relation(actor: User, lead: Lead) -> Relation:
    """How `actor` stands to `lead`: theirs is what they own, are responsible for, or cover for somebody away."""
    holder = lead.owner or lead.responsible.user
    mine = {lead.owner_id, lead.responsible.user_id} & ({actor.pk} | covering(actor))
    if mine:
        return Relation.OWN
    if holder is None:
        return Relation.QUEUE
    return Relation.TEAM if holder.team_id == actor.team_id else Relation.OTHER


def verbs(actor: User, lead: Lead) -> frozenset[Verb]:
    """Everything that `actor` may do with `lead`. Reads only loaded relations: owner, responsible and its user."""
    if not actor.is_active:
        return frozenset()
    if actor.is_system:
        return _ALL
    how = relation(actor, lead)
    allowed = _MAY[actor.role][how]
    if actor.role == Role.LEADER and how is Relation.TEAM and lead.owner and lead.owner.tracking == Tracking.GUIDED:
        allowed |= {Verb.SEE_TIMELINE}
    return allowed


def ever(actor: User, verb: Verb) -> bool:
    """Whether `actor` may do `verb` with any lead at all."""
    return actor.is_system or any(verb in allowed for allowed in _MAY[actor.role].values())


def may(actor: User, verb: Verb, lead: Lead) -> bool:
    """Whether `actor` may do `verb` with `lead`: the one definition that every face asks (I8)."""
    return verb in verbs(actor, lead)


def require(actor: User, verb: Verb, lead: Lead) -> None:
    """Raise NotAllowed unless `actor` may."""
    if not may(actor, verb, lead):
        holder = lead.owner or lead.responsible
        raise NotAllowed(f"This lead is with {holder.name}; you may not {_WORDS.get(verb, 'see it')}.")


_WORDS = {
    Verb.WORK: "work on it",
    Verb.REASSIGN: "give it to somebody else",
    Verb.MERGE: "merge it",
    Verb.NOTE_CONSENT: "note what they agreed to",
}


def covering(actor: User) -> frozenset[UUID]:
    """Ids of the absent people whom `actor` covers today by their own clock, read once for each actor object."""
    cached: frozenset[UUID] | None = actor.__dict__.get("_covering")
    if cached is None:
        cached = people.covered_by(actor, timezone.localdate(clock.now()))
        actor.__dict__["_covering"] = cached
    return cached


def findable(actor: User) -> Q:
    """The leads that `actor` may FIND, as a filter; agrees with `may` lead by lead (a property test)."""
    if not actor.is_active:
        return Q(pk__in=[])
    if actor.is_system or actor.role != Role.LEADER:
        return Q()
    near = nearby(actor)
    return near.mine.with_them | near.team.held | Q(owner__isnull=True, responsible__in=near.nobodys)


@dataclass(frozen=True)
class Holders:
    """People by their ids, and the desks at which they are responsible.

    Conditions on a lead's own columns, without joins: an index serves them, and PostgreSQL knows how many there are.
    """

    users: Collection[UUID]
    desks: Collection[UUID]

    @property
    def held(self) -> Q:
        """Owned by one of them; where nobody owns it, looked after."""
        return Q(owner__in=self.users) | Q(owner__isnull=True, responsible__in=self.desks)

    @property
    def with_them(self) -> Q:
        """Owned or looked after by one of them."""
        return Q(owner__in=self.users) | Q(responsible__in=self.desks)

    @property
    def held_apart(self) -> list[Q]:
        """`held` as conditions that no lead meets twice."""
        return [Q(owner__in=self.users), Q(owner__isnull=True, responsible__in=self.desks)]

    @property
    def apart(self) -> list[Q]:
        """`with_them` as conditions that no lead meets twice: owned, then looked after for nobody or another.

        The other owners are named as those before, between and after these, each by itself: so an index of
        (responsible, owner) leads to the few that there are.
        """
        users = sorted(self.users)
        others = [Q(owner__isnull=True), Q(owner__lt=users[0]), Q(owner__gt=users[-1])]
        others += [Q(owner__gt=one, owner__lt=another) for one, another in pairwise(users)]
        return [Q(owner__in=users), *(Q(responsible__in=self.desks) & other for other in others)]


class Nearby:
    """Whose leads stand how to somebody: read once for each actor object."""

    def __init__(self, actor: User) -> None:
        self._actor = actor

    @cached_property
    def _around(self) -> tuple[Holders, Holders]:
        users = {self._actor.pk} | covering(self._actor)
        desks, team, their_desks = people.around(users, self._actor.team_id)
        return Holders(users, desks), Holders(team, their_desks)

    @property
    def mine(self) -> Holders:
        """The actor, and whom they cover."""
        return self._around[0]

    @property
    def team(self) -> Holders:
        """Their team; where they are on none, whoever is on none either."""
        return self._around[1]

    @cached_property
    def nobodys(self) -> Collection[UUID]:
        """The queues and programmes."""
        return people.nobodys()


def nearby(actor: User) -> Nearby:
    """Who is near to `actor`."""
    cached: Nearby = actor.__dict__.setdefault("_nearby", Nearby(actor))
    return cached


def mergeable(actor: User) -> Q:
    """The leads that `actor` may MERGE, as a filter; agrees with `may` lead by lead (a test)."""
    if not actor.is_active or (actor.role == Role.MARKETER and not actor.is_system):
        return Q(pk__in=[])
    if actor.is_system or actor.role in (Role.ADMIN, Role.LEADER):
        return findable(actor)
    near = nearby(actor)
    queued = Q(owner__isnull=True, responsible__in=near.nobodys)
    return near.mine.with_them | queued if actor.role == Role.SDR else near.mine.with_them


def may_merge_companies(actor: User, owners: Collection[UUID | None], *, theirs: bool, others: bool) -> bool:
    """Whether `actor` may make two companies one, or take that back: where they may merge every one of the people
    there, and look after the companies themselves or nobody does. Of an administrator and a system everything is.

    `owners`: who looks after the companies. `theirs`: somebody is there whom the actor may merge; `others`: somebody
    whom they may not.
    """
    if not actor.is_active or others or (actor.role == Role.MARKETER and not actor.is_system):
        return False
    if actor.is_system or actor.role == Role.ADMIN:
        return True
    near = nearby(actor)
    mine = {*near.mine.users, *(near.team.users if actor.role == Role.LEADER else ())}
    return mine.issuperset(owner for owner in owners if owner) and (theirs or actor.role == Role.LEADER)


def is_open(lead: Lead) -> bool:
    """Open: neither closed nor merged away."""
    return lead.merged_into_id is None and lead.state not in CLOSED_STATES


# Addresses at these belong to a person, not to a company.
FREE_MAIL = frozenset((Path(__file__).parent / "free_mail.txt").read_text("utf-8").split())


def domain_of(email: str) -> str:
    """The company domain of an address; "" for free mail."""
    domain = email_key(email).rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain


def account_key(company: str, email: str = "", website: str = "") -> str:
    """`d:` + the company's domain, else `n:` + its normalised name; "" where neither is known."""
    site = re.sub(r"^(?:https?://)?(?:www\.)?", "", website.strip().casefold()).split("/")[0]
    domain = site if "." in site and site not in FREE_MAIL else domain_of(email)
    if domain:
        return f"d:{domain}"[:200]
    name = " ".join(_words(company))
    return f"n:{name}"[:200] if name else ""


def phone_key(phone: str, name: str, company: str = "") -> str:
    """A telephone number together with whose it is: the same number and name is the same person.

    A number alone is not, since people share switchboards; nor is a single word of a name. Where nobody says a name,
    the company stands for it. "" where that is not known, or the number is not one that can be dialled from anywhere.
    """
    if not re.fullmatch(r"\+\d{6,15}", phone):
        return ""
    who = name_words(name)
    if len(who) > 1:
        return f"{phone} {' '.join(sorted(who))}"[:254]
    at = "" if name.strip() else " ".join(_words(company))
    return f"{phone} @{at}"[:254] if at else ""


def number_of(key: str) -> str:
    """The telephone number of a `phone_key`."""
    return key.partition(" ")[0]


_TITLES = frozenset(
    ["dr", "prof", "mr", "mrs", "ms", "miss", "sir", "ing", "herr", "frau", "mme", "mlle", "dott", "sig", "sra"]
)


def name_words(name: str) -> list[str]:
    """The words of a name in their order, without accents and titles."""
    words = [unaccented(word) for word in _words(whole(name))]
    return [word for word in words if word not in _TITLES]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


_FEWEST_WITH_COUNTRY = 4  # +49 221, +1 212
_FEWEST_DIGITS = 6  # by which a telephone number is found
SEARCHED = ("name", "email", "company", "phone", "title", "reference")  # what a lead is found by


def search_tokens(
    *, name: str = "", email: str = "", company: str = "", phone: str = "", title: str = "", reference: str = "",
    other_phones: Iterable[str] = (),
) -> str:  # fmt: skip
    """The words that find a lead: with the parts of its address, its digits, and without accents."""
    words: dict[str, None] = {}
    for text in (name, company, title, reference, email):
        joined = whole(text)
        for word in _words(text) if joined == text else [*_words(text), *_words(joined)]:
            words[word] = None
            words[unaccented(word)] = None
    if email:
        words.update(dict.fromkeys([email.casefold(), email.casefold().rpartition("@")[2]]))
    for number in (phone, *other_phones):
        digits = re.sub(r"\D", "", number)
        words.update(dict.fromkeys(digits[start:] for start in range(max(len(digits) - _FEWEST_DIGITS + 1, 0))))
    return " ".join(word for word in words if word)[:4000]


def searched_anew(lead: Lead, after: Mapping[str, str], other_phones: Iterable[str] = ()) -> str:
    """The words that find a lead which says something else now: also those that found it beside what it said, of its
    other telephones and of records merged into it.
    """
    own = set(search_tokens(**{name: getattr(lead, name) for name in SEARCHED}).split())
    beside = [word for word in lead.search.split() if word not in own]
    words = [*search_tokens(**after, other_phones=other_phones).split(), *beside]
    return " ".join(dict.fromkeys(words))[:4000]


def search_query(text: str) -> str:
    """What a person typed as a prefix query for PostgreSQL (`ann & north:*`); "" if nothing can be searched."""
    return " | ".join(" & ".join(f"'{word}':*" for word in words) for words in _readings(text))


def searched_parts(text: str) -> list[list[str]]:
    """What the words of each lead that `search_query` finds surely hold, sign by sign, by either way to read it: to
    look for that first costs a twentieth of taking all words apart.

    PostgreSQL takes a word apart where its signs change (`ann.b@1st.example`), and never among letters or digits.
    """
    return [
        list(dict.fromkeys(part for word in words for part in re.findall(r"[a-z]+|[0-9]+", word)))
        for words in _readings(text)
    ]


_TELEPHONE = re.compile(r"[\d\s+()/.–-]+")
_UMLAUT = re.compile(r"([aou])e")  # ä, ö or ü spelt out
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _readings(text: str) -> list[list[str]]:
    """The words that were typed, and the other ways to spell them: Hans-Peter is kept as two words, Schäfer without his
    dots, and some write him Schaefer. Of what may be a telephone number also its digits as those of every lead are
    kept, without what is dialled before them (+, 00, 0), which depends on from where; an area's code alone is read as
    it is dialled where the company is.
    """
    found = [_typed(text)]
    apart = [part for word in found[0] for part in ([word] if "@" in word else word.split("-")) if part]
    found += [apart, [_UMLAUT.sub(r"\1", word) for word in apart], _typed(text.casefold().translate(_SPELT_OUT))]
    if _TELEPHONE.fullmatch(text):
        digits = dialled(text) if finds(text) else _of_area(text)
        number = [digits] if digits else []
        found = [number] if digits and text.strip().startswith("+") else [*found, number]  # +49 221 is nothing else
    return [words for at, words in enumerate(found) if words and words not in found[:at]]


def _of_area(telephone: str) -> str:
    """The beginning of numbers by an area's code, with the country's; "" for too little of it, or something else."""
    digits = from_abroad(telephone, working_time.country())
    return digits if len(digits) >= _FEWEST_WITH_COUNTRY else ""


def finds(telephone: str) -> bool:
    """Whether what was typed of a telephone number is enough to look for; with a country's code the area's is."""
    is_whole = telephone.strip().startswith(("+", "00"))
    return len(dialled(telephone)) >= (_FEWEST_WITH_COUNTRY if is_whole else _FEWEST_DIGITS)


def _typed(text: str) -> list[str]:
    plain = unaccented(unicodedata.normalize("NFKC", whole(text)).casefold())
    found = re.findall(r"[\w@.+-]+", plain)[:8]
    # A sign before a word is none of it; within one it is kept in addresses alone (jane+fair@…).
    typed = [part for word in found for part in ([word] if "@" in word else word.lstrip("-").split("+"))]
    return [word for word in typed[:8] if word.strip("@.+-")]
