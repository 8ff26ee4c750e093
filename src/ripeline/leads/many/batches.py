"""One thing done with many leads at once: asked for in a row, worked in pieces, cancelled, taken back as a whole.

A piece is one transaction with the batch's own position, so what was broken off goes on exactly there, by whichever
process finds it. Each lead is asked about when its turn comes: one that no longer fits the list, or that is not the
asker's to change, is left as it is and counted with the reason. Undo puts back those that nobody has changed since.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum, auto
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import QueryDict

from ripeline.base import clock
from ripeline.leads.decisions.bulk import decide_many, hold, undo_many
from ripeline.leads.decisions.deciding import By, LeadError, once_more
from ripeline.leads.finding import lists
from ripeline.leads.finding.filters import Filters
from ripeline.leads.finding.matching import matching
from ripeline.leads.many import verdicts
from ripeline.leads.models import Batch, BatchItem, BatchState, BatchVerb, Lead
from ripeline.people import actions as people
from ripeline.people.models import Role, User
from ripeline.people.rules import NotAllowed
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

SIZE = 500  # leads in one transaction
TICKED_AT_MOST = 5_000
WAITING = (BatchState.QUEUED, BatchState.RUNNING, BatchState.UNDO_QUEUED, BatchState.UNDOING)
_GIVERS = frozenset({Role.LEADER, Role.ADMIN})
_BROKE = "Something broke on our side; the log says what. What was done stays, and can be taken back."

Tagged = Callable[[str], Any]  # rows of the leads that have a tag of ripeness; whoever keeps the scores knows
Watch = Callable[[Batch], None]  # told after each piece, between transactions


def verbs_of(actor: User) -> frozenset[BatchVerb]:
    """What `actor` may do with many leads at once; lead by lead `rules.may` is asked again."""
    if actor.role == Role.MARKETER:
        return frozenset()
    return frozenset(BatchVerb) if actor.role in _GIVERS else frozenset(BatchVerb) - {BatchVerb.GIVE}


def _require(actor: User, verb: BatchVerb) -> None:
    if verb not in verbs_of(actor):
        raise NotAllowed("That is done by whoever works the leads, or by their leader.")


def ask(
    *, actor: User, verb: BatchVerb, terms: Mapping[str, Any], key: str, zone: str = "UTC", query: str = "",
    lead_ids: Sequence[UUID] | None = None,
) -> Batch:  # fmt: skip
    """Ask for `verb` with these leads or, without any, with all that the list's `query` finds. Raises NotAllowed.

    The same key again is the same batch.
    """
    _require(actor, verb)
    if lead_ids is not None and len(lead_ids) > TICKED_AT_MOST:
        raise LeadError(f"At most {TICKED_AT_MOST:,} leads can be ticked one by one; choose everything that matches.")
    with transaction.atomic():
        batch, is_new = Batch.objects.get_or_create(
            asked_by=actor, key=key[:64],
            defaults={"verb": verb, "terms": dict(terms), "zone": zone, "query": query,
                      "is_ticked": lead_ids is not None},
        )  # fmt: skip
        if not is_new:
            return batch
        verdicts.of(batch)  # refuses terms that cannot be
        if lead_ids is not None:
            ids = list(dict.fromkeys(lead_ids))
            BatchItem.objects.bulk_create(
                [BatchItem(batch=batch, number=number, lead_id=pk) for number, pk in enumerate(ids, 1)]
            )
            batch.total = len(ids)
            batch.save(update_fields=["total"])
        people.audit(actor=actor, verb=f"leads.{verb}", target=f"batch {batch.pk}", query=query, ticked=batch.total)
        timeline.wake_worker()
    return batch


def waiting() -> list[UUID]:
    """What is to be worked, in the order it was asked for."""
    return list(Batch.objects.filter(state__in=WAITING).order_by("created_at").values_list("pk", flat=True))


def cancel(*, actor: User, batch_id: UUID) -> None:
    """Stop after the piece in hand; what was done stays, and can be taken back. What waits for its turn, does nothing.

    The piece in hand has the row's lock: whoever waits for it here finds how it stands then.
    """
    mine = Batch.objects.filter(pk=batch_id, asked_by=actor)
    if not mine.filter(state=BatchState.QUEUED).update(state=BatchState.CANCELLED, ended_at=clock.now()):
        mine.filter(state__in=WAITING).update(cancel_asked=True)
    timeline.wake_worker()


def undo(*, actor: User, batch_id: UUID) -> Batch:
    """Ask to put every lead of it back that nobody has changed since. Asked again it is the same.

    Raises NotAllowed for who may not do with many what it did, by now.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(pk=batch_id, asked_by=actor).first()
        if batch is None:
            raise LeadError("There is nothing to take back.")
        _require(actor, BatchVerb(batch.verb))
        if batch.state in (BatchState.QUEUED, BatchState.RUNNING):
            raise LeadError("This is still under way; cancel it first.")
        if batch.state in (BatchState.DONE, BatchState.CANCELLED, BatchState.FAILED) and batch.done:
            batch.state, batch.position, batch.problem, batch.cancel_asked = BatchState.UNDO_QUEUED, 0, "", False
            batch.save(update_fields=["state", "position", "problem", "cancel_asked"])
            people.audit(actor=actor, verb="leads.undo", target=f"batch {batch.pk}")
            timeline.wake_worker()
    return batch


class _Step(Enum):
    MORE = auto()
    ENDED = auto()
    NOT_OURS = auto()  # ended before, or in somebody else's hands


def work(
    batch_id: UUID, *, tagged: Tagged, watch: Watch = lambda _: None, is_stopping: Callable[[], bool] = lambda: False,
    size: int = SIZE,
) -> bool:  # fmt: skip
    """Bring a batch to its end; True if this call ended it. It stays where it is when `is_stopping` says so."""
    while not is_stopping():
        try:
            step = _step(batch_id, tagged, size)
        except (OperationalError, InterfaceError):
            raise  # the database is gone: whoever called tries again
        except LeadError as problem:
            _fail(batch_id, str(problem))
            return True
        except Exception:
            if connection.in_atomic_block and connection.needs_rollback:
                raise
            log.exception("A batch failed")
            _fail(batch_id, _BROKE)
            return True
        if step is not _Step.MORE:
            return step is _Step.ENDED
        watch(Batch.objects.get(pk=batch_id))
    return False


@once_more
def _step(batch_id: UUID, tagged: Tagged, size: int) -> _Step:
    """The next piece, with its account, or nothing."""
    with transaction.atomic():
        found = Batch.objects.select_for_update(skip_locked=True, of=("self",)).select_related("asked_by")
        batch = found.filter(pk=batch_id, state__in=WAITING).first()
        if batch is None:
            return _Step.NOT_OURS
        undoes = batch.state in (BatchState.UNDO_QUEUED, BatchState.UNDOING)
        is_through = batch.total is not None and batch.position >= batch.total
        if batch.cancel_asked and not is_through:
            return _end(batch, BatchState.DONE if undoes else BatchState.CANCELLED)
        if batch.state in (BatchState.QUEUED, BatchState.UNDO_QUEUED):
            if batch.total is None:
                batch.total = _list(batch, tagged)
            batch.state, batch.began_at = (BatchState.UNDOING if undoes else BatchState.RUNNING), clock.now()
            batch.save(update_fields=["total", "state", "began_at"])
            return _Step.MORE
        items = list(batch.items.filter(number__gt=batch.position).order_by("number")[:size])
        if not items:
            return _end(batch, BatchState.UNDONE if undoes else BatchState.DONE)
        _put_back(batch, items) if undoes else _carry_out(batch, items, tagged)
        batch.position = items[-1].number
        batch.save(update_fields=["position", "done", "undone", "left"])
    return _Step.MORE


def _list(batch: Batch, tagged: Tagged) -> int:
    """Write down the leads that the list finds now, newest first; how many."""
    found = _matching(batch, tagged).order_by("-captured_at", "-id").values("pk")
    sql, params = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lead_batch_item (batch_id, number, lead_id, outcome)"  # noqa: S608
            f" SELECT %s, row_number() OVER (), found.id, '' FROM ({sql}) AS found(id)",
            [batch.pk, *params],
        )
        return int(cursor.rowcount)


def _matching(batch: Batch, tagged: Tagged) -> Any:
    query = QueryDict(batch.query).dict()
    filters, sort = Filters.parse(query), lists.Sort.named(query.get("sort"))
    scores = tagged(filters.ripe) if filters.ripe else None
    found = matching(batch.asked_by, filters, zone=ZoneInfo(batch.zone), scores=scores, whole=True)
    return found.filter(lists.narrowed(batch.asked_by, filters, sort))


def _carry_out(batch: Batch, items: Sequence[BatchItem], tagged: Tagged) -> None:
    verdict = verdicts.of(batch)
    ids = [item.lead_id for item in items]
    hold(ids)  # first: what is asked about them from here on stays so
    fit = set(ids) if batch.is_ticked else set(_matching(batch, tagged).filter(pk__in=ids).values_list("pk", flat=True))
    verdict.prepare([item for item in items if item.lead_id in fit])
    refused: dict[UUID, str] = {}
    made = decide_many(
        fit, By(batch.asked_by, "batch", batch.pk.hex), kind=verdict.kind, verb=verdict.verb, change=verdict.change,
        facts=verdict.facts, body=verdict.body, refused=refused,
    )  # fmt: skip
    done = {decision.lead.pk: decision.activity_id for decision in made}
    there = set(Lead.objects.filter(pk__in=ids, merged_into__isnull=True).values_list("pk", flat=True))
    left = Counter(batch.left)
    for item in items:
        item.activity_id = done.get(item.lead_id)
        item.outcome = verdicts.DONE if item.activity_id else _why_left(item.lead_id, fit, there, refused)
        if not item.activity_id:
            left[item.outcome] += 1
    BatchItem.objects.bulk_update(items, ["outcome", "activity_id"])
    batch.done, batch.left = batch.done + len(done), dict(left)


def _why_left(lead_id: UUID, fit: Collection[UUID], there: Collection[UUID], refused: Mapping[UUID, str]) -> str:
    if lead_id not in there:
        return verdicts.GONE
    return refused.get(lead_id, verdicts.REFUSED) if lead_id in fit else verdicts.LEFT


def _put_back(batch: Batch, items: Sequence[BatchItem]) -> None:
    """The leads of it that nobody has changed since are as they were."""
    done = {item.activity_id: item for item in items if item.activity_id and item.outcome == verdicts.DONE}
    back = undo_many(list(done), By(batch.asked_by, "batch", f"undo:{batch.pk.hex}"))
    for activity_id, item in done.items():
        item.outcome = verdicts.BACK if activity_id in back else verdicts.CHANGED
    BatchItem.objects.bulk_update(list(done.values()), ["outcome"])
    batch.undone += len(back)


def _end(batch: Batch, state: BatchState) -> _Step:
    batch.state, batch.ended_at = state, clock.now()
    batch.save(update_fields=["state", "ended_at"])  # `cancel_asked` stays: where it is done, it came too late
    return _Step.ENDED


def _fail(batch_id: UUID, problem: str) -> None:
    Batch.objects.filter(pk=batch_id, state__in=WAITING).update(
        state=BatchState.FAILED, problem=problem, ended_at=clock.now()
    )


def tidy(*, before: Any) -> int:
    """Forget batches that ended before a moment; how many. What they did is on the timelines."""
    old = Batch.objects.filter(ended_at__lt=before).exclude(state__in=WAITING)
    BatchItem.objects.filter(batch__in=old).delete()
    return old.delete()[0]
