"""A file's rows of companies taken in: each is an account here, known by its web site or its name."""

from collections.abc import Sequence
from uuid import UUID

from ripeline.capture.arriving.admission import Result
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.wording import NOBODY, Owners
from ripeline.capture.imports import firms
from ripeline.capture.imports.tallying import Tally
from ripeline.capture.models import ImportCompany, ImportedFirm, ImportRun, Remark
from ripeline.leads.decisions import accounts
from ripeline.leads.decisions.accounts import Brought, Firm
from ripeline.leads.words.keys import account_key


class CompanyTaker:
    """Takes rows of companies in, and keeps their ids, by which people and deals of the same export name them."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._owners = Owners()

    def take(self, rows: Sequence[Row]) -> Tally:
        """Make or complete the accounts of rows, within the transaction of their chunk."""
        tally = Tally()
        brought: list[tuple[Row, Firm]] = []
        for row in rows:
            name, site = row.text("company"), row.text("website")
            if not account_key(name, "", site):
                tally.reject(row, "has no name that could be told from another")
                continue
            brought.append((row, Firm(name=name or site, website=site, owner_id=self._owner(row, tally))))
            tally.remark(row)
        found = accounts.bring([firm for _, firm in brought])
        for one in found:
            tally.results[Result.CREATED if one.is_new else Result.UPDATED if one.is_changed else Result.UNCHANGED] += 1
        ImportedFirm.objects.bulk_create(
            done for (row, _), one in zip(brought, found, strict=True) if (done := self._remember(row, one))
        )
        return tally

    def _remember(self, row: Row, one: Brought) -> ImportedFirm | None:
        """Keep its id; what was done to it, to be kept for whoever takes the import back."""
        reference, was = firms.reference(row.text("external_id"), row.system), {}
        if reference:
            said = {"account_id": one.account_id, "name": row.text("company")[:200]}
            known = ImportCompany.objects.filter(reference=reference).select_related("account").first()
            at = (known.account.merged_into_id or known.account_id) if known else None
            if known and (at, known.name) == (said["account_id"], said["name"]):
                reference = ""
            else:
                was = {"account_id": str(known.account_id), "name": known.name} if known else {}
                ImportCompany.objects.update_or_create(reference=reference, defaults=said)
        if not (reference or one.is_new or one.is_changed):
            return None
        return ImportedFirm(
            run=self._run, account_id=one.account_id, is_new=one.is_new, before=dict(one.before),
            after=dict(one.after), reference=reference, was=was,
        )  # fmt: skip

    def _owner(self, row: Row, tally: Tally) -> UUID | None:
        said = row.text("owner")
        if not said or said == NOBODY:
            return None
        if found := self._owners.find(said):
            return found.pk
        tally.remarks.append((row.row, Remark.OWNER, said))
        return None
