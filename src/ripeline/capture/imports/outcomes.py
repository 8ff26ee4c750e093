"""A file's rows of outcomes taken in: each finds its lead (`capture.imports.joined`), and its deal is booked there.

A deal that is known by the id that its system gave it is with whom it was, unless the file names somebody else now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.text import key
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.whys import Reasons
from ripeline.capture.imports import firms, joined
from ripeline.capture.imports.mailboxes import keys_of
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun, Remark
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import queries
from ripeline.leads.deals import booking as deals
from ripeline.leads.deals import ids as deal_ids
from ripeline.leads.deals import placing
from ripeline.leads.deals.booking import Booked
from ripeline.leads.deals.matching import Deal, key_of
from ripeline.leads.deals.opening import Became, OpenDeal, open_all
from ripeline.leads.decisions.accounts import first_leads
from ripeline.leads.knowing import identity
from ripeline.leads.models import IdentityKind
from ripeline.leads.words import systems
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness

_WORDS = {IdentityKind.EXTERNAL: "id", IdentityKind.EMAIL: "e-mail address"}
_TWO_LEADS = "Its id and its e-mail address belong to two different leads here: merge them first, or mend the row"
_NOBODY_THERE = "nobody who is here came from this company: import its people first"
_NOBODY_CALLED = "nobody who is here is called so, or came from this company: import its people first"
CLOSED = "is open there, but its lead is closed here"  # so begins why such a row was refused: it is known by that
_CLOSED = (
    f"{CLOSED}, and not before it was opened, so no deal was made of it: take the lead up again with it on the page of "
    "the import, or re-open the lead and import the row again"
)
_NO_DEAL = "no deal here has this id, and the row names nobody: import it once with its person or company"
_MERGED = "its lead was being merged in that moment: import the row again"


class _Found(NamedTuple):
    """A row with the lead that it goes to, whom it names of those here, and what its deal is known by."""

    row: Row
    lead_id: UUID
    named: tuple[UUID, ...] = ()
    reference: str = ""
    is_first: bool = True


class _ById(NamedTuple):
    """What the ids of rows' deals say: the ids, and who has those that are here, each by the row's number."""

    references: dict[int, str]
    whose: dict[int, UUID]


def reference_of(row: Row) -> str:
    """The id of a row's deal as it is kept, with the system that gave it; "" for none."""
    return firms.reference(row.text("deal_id"), row.system)


class OutcomeTaker:
    """Takes rows of outcomes in, as one run says. Close reasons are looked up once."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._zone = ZoneInfo(run.dialect.get("zone") or "UTC")
        reasons = catalog.reasons()
        self._reasons = Reasons(run.dialect.get("words", {}).get("reason", {}))
        self._named = {(reason.state, key(word)): reason for reason in reasons for word in (reason.code, reason.label)}
        self._columns = {target: label for label, target in run.mapping.items()}
        self._seen: set[str] = set()  # ids of deals in rows before

    def recall(self, rows: Iterable[Row]) -> None:
        """Rows that went in before the import was broken off."""
        if "deal_id" in self._columns:
            self._seen |= {reference_of(row) for row in rows}

    def take(self, rows: Sequence[Row]) -> Tally:
        """Book the deals of rows, within the transaction of their chunk."""
        tally = Tally()
        ended: list[tuple[Row, Deal]] = []
        still_open: list[_Found] = []
        if any(row.text("deal_id") for row in rows):
            deal_ids.take_turns(rows[0].system)
        seen = set(self._seen)
        for found in self._leads(rows, tally):
            one = found._replace(is_first=found.reference not in seen)
            seen.add(found.reference)
            if one.row.text("outcome") == "open":
                still_open.append(one)
            else:
                ended.append((one.row, self._deal(one)))
        closed = self._open(still_open, tally)
        booked = deals.book(
            [deal for _, deal in ended], actor=self._run.started_by, origin=ORIGIN, import_run_id=self._run.pk
        )
        for (row, deal), result in zip(ended, booked, strict=True):
            self._count(row, deal, result, tally)
        for found in self._open(closed, tally):  # whom no deal that went to somebody else has opened again meanwhile
            tally.reject(found.row, _CLOSED)
        ended_now = [deal.lead_id for (_, deal), result in zip(ended, booked, strict=True) if result.closed]
        if ended_now:
            ripeness.rescore(ended_now)
        self._seen = seen
        return tally

    def whose(self, rows: Sequence[Row]) -> list[tuple[Row, UUID]]:
        """The lead of each of these rows that finds one."""
        return [(found.row, found.lead_id) for found in self._leads(rows, Tally())]

    def take_up(self, rows: Sequence[Row], actor: User) -> tuple[Tally, list[Row]]:
        """Open these deals, whose leads are closed here, all the same, because `actor` says so; which went in."""
        tally = Tally()
        if any(row.text("deal_id") for row in rows):
            deal_ids.take_turns(rows[0].system)
        found = list(self._leads(rows, tally))
        left = {each.row.row for each in self._open(found, tally, by=actor)} | {one.row for one in tally.rejects}
        return tally, [each.row for each in found if each.row.row not in left]

    def _leads(self, rows: Sequence[Row], tally: Tally) -> Iterator[_Found]:
        """The lead of each row: by whom it names, be it by name alone, by its deal's id, by its company (`_placed`)."""
        known = identity.resolve(found for row in rows for found in joined.people_of(row))
        every = firms.of(rows)
        first = first_leads(list({account for here in every.values() for account in here}))
        accounts = {number: next((one for one in here if one in first), here[0]) for number, here in every.items()}
        unknown = [row for row in rows if not any(one in known for one in joined.people_of(row))]
        called = joined.by_name(unknown, every)
        unclear = {row.row: why for row in unknown if (why := joined.unclear(row, called.get(row.row)))}
        named: dict[int, tuple[UUID, ...]] = {
            row.row: tuple(dict.fromkeys(known[one] for one in joined.people_of(row) if one in known)) for row in rows
        }
        named |= {number: tuple(alike.here) for number, alike in called.items() if number not in unclear}
        by_id = self._by_id(rows, named)
        free = [row for row in unknown if not named[row.row] and row.row not in by_id.whose.keys() | unclear.keys()]
        placed = self._placed(
            [row for row in free if accounts.get(row.row) in first], accounts, first, by_id.references
        )
        at_work = queries.open_of(  # of several whom a row of an open deal names, the first of those is meant
            {one for row in rows if len(named[row.row]) > 1 and row.text("outcome") == "open" for one in named[row.row]}
        )
        for row in rows:
            reference = by_id.references.get(row.row, "")
            if len({known[one] for one in keys_of(row) if one in known}) > 1:
                tally.reject(row, _TWO_LEADS)
            elif people := named[row.row]:
                if row.row in called:
                    tally.remarks.append((row.row, Remark.PERSON, joined.called(row)))
                yield _Found(row, next((one for one in people if one in at_work), people[0]), people, reference)
            elif row.row in by_id.whose:
                yield _Found(row, by_id.whose[row.row], (), reference)
            elif row.row in placed:
                tally.remarks.append((row.row, Remark.COMPANY, row.text("company") or row.text("company_id")))
                yield _Found(row, placed[row.row], (), reference)
            elif row.row in unclear:
                tally.reject(row, unclear[row.row], self._columns.get("person", ""))
            else:
                tally.reject(row, *self._nobody(row))

    def _by_id(self, rows: Sequence[Row], named: Mapping[int, Sequence[UUID]]) -> _ById:
        """The ids of these rows' deals, and who has those that are here.

        A short number of no named system may only count the rows of a list: it is the deal's that is called so, or is
        with whom the row names; else it is left out.
        """
        references = {row.row: reference for row in rows if (reference := reference_of(row))}
        here = deal_ids.known(references.values())
        now_is = queries.survivors({one.holder_id for one in here.values()})
        whose: dict[int, UUID] = {}
        for row in (row for row in rows if references.get(row.row) in here):
            one = here[references[row.row]]
            is_called = key_of(row.text("product")) == key_of(str(one.said.get("name", "")))
            is_it = is_called or now_is[one.holder_id] in named[row.row]
            if is_it or not systems.says_little(row.text("deal_id"), row.system):
                whose[row.row] = now_is[one.holder_id]
                continue
            label = self._columns.get("deal_id", "")
            row.remarks.append(
                f"{label}: “{row.text('deal_id')[:40]}” is the id of another deal here, and was left out"
            )
            del references[row.row]
        return _ById(references, whose)

    def _placed(
        self,
        rows: Sequence[Row],
        accounts: Mapping[int, UUID],
        first: Mapping[UUID, UUID],
        references: Mapping[int, str],
    ) -> dict[int, UUID]:
        """The lead of each row by its company: who has its deal from before, else who came first from there."""
        asked = []
        for row in rows:
            account_id = accounts[row.row]
            deal_of = self._open_deal if row.text("outcome") == "open" else self._deal
            found = _Found(row, first[account_id], (), references.get(row.row, ""))
            asked.append(placing.Asked(account_id, deal_of(found)))
        kept = placing.kept(asked, origin=ORIGIN, run_id=self._run.pk)
        return {row.row: by or each.deal.lead_id for row, each, by in zip(rows, asked, kept, strict=True)}

    def _open(self, rows: Sequence[_Found], tally: Tally, *, by: User | None = None) -> list[_Found]:
        """Deals that are still open elsewhere are opportunities here, each once; those whose lead is closed here.

        `by`: who wants their leads taken up again.
        """
        closed: list[_Found] = []
        if not rows:
            return closed
        found = open_all(
            [self._open_deal(each)._replace(is_meant=by is not None) for each in rows],
            actor=by or self._run.started_by, origin=ORIGIN, import_run_id=self._run.pk,
        )  # fmt: skip
        for one, result in zip(rows, found, strict=True):
            row = one.row
            if result is Became.GONE:
                tally.reject(row, _MERGED)
                continue
            if result is Became.CLOSED:
                closed.append(one)
                continue
            if result is Became.MOVED:
                tally.remarks.append((row.row, Remark.MOVED, ""))
            if result is Became.BACK:
                tally.remarks.append((row.row, Remark.NEW_DEAL, ""))
            is_news = result in (Became.OPENED, Became.BACK, Became.CHANGED, Became.MOVED)
            tally.results[Result.UPDATED if is_news else Result.UNCHANGED] += 1
            tally.remark(row)
        return closed

    def _open_deal(self, found: _Found) -> OpenDeal:
        row = found.row
        return OpenDeal(
            lead_id=found.lead_id, name=row.text("product"), amount=row.number("amount"),
            currency=row.text("currency"), stage=row.text("pipeline_stage"),
            expected=at.astimezone(self._zone).date() if (at := row.moment("closed_at")) else None,
            opened_at=row.moment("opened_at"), reference=found.reference, named=found.named, is_first=found.is_first,
        )  # fmt: skip

    def _deal(self, found: _Found) -> Deal:
        row = found.row
        at = row.moment("closed_at")
        assert at is not None  # rows see to it
        state, said = CloseState(row.text("outcome")), row.text("reason")
        reason = self._reason(state, said, row.words.values())
        return Deal(
            lead_id=found.lead_id, at=at, is_day="closed_at" in row.days, day=at.astimezone(self._zone).date(),
            reason=reason, said=said if key(said) not in (key(reason.label), key(reason.code)) else "",
            amount=row.number("amount"), currency=row.text("currency"), product=row.text("product"),
            opened_at=row.moment("opened_at"), reference=found.reference, named=found.named, is_first=found.is_first,
        )  # fmt: skip

    def _reason(self, state: CloseState, said: str, words: Iterable[str]) -> CloseReason:
        """The one that the row names or means by what it says, else what its word for the outcome says."""
        return self._named.get((state, key(said))) or self._reasons.of(state, words, because=said)

    def _nobody(self, row: Row) -> tuple[str, str]:
        """Why no lead was found, and in which column."""
        keys = keys_of(row)
        if row.text("deal_id") and not (keys or joined.called(row) or row.text("company") or row.text("company_id")):
            return _NO_DEAL, self._columns.get("deal_id", "")
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
        if result.moved_from:
            tally.remarks.append((row.row, Remark.MOVED, ""))
        if result.stays_as:
            there = CloseState(deal.outcome).label
            tally.remarks.append((row.row, Remark.ENDED, f"{there}: {CloseState(result.stays_as).label}"))
        if result.stays_open:
            tally.remarks.append((row.row, Remark.KEPT_OPEN, f"{deal.outcome} on {deal.day}"))
        if result.other_amount is not None:
            text = f"the deal of {deal.day} is here with {result.other_amount}, the row says {deal.amount}"
            tally.remarks.append((row.row, Remark.AMOUNT, text))
