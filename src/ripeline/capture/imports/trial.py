"""What an import would do, exactly: its rows are taken in by the code that imports them, and all is rolled back.

Nothing of it is ever committed, so nobody sees it, no worker hears of it, and no mail comes of it. While it lasts it
holds the rows it has touched, as any import does for a chunk; so it makes way, after the present chunk, as soon as
somebody waits for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.db import OperationalError, connection, transaction
from django.db.models import Q

from ripeline.capture.cells.fields import FIELDS, NEXT_AT
from ripeline.capture.columns.rejects import Reject
from ripeline.capture.columns.rows import SIZE
from ripeline.capture.imports import queries, runs
from ripeline.capture.models import ImportRun
from ripeline.catalog import queries as catalog
from ripeline.catalog.standard import words
from ripeline.leads import rules
from ripeline.leads.decisions.filed import BY_FILE
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people.models import User
from ripeline.timeline.models import Activity

MOST = 20_000  # rows at once
SHOWN = 12  # records whose changes are listed, and rows that stay out
_WAIT = (
    "500ms"  # for a row that somebody else is changing; less than until a deadlock is looked for, so that we give way
)
_COUNTS = ("created", "updated", "unchanged", "rejected", "reopened", "further")
_FOLLOWS = frozenset(  # from the other fields
    {"search", "account_id", "decision_id", "next_set_at", "next_kind", "next_committed"}
)

_IS_IN_THE_WAY = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database() AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
)
"""


class TrialError(Exception):
    """It could not be tried; a sentence."""


class InUseError(TrialError):
    """Somebody is at the same records just now; later it may be tried."""


@dataclass(frozen=True)
class Change:
    """One field of a record that is here, as it is and as it would be."""

    lead: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What would become of the rows, as far as they were tried."""

    rows: int  # tried
    total: int  # in the file
    created: int
    updated: int
    unchanged: int
    rejected: int
    reopened: int
    further: int = 0  # new leads beside the first person of a row
    changed: int  # records whose fields would change
    changes: Sequence[Change]  # of the first of them
    rejects: Sequence[Reject]  # the first
    remarks: Sequence[str]
    unowned: Sequence[Mapping[str, Any]] = ()  # the words of who was in hand there and would have nobody here
    closed: Sequence[tuple[str, int]] = ()  # how many who are open here would be won, lost, disqualified
    made_way: bool  # for somebody who waited for what it held
    was_stopped: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every row was tried."""
        return self.rows == self.total

    @property
    def rejects_left(self) -> int:
        """How many more stay out than are listed."""
        return self.rejected - len(self.rejects)

    @property
    def why_not_whole(self) -> str:
        """A sentence; "" if it is."""
        if self.is_whole:
            return ""
        if not self.rows and self.was_stopped:
            return f"None of its {self.total:,} rows was tried: then it was stopped."
        if not self.rows:
            return f"None of its {self.total:,} rows was tried: the file before it was not tried to its end."
        far = f"This is what the first {self.rows:,} of {self.total:,} rows would do"
        if self.was_stopped:
            return f"{far}: then it was stopped."
        if self.made_way:
            return f"{far}: then it made way for somebody who works on the same records. Try again for all."
        return f"{far}; no more are tried at once."


def attempt(
    begin: Callable[[], ImportRun],
    *,
    actor: User,
    most: int = MOST,
    size: int = SIZE,
    shown: int = SHOWN,
    is_stopped: Callable[[int, int], bool] = lambda *_: False,
) -> Trial:
    """Try the run that `begin` confirms, and leave everything as it was, the run too.

    `is_stopped` is told before each chunk how far it is, and asked whether to stop there.

    Raises InUseError where somebody else is at the same records for longer than one waits, TrialError where there is
    nothing to try, and whatever `begin` raises.
    """
    (found,) = attempt_together(
        lambda: [begin()], actor=actor, most=most, size=size, shown=shown, is_stopped=is_stopped
    )  # fmt: skip
    return found


def attempt_together(
    begin: Callable[[], Sequence[ImportRun]],
    *,
    actor: User,
    most: int = MOST,
    size: int = SIZE,
    shown: int = SHOWN,
    is_stopped: Callable[[int, int], bool] = lambda *_: False,
) -> list[Trial]:
    """`attempt` for runs of which each finds what those before it would bring; at most `most` rows of all of them.

    After one that is not tried to its end no other is: what it would find would not be all.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
            try:
                return _Attempt(actor, most, size, shown, is_stopped).of([run.pk for run in begin()])
            finally:
                transaction.set_rollback(True)
    except OperationalError as problem:
        if isinstance(problem.__cause__, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
            raise InUseError(
                "Somebody is changing the same records just now, or another import is. Nothing was changed; try again."
            ) from problem
        raise


class _Attempt:
    """Runs tried one after another, within the transaction that takes it all back."""

    def __init__(
        self, actor: User, most: int, size: int, shown: int, is_stopped: Callable[[int, int], bool]
    ) -> None:  # fmt: skip
        self._actor, self._most, self._size, self._shown, self._is_stopped = actor, most, size, shown, is_stopped
        self._done = self._total = 0
        self._made_way = self._was_stopped = False

    def of(self, ids: Sequence[UUID]) -> list[Trial]:
        """What becomes of each."""
        found = [_counted(pk) for pk in ids]
        self._total = sum((run.rows or 0) - run.position for run in found)
        tried: list[Trial] = []
        for run in found:
            tried.append(self._tried(run, ids) if all(each.is_whole for each in tried) else _untried(run))
        return tried

    def _is_enough(self) -> bool:
        if self._is_stopped(self._done, self._total):
            self._was_stopped = True
        elif self._done and _is_in_the_way():
            self._made_way = True
        return self._was_stopped or self._made_way or self._done >= self._most

    def _tried(self, run: ImportRun, ids: Sequence[UUID]) -> Trial:
        before = {name: getattr(run, name) for name in ("position", *_COUNTS)}
        earlier = self._done

        def is_enough() -> bool:
            self._done = earlier + run.position - before["position"]
            return self._is_enough()

        size = max(min(self._size, self._most - earlier), 1)
        is_whole = runs.take_rows(run, is_stopping=is_enough, size=size)
        since = {name: getattr(run, name) - before[name] for name in before}
        self._done = earlier + since["position"]
        total = since["position"] if is_whole else (run.rows or 0) - before["position"]
        changed, changes = _changes(run.pk, self._actor, self._shown, among=ids)
        return Trial(
            rows=since.pop("position"), total=total, **since, changed=changed, changes=changes,
            rejects=list(queries.rejects(run, self._shown)), remarks=queries.remarked(run, is_tried=True),
            closed=queries.closed(run), unowned=[asdict(each) for each in queries.unowned(run)],
            made_way=self._made_way and not is_whole, was_stopped=self._was_stopped,
        )  # fmt: skip


def _counted(run_id: UUID) -> ImportRun:
    """A run begun, and its rows counted."""
    run = runs.begin(run_id)
    if run is None:
        raise TrialError("This file has gone in already.")
    if not runs.count_rows(run):
        raise TrialError(ImportRun.objects.get(pk=run_id).problem)
    return run


def _untried(run: ImportRun) -> Trial:
    """Of a run whose turn did not come."""
    return Trial(
        rows=0, total=(run.rows or 0) - run.position, created=0, updated=0, unchanged=0, rejected=0, reopened=0,
        changed=0, changes=[], rejects=[], remarks=[], made_way=False,
    )  # fmt: skip


def _is_in_the_way() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_IN_THE_WAY)
        return bool(cursor.fetchone()[0])


def _changes(run_id: UUID, actor: User, shown: int, *, among: Sequence[UUID] = ()) -> tuple[int, list[Change]]:
    """How many records that are here would change, and the first ones that `actor` may see, field by field.

    What a run `among` those tried would bring is not here.
    """
    told = Q(kind__in=("imported", "answered")) | Q(kind="next_set", data__has_key=BY_FILE)
    found = Activity.objects.filter(told, import_run_id=run_id)
    born = Lead.objects.filter(import_run_id__in={run_id, *among}).values("pk")
    of_leads = found.exclude(lead_id__in=born)
    first = list(of_leads.order_by("recorded_at", "id")[: shown * 4])
    leads = Lead.objects.select_related("owner", "responsible__user").in_bulk({entry.lead_id for entry in first})
    seen = [entry for entry in first if rules.may(actor, Verb.SEE_CONTEXT, leads[entry.lead_id])][:shown]
    own = {field.key: field.label for field in catalog.custom_fields()}
    changes = [
        Change(_name(leads[entry.lead_id], entry.data.get("before", {})), *each)
        for entry in seen
        for each in _differences(entry.data, own)
    ]
    return of_leads.values("lead_id").distinct().count(), changes


def _name(lead: Lead, before: Mapping[str, Any]) -> str:
    """What the record is called now."""
    names = (before.get(name, getattr(lead, name)) for name in ("name", "email", "company", "reference", "phone"))
    return next((str(name) for name in names if name), "")


def _differences(data: Mapping[str, Any], own: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(field or question, before, after) of an entry, in the words of the page."""
    if "answers" in data:
        return [
            (data["asked"][key], "" if was is None else words(was), "" if now is None else words(now))
            for key, (was, now) in data["answers"].items()
        ]
    before, after = _flat(data.get("before") or {}), _flat(data.get("after") or {})  # of a deal it has neither
    names = {"reference": FIELDS["leads"]["external_id"].label} | {
        name: field.label for name, field in FIELDS["leads"].items()
    }
    if owners := data.get("owners"):
        return [(FIELDS["leads"]["owner"].label, *owners)]
    return [
        (
            names.get(name) or own.get(name) or name.replace("_", " ").capitalize(),
            _said(before.get(name), name),
            _said(value, name),
        )
        for name, value in after.items()
        if name not in _FOLLOWS and before.get(name) != value
    ]


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in values.items() if name != "custom"}, **(values.get("custom") or {})}


def _said(value: Any, name: str = "") -> str:
    said = "" if value in (None, "None") else str(value)
    return said[:10] if name == NEXT_AT else said
