"""A file's rows of outcomes taken in: each finds its lead (`capture.imports.joined`), and its deal is booked there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.text import key
from ripeline.capture.columns.rows import Row
from ripeline.capture.columns.whys import Reasons
from ripeline.capture.imports import firms, joined
from ripeline.capture.imports.mailboxes import keys_of
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun, Remark
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import deals, identity, placing, systems
from ripeline.leads.accounts import first_leads
from ripeline.leads.deals import Booked
from ripeline.leads.matching import Deal
from ripeline.leads.models import IdentityKind
from ripeline.leads.open_deals import Became, OpenDeal, open_all
from ripeline.ripeness import actions as ripeness

_WORDS = {IdentityKind.EXTERNAL: "id", IdentityKind.EMAIL: "e-mail address"}
_TWO_LEADS = "Its id and its e-mail address belong to two different leads here: merge them first, or mend the row"
_NOBODY_THERE = "nobody who is here came from this company: import its people first"
_NOBODY_CALLED = "nobody who is here is called so, or came from this company: import its people first"
_CLOSED = (
    "is open there, but its lead is closed here, so no deal was made of it: re-open the lead and import the row again"
)
_MERGED = "its lead was being merged in that moment: import the row again"


class OutcomeTaker:
    """Takes rows of outcomes in, as one run says. Close reasons are looked up once."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._zone = ZoneInfo(run.dialect.get("zone") or "UTC")
        reasons = catalog.reasons()
        self._reasons = Reasons(run.dialect.get("words", {}).get("reason", {}))
        self._named = {(reason.state, key(word)): reason for reason in reasons for word in (reason.code, reason.label)}
        self._columns = {target: label for label, target in run.mapping.items()}

    def take(self, rows: Sequence[Row]) -> Tally:
        """Book the deals of rows, within the transaction of their chunk."""
        tally = Tally()
        ended: list[tuple[Row, Deal]] = []
        still_open: list[tuple[Row, UUID]] = []
        for row, lead_id in self._leads(rows, tally):
            if row.text("outcome") == "open":
                still_open.append((row, lead_id))
            else:
                ended.append((row, self._deal(row, lead_id)))
        self._open(still_open, tally)
        booked = deals.book(
            [deal for _, deal in ended], actor=self._run.started_by, origin=ORIGIN, import_run_id=self._run.pk
        )
        for (row, deal), result in zip(ended, booked, strict=True):
            self._count(row, deal, result, tally)
        closed = [deal.lead_id for (_, deal), result in zip(ended, booked, strict=True) if result.closed]
        if closed:
            ripeness.rescore(closed)
        return tally

    def _leads(self, rows: Sequence[Row], tally: Tally) -> Iterator[tuple[Row, UUID]]:
        """The lead of each row: by whom it names, be it by name alone, else by its company (`_placed`)."""
        known = identity.resolve(found for row in rows for found in joined.people_of(row))
        named = firms.of(rows)
        first = first_leads(list(set(named.values())))
        unknown = [row for row in rows if not any(one in known for one in joined.people_of(row))]
        called = joined.by_name(unknown, named)
        at_company = [row for row in unknown if named.get(row.row) in first and len(called.get(row.row, [])) != 1]
        placed = self._placed(at_company, named, first)
        for row in rows:
            found = {known[one] for one in keys_of(row) if one in known}
            several = [known[one] for one in joined.people_of(row) if one in known]
            alike = called.get(row.row, [])
            if len(found) > 1:
                tally.reject(row, _TWO_LEADS)
            elif several:
                yield row, several[0]
            elif len(alike) == 1:
                tally.remarks.append((row.row, Remark.PERSON, joined.called(row)))
                yield row, alike[0]
            elif row.row in placed:
                tally.remarks.append((row.row, Remark.COMPANY, row.text("company") or row.text("company_id")))
                yield row, placed[row.row]
            elif alike:
                tally.reject(row, joined.SEVERAL.format(joined.called(row)), self._columns.get("person", ""))
            else:
                tally.reject(row, *self._nobody(row))

    def _placed(
        self, rows: Sequence[Row], accounts: Mapping[int, UUID], first: Mapping[UUID, UUID]
    ) -> dict[int, UUID]:  # fmt: skip
        """The lead of each row by its company: who has its deal from before, else who came first from there."""
        asked = []
        for row in rows:
            account_id = accounts[row.row]
            deal_of = self._open_deal if row.text("outcome") == "open" else self._deal
            asked.append(placing.Asked(account_id, deal_of(row, first[account_id])))
        kept = placing.kept(asked, origin=ORIGIN, run_id=self._run.pk)
        return {row.row: by or each.deal.lead_id for row, each, by in zip(rows, asked, kept, strict=True)}

    def _open(self, rows: Sequence[tuple[Row, UUID]], tally: Tally) -> None:
        """Deals that are still open elsewhere are opportunities here, each once."""
        found = open_all(
            [self._open_deal(row, lead_id) for row, lead_id in rows],
            actor=self._run.started_by, origin=ORIGIN, import_run_id=self._run.pk,
        )  # fmt: skip
        for (row, _), result in zip(rows, found, strict=True):
            if result is Became.GONE:
                tally.reject(row, _MERGED)
                continue
            if result is Became.CLOSED:
                tally.reject(row, _CLOSED)
                continue
            is_news = result in (Became.OPENED, Became.CHANGED)
            tally.results[Result.UPDATED if is_news else Result.UNCHANGED] += 1
            tally.remark(row)

    def _open_deal(self, row: Row, lead_id: UUID) -> OpenDeal:
        return OpenDeal(
            lead_id=lead_id, name=row.text("product"), amount=row.number("amount"),
            currency=row.text("currency"), stage=row.text("pipeline_stage"),
            expected=at.astimezone(self._zone).date() if (at := row.moment("closed_at")) else None,
            opened_at=row.moment("opened_at"),
        )  # fmt: skip

    def _deal(self, row: Row, lead_id: UUID) -> Deal:
        at = row.moment("closed_at")
        assert at is not None  # rows see to it
        state, said = CloseState(row.text("outcome")), row.text("reason")
        reason = self._reason(state, said, row.words.values())
        return Deal(
            lead_id=lead_id, at=at, is_day="closed_at" in row.days, day=at.astimezone(self._zone).date(),
            reason=reason, said=said if key(said) not in (key(reason.label), key(reason.code)) else "",
            amount=row.number("amount"), currency=row.text("currency"), product=row.text("product"),
            opened_at=row.moment("opened_at"),
        )  # fmt: skip

    def _reason(self, state: CloseState, said: str, words: Iterable[str]) -> CloseReason:
        """The one that the row names, else what its word for the outcome says."""
        return self._named.get((state, key(said))) or self._reasons.of(state, words)

    def _nobody(self, row: Row) -> tuple[str, str]:
        """Why no lead was found, and in which column."""
        keys = keys_of(row)
        if not keys and joined.called(row):
            return _NOBODY_CALLED, self._columns.get("person", "")
        if not keys:
            return _NOBODY_THERE, self._columns.get("company", "")
        named = _WORDS | ({IdentityKind.EXTERNAL: f"id of {systems.label(row.system)}"} if row.system else {})
        words = " and no lead has this ".join(named[IdentityKind(one.kind)] for one in reversed(keys))
        field = "external_id" if any(one.kind == IdentityKind.EXTERNAL for one in keys) else "email"
        return f"no lead has this {words}: import its lead first", self._columns.get(field, "")

    def _count(self, row: Row, deal: Deal, result: Booked, tally: Tally) -> None:
        if result.is_gone:
            tally.reject(row, _MERGED)
            return
        tally.results[Result.UPDATED if result.is_new else Result.UNCHANGED] += 1
        tally.remark(row)
        if result.before_captured:
            tally.remarks.append((row.row, Remark.EARLY, f"won on {deal.day}, before they came to us"))
        if result.stays_open:
            tally.remarks.append((row.row, Remark.KEPT_OPEN, f"{deal.outcome} on {deal.day}"))
        if result.other_amount is not None:
            text = f"the deal of {deal.day} is here with {result.other_amount}, the row says {deal.amount}"
            tally.remarks.append((row.row, Remark.AMOUNT, text))
