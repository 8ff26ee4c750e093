"""Reading imports: which there are, how far each is, what it did in words, and the rows to look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
    Window,
)  # fmt: skip
from django.db.models.functions import DenseRank

from ripeline.base import clock
from ripeline.capture import rules
from ripeline.capture.cells.text import safe_cell
from ripeline.capture.columns.rejects import Reject, rejects_file
from ripeline.capture.imports import remarking
from ripeline.capture.imports.remarking import STANDING, SUMMED, day_of, sentence, split, summed
from ripeline.capture.models import ImportPiece, ImportReject, ImportRemark, ImportRun, ImportState, Remark
from ripeline.catalog.models import CloseState
from ripeline.catalog.rules import UNANSWERED
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.people.models import User
from ripeline.science.choice import FRESH_DAYS

NAMED = 5  # owners, rows, in a sentence
_WORDS, _ROWS = 12, 20  # different words, and rows of each, that are named
_WEEK, _FRESH = timedelta(weeks=1), timedelta(days=FRESH_DAYS)
_EVERY = 500  # rows fetched at a time


def runs(actor: User) -> QuerySet[ImportRun]:
    """The imports that somebody may see, the latest first."""
    found = ImportRun.objects.filter(rules.seen_by(actor)).select_related("started_by", "undo__asked_by")
    return found.order_by("-created_at", "-id")


def run(actor: User, run_id: UUID) -> ImportRun | None:
    """One of them."""
    return runs(actor).filter(pk=run_id).first()


def batch(actor: User, batch_id: UUID) -> QuerySet[ImportRun]:
    """The files that somebody brought together, in the order in which they go in."""
    return runs(actor).filter(batch_id=batch_id).order_by("place", "id")


def waiting() -> Sequence[UUID]:
    """Runs that a worker is to work, the oldest first; some may be in another's hands (`runs.work` finds out).

    Of files that go in together only the first that has not ended: the others name what it brings. Of those that are
    taken back only the last, for what it changed keeps the others from going.
    """
    going_in = Q(state__in=(ImportState.QUEUED, ImportState.RUNNING))
    before = ImportRun.objects.filter(going_in, batch_id=OuterRef("batch_id"), place__lt=OuterRef("place"))
    goes_back = Q(state=ImportState.UNDOING, undo__problem="") & ~Exists(
        taken_back_first(OuterRef("batch_id"), OuterRef("place"))
    )
    found = ImportRun.objects.filter(going_in & ~Exists(before) | goes_back)
    return list(found.order_by("created_at").values_list("pk", flat=True))


def taken_back_first(batch_id: Any, place: Any) -> QuerySet[ImportRun]:
    """Files of a batch that went in later than `place` and are being taken back, the last first."""
    later = ImportRun.objects.filter(batch_id=batch_id, place__gt=place, state=ImportState.UNDOING)
    return later.order_by("-place", "-id")


def is_kept(run: ImportRun) -> bool:
    """Whether the file is still here, so that a run that stopped can go on."""
    return ImportPiece.objects.filter(run=run, is_workbook=False).exists()


def rejects(run: ImportRun, limit: int | None = None) -> Iterator[Reject]:
    """The rows that did not go in, by their place in the file."""
    found = ImportReject.objects.filter(run=run).order_by("row").values_list("row", "cells", "reason", "column")[:limit]
    return (Reject(*each) for each in found.iterator(chunk_size=_EVERY))


def rejects_csv(run: ImportRun) -> Iterator[str]:
    """The same as a file, as it came, to be corrected and imported again."""
    labels = [column["label"] for column in run.dialect["columns"]]
    return rejects_file(labels, rejects(run), delimiter=run.dialect["delimiter"])


_FIRST = Case(
    When(about__in=[Remark.CLOSED, Remark.KEPT_OPEN, *STANDING], then=0), When(about=Remark.CELL, then=2), default=1
)


def remarks(run: ImportRun, limit: int | None = None) -> Iterator[tuple[int, str]]:
    """(row, sentence) of what is to be looked at, by their place in the file; of the first few not whence a day is, and
    what was only mended in a cell after how people stand and whose they are.
    """
    of_run = ImportRemark.objects.filter(run=run)
    looked_at = of_run if limit is None else of_run.exclude(about=Remark.DATED)
    order = ("row", "id") if limit is None else (_FIRST, "row", "id")
    found = looked_at.order_by(*order).values_list("row", "about", "text")[:limit]
    return ((row, sentence(about, text)) for row, about, text in found.iterator(chunk_size=_EVERY))


def remarks_csv(run: ImportRun) -> Iterator[str]:
    """The same as a file."""
    yield "Row,Remark\r\n"
    for row, said in remarks(run):
        quoted = safe_cell(said).replace('"', '""')
        yield f'{row},"{quoted}"\r\n'


def closed(run: ImportRun) -> list[tuple[str, int]]:
    """How many leads that were open here the file closed, by what they are now: won, lost, disqualified."""
    found = ImportRemark.objects.filter(run=run, about=Remark.CLOSED).order_by().values_list("text")
    counts = dict(found.annotate(Count("row", distinct=True)))
    return [(state, counts[state]) for state in CloseState if state in counts]


def count_of(run: ImportRun, about: Remark) -> int:
    """How many rows have such a remark."""
    return ImportRemark.objects.filter(run=run, about=about).values("row").distinct().count()


class Held(NamedTuple):
    """Somebody who was left open: how they ended there, their name, and who took them back to work, and when."""

    said: str
    name: str
    who: str
    day: str


def held(run: ImportRun, limit: int) -> list[Held]:
    """The first of those whom a file had closed, and whom somebody has taken back to work."""
    found = ImportRemark.objects.filter(run=run, about=Remark.HELD).order_by("row").values_list("text", flat=True)
    return [Held(*remarking.held(text)) for text in found[:limit]]


@dataclass(frozen=True)
class Unowned:
    """A word of a file for who was in hand there, of those who have nobody here: where their records keep it."""

    field: str
    word: str
    times: int
    rows: Sequence[int]  # the first


def unowned(run: ImportRun) -> list[Unowned]:
    """The words of who was in hand there and has no owner here, the most frequent first."""
    of_run = ImportRemark.objects.filter(run=run, about=Remark.UNOWNED)
    counts = of_run.order_by().values_list("text").annotate(n=Count("row", distinct=True)).order_by("-n", "text")
    found = list(counts[:_WORDS])
    place = Window(DenseRank(), partition_by="text", order_by="row")  # of a row among those of its word
    first = of_run.filter(text__in=[text for text, _ in found]).annotate(place=place).filter(place__lte=_ROWS)
    rows: dict[str, list[int]] = {}
    for text, row in first.order_by("row").values_list("text", "row").distinct() if found else ():
        rows.setdefault(text, []).append(row)
    return [Unowned(*split(text), times, rows.get(text, [])) for text, times in found]


def _words(run: ImportRun) -> str:
    found = [f"“{each.word}”: {each.times:,}" for each in unowned(run) if each.word]
    return f" ({', '.join(found)})" if found else ""


def _days(run: ImportRun) -> str:
    found = ImportRemark.objects.filter(run=run, about=Remark.DATED).order_by().values_list("text")
    counts = found.annotate(n=Count("row", distinct=True)).order_by("-n", "text")
    return ", ".join(f"{day_of(label)}: {times:,}" for label, times in counts)


def remarked(run: ImportRun, *, is_tried: bool = False) -> list[str]:
    """What is to be looked at, summed up in sentences; none if nothing is. `is_tried`: of what would have gone in."""
    found = ImportRemark.objects.filter(run=run).order_by("about").values_list("about")
    counts = {about: (rows, first) for about, rows, first in found.annotate(Count("row", distinct=True), Min("row"))}
    said = []
    for about in SUMMED:
        if about in counts:
            rows, first = counts[about]
            if about == Remark.AGAIN:
                rows = _people_again(run)
            words = summed(about, run.kind, is_one=rows == 1, is_tried=is_tried)
            what = ("person", "people") if about == Remark.AGAIN else ("row", "rows")
            text = f"One {what[0]} {words}" if rows == 1 else f"{rows:,} {what[1]} {words}"
            owners = _owners(run) if about == Remark.OWNER else ""
            listed = _words(run) if about == Remark.UNOWNED else _days(run) if about == Remark.DATED else ""
            said.append(text.format(first=first, owners=owners, words=listed))
    return said


def _people_again(run: ImportRun) -> int:
    """Of how many people the file says different things in several rows: their first rows stand before the remark."""
    found = ImportRemark.objects.filter(run=run, about=Remark.AGAIN)
    first = Func(F("text"), Value(":"), Value(1), function="split_part", output_field=TextField())
    return found.aggregate(n=Count(first, distinct=True))["n"] or 0


def _owners(run: ImportRun) -> str:
    named = ImportRemark.objects.filter(run=run, about=Remark.OWNER).values_list("text")
    found = named.annotate(n=Count("id")).order_by("-n", "text")[: NAMED + 1]
    names = [text for text, _ in found]
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


@dataclass(frozen=True)
class Ahead:
    """What happens next with a batch: how many wait for their first look, of them re-opened, and until when."""

    open: int
    reopened: int
    last: datetime | None
    asking: int = 0  # asked us something in the last days, and nobody has been in touch
    asked: int = 0  # the same, longer ago

    @property
    def weeks(self) -> int:
        """Over how many weeks they are spread."""
        return 0 if self.last is None else max(ceil((self.last - clock.now()) / _WEEK), 1)


def ahead(run: ImportRun) -> Ahead:
    """How the leads that an import brought stand now."""
    old = Q(next_kind=NextKind.REOPENED)
    asked = Q(next_note=UNANSWERED, touches=0)
    is_fresh = Q(episode_at__gte=clock.now() - _FRESH) & ~old
    found = Lead.objects.filter(IS_OPEN, import_run_id=run.pk).aggregate(
        open=Count("pk"), old=Count("pk", filter=old), last=Max("next_at", filter=old),
        asking=Count("pk", filter=asked & is_fresh), asked=Count("pk", filter=asked & ~is_fresh),
    )  # fmt: skip
    return Ahead(found["open"], found["old"], found["last"], found["asking"], found["asked"])
