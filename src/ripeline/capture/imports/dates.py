"""The days that a file's rows say somebody wanted to look at a lead again, set here, and said what became of them."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.fields import NEXT_AT
from ripeline.capture.columns.row import Row
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun, Remark
from ripeline.leads.decisions import filed
from ripeline.leads.decisions.filed import Found, Planned

_REMARKS = {
    Found.SET: Remark.NEXT, Found.PASSED: Remark.PASSED, Found.DECIDED: Remark.DECIDED, Found.CLOSED: Remark.NO_NEXT,
}  # fmt: skip


class Dates:
    """Dates leads as the rows of one run say."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._zone = ZoneInfo(run.dialect.get("zone") or "UTC")
        self._same: dict[UUID, Planned] = {}  # what an import before had said of them, and this one says again

    def of_leads(self, taken: Sequence[tuple[Row, UUID | None, Result]], tally: Tally) -> None:
        """Leads of a file of leads, new ones or not; who was unchanged but for it is brought up to date by it."""
        wanted = [
            (row, Planned(lead_id=lead_id, at=at, is_day=NEXT_AT in row.days, words=_words(row)))
            for row, lead_id, _ in taken if lead_id and (at := row.moment(NEXT_AT))
        ]  # fmt: skip
        dated = self.set(wanted, tally)
        for row, _, result in taken:
            if row.row in dated:
                tally.bring(row, result)

    def _day(self, planned: Planned) -> str:
        return planned.at.astimezone(self._zone).date().isoformat()

    def set(self, wanted: Sequence[tuple[Row, Planned]], tally: Tally) -> set[int]:
        """Date them, each as the row says that has the nearest day to come; the rows that did."""
        of_lead: dict[UUID, list[Planned]] = defaultdict(list)
        for _, planned in wanted:
            of_lead[planned.lead_id].append(planned)
        best = {pk: filed.soonest(each) for pk, each in of_lead.items()}
        for pk, same in self._same.items():
            if pk in best and filed.soonest([same, best[pk]]) is same:
                del best[pk]
        if not best:
            return set()
        found = filed.plan(list(best.values()), origin=ORIGIN, import_run_id=self._run.pk)
        dated = set()
        for row, planned in wanted:
            if best.get(planned.lead_id) is not planned or planned.lead_id not in found:
                continue
            became = found[planned.lead_id]
            if became is Found.SAME:
                self._same[planned.lead_id] = planned
            if became in (Found.SET, Found.PASSED):
                dated.add(row.row)
            if became in _REMARKS:
                tally.remarks.append((row.row, _REMARKS[became], self._day(planned)))
        return dated


def _words(row: Row) -> str:
    """What for: the next step, else what one of us wrote beside it."""
    return row.text("next_note") or row.text("note").partition("\n")[0][:300]
