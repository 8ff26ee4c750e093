"""Putting right what an import left: where a file and Ripeline say otherwise of where somebody stands.

A file overrules nobody by itself: a deal that is open there does not open a lead again that ended here after it began,
and who ended there stays open where somebody decided so. Here somebody looks at them, and says which the file is right
about. What they say of people is their own decision, as if made on each record; a deal that was refused goes in with
its import after all, and comes out with it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from ripeline.base import clock
from ripeline.capture.columns.looking import kind_of
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.rejects import Reject
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.rows import read_again
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import remarking
from ripeline.capture.imports.outcomes import CLOSED, OutcomeTaker
from ripeline.capture.models import ImportKind, ImportReject, ImportRemark, ImportRun, ImportState, Remark
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import rules
from ripeline.leads.decisions import closing
from ripeline.leads.decisions.deciding import By, LeadError, Next
from ripeline.leads.models import CLOSED_STATES, Lead, NextKind
from ripeline.leads.rules import NotAllowed, Verb
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness

SHOWN = 100  # of each kind at a time, and done at once
MOST = 5_000  # rows that are looked through
_ENDED = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)


class What(StrEnum):
    """What stands otherwise there."""

    DEALS = "deals"  # refused: open there, of leads that are closed here
    OPEN = "open"  # people who are open there, and closed here
    ENDED = "ended"  # people who ended there, and are open here


@dataclass(frozen=True)
class Line:
    """A row, its lead, and what the file says."""

    row: int
    lead: Lead
    said: str
    may: bool  # whoever looks may put it right
    reason: CloseReason | None = None  # why they ended there


@dataclass(frozen=True)
class Left:
    """Whom it could not be done for, and why."""

    lead: Lead
    why: str


@dataclass(frozen=True)
class Done:
    """How many are as the file says now, and who is left."""

    count: int
    left: Sequence[Left] = ()


def has_deals(run: ImportRun) -> bool:
    """Whether deals were refused that are open there, because their leads are closed here."""
    return _refused(run).exists()


def has_people(run: ImportRun) -> bool:
    """Whether people stood otherwise there. What was put right meanwhile the page itself says.

    A file of deals has remarks of the kind, too, on deals of people who have ended both here and there.
    """
    return run.kind == ImportKind.LEADS and ImportRemark.objects.filter(run=run, about__in=remarking.STANDING).exists()


def _refused(run: ImportRun) -> QuerySet[ImportReject]:
    found = ImportReject.objects.filter(run=run, reason__startswith=CLOSED).order_by("row")
    return found if run.kind == ImportKind.OUTCOMES else found.none()


def lines(run: ImportRun, actor: User) -> dict[What, list[Line]]:
    """What still stands otherwise, the first of each kind, as far as `actor` may find it; nothing of what went back."""
    if run.state not in _ENDED:
        return {what: [] for what in What}
    return {What.DEALS: _deals(run, actor), **_people(run, actor)}


def _deals(run: ImportRun, actor: User, among: Collection[int] | None = None) -> list[Line]:
    """The first that `actor` may find, however many of other people's come before."""
    found = _refused(run) if among is None else _refused(run).filter(row__in=among)
    taker, lines = OutcomeTaker(run), list[Line]()
    for start in range(0, MOST, SHOWN):
        several = list(found[start : start + SHOWN])
        whose = taker.whose(_read(run, several)) if several else []
        leads = _leads({lead_id for _, lead_id in whose})
        for row, lead_id in whose:
            lead = leads.get(lead_id)
            if lead and rules.may(actor, Verb.FIND, lead):
                lines.append(Line(row.row, lead, _deal_words(row), may=_may_open(actor, lead)))
        if len(lines) >= SHOWN or len(several) < SHOWN:
            break
    return lines[:SHOWN]


def _read(run: ImportRun, rejects: Iterable[ImportReject]) -> list[Row]:
    dialect = Dialect.from_json(run.dialect)
    mapping = FieldMap.from_json(kind_of(run), dialect.labels, run.mapping)
    again = [Reject(one.row, one.cells, one.reason, one.column) for one in rejects]
    return read_again(again, dialect=dialect, mapping=mapping, now=clock.now())


def _deal_words(row: Row) -> str:
    amount = row.number("amount")
    worth = "" if amount is None else f"{amount:,.2f}".removesuffix(".00") + f" {row.text('currency')}".rstrip()
    opened = row.moment("opened_at")
    since = f"opened {opened:%-d %B %Y}" if opened else ""
    said = [row.text("product") or "A deal without a name", worth, row.text("pipeline_stage"), since]
    return ", ".join(each for each in said if each)


def _may_open(actor: User, lead: Lead) -> bool:
    """The deals of an import are opened on whosever lead: also by who decides whose it is."""
    return rules.may(actor, Verb.WORK, lead) or rules.may(actor, Verb.REASSIGN, lead)


def _people(run: ImportRun, actor: User) -> dict[What, list[Line]]:
    remarks = ImportRemark.objects.filter(run=run, about__in=remarking.STANDING).order_by("row", "id")
    kept = list(remarks.values_list("row", "about", "text")[:MOST])
    told = {text: remarking.told(text) for _, _, text in kept}
    leads = _leads({each.lead_id for each in told.values() if each.lead_id})
    reasons = {reason.code: reason for reason in catalog.reasons()}
    found: dict[What, list[Line]] = {What.OPEN: [], What.ENDED: []}
    for row, about, text in kept:
        lead_id, code, _ = told[text]
        what = What.OPEN if about == Remark.OPEN else What.ENDED
        lead, reason = leads.get(lead_id) if lead_id else None, reasons.get(code)
        if lead is None or len(found[what]) == SHOWN or not _is_otherwise(what, lead):
            continue
        if rules.may(actor, Verb.SEE_STATE, lead):
            may = rules.may(actor, Verb.WORK, lead) and (what is What.OPEN or reason is not None)
            found[what].append(Line(row, lead, _there(about, text), may=may, reason=reason))
    return found


def _is_otherwise(what: What, lead: Lead) -> bool:
    """Whether a lead still stands otherwise than the file said; who ended both here and there did so otherwise, and is
    put right on the record.
    """
    return (lead.state in CLOSED_STATES) == (what is What.OPEN)


def _there(about: str, text: str) -> str:
    if about == Remark.HELD:
        said, _, who, day = remarking.held(text)
        return f"{said} as before: {who} took them back to work on {day}"
    return remarking.told(text).words.partition(": ")[0]


def _leads(ids: Collection[UUID]) -> dict[UUID, Lead]:
    found = Lead.objects.filter(pk__in=ids, merged_into__isnull=True)
    return {lead.pk: lead for lead in found.select_related("owner", "responsible__user", "close_reason")}


def put_right(run: ImportRun, actor: User, what: What, rows: Collection[int], *, key: str) -> Done:
    """Let the file be right about some rows. The same again finds nothing left to do."""
    if run.state not in _ENDED:
        raise LeadError("This import was taken back, or has not ended.")
    if what is What.DEALS:
        return _take_up_with_deals(run, actor, rows)
    chosen = set(rows)
    wanted: dict[UUID, Line] = {each.lead.pk: each for each in _people(run, actor)[what] if each.row in chosen}
    left, done = [], []
    for each in wanted.values():
        by = By(actor, "web", f"{key[:60]}:{what}:{each.lead.pk.hex}")
        try:
            done.append(_open_again(each, by) if what is What.OPEN else _end(each, by))
        except (LeadError, NotAllowed) as problem:
            left.append(Left(each.lead, str(problem)))
    if done:
        ripeness.rescore(done)
    return Done(len(done), left)


def _open_again(each: Line, by: By) -> UUID:
    """Taken up again from now on, by who had them, if they take leads."""
    theirs = (desk for desk in people.assignable() if each.lead.owner_id and desk.user_id == each.lead.owner_id)
    to = next(theirs, None) or people.built_in(people.QUALIFY)
    closing.reopen(each.lead.pk, by, to=to, next=Next(clock.now(), NextKind.REOPENED), why="as the file says")
    return each.lead.pk


def _end(each: Line, by: By) -> UUID:
    if each.reason is None:
        raise LeadError("Why they ended there is no close reason in use any more.")
    if each.reason.state == CloseState.WON:
        closing.win(each.lead.pk, by, reason=each.reason)
    else:
        closing.close(each.lead.pk, by, reason=each.reason)
    return each.lead.pk


def _take_up_with_deals(run: ImportRun, actor: User, rows: Collection[int]) -> Done:
    """The leads are open again, with the deals, which count as gone in; their rows are refused no more."""
    with transaction.atomic():
        now = ImportRun.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=run.pk)
        may = {each.row: each.lead for each in _deals(now, actor, rows) if each.may}
        wanted = _read(now, _refused(now).filter(row__in=list(may)))
        if not wanted:
            return Done(0)
        tally, went_in = OutcomeTaker(now).take_up(wanted, actor)
        numbers = [row.row for row in went_in]
        ImportReject.objects.filter(run=now, row__in=numbers).delete()
        kept = [each for each in tally.remarks if each[0] in numbers and each[1] in (Remark.CELL, Remark.MOVED)]
        ImportRemark.objects.bulk_create(
            [ImportRemark(run=now, row=row, about=about, text=text) for row, about, text in kept]
        )
        ImportRun.objects.filter(pk=now.pk).update(
            rejected=F("rejected") - len(numbers), updated=F("updated") + len(numbers)
        )
        left = [Left(lead, "its deal could not be opened") for row, lead in may.items() if row not in numbers]
    return Done(len(numbers), left)
