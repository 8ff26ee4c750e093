"""How leads come to be: many at once, each with its first enquiry, a responsible, a next moment and an entry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.base.copying import as_json, insert_all
from ripeline.base.ids import new_id
from ripeline.base.statements import prepared_rows
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.knowing import same_name
from ripeline.leads.knowing.same_name import Word
from ripeline.leads.models import Enquiry, Lead, State
from ripeline.leads.words.keys import account_key
from ripeline.leads.words.searching import SEARCHED, search_tokens
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

HORIZON = timedelta(days=365)  # the Rule of 45's year; an enquiry older than this starts a new episode


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who somebody is, as a door gives it: cleaned, not yet resolved."""

    name: str = ""
    title: str = ""
    email: str = ""
    phone: str = ""
    other_phones: Sequence[str] = ()  # by which they are known, too
    company: str = ""
    reference: str = ""  # the id another system gave
    website: str = ""
    country: str = ""
    language: str = ""
    amount: Decimal | None = None
    currency: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Firm:
    """An account, as far as a new lead goes."""

    pk: UUID
    owner_id: UUID | None
    name: str
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class Context:
    """How somebody came to us this time."""

    door: str
    captured_at: datetime
    door_name: str = ""  # where it has one of its own: the form, the booth, the tool, the program
    source_id: UUID | None = None
    campaign_id: UUID | None = None
    place: str = ""  # where: the hall, the page, the line that they called, the file
    landing_page: str = ""
    message: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    trail: Mapping[str, Any] = field(default_factory=dict)
    captured_by_id: UUID | None = None
    import_run_id: UUID | None = None
    event_key: str = ""  # names the event where it came from: the same again is not a second enquiry


@dataclass(frozen=True, kw_only=True)
class Birth:
    """A new lead, with everything that must be true of it at birth decided."""

    id: UUID
    person: Person
    context: Context
    account_id: UUID | None
    responsible_id: UUID
    owner_id: UUID | None
    why: Mapping[str, Any]  # of the routing
    state: State
    next: Next
    has_ended: bool = False  # elsewhere, so they are not taken up again


def is_past_horizon(captured_at: datetime, now: datetime) -> bool:
    """Whether an enquiry is so old that its episode is over."""
    return now - captured_at > HORIZON


def bear(births: Sequence[Birth], *, actor: User, origin: str) -> None:
    """Insert leads, their first enquiries and entries. Within a transaction; identity keys were claimed by the caller.

    An enquiry past the horizon keeps its own episode 1, and the lead starts episode 2 now (re-opened).
    """
    moment = clock.now()
    insert_all(Lead, [_lead(b, moment) for b in births])
    entries = [captured(b.id, "captured", b.context, actor=actor, origin=origin, why=dict(b.why)) for b in births]
    note_enquiries([(entry.id, b.id, b.context, 1) for b, entry in zip(births, entries, strict=True)])
    entries += [
        timeline.Entry(
            lead_id=b.id, kind="reopened", actor_id=actor.pk, origin=origin,
            event_key=f"{b.context.event_key}:reopened", occurred_at=moment, data={"why": "past the horizon"},
            import_run_id=b.context.import_run_id,
        )
        for b in births
        if is_past_horizon(b.context.captured_at, moment) and not b.has_ended
    ]  # fmt: skip
    timeline.record_all(entries)


def note_enquiries(came: Iterable[tuple[UUID, UUID, Context, int]]) -> None:
    """Keep the times that people came to us: (id, lead, how, episode). The id is that of the entry which says so: two
    of one moment by one of us are told apart by it.
    """
    moment = clock.now()
    enquiries = [
        {
            "id": number, "lead_id": lead_id, "episode": episode, "door": context.door,
            "source_id": context.source_id, "campaign_id": context.campaign_id,
            "place": context.place[:200], "landing_page": context.landing_page[:500], "message": context.message,
            "answers": dict(context.answers), "trail": dict(context.trail),
            "captured_at": context.captured_at, "captured_by_id": context.captured_by_id,
            "import_run_id": context.import_run_id, "created_at": moment,
        }
        for number, lead_id, context, episode in came
    ]  # fmt: skip
    insert_all(Enquiry, enquiries)


def captured(
    lead_id: UUID, kind: str, context: Context, *, actor: User, origin: str, why: dict[str, Any] | None = None
) -> timeline.Entry:
    """The entry for one time that they came to us (`captured`, later `enquired`)."""
    return timeline.Entry(
        lead_id=lead_id, kind=kind, actor_id=actor.pk, origin=origin, event_key=context.event_key,
        occurred_at=context.captured_at, body=context.message,
        data={
            "door": context.door, "landing_page": context.landing_page, "source": str(context.source_id or ""),
            "why": why or {}, **({"door_name": context.door_name} if context.door_name else {}),
        },
        import_run_id=context.import_run_id,
    )  # fmt: skip


def _lead(birth: Birth, moment: datetime) -> dict[str, Any]:
    person, context = birth.person, birth.context
    old = is_past_horizon(context.captured_at, moment)
    return {
        "id": birth.id, "name": person.name[:200], "title": person.title[:200], "email": person.email[:254],
        "phone": person.phone[:40], "account_id": birth.account_id, "company": person.company[:200],
        "country": person.country, "language": person.language, "reference": person.reference[:254],
        "custom": dict(person.custom), "search": search_text(person), "source_id": context.source_id,
        "captured_at": context.captured_at,
        "episode": 2 if old else 1, "episode_at": moment if old else context.captured_at,
        "amount": person.amount, "currency": person.currency, "state": str(birth.state), "state_at": moment,
        "owner_id": birth.owner_id, "responsible_id": birth.responsible_id, "created_at": moment,
        "import_run_id": context.import_run_id, **birth.next.changes(),
    }  # fmt: skip


def search_text(person: Person) -> str:
    """The words by which this person is found."""
    said = {name: getattr(person, name) for name in SEARCHED}
    return search_tokens(**said, other_phones=person.other_phones)


def accounts_of(people: Sequence[tuple[Person, UUID | None]], word: Word) -> list[Firm | None]:
    """The account of each of these people, in their order: the one named with them, as long as they give its name."""
    ids = {pk for _, pk in people if pk}
    named = {firm.pk: firm for firm in (Firm(*row) for row in prepared_rows(_NAMED, [list(ids)]))} if ids else {}
    firms = [
        firm if pk and (firm := named.get(pk)) and account_key(firm.name) == account_key(person.company) else None
        for person, pk in people
    ]
    rest = accounts([person for (person, _), firm in zip(people, firms, strict=True) if not firm], word)
    return [
        firm or rest.get(account_key(person.company, person.email, person.website))
        for (person, _), firm in zip(people, firms, strict=True)
    ]


_NAMED = """
SELECT id, owner_id, name FROM account WHERE id = ANY(%s) AND merged_into_id IS NULL ORDER BY key FOR KEY SHARE
"""


def accounts(people: Sequence[Person], word: Word = Word.APART) -> dict[str, Firm]:
    """The account of each `rules.account_key` among these people, made where new (safe under concurrency); of those
    that a company's name and its domain say one, as far as the `word` of whoever says so is worth.
    """
    wanted: dict[str, Person] = {}
    for person in people:
        key = account_key(person.company, person.email, person.website)
        if key and (key not in wanted or not wanted[key].company):
            wanted[key] = person
    found: dict[str, Firm] = {}
    if wanted:
        near = same_name.find({key: person.company for key, person in wanted.items()}, word)
        found = {key: Firm(*held) for key, held in near.items()}
    while missing := sorted(wanted.keys() - found.keys()):
        given = [{"id": new_id(), "key": key, **_called(key, wanted[key])} for key in missing]
        rows = prepared_rows(_FOUND_OR_MADE, {"given": as_json(given), "now": clock.now()})
        found |= {key: Firm(*rest) for key, *rest in rows}  # what is missing still, somebody else has just made
    return found


# Nobody takes away those that are here before we are done; one that somebody took just now is made anew. Whoever comes
# to one that was merged into another is at that; of one that is being merged this moment we hear by asking again.
_FOUND_OR_MADE = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(given)s::jsonb) AS r(id uuid, key text, name text, named text, domain text)
), found AS MATERIALIZED (
    SELECT a.key, to_it.id, to_it.owner_id, to_it.name
    FROM account AS a JOIN account AS to_it ON to_it.id = COALESCE(a.merged_into_id, a.id)
    WHERE a.key IN (SELECT key FROM given) ORDER BY a.key FOR KEY SHARE OF a, to_it
), made AS (
    INSERT INTO account (id, key, name, named, domain, created_at)
    SELECT id, key, name, named, domain, %(now)s::timestamptz FROM given
    WHERE NOT EXISTS (SELECT FROM found WHERE found.key = given.key) ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING key, id, owner_id, name
)
SELECT *, false FROM found UNION ALL SELECT *, true FROM made
"""


def _called(key: str, person: Person) -> dict[str, str]:
    """What the company of a key is called, as far as somebody who belongs to it knows."""
    name = (person.company or key[2:])[:200]
    return {
        "name": name, "named": account_key(name), "domain": key[2:][:190] if key.startswith("d:") else "",
    }  # fmt: skip
