"""Whom an import concerned: the leads, or companies, that it brought or changed, by all that is stored with its id."""

from typing import Any
from uuid import UUID

from django.db import connection

from ripeline.capture.imports import undoing_firms
from ripeline.capture.models import ImportKind, ImportRun

_LEADS = """
SELECT id FROM lead WHERE import_run_id = %(run)s {after_id}
UNION SELECT lead_id FROM activity WHERE import_run_id = %(run)s {after_lead}
UNION SELECT lead_id FROM identity WHERE import_run_id = %(run)s {after_lead}
"""
LEADS = _LEADS.format(after_id="", after_lead="")  # of `run`
_ALL = f"SELECT count(*) FROM ({LEADS}) AS concerned"  # noqa: S608
_NEXT = f"""
SELECT id FROM ({_LEADS.format(after_id="AND id > %(after)s", after_lead="AND lead_id > %(after)s")}) AS concerned
ORDER BY id LIMIT %(limit)s
"""  # noqa: S608
_NOBODY = UUID(int=0)


def count(run: ImportRun) -> int:
    """Leads, or companies, that it brought or changed."""
    if run.kind == ImportKind.COMPANIES:
        return undoing_firms.concerned(run.pk).count()
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {"run": run.pk})
        return int(cursor.fetchone()[0])


def merged_since(run_id: UUID, counted: Any) -> int:
    """Leads that it changed and that were merged into others, beside those counted already."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM lead WHERE merged_into_id IS NOT NULL AND import_run_id IS DISTINCT FROM %(run)s"  # noqa: S608
            f" AND id IN ({LEADS})",
            {"run": run_id},
        )
        return len({row[0] for row in cursor.fetchall()} - set(counted))


def enquiries(run_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM activity WHERE import_run_id = %s AND kind IN ('captured', 'enquired')", [run_id]
        )
        return int(cursor.fetchone()[0])


def following(run: ImportRun, after: UUID | None, size: int) -> list[UUID]:
    if run.kind == ImportKind.COMPANIES:
        return list(undoing_firms.concerned(run.pk).filter(account_id__gt=after or _NOBODY)[:size])
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"run": run.pk, "after": after or _NOBODY, "limit": size})
        return [row[0] for row in cursor.fetchall()]
