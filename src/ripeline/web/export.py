"""A list of leads as a CSV file: what its viewer may see of each, streamed, formulas neutralised, and audited."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from ripeline.base import clock
from ripeline.capture.exporting import chances
from ripeline.capture.exporting import text as as_text
from ripeline.capture.text import safe_cell
from ripeline.catalog import queries as catalog
from ripeline.leads import lists
from ripeline.leads.lists import Row
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.web.asking import Asked, asked_of_form
from ripeline.web.many import takes_all, ticked

HEADINGS = (
    "Id", "Name", "Title", "E-mail", "Telephone", "Company", "State", "With", "Next date", "Next step", "Source",
    "Came to us", "Last touch", "Amount", "Currency", "Ripe within 30 days", "Buys in the end", "Reason",
)  # fmt: skip


class _Line:
    """A file whose `write` hands the text back: csv writes, the response streams."""

    def write(self, text: str) -> str:
        return text


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """GET: the list of the address; POST: the leads ticked, or everything that the form's list matches."""
    assert isinstance(request.user, User)
    zone = timezone.get_current_timezone()  # asked for now: while the file streams it is the viewer's no longer
    asked = asked_of_form(request) if request.method == "POST" else Asked.of(request)
    if request.method == "POST" and not takes_all(request):
        ids = ticked(request)
        chunks: Iterable[Sequence[Row]] = iter([lists.chosen(request.user, ids)])
        people.audit(actor=request.user, verb="leads.export", target=f"{len(ids)} chosen")
    else:
        chunks = lists.every(request.user, asked.filters, zone=zone, tagged=asked.tagged())
        people.audit(actor=request.user, verb="leads.export", target="list", query=asked.url())
    name = f"leads-{timezone.localtime(clock.now()):%Y-%m-%d}.csv"
    answer = StreamingHttpResponse(_file(chunks, zone), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _file(chunks: Iterable[Sequence[Row]], zone: tzinfo) -> Iterator[str]:
    """The file's text piece by piece; it begins with a byte order mark, by which spreadsheets know UTF-8."""
    fields = catalog.custom_fields()
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([*HEADINGS, *(safe_cell(field.label) for field in fields)])
    for rows in chunks:
        scores = ripeness.of([row.id for row in rows if row.sees_context])
        for row in rows:
            cells = [*_cells(row), *chances(scores.get(row.id)), row.close_reason]
            custom = row.lead.custom if row.sees_context else {}
            cells += [custom.get(field.key) for field in fields]
            yield writer.writerow([safe_cell(as_text(cell, zone, "minutes")) for cell in cells])


def _cells(row: Row) -> list[Any]:
    return [
        row.id, row.name, row.title, row.email, row.phone, row.company, row.state_label, row.owner, row.next_at,
        row.next_kind, row.source, row.captured_at, row.last_touch_at, row.amount,
        row.lead.currency if row.amount else "",
    ]  # fmt: skip


urlpatterns = [path("leads/export", export, name="leads-export")]
