"""Who is won, lost or disqualified there: new leads end here too, and those that are open here, never over a decision.

Where a row says since when, that is held against what was decided here. Where it does not, its word is only newer than
what is here if nobody here has decided anything, tried to reach them or promised a date, and they came by files alone
or the file said otherwise before. The day on which their record was last changed there dates an end, and proves none.
Who was closed by a file and taken back to work by somebody stays open until a file has said something else of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q

from ripeline.base import clock
from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells import values
from ripeline.capture.cells.text import BadValueError, key
from ripeline.capture.columns.evidence import Seen
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.twice import is_another
from ripeline.capture.columns.whys import Reasons
from ripeline.capture.imports import remarking
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun, Remark
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads import queries
from ripeline.leads.deals import booking as deals
from ripeline.leads.deals.matching import Deal
from ripeline.leads.decisions import filed, standing
from ripeline.leads.models import CLOSED_STATES, Enquiry, Lead, State
from ripeline.people import queries as people
from ripeline.ripeness import actions as ripeness
from ripeline.timeline.models import Activity

_STATES = (
    "new",
    "working",
    "nurture",
    "opportunity",
    "lost",
    "disqualified",
    "won",
)  # of two that are said, the later one holds
_FOLLOWED = ("working", "opportunity", "nurture")  # nobody is set back to new
_SAYS = ("state", "stage")  # the fields that say it
_DECIDED = (  # entries of a person that carry a decision, or a contact
    "call", "email", "meeting", "outcome", "next_set", "handed", "nurtured", "returned", "qualifying", "working",
    "opportunity", *CloseState, "reopened", "merged", "unmerged", "undone",
)  # fmt: skip
_TAKEN_BACK = Q(import_run_id=None) & (Q(kind="reopened") | Q(kind="undone", data__kind__in=list(CloseState)))
_MOVED = ("state", "responsible_id", "next_at")  # what any other entry of a person may decide


def stands(row: Row) -> str:
    """Where a row says that its person stands; "" if it does not."""
    said = [state for state in map(row.text, _SAYS) if state]
    return max(said, key=_STATES.index) if said else ""


class Ended:
    """Ends leads as the rows of one run say. `keys` are those of the company's own fields, by label."""

    def __init__(self, run: ImportRun, keys: Mapping[str, str]) -> None:
        self._run = run
        self._zone = ZoneInfo(run.dialect.get("zone") or "UTC")
        self._reasons = Reasons(run.dialect.get("words", {}).get("reason", {}))
        self._words: Mapping[str, str] = run.dialect.get("words", {}).get("state", {})
        self._closes = run.dialect.get("closes", False)  # not said: begun before it could be
        self._says = {label: keys[label] for label, target in run.mapping.items() if target in _SAYS and label in keys}

    def word(self, row: Row, state: str) -> str:
        """Of who stands so: the company's own field that keeps the file's word, and the word; "" if none does."""
        said = [row.words[name] for name in _SAYS if row.text(name) == state and name in row.words]
        kept = (f"{name}: {row.custom[label]}" for label, name in self._says.items() if row.custom.get(label) in said)
        return next(kept, "")

    def counted(
        self, born: Sequence[tuple[Row, UUID]], again: Iterable[tuple[Row, UUID, Result]], tally: Tally
    ) -> list[tuple[Row, UUID]]:
        """The rows by which new leads stand: who is won in one of their rows is won, though the first calls them open.
        `again`: further rows of people.
        """
        first = {lead_id: row for row, lead_id in born}
        by = dict(first)
        ended = [each for each in again if each[1] in by and stands(each[0]) in set(CloseState)]
        for row, lead_id, _ in ended:
            is_other = is_another(row.text("name"), first[lead_id].text("name"))
            if not is_other and stands(row) == CloseState.WON != stands(by[lead_id]):
                by[lead_id] = row
                tally.remarks.append((row.row, Remark.CLOSED, CloseState.WON.value))
        return [(by[lead_id], lead_id) for _, lead_id in born]

    def otherwise(self, again: Iterable[tuple[Row, UUID, Result]], tally: Tally) -> None:
        """Of new leads it is said where a further row of theirs calls them ended, and they are not."""
        ended = [each for each in again if stands(each[0]) in set(CloseState)]
        ids = {lead_id for _, lead_id, _ in ended}
        states = dict(Lead.objects.filter(pk__in=ids).values_list("pk", "state")) if ids else {}
        for row, lead_id, _ in ended:
            if stands(row) != states[lead_id]:
                self._differs(row, lead_id, states[lead_id], tally)

    def new(self, born: Sequence[tuple[Row, UUID]], tally: Tally) -> None:
        """Leads that these rows brought end as they ended there, on their day if that is known."""
        ended = [each for state in CloseState for each in born if stands(each[0]) == state]
        if ended:
            self._book([self._deal(row, lead_id, is_new=True) for row, lead_id in ended])
        for row, _ in ended:
            self._remark_day(row, tally, is_new=True)

    def here(self, taken: Sequence[tuple[Row, UUID, Result]], tally: Tally) -> None:
        """Leads that were here: those open end so too, if that is wanted and nothing later speaks against it; of the
        others it is said that they stand otherwise.
        """
        ended = [each for each in taken if stands(each[0]) in set(CloseState)]
        if not ended:
            return
        ids = {lead_id for _, lead_id, _ in ended}
        states = dict(Lead.objects.filter(pk__in=ids).values_list("pk", "state"))
        still_open: dict[UUID, tuple[Row, UUID, Result]] = {}
        bought = [pk for pk, state in states.items() if state == State.WON]  # of whom a file says now that they did not
        corrected = self._words_before(queries.families(bought)) if bought else set()
        at_work = {lead_id for row, lead_id, _ in taken if stands(row) and stands(row) not in set(CloseState)}
        for each in sorted(ended, key=lambda each: _STATES.index(stands(each[0]))):
            row, lead_id, _ = each
            said, here = stands(row), states.get(lead_id)
            if here and here not in CLOSED_STATES and said != CloseState.WON and lead_id in at_work:
                self._differs(row, lead_id, here, tally)  # as another row of them says that they are open
            elif here and here not in CLOSED_STATES:
                still_open[lead_id] = each
            elif here and said != here and (said == CloseState.WON or lead_id in corrected):
                self._differs(row, lead_id, here, tally)
        self._end(list(still_open.values()), states, tally)

    def moves_on(self, taken: Iterable[tuple[Row, UUID, Result]], tally: Tally) -> None:
        """Who is open there, in other words than in the file before: who is open here and nobody has decided about
        stands so here too; of who has ended here it is said.
        """
        said = {lead_id: row for row, lead_id, _ in taken if stands(row) and stands(row) not in set(CloseState)}
        family = queries.families(said.keys())
        changed = self._words_before(family) if said else set()
        if not changed:
            return
        states = dict(Lead.objects.filter(pk__in=changed).values_list("pk", "state"))
        for lead_id in sorted(changed):
            row, here = said[lead_id], states[lead_id]
            if here in CLOSED_STATES:
                text = f"{State(stands(row)).label}: {State(here).label}"
                tally.remarks.append((row.row, Remark.OPEN, remarking.about(lead_id, text)))
        decided = _decided(family)
        free = changed - decided.keys() - _held_here(changed)
        for state in _FOLLOWED:
            if ids := [pk for pk in sorted(free) if stands(said[pk]) == state]:
                standing.take_over(ids, state, origin=ORIGIN, import_run_id=self._run.pk, is_later=True)

    def _end(
        self, rows: Sequence[tuple[Row, UUID, Result]], states: Mapping[UUID, str], tally: Tally
    ) -> None:  # fmt: skip
        """End who is open here, where nothing that was decided here speaks against it."""
        news = self._news(rows) if self._closes and rows else set()
        held = self._held(rows) if self._closes and rows else {}
        for row, lead_id, _ in rows:
            if lead_id in held:
                text = remarking.about(lead_id, held[lead_id], self._reason(row).code)
                tally.remarks.append((row.row, Remark.HELD, text))
            elif lead_id not in news:
                self._differs(row, lead_id, states[lead_id], tally)
        news -= held.keys()
        wanted = [(row, result, self._deal(row, lead_id)) for row, lead_id, result in rows if lead_id in news]
        booked = self._book([deal for *_, deal in wanted]) if wanted else []
        for (row, result, deal), found in zip(wanted, booked, strict=True):
            if found.closed:
                tally.remarks.append((row.row, Remark.CLOSED, deal.outcome))
                self._remark_day(row, tally, is_new=False)
            elif found.stays_open and found.is_new:
                tally.remarks.append((row.row, Remark.KEPT_OPEN, f"{deal.outcome} on {deal.day}"))
            else:
                self._differs(row, deal.lead_id, states[deal.lead_id], tally)
            if found.is_new:
                tally.bring(row, result)
        if closed := [deal.lead_id for (*_, deal), found in zip(wanted, booked, strict=True) if found.closed]:
            ripeness.rescore(closed)

    def _news(self, rows: Sequence[tuple[Row, UUID, Result]]) -> set[UUID]:
        """The leads of which the file's word is newer than what is here."""
        family = queries.families([lead_id for _, lead_id, _ in rows])
        decided = _decided(family)
        held = _held_here(family.values())
        asked = Enquiry.objects.filter(lead__in=list(family)).exclude(door="import").order_by()
        came = {family[lead_id] for lead_id in asked.values_list("lead_id", flat=True)}
        before = self._words_before(family) if came else set()
        found = set()
        for row, lead_id, _ in rows:
            last = decided.get(lead_id)
            if row.moment("state_at"):
                is_news = last is None or last <= self._deal(row, lead_id).end
            else:
                is_free = last is None and lead_id not in held
                is_news = is_free and (lead_id not in came or lead_id in before)
            if is_news:
                found.add(lead_id)
        return found

    def _held(self, rows: Sequence[tuple[Row, UUID, Result]]) -> dict[UUID, str]:
        """Leads that a file had closed as these rows say, and that somebody has taken back to work since: which, who
        and when, in words. Not those of whom a file has said something else after that.
        """
        family = queries.families([lead_id for _, lead_id, _ in rows])
        said = {lead_id: stands(row) for row, lead_id, _ in rows}
        closed = _last(family, Q(import_run_id__isnull=False, data__has_key="before", kind__in=list(CloseState)))
        back = _last({pk: now for pk, now in family.items() if now in closed}, _TAKEN_BACK & ~Q(actor=people.system()))
        found: dict[UUID, str] = {}
        names = dict(Lead.objects.filter(pk__in=back).values_list("pk", "name"))
        for lead_id, entry in back.items():
            before = closed[lead_id]
            if before.kind != said[lead_id] or before.recorded_at > entry.recorded_at:
                continue
            if self._said_otherwise(family, lead_id, said[lead_id], entry.recorded_at):
                continue
            day = entry.recorded_at.astimezone(self._zone)
            label, name = CloseState(before.kind).label, names[lead_id] or "who has no name"
            found[lead_id] = f"{label}: {name}: {entry.actor.name}: {day.day} {day:%b %Y}"
        return found

    def _said_otherwise(self, family: Mapping[UUID, UUID], lead_id: UUID, said: str, since: datetime) -> bool:
        """Whether a file has had a word of another meaning for where a lead stands, since a moment."""
        ids = [pk for pk, now in family.items() if now == lead_id]
        entries = Activity.objects.filter(
            lead_id__in=ids, kind="imported", import_run_id__isnull=False, recorded_at__gte=since
        )
        for data in entries.values_list("data", flat=True):
            was, now = (data.get(side, {}).get("custom") or {} for side in ("before", "after"))
            changed = [was[name] for name in self._says.values() if was.get(name) and was[name] != now.get(name)]
            if any(self._meaning(word) != said for word in changed):
                return True
        return False

    def _meaning(self, word: str) -> str:
        """The state that a word of the file stands for; "" if nobody knows."""
        if ours := self._words.get(key(word)):
            return ours
        try:
            return values.state(word).value
        except BadValueError:
            return ""

    def _words_before(self, family: Mapping[UUID, UUID]) -> set[UUID]:
        """Leads of which the file said something else before, in the same column."""
        entries = Activity.objects.filter(lead_id__in=list(family), import_run_id=self._run.pk, kind="imported")
        found = set()
        for lead_id, data in entries.values_list("lead_id", "data"):
            was, now = (data.get(side, {}).get("custom") or {} for side in ("before", "after"))
            if any(was.get(name) and was[name] != now.get(name) for name in self._says.values()):
                found.add(family[lead_id])
        return found

    def _book(self, ended: Sequence[Deal]) -> list[deals.Booked]:
        return deals.book(ended, actor=self._run.started_by, origin=ORIGIN, import_run_id=self._run.pk)

    def _deal(self, row: Row, lead_id: UUID, *, is_new: bool = False) -> Deal:
        """How it ended, with the money of who bought."""
        since, is_won = self._since(row, is_new=is_new), stands(row) == CloseState.WON
        return Deal(
            lead_id=lead_id, at=since.at, is_day=since.is_day, day=since.at.astimezone(self._zone).date(),
            reason=self._reason(row), amount=row.number("amount") if is_won else None,
            currency=row.text("currency") if is_won else "", undated=is_new and is_won and not row.moment("state_at"),
            is_dated=row.moment("state_at") is not None, is_stated=True,
        )  # fmt: skip

    def _reason(self, row: Row) -> CloseReason:
        """Why they ended so, as far as the words say it in which the row says that they did."""
        state = CloseState(stands(row))
        return self._reasons.of(
            state, [row.words[name] for name in _SAYS if row.text(name) == state and name in row.words]
        )

    def _differs(self, row: Row, lead_id: UUID, here: str, tally: Tally) -> None:
        text = f"{CloseState(stands(row)).label}: {State(here).label}"
        tally.remarks.append((row.row, Remark.ENDED, remarking.about(lead_id, text, self._reason(row).code)))

    def _since(self, row: Row, *, is_new: bool) -> Seen:
        """Since when somebody counts as ended, and the column that says it; "" where none does.

        Where only the day they came is said, an old customer is not won now: they count from that day, and teach
        nothing of how long it takes. Who was lost is not lost today for that: the last contact tells best, else the
        last change of their record there, else the day they came; never before they came.
        """
        if at := row.moment("state_at"):
            return Seen(at, "state_at" in row.days, self._column("state_at"))
        came = row.moment("captured_at") if is_new else None
        by_coming = came and Seen(came, "captured_at" in row.days, self._column("captured_at"))
        if is_new and stands(row) == CloseState.WON:
            found = by_coming
        else:
            found = row.seen if row.seen and (came is None or row.seen.at >= came) else by_coming
        return found or Seen(clock.now(), False, "")

    def _column(self, target: str) -> str:
        return next((label for label, each in self._run.mapping.items() if each == target), "")

    def _remark_day(self, row: Row, tally: Tally, *, is_new: bool) -> None:
        """From which column the day was taken, where none says since when."""
        if not row.moment("state_at") and not (is_new and stands(row) == CloseState.WON):
            tally.remarks.append((row.row, Remark.DATED, self._since(row, is_new=is_new).label))


def _last(family: Mapping[UUID, UUID], which: Q) -> dict[UUID, Activity]:
    """The last entry of these leads that is one of `which`."""
    found: dict[UUID, Activity] = {}
    entries = Activity.objects.filter(which, lead_id__in=list(family)).select_related("actor")
    for entry in entries.order_by("recorded_at", "id"):
        found[family[entry.lead_id]] = entry
    return found


def _decided(family: Mapping[UUID, UUID]) -> dict[UUID, datetime]:
    """When somebody here last decided something about each lead, or it was taken up again; not by a file.

    `family`: the leads, and what was merged into them, with the lead that each is now.
    """
    decides = Q(kind__in=_DECIDED) | Q(data__after__has_any_keys=_MOVED)
    by_somebody = (~Q(actor=people.system()) & decides) | Q(kind="reopened")
    found = Activity.objects.filter(by_somebody, lead_id__in=list(family), import_run_id=None)
    last: dict[UUID, datetime] = {}
    for lead_id, at in found.order_by().values_list("lead_id").annotate(last=Max("recorded_at")):
        last[family[lead_id]] = max(at, last.get(family[lead_id], at))
    return last


def _held_here(lead_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these leads whom somebody here has promised a date, or tried to reach."""
    ids = set(lead_ids)
    promised = Lead.objects.filter(next_committed=True, pk__in=ids).values_list("pk", flat=True)
    touched = Lead.objects.filter(last_touch_at__isnull=False, pk__in=ids).values_list("pk", flat=True)
    return {*touched, *(set(promised) - filed.dated_by_file(promised))}
