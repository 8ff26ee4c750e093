"""What came of an import: what went in, what did not and why, what is worth a look, and how the file was read."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from ripeline.capture.cells.fields import CUSTOM, FIELDS, IGNORE
from ripeline.capture.columns import answers, presets
from ripeline.capture.columns.looking import kind_of
from ripeline.capture.columns.rejects import Reject
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import dating, queries, righting
from ripeline.capture.imports.queries import Unowned
from ripeline.capture.models import ImportKind, ImportRun, ImportState, Remark
from ripeline.catalog.models import SourceType
from ripeline.leads.finding.filters import Filters, View
from ripeline.leads.models import Lead, State
from ripeline.ripeness import yields
from ripeline.ripeness.yields import Yield
from ripeline.web.frame.countries import countries
from ripeline.web.imports.access import asked
from ripeline.worklist import belief

SHOWN = 8  # rejected rows, and remarks, on the page; the rest is in the file
WIDEST = 100  # characters shown of a rejected row


def of(run: ImportRun) -> dict[str, Any]:
    """What its page says."""
    shown = list(queries.rejects(run, SHOWN))
    labels = Dialect.from_json(run.dialect).labels
    return {
        "run": run,
        "rejects": [(one, _as_it_was(one, labels)) for one in shown],
        "rejects_left": run.rejected - len(shown),
        "remarked": queries.remarked(run),
        "closed": queries.closed(run),
        "owned_otherwise": queries.count_of(run, Remark.OWNS),
        "deals_refused": righting.has_deals(run),
        "stands_otherwise": righting.has_people(run),
        "held": queries.held(run, SHOWN),
        "unowned": [(each, _list_of(run, each)) for each in queries.unowned(run)],
        "remarks": list(queries.remarks(run, SHOWN)),
        "yields": (found := _yields(run)),
        "are_from_nowhere": bool(found) and _are_from_nowhere(run),
        "ahead": queries.ahead(run) if run.kind == ImportKind.LEADS else None,
        "read_as": _read_as(run),
        "undated": run.created and run.kind == ImportKind.LEADS and dating.is_undated(run),
        "may_go_on": run.state != ImportState.DONE and queries.is_kept(run),
    }


def _list_of(run: ImportRun, unowned: Unowned) -> str:
    """The list of those who were in hand there in these words and are new here, as an address's query."""
    words = {unowned.field: unowned.word} if unowned.word else {}
    return Filters(view=View.ALL, run=run.pk, state=State.NEW, custom=words).url()


def _as_it_was(reject: Reject, labels: Sequence[str]) -> str:
    """A rejected row's cells, the one that is wrong first, with its column."""
    at = labels.index(reject.column) if reject.column in labels else -1
    wrong = [f"{reject.column}: {reject.cells[at]}"] if 0 <= at < len(reject.cells) and reject.cells[at].strip() else []
    rest = [cell for place, cell in enumerate(reject.cells) if cell.strip() and not (wrong and place == at)]
    return " · ".join([*wrong, *rest])[:WIDEST]


def _read_as(run: ImportRun) -> list[tuple[str, str, str]]:
    """(what, how, why) it was read: what was found out or said, and which column went where."""
    dialect = Dialect.from_json(run.dialect)
    preset = presets.recognised(dialect.labels)
    found = [("Taken for", f"an export of {preset.label}", "by its headings")] if preset else []
    named = dict(countries())
    found += [(each.about, named.get(each.answer, each.answer), each.why) for each in dialect.findings()]
    known = {name: field.label for name, field in FIELDS[kind_of(run)].items()} | answers.labels()
    for label in dialect.labels:
        target = run.mapping.get(label, IGNORE)
        custom = "kept as a field of your own" if target.startswith(CUSTOM) else "left out"
        found.append((f"“{label}”", known.get(target, custom), ""))
    return found


def _are_from_nowhere(run: ImportRun) -> bool:
    """Whether of most of its leads nobody has said where they come from, so that it may be a list of addresses."""
    said = Q(source__isnull=False) & ~Q(source__source_type=SourceType.OTHER)
    counts = Lead.objects.filter(import_run_id=run.pk).aggregate(total=Count("pk"), said=Count("pk", filter=said))
    return 2 * int(counts["said"]) < int(counts["total"])


def _yields(run: ImportRun) -> Yield | None:
    """What the batch should yield and has yielded; None where it is too small to say."""
    found = yields.of(Lead.objects.filter(import_run_id=run.pk)) if run.kind == ImportKind.LEADS else None
    return found if found and found.n >= belief.ENOUGH else None


@require_safe
def rejects(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    run = asked(request, run_id)
    return _file(queries.rejects_csv(run), run, "rejected")


@require_safe
def remarks(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    run = asked(request, run_id)
    return _file(queries.remarks_csv(run), run, "remarks")


def _file(lines: Iterator[str], run: ImportRun, what: str) -> HttpResponseBase:
    """Lines as a download; it begins with a byte order mark, by which spreadsheets know UTF-8."""

    def text() -> Iterator[str]:
        yield "\ufeff"
        yield from lines

    answer = StreamingHttpResponse(text(), content_type="text/csv; charset=utf-8")
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in run.filename.rpartition(".")[0])
    answer["Content-Disposition"] = f'attachment; filename="{stem or "import"}-{what}.csv"'
    return answer


urlpatterns = [
    path("imports/<uuid:run_id>/rejected.csv", rejects, name="import-rejects"),
    path("imports/<uuid:run_id>/remarks.csv", remarks, name="import-remarks"),
]
