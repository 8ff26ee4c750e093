"""All leads as rows of text, as other systems, and the import here, take them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.capture.cells.text import safe_cell
from ripeline.capture.columns import own_labels
from ripeline.capture.columns.exported import HEADINGS
from ripeline.catalog import queries as catalog
from ripeline.leads.finding import rows
from ripeline.leads.finding.columns import Share
from ripeline.leads.models import Identity, IdentityKind, Lead
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.models import Score

CHUNK = 1_000  # leads held in memory at a time


def export(*, actor: User) -> Iterator[list[str]]:
    """The heading, then every lead that was not merged away, oldest first; audited. No cell runs as a formula.

    Everything is of one moment, whoever works on the leads meanwhile.
    """
    with transaction.atomic():
        people.audit(actor=actor, verb="leads.export", target="everything")
        fields = catalog.custom_fields()
        yield [*HEADINGS, *(safe_cell(own_labels.apart(field.label)) for field in fields)]
        leads = Lead.objects.filter(merged_into__isnull=True).select_related(
            "owner", "responsible", "source", "close_reason"
        )
        chunk: list[Lead] = []
        for lead in leads.defer("search").order_by("pk").iterator(chunk_size=CHUNK):
            chunk.append(lead)
            if len(chunk) == CHUNK:
                yield from _rows(chunk, [field.key for field in fields])
                chunk = []
        yield from _rows(chunk, [field.key for field in fields])


def _rows(leads: Sequence[Lead], custom: Sequence[str]) -> Iterator[list[str]]:
    ids = [lead.pk for lead in leads]
    scores = ripeness.of(ids)
    external: dict[UUID, str] = dict(
        Identity.objects.filter(lead__in=ids, kind=IdentityKind.EXTERNAL).order_by("-pk").values_list("lead", "key")
    )
    campaigns, phones = rows.campaigns(ids), rows.other_phones(leads)
    for lead in leads:
        found = _cells(lead, external.get(lead.pk, ""), campaigns.get(lead.pk, ""), phones.get(lead.pk, ""))
        cells = [*found, *chances(scores.get(lead.pk))]
        yield [safe_cell(text(cell)) for cell in [*cells, *(lead.custom.get(key) for key in custom)]]


def _cells(lead: Lead, external: str, campaigns: str, phones: str) -> list[Any]:
    return [
        lead.pk, external, lead.name, lead.title, lead.email, lead.phone, phones, lead.company, lead.country,
        lead.language, lead.source, campaigns, lead.captured_at, lead.get_state_display(), lead.closed_at,
        lead.close_reason, lead.owner.email if lead.owner else "", lead.responsible, lead.next_at,
        lead.get_next_kind_display(), lead.last_touch_at, lead.touches, lead.amount,
        lead.currency if lead.amount is not None else "",
    ]  # fmt: skip


def chances(score: Score | None) -> list[Share | str]:
    """The two cells of how ripe somebody is: within 30 days, and in the end; empty while there is no score."""
    return ["", ""] if score is None else [Share(score.p_30), Share(score.p_ever)]


def text(value: Any, zone: tzinfo = UTC, timespec: str = "seconds") -> str:
    """A cell's text: nothing for None, moments as ISO 8601 in a zone, yes and no for what is true or not."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec=timespec)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
