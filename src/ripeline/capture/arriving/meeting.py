"""Arrivals of people who are here already: what is new about them is added, and who comes again is looked at now.

A closed record has nothing pending (I1), so nobody would see an enquiry that is only written down on it:

- Lost: taken up in a new episode, with the reason beside the name on Today.
- Won: a customer who asks again is a new opportunity to talk. Taken up in a new episode too, for whoever made the sale;
  the deal they made stays on the record and counts as a win, since wins are counted by deals, not by open records.
- Disqualified: somebody decided that this is no lead (spam, a student, a supplier), and one more message of that kind
  must not land on Today by itself. It is written down, and whoever let them go is asked to look
  (`leads.finding.returning`); if they have left since, the fallback is given the record, closed as it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.base.statements import prepared_rows
from ripeline.capture.arriving.arrivals import Admitted, Arrival, Case, Policy, Result
from ripeline.capture.arriving.differing import LastWords, differences, is_contested, last_words
from ripeline.capture.cells.fields import ANSWER
from ripeline.catalog import queries as catalog
from ripeline.catalog.rules import came_again
from ripeline.leads import rules
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import answers, birth, bulk
from ripeline.leads.decisions.answers import Again
from ripeline.leads.decisions.birth import Person
from ripeline.leads.decisions.deciding import By, Changes, Next, locked
from ripeline.leads.knowing import same_name
from ripeline.leads.knowing.same_name import Word
from ripeline.leads.models import Lead, NextKind, State
from ripeline.leads.rules import Verb
from ripeline.leads.words.keys import account_key
from ripeline.leads.words.searching import SEARCHED
from ripeline.people import queries as people
from ripeline.people.models import Responsible, User
from ripeline.routing import actions as routing
from ripeline.routing.queries import places
from ripeline.routing.rules import FALLBACK
from ripeline.timeline import actions as timeline

TAKEN_UP = {State.LOST: "they came to us again", State.WON: "customer enquired again"}
RECENT = timedelta(days=7)  # an enquiry not older than this is a reason to act now


def meet_again(cases: Sequence[Case], actor: User, origin: str, *, passes_busy: bool = False) -> None:
    """Arrivals of people who are here already: what is new about them is added, and the enquiry counts if it is new.

    Ripeline itself makes these changes: whoever brings in a file need not have the right to work on everybody's leads.
    """
    ids = {c.lead_id for c in cases if c.lead_id}
    found_here = locked(Lead.objects.filter(pk__in=ids), "owner", "responsible__user")
    people_here = {lead.pk: lead for lead in found_here}
    again = _new_enquiries(cases, people_here, actor, origin)
    changes, changed, kept, first = _differences(cases, people_here, actor)
    system = people.system()
    brought_by = cases[0].arrival.context.import_run_id if cases else None  # all come by one door
    if brought_by:
        known = [case for case in cases if id(case) not in again and case.arrival.context.answers]
        _answer_more(known, By(actor, origin, import_run_id=brought_by), changed, kept)
    if changes:
        numbers = {
            c.lead_id: c.arrival.person.other_phones for c in cases if c.lead_id and c.arrival.person.other_phones
        }
        _apply(changes, people_here, By(system, origin, import_run_id=brought_by), numbers)
    by = By(system, origin, import_run_id=brought_by)
    came_again = [case for case in cases if id(case) in again]
    reopened = _answer(came_again, people_here, by, passes_busy=passes_busy)
    for case in cases:
        assert case.lead_id is not None
        result = Result.UPDATED if id(case) in changed or id(case) in again else Result.UNCHANGED
        is_taken_up = reopened.get(case.lead_id) is case
        case.outcome = Admitted(
            result, case.lead_id, reopened=is_taken_up, first=first[id(case)], kept=kept.get(id(case), ())
        )  # fmt: skip


def _differences(
    cases: Sequence[Case], people_here: Mapping[UUID, Lead], actor: User
) -> tuple[dict[UUID, Changes], set[int], dict[int, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """What becomes of each lead, which cases say so, and what of each case stays as somebody corrected it, or as an
    earlier row has it.
    """
    said = last_words({c.lead_id for c in cases if c.lead_id and is_contested(people_here[c.lead_id], c.arrival)})
    changes: dict[UUID, Changes] = {}
    changed: set[int] = set()
    kept: dict[int, tuple[str, ...]] = {}
    first: dict[int, tuple[str, ...]] = {}
    for case in cases:
        assert case.lead_id is not None
        lead, pending = people_here[case.lead_id], changes.get(case.lead_id, {})
        corrects = case.arrival.corrects or (not actor.is_system and rules.may(actor, Verb.WORK, lead))
        found, kept[id(case)], first[id(case)] = differences(
            lead, case.arrival, pending, said.get(lead.pk, LastWords()), corrects=corrects
        )
        if found:
            changes.setdefault(case.lead_id, {}).update(found)
            changed.add(id(case))
    for lead_id, change in list(changes.items()):  # what one row changes and another changes back is no change
        lead = people_here[lead_id]
        changes[lead_id] = {name: value for name, value in change.items() if value != getattr(lead, name)}
        if not changes[lead_id]:
            del changes[lead_id]
            changed -= {id(case) for case in cases if case.lead_id == lead_id}
    return changes, changed, kept, first


def _new_enquiries(cases: Sequence[Case], people: dict[UUID, Lead], actor: User, origin: str) -> set[int]:
    """Record the enquiries that were not yet on the timeline; which cases those are."""
    entries = {}
    before = _before_a_merge(cases, people, origin)
    for case in cases:
        assert case.lead_id is not None
        if not case.arrival.is_enquiry or (case.lead_id, case.arrival.context.event_key) in before:
            continue
        entry = birth.captured(case.lead_id, "enquired", case.arrival.context, actor=actor, origin=origin)
        entries[entry.id] = (case, entry)
    new = timeline.record_all([entry for _, entry in entries.values()])
    fresh = {pk: entries[pk][0] for pk in new}
    birth.note_enquiries(
        [(pk, c.lead_id, c.arrival.context, people[c.lead_id].episode) for pk, c in fresh.items() if c.lead_id]
    )  # fmt: skip
    return {id(case) for case in fresh.values()}


def _before_a_merge(cases: Sequence[Case], people: Collection[UUID], origin: str) -> set[tuple[UUID, str]]:
    """The enquiries that are on records merged into these people since, as (lead, event): the same again is the same.

    What strangers send has a number of its own each time; what one of us brings, a file or a card, may come once more.
    """
    came = [case.arrival.context for case in cases]
    keys = [each.event_key for each in came if each.captured_by_id or each.import_run_id]
    return {(lead, key) for lead, key in prepared_rows(_MERGED, [origin, keys, list(people)])} if keys else set()


_MERGED = """
SELECT gone.merged_into_id, activity.event_key FROM lead AS gone
JOIN activity ON activity.lead_id = gone.id AND activity.origin = %s AND activity.event_key = ANY(%s::text[])
WHERE gone.merged_into_id = ANY(%s::uuid[])
"""


def _answer_more(cases: Sequence[Case], by: By, changed: set[int], kept: dict[int, tuple[str, ...]]) -> None:
    """Rows of enquiries that are here: a column that is mapped to a question since has answers to add."""
    again = []
    for case in cases:
        assert case.lead_id is not None
        context, policy = case.arrival.context, case.arrival.policy
        again.append(
            Again(
                lead_id=case.lead_id, event_key=context.event_key, answers=context.answers, source_id=context.source_id,
                campaign_id=context.campaign_id, landing_page=context.landing_page,
                replaces=policy in (Policy.FILE, Policy.ALWAYS) and not any(
                    ANSWER + key in case.arrival.said for key in context.answers
                ),
                over_hand=policy is Policy.ALWAYS,
            )
        )  # fmt: skip
    for case, added in zip(cases, answers.say_again(again, by), strict=True):
        if added.is_changed:
            changed.add(id(case))
        if added.kept:
            kept[id(case)] = (*kept.get(id(case), ()), *added.kept)


def _apply(
    changes: Mapping[UUID, Changes], people_here: Mapping[UUID, Lead], by: By, numbers: Mapping[UUID, Sequence[str]]
) -> None:
    """Write what is new about people, set by set, each with its entry."""
    wanted: dict[UUID, Person] = {}
    domains: dict[str, str] = {}  # that an address says of a company which is known by its name
    for lead_id, change in changes.items():
        lead = people_here[lead_id]
        said = {name: change.get(name, getattr(lead, name)) for name in SEARCHED}
        change["search"] = rules.searched_anew(lead, said, numbers.get(lead_id, ()))
        if lead.account_id is None:
            wanted[lead_id] = Person(company=said["company"], email=said["email"])
        elif "email" in change:
            domains[account_key("", said["email"])] = said["company"]
    word = same_name.word(by.origin, by_file=by.import_run_id is not None)
    if domains and word is Word.CLAIMS:
        same_name.find({key: company for key, company in domains.items() if key}, word)
    accounts = birth.accounts(list(wanted.values()), word)
    for lead_id, person in wanted.items():
        if account := accounts.get(account_key(person.company, person.email)):
            changes[lead_id]["account_id"] = account.pk
    bulk.decide_many(
        changes.keys(), by, kind="imported", change=lambda lead: dict(changes[lead.pk]),
        facts=lambda lead: {"fields": sorted(changes[lead.pk])},
    )  # fmt: skip


def _answer(cases: Sequence[Case], people_here: Mapping[UUID, Lead], by: By, *, passes_busy: bool) -> dict[UUID, Case]:
    """They came again: who was lost or won is taken up in a new episode, an open lead is looked at now. Those taken up.

    A file that does not say when somebody came is no sign that they came again.
    """
    moment, kinds = clock.now(), {source.pk: source.source_type for source in catalog.sources()} if cases else {}
    latest: dict[UUID, Case] = {}
    for case in sorted((c for c in cases if c.arrival.dated), key=lambda c: c.arrival.context.captured_at):
        assert case.lead_id is not None
        latest[case.lead_id] = case
    reopened: dict[UUID, Case] = {}
    looked_at: set[UUID] = set()
    orphans: set[UUID] = set()
    for lead_id, case in latest.items():
        lead, when = people_here[lead_id], case.arrival.context.captured_at
        if lead.state in TAKEN_UP and lead.closed_at and when > lead.closed_at:
            reopened[lead_id] = case
        elif lead.closed_at and when > lead.closed_at and not _has_somebody(lead):
            orphans.add(lead_id)
        elif rules.is_open(lead) and moment - when <= RECENT and _may_be_looked_at(lead, case.arrival):
            looked_at.add(lead_id)
    if reopened:
        _take_up([people_here[lead_id] for lead_id in reopened], by, passes_busy=passes_busy)
    if looked_at:
        notes = {pk: _why(latest[pk].arrival, kinds) for pk in looked_at}
        bulk.decide_many(
            looked_at, by, kind="next_set", facts=lambda lead: {"note": notes[lead.pk]},
            change=lambda lead: _looked_at(lead, latest[lead.pk].arrival, notes[lead.pk], moment).changes(),
        )  # fmt: skip
    if orphans:
        _hand_to_fallback(orphans, by)
    return reopened


def _may_be_looked_at(lead: Lead, arrival: Arrival) -> bool:
    """Whether nobody has chosen another day for them, or has been in touch since they came, as a file may say late."""
    is_answered = lead.last_touch_at is not None and lead.last_touch_at > arrival.context.captured_at
    return (arrival.agreed or not lead.next_committed) and not is_answered


def _why(arrival: Arrival, kinds: Mapping[UUID, str]) -> str:
    source_id = arrival.context.source_id
    return arrival.note or came_again(kinds.get(source_id, "") if source_id else "")


def _looked_at(lead: Lead, arrival: Arrival, note: str, moment: datetime) -> Next:
    """When an open lead that came again is looked at: now, or when whoever met them said.

    Never later than somebody had chosen; than the planner had, only where the later moment was agreed on. Who has heard
    from nobody yet waits for a first contact still.
    """
    due = arrival.due or moment
    if lead.next_at and (lead.next_committed or not arrival.agreed):
        due = min(due, lead.next_at)
    is_first = lead.touches == 0 and lead.next_kind in (NextKind.FIRST_CONTACT, NextKind.QUALIFY)
    kind = NextKind(lead.next_kind) if is_first else NextKind.FOLLOW_UP
    return Next(max(due, moment), kind, note, arrival.agreed)


def _has_somebody(lead: Lead) -> bool:
    """Whether whoever let a lead go can still be asked about it."""
    return lead.owner is not None and lead.owner.is_active and lead.owner.role in people.SELLERS


def _hand_to_fallback(lead_ids: Collection[UUID], by: By) -> None:
    fallback, _ = places()

    def why(lead: Lead) -> dict[str, Any]:
        left = {"left": lead.owner.name} if lead.owner else {}
        return {"to": fallback.name, "why": {"rule": FALLBACK, "to": fallback.name, **left}}

    bulk.decide_many(
        lead_ids, by, kind="handed", facts=why,
        change=lambda _: {"responsible_id": fallback.responsible_id, "owner_id": fallback.user_id},
    )  # fmt: skip


def _take_up(closed: Sequence[Lead], by: By, *, passes_busy: bool) -> None:
    wishes = [routing.Newcomer(account_id=lead.account_id, own=lead.owner_id) for lead in closed]
    routes = routing.route_batch(wishes, passes_busy=passes_busy)
    takers = Responsible.objects.select_related("user").in_bulk({route.responsible_id for route in routes})
    taker = {lead.pk: takers[route.responsible_id] for lead, route in zip(closed, routes, strict=True)}
    moment = clock.now()

    def again(lead: Lead) -> Changes:
        return leads.reopening(lead, taker[lead.pk], Next(moment, NextKind.REOPENED, TAKEN_UP[State(lead.state)]))

    bulk.decide_many(
        taker.keys(), by, kind="reopened", change=again,
        facts=lambda lead: {"why": TAKEN_UP[State(lead.state)], "to": taker[lead.pk].name},
    )  # fmt: skip
