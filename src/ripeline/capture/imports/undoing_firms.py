"""Taking a file of companies back: those that only it brought go, what it changed on others is put back.

A company stays where somebody is there by now, or where another file has given it an id.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from ripeline.capture.models import ImportCompany, ImportedFirm, ImportRun, ImportState
from ripeline.leads.decisions import accounts
from ripeline.leads.models import Lead


def concerned(run_id: UUID) -> QuerySet[ImportedFirm, UUID]:
    """The ids of the companies that it made, changed or gave an id."""
    return (
        ImportedFirm.objects.filter(run=run_id).order_by("account_id").values_list("account_id", flat=True).distinct()
    )


def is_recorded(run: ImportRun) -> bool:
    """Whether it is known what a file did: for those that went in before that was kept, it is not."""
    return not (run.created or run.updated) or ImportedFirm.objects.filter(run=run).exists()


def brought() -> list[QuerySet[Any, Any]]:
    """The ids of companies that a file of companies brought or named and that was not taken back."""
    standing = ImportedFirm.objects.exclude(run__state=ImportState.UNDONE)
    return [standing.values("account_id"), ImportCompany.objects.values("account_id")]


def expect(run_id: UUID) -> tuple[int, int, int]:
    """How many would be (deleted, kept, put back)."""
    total = concerned(run_id).count()
    made = ImportedFirm.objects.filter(run=run_id, is_new=True)
    people = Exists(Lead.objects.filter(account=OuterRef("account_id")))
    mine = ImportedFirm.objects.filter(run=run_id).values("reference")
    others = Exists(ImportCompany.objects.filter(account=OuterRef("account_id")).exclude(reference__in=mine))
    kept = made.filter(people | others).values("account_id").distinct().count()
    born = made.values("account_id").distinct().count()
    return born - kept, kept, total - born


def batch(run_id: UUID, account_ids: Sequence[UUID]) -> tuple[int, int, int]:
    """Take some of them back, in the caller's transaction; how many were (deleted, kept, put back)."""
    deleted = kept = put_back = 0
    done = ImportedFirm.objects.filter(run=run_id, account_id__in=account_ids)
    by_account: dict[UUID, list[ImportedFirm]] = {pk: [] for pk in account_ids}
    for each in done.order_by("-id"):
        by_account[each.account_id].append(each)
    for account_id, deeds in by_account.items():
        for deed in deeds:
            _unname(deed)
            accounts.put_back(account_id, deed.before, deed.after)
        if not any(deed.is_new for deed in deeds):
            put_back += 1
        elif not accounts.is_here(account_id) or (
            not ImportCompany.objects.filter(account=account_id).exists() and accounts.forget(account_id)
        ):
            deleted += 1
        else:
            kept += 1
    return deleted, kept, put_back


def _unname(deed: ImportedFirm) -> None:
    """What an id of another system means is what it meant before, unless it means something else again by now."""
    if not deed.reference:
        return
    mine = ImportCompany.objects.filter(reference=deed.reference, account=deed.account_id)
    if deed.was and accounts.is_here(UUID(deed.was["account_id"])):
        mine.update(**deed.was)
    else:
        mine.delete()
