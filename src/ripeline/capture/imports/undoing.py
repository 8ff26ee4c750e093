"""Taking an import back: its untouched leads go, what it changed on others is put back, everything else is told.

Lead by lead in the order of their ids, in batches; each batch is one transaction with how far it is, so that whatever
breaks off goes on there. What the import did is read from what is stored with its id: leads, enquiries, entries, keys.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F

from ripeline.base import clock
from ripeline.capture import rules
from ripeline.capture.files import pieces
from ripeline.capture.imports import concerned, putting_back, undoing_fields, undoing_firms
from ripeline.capture.imports.since import Foreign, entries, first_since, left_alone
from ripeline.capture.models import ImportKept, ImportKind, ImportRun, ImportState, ImportUndo, WhyKept
from ripeline.leads import forgetting
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import By
from ripeline.leads.forgetting import PutBack
from ripeline.leads.models import Lead
from ripeline.leads.rules import is_open
from ripeline.outbox import hearing
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind, User
from ripeline.ripeness import actions as ripeness
from ripeline.timeline import actions as timeline

BATCH = 500  # leads of one transaction
ENDED = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)

Watch = Callable[[ImportRun], None]


class UndoError(ValueError):
    """An import that cannot be taken back now, in words."""


@dataclass(frozen=True)
class Expected:
    """What taking an import back will do, counted."""

    deleted: int  # leads that only it brought
    kept: int  # leads it brought that stay
    put_back: int  # leads that were here before: as they were
    partly: int  # of these, in part: only what nobody changed since
    enquiries: int
    fields: Sequence[str]  # of the company's own that it made: they go, too, unless something else uses them by then
    staying: Sequence[Foreign]  # some of those that stay, and why

    @property
    def is_nothing(self) -> bool:
        return not (self.deleted or self.kept or self.put_back or self.partly)


def expect(run: ImportRun, shown: int = 20) -> Expected:
    """What it would do if it were done now; changes nothing."""
    if run.kind == ImportKind.COMPANIES:
        deleted, kept, back = undoing_firms.expect(run.pk)
        return Expected(deleted, kept, back, partly=0, enquiries=0, fields=(), staying=())
    if run.kind == ImportKind.ACTIVITIES:  # an entry of its own can go, whatever else has happened
        gone = len(left_alone(run.pk))
        return Expected(
            gone, kept=0, put_back=concerned.count(run) - gone, partly=0, enquiries=0, fields=(), staying=()
        )
    touched = first_since(run.pk)
    brought = Lead.objects.filter(import_run_id=run.pk)
    merged = set(brought.filter(merged_into__isnull=False).values_list("pk", flat=True))
    mine = set(brought.filter(pk__in=list(touched)).values_list("pk", flat=True)) | merged
    total = concerned.count(run)
    born = brought.count()
    alone = left_alone(run.pk)
    for pk in alone:
        touched.pop(pk, None)
    others = len(touched.keys() - mine) + concerned.merged_since(run.pk, touched.keys() | mine)
    staying = {pk: touched.get(pk) or Foreign(pk, WhyKept.MERGED) for pk in sorted(mine | touched.keys())}
    return Expected(
        deleted=born - len(mine) + len(alone), kept=len(mine), partly=others,
        put_back=total - born - others - len(alone),
        enquiries=concerned.enquiries(run.pk), fields=[field.label for field in undoing_fields.made_by(run)],
        staying=list(staying.values())[:shown],
    )  # fmt: skip


def why_not(run: ImportRun) -> str:
    """Why one that has ended cannot be taken back, in words; "" if it can."""
    if run.state not in ENDED or run.kind != ImportKind.COMPANIES or undoing_firms.is_recorded(run):
        return ""
    return (
        f"{run.filename} went in before Ripeline kept what a file of companies changes. So it cannot be taken back; "
        "its companies stay as they are."
    )


def ask(*, actor: User, run_id: UUID) -> ImportRun:
    """Ask for an import to be taken back: it waits for a worker. Again, or after a stop, it goes on."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=run_id)
        rules.require_undoer(actor, run)
        if run.state == ImportState.UNDOING:
            ImportUndo.objects.filter(run=run).update(asked_by=actor, problem="", stop_asked=False, ended_at=None)
            timeline.wake_worker()
        if run.state in (ImportState.UNDOING, ImportState.UNDONE):
            return run
        if run.state not in ENDED:
            raise UndoError("This import is still going in: cancel it first, then take it back.")
        if problem := why_not(run):
            raise UndoError(problem)
        total = concerned.count(run)
        ImportUndo.objects.create(
            run=run, asked_by=actor, total=total,
            made=undoing_fields.sources_of(run) | {"field": [field.key for field in undoing_fields.made_by(run)]},
        )  # fmt: skip
        run.state = ImportState.UNDOING
        run.save(update_fields=["state"])
        pieces.forget(run.pk)
        people_actions.audit(
            actor=actor, verb="import.undo", target=str(run.pk), file=run.filename, leads=total, kind=run.kind
        )
        timeline.wake_worker()
    return run


def stop(*, actor: User, run_id: UUID) -> ImportRun:
    """Stop taking an import back after the present leads; what is done stays done, the rest can be gone on with."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=run_id)
        rules.require_undoer(actor, run)
        if run.state == ImportState.UNDOING:
            ImportUndo.objects.filter(run=run, problem="").update(stop_asked=True)
            timeline.wake_worker()
    return run


def is_wanted(run_id: UUID) -> bool:
    """Whether a run is to be taken back and that has not stopped."""
    return ImportUndo.objects.filter(run=run_id, run__state=ImportState.UNDOING, problem="").exists()


def fail(run_id: UUID, problem: str) -> None:
    """Say why taking it back broke off."""
    ImportUndo.objects.filter(run=run_id, run__state=ImportState.UNDOING).update(
        problem=problem, ended_at=clock.now(), stop_asked=False
    )


def go_on(run_id: UUID, watch: Watch, is_stopping: Callable[[], bool], size: int = BATCH) -> bool:
    """Take it back from where it is; True if this call brought it to its end."""
    unused: list[str] | None = None  # its fields in which nobody has anything, once looked at
    while not is_stopping():
        with transaction.atomic():
            run = ImportRun.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=run_id)
            undo = ImportUndo.objects.select_related("asked_by").get(run=run)
            if run.state != ImportState.UNDOING or undo.problem:
                return False
            if why := _why_stopped(run, undo):
                fail(run_id, why)
                return True
            ids = concerned.following(run, undo.after, size)
            if ids:
                _BATCHES.get(run.kind, _batch)(run, undo, ids)
            elif unused is not None:
                _finish(run, undo, unused)
        if not ids and unused is None:
            unused = undoing_fields.left_over(undo)
            continue
        watch(run)
        if not ids:
            return True
    return False


def _why_stopped(run: ImportRun, undo: ImportUndo) -> str:
    """Why it goes no further: somebody stopped it, or whoever asked for it may not any more; "" where it goes on."""
    if undo.stop_asked:
        return "Stopped."
    is_theirs = undo.asked_by.is_active and rules.may_undo(undo.asked_by, run)
    return "" if is_theirs else f"{undo.asked_by.name} asked for this and may not any more: somebody who may goes on."


def _batch(run: ImportRun, undo: ImportUndo, ids: Sequence[UUID]) -> None:
    """Some leads, under their locks: what nobody touched since goes or is put back, and the rest is written down."""
    bulk.hold(ids)
    leads = Lead.objects.select_related("responsible").in_bulk(ids)
    touched = first_since(run.pk, ids)
    touched |= {pk: Foreign(pk, WhyKept.MERGED) for pk, lead in leads.items() if lead.merged_into_id}
    alone = left_alone(run.pk, ids)
    touched = {pk: each for pk, each in touched.items() if pk not in alone}
    brought = {pk for pk, lead in leads.items() if lead.import_run_id == run.pk} | alone
    gone = brought - touched.keys()
    ripeness.forget(gone)
    forgetting.forget(gone)
    here = [pk for pk in leads if pk not in brought]
    wanted = _off(run, [leads[pk] for pk in here], touched)
    by = By(people.system(), "import", f"undo:{run.pk}")
    forgetting.put_back(wanted, by, import_run_id=run.pk, facts={"file": run.filename, "by": undo.asked_by.name})
    ImportKept.objects.bulk_create(
        [
            ImportKept(run=run, lead_id=pk, why=each.why, kind=each.kind, who_id=each.who, at=each.at)
            for pk, each in touched.items()
        ],
        ignore_conflicts=True,
    )
    if alone:
        undo.made["also"] = sorted({*undo.made.get("also", ()), *(str(leads[pk].import_run_id) for pk in alone)})
        undo.save(update_fields=["made"])
    partly = len(touched.keys() - brought)
    ImportUndo.objects.filter(run=run).update(
        after=ids[-1], done=F("done") + len(ids), deleted=F("deleted") + len(gone),
        kept=F("kept") + len(brought & touched.keys()), put_back=F("put_back") + len(here) - partly,
        partly=F("partly") + partly,
    )  # fmt: skip


def _batch_of_firms(run: ImportRun, undo: ImportUndo, ids: Sequence[UUID]) -> None:
    """Some companies."""
    deleted, kept, put_back = undoing_firms.batch(run.pk, ids)
    ImportUndo.objects.filter(pk=undo.pk).update(
        after=ids[-1], done=F("done") + len(ids), deleted=F("deleted") + deleted, kept=F("kept") + kept,
        put_back=F("put_back") + put_back,
    )  # fmt: skip


def _batch_of_entries(run: ImportRun, undo: ImportUndo, ids: Sequence[UUID]) -> None:
    """What it wrote on some timelines, and the dates that it set, where they have stood so since."""
    bulk.hold(ids)
    mine, since = entries(run.pk, ids)
    of, later = putting_back.by_lead(mine), putting_back.by_lead(since)
    found = Lead.objects.filter(pk__in=ids, merged_into=None)
    dated = {lead.pk: putting_back.dates(lead, of.get(lead.pk, []), later.get(lead.pk, [])) for lead in found}
    by = By(people.system(), "import", f"undo:{run.pk}")
    facts = {"file": run.filename, "by": undo.asked_by.name}
    gone = left_alone(run.pk, ids)
    off = {pk: PutBack(changes=changes) for pk, changes in dated.items() if changes and pk not in gone}
    forgetting.put_back(off, by, import_run_id=run.pk, facts=facts)
    timeline.retract([entry.pk for entry in mine])
    ripeness.forget(gone)
    forgetting.forget(gone)
    ripeness.hear([pk for pk in ids if pk not in gone])
    ImportUndo.objects.filter(pk=undo.pk).update(
        after=ids[-1], done=F("done") + len(ids), deleted=F("deleted") + len(gone),
        put_back=F("put_back") + len(ids) - len(gone),
    )  # fmt: skip


_BATCHES: dict[str, Callable[[ImportRun, ImportUndo, Sequence[UUID]], None]] = {
    ImportKind.COMPANIES: _batch_of_firms,
    ImportKind.ACTIVITIES: _batch_of_entries,
}


def _off(run: ImportRun, leads: Sequence[Lead], touched: dict[UUID, Foreign]) -> dict[UUID, PutBack]:
    """What is taken off each lead that was here before."""
    mine, since = (putting_back.by_lead(each) for each in entries(run.pk, [lead.pk for lead in leads]))
    found: dict[UUID, PutBack] = {}
    for lead in leads:
        if lead.merged_into_id or (lead.pk in touched and run.kind == ImportKind.OUTCOMES):
            continue  # what came of the deal since is built on it
        how = putting_back.partly if lead.pk in touched else putting_back.whole
        found[lead.pk] = how(lead, mine.get(lead.pk, []), since.get(lead.pk, []))
        _see_to_somebody(lead, found[lead.pk])
    return found


def _see_to_somebody(lead: Lead, off: PutBack) -> None:
    """An open lead has somebody who is here (I1): whoever had it may have left since."""
    after = Lead(state=off.changes.get("state", lead.state))
    named = off.changes.get("responsible_id")
    if not is_open(after) or not (named or "state" in off.changes):
        return
    who = Responsible.objects.get(pk=named) if named else lead.responsible
    if who.kind == ResponsibleKind.REP and not who.is_active:
        off.changes |= {"responsible_id": people.built_in(people.QUALIFY).pk, "owner_id": None}


def _finish(run: ImportRun, undo: ImportUndo, unused: Sequence[str]) -> None:
    """Nothing of it is left: companies, sources, campaigns and (of those `unused`) fields that came with it alone go
    too."""
    if run.kind not in _BATCHES:
        hearing.unhear(run.pk)
        made = {**undo.made, "field": undoing_fields.not_wanted(unused)}
        runs = [run, *ImportRun.objects.filter(pk__in=undo.made.get("also", ()))]
        spans = [(each.created_at, each.ended_at or clock.now()) for each in runs]
        gone = forgetting.unused(made, accounts_of=spans, but=undoing_firms.brought())
        ImportUndo.objects.filter(run=run).update(made={**made, "fields_gone": gone})
    run.state = ImportState.UNDONE
    run.save(update_fields=["state"])
    ImportUndo.objects.filter(run=run).update(ended_at=clock.now(), stop_asked=False)
    timeline.wake_worker()
