"""From a row's cells to its values, each as its field takes it; what cannot be read is kept beside, or refuses it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from ripeline.capture.cells import codes, values
from ripeline.capture.cells.dates import Moment, moment
from ripeline.capture.cells.fields import (
    ANSWER,
    CUSTOM,
    DUE_AT,
    FIELDS,
    NEXT_AT,
    OTHER_PHONE,
    Field,
    Kind,
    Takes,
)  # fmt: skip
from ripeline.capture.cells.text import BadValueError, clean, clean_lines, given, key, mended
from ripeline.capture.columns import evidence
from ripeline.capture.columns.finishing import (
    CLOCKS_DIFFER,
    PARTS,
    NotTakenError,
    finish_activity,
    finish_lead,
    finish_outcome,
    may_be_plan,
)
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.rejects import Fault, Reject
from ripeline.capture.columns.row import Row, Value
from ripeline.capture.files.dialect import Column, Dialect
from ripeline.capture.files.reading import Broken, Record
from ripeline.leads.words import systems

_EARLY = ("country", "currency", "outcome", "done")  # others need them
_PEOPLE = ("email", "phone", "name", "external_id")
_JOINS = ("email", "external_id", "person")
_WANTED: dict[Kind, tuple[tuple[str, ...], str]] = {  # one of these fields, and what is said where none is there
    "leads": (_PEOPLE, "has no e-mail, phone, name or id: nobody to follow up"),
    "outcomes": ((*_JOINS, "company_id", "company", "deal_id"), "names nobody: no id, no e-mail, no name"),
    "companies": (("company", "website"), "has no name and no web site: no company"),
    "activities": (_JOINS, "names nobody: no id, no e-mail, no name"),
}
_OF_ALL = (  # of the people of a row
    "company", "website", "country", "language", "source", "campaign", "landing_page", "captured_at", "owner",
    "company_id",
)  # fmt: skip
# As the other system has it: the record shows what it is here.
_KEPT_BESIDES = ("company_id", "state", "stage", OTHER_PHONE)
_ENDED = frozenset({"won", "lost", "disqualified"})
_AHEAD = (NEXT_AT, DUE_AT)  # what may be yet to come
MOST_AHEAD = timedelta(days=400)  # as a next moment is, at most
_READERS: dict[Takes, Callable[[str], tuple[str, str]]] = {
    Takes.ID: values.external_id,
    Takes.EMAIL: values.email,
    Takes.NAME: values.person_name,
    Takes.DOMAIN: values.domain,
    Takes.OUTCOME: values.outcome,
    Takes.STATE: values.state,
    Takes.OWNER: values.owner,
    Takes.ACTIVITY: values.activity,
    Takes.DONE: values.done,
    Takes.YES_NO: values.yes_no,
    Takes.OPT_OUT: values.opt_out,
}


class _AheadError(BadValueError):
    """A day that is yet to come, where only one that was can be meant."""


class Conversion:
    """Turns records into rows, as dialect and mapping say."""

    def __init__(self, dialect: Dialect, mapping: FieldMap, now: datetime) -> None:
        self._dialect = dialect
        self._kind = mapping.kind
        self._now = now
        self._zone = ZoneInfo(dialect.zone)
        known = FIELDS[mapping.kind]
        placed = list(enumerate(mapping.targets))
        self._custom = [(at, target.removeprefix(CUSTOM)) for at, (_, target) in placed if target.startswith(CUSTOM)]
        self._asked = [(at, target.removeprefix(ANSWER)) for at, (_, target) in placed if target.startswith(ANSWER)]
        fields = [(at, known[target]) for at, (_, target) in placed if target in known]
        self._shared = {field.name for (_, field), (_, other) in combinations(fields, 2) if field is other}
        self._shared.discard(OTHER_PHONE)
        self._contacts = evidence.contacts(dialect.labels) if mapping.kind == "leads" else []
        self._evidence = evidence.columns(dialect.labels) if mapping.kind == "leads" else []
        self._fields = sorted(fields, key=lambda each: each[1].name not in _EARLY)
        self._came = _day(dialect, self._zone, now) if mapping.kind == "leads" else None
        at = {label: at for at, label in self._custom}  # what somebody mapped otherwise is no further person's
        others = dialect.others if mapping.kind == "leads" else ()
        self._others = [[(at[label], known[to]) for label, to in person if label in at] for person in others]

    def __call__(self, record: Record | Broken) -> Row | Reject:
        """The row, taken or refused."""
        columns = self._dialect.columns
        if isinstance(record, Broken):
            at = record.column
            label = columns[at].label if at is not None and at < len(columns) else ""
            return Reject(record.row, record.cells, record.reason, label)
        row = Row(record.row, cells=record.cells, system=self._dialect.system)
        if record.remark:
            row.remarks.append(record.remark)
        if any(mended(cell) != cell for cell in record.cells):
            row.remarks.append("had letters that were broken on the way (Ã¼ for ü), and were mended")
        faults = [
            fault
            for at, known in self._fields
            if record.cells[at]
            and not self._is_beside(row, known, at, record.cells[at])
            and (fault := self._take(row, known, at, record.cells[at]))
        ]
        for at, label in self._custom:
            if text := clean_lines(record.cells[at]):
                row.custom[label] = text
        for at, question in self._asked:
            if text := given(clean_lines(record.cells[at])):
                row.asked[question] = text
        self._tell_days(row)
        if self._came and "captured_at" not in row.values:
            row.values["captured_at"] = self._came
            row.days.add("captured_at")
        refused = self._refused(row, faults)
        if self._others and not refused:
            self._tell_others(row)
        return refused or row

    def _tell_others(self, row: Row) -> None:
        """The other people of a row who can be reached: each as a row at the same company, off the first's record.

        Not where the company has ended with us: nobody is to be followed up there.
        """
        if _ENDED & {row.text("state"), row.text("stage")}:
            return
        shared = {name: row.values[name] for name in _OF_ALL if name in row.values}
        for person in self._others:
            other = Row(row.row, dict(shared), days=row.days & shared.keys(), cells=row.cells, system=row.system)
            for at, known in person:
                if row.cells[at]:
                    self._take(other, known, at, row.cells[at])
            finish_lead(other)
            if any(name in other.values and other.values[name] != row.values.get(name) for name in ("email", "phone")):
                row.further.append(other)
                if other.text("email") and other.text("email") == row.text("email"):
                    continue  # who has the first's address may be the first, and says there what else they say
                for at, _ in person:
                    row.custom.pop(self._dialect.columns[at].label, None)

    def _tell_days(self, row: Row) -> None:
        """When they are to be looked at again, when they were last in contact, and since when they may stand so."""
        has_ended, columns = bool(_ENDED & {row.text("state"), row.text("stage")}), self._dialect.columns
        if has_ended:
            self._keep_apart(row, NEXT_AT)
        if NEXT_AT not in row.values:
            self._keep_apart(row, "next_note")
        if self._contacts:
            row.contact = evidence.of(row.cells, self._contacts, columns, self._read_moment, now=self._now)
        if self._evidence and "state_at" not in row.values and has_ended:
            row.seen = evidence.of(row.cells, self._evidence, columns, self._read_moment, now=self._now)

    def _is_beside(self, row: Row, known: Field, at: int, cell: str) -> bool:
        """Whether a column before it has said this field; what another says is kept."""
        if known.name not in self._shared or known.name not in row.values:
            return False
        if self._kind == "leads" and (text := clean_lines(cell)) != row.values[known.name]:
            row.custom[self._dialect.columns[at].label] = text
        return True

    def _take(self, row: Row, known: Field, at: int, cell: str) -> Fault | None:
        """Put a cell's value into the row; one that cannot be read is a custom field, with a remark, if it may be."""
        column = self._dialect.columns[at]
        text = clean_lines(cell) if known.takes in (Takes.LINES, Takes.PHONE) else clean(cell)
        text = given(text, is_name=known.takes is Takes.NAME or known.name in PARTS)
        if not text:
            return None
        value: Value | None = None
        reason, is_strict = "", known.is_strict
        try:
            value, remark = self._value(row, known, column, text)
        except _AheadError as problem:  # who has not come yet by that day has an address and a telephone all the same
            remark = reason = str(problem)
            is_strict = is_strict and self._kind != "leads"
        except BadValueError as problem:
            remark = reason = str(problem)
        if isinstance(value, str) and len(value) > known.longest:
            reason = f"has more than {known.longest} characters: shorten it"
            remark = f"has more than {known.longest} characters and was cut: shorten it"
            value = value[: known.longest].rstrip()
        if reason and is_strict:
            return Fault(at, column.label, known.name, reason, True)
        if value is not None:
            row.values[known.name] = value
            if self._kind == "leads" and known.name in _KEPT_BESIDES and self._dialect.system != systems.OURS:
                row.custom[column.label] = text
        if remark:
            row.remarks.append(f"{column.label}: {remark}")
            if value != text:
                row.custom[column.label] = text  # nothing is lost
        return Fault(at, column.label, known.name, reason, False) if value is None and reason else None

    def _value(self, row: Row, known: Field, column: Column, text: str) -> tuple[Value | None, str]:
        """A cell's value and a remark on it; BadValueError if it cannot be read."""
        match known.takes:
            case Takes.PHONE:
                return self._phone(row, known, text)
            case Takes.NAME if self._dialect.system == systems.OURS:  # as somebody wrote or left it
                return text, ""
            case Takes.COUNTRY:
                return codes.country(text), ""
            case Takes.LANGUAGE:
                return codes.language(text), ""
            case Takes.CURRENCY:
                return codes.currency(text, usual=self._dialect.currency), ""
            case Takes.MOMENT:
                return self._moment(row, known, column, text)
            case Takes.MONEY:
                return self._money(row, column, text)
            case Takes.STATE | Takes.OUTCOME:
                row.words[known.name] = text
        words = self._dialect.words.get(known.takes)
        if words and (ours := words.get(key(text))):
            return ours, ""
        return _READERS.get(known.takes, values.Parsed)(text)

    def _phone(self, row: Row, known: Field, text: str) -> tuple[Value | None, str]:
        """A cell's number; the others that it has, or that are of another telephone, are kept beside it."""
        country, home = row.text("country"), self._country_beside(row, text)
        number, remark = values.phone(text, country=country, home=home)
        others = values.other_phones(text, country=country, home=home)
        is_other = known.name == OTHER_PHONE
        if is_other and number.startswith("+"):
            others.insert(0, number)
        if others:
            row.values[OTHER_PHONE] = " ".join(dict.fromkeys([*row.text(OTHER_PHONE).split(), *others]))
        return (row.values.get(OTHER_PHONE), "" if others else remark) if is_other else (number, remark)

    def _country_beside(self, row: Row, number: str) -> str:
        """By which country a number is read in a row that says none: that of another number, else the company's."""
        if number.startswith("+") or row.text("country"):
            return self._dialect.country
        return values.reading_country("", (cell for cell in row.cells if cell.startswith("+")), self._dialect.country)

    def _read_moment(self, text: str, column: Column) -> Moment | None:
        return moment(
            text, zone=self._zone, now=self._now, day_first=column.day_first, is_1904=self._dialect.is_1904
        )  # fmt: skip

    def _moment(self, row: Row, known: Field, column: Column, text: str) -> tuple[Value | None, str]:
        found = self._read_moment(text, column)
        if found is None:
            return None, ""
        is_close = known.name == "closed_at" and row.text("outcome") == "open"
        is_ahead = found.at > self._now + CLOCKS_DIFFER
        is_plan = known.name in _AHEAD or (self._kind == "activities" and may_be_plan(row.text("done"), is_ahead))
        if is_plan and found.at > self._now + MOST_AHEAD:
            raise BadValueError(f"“{text[:40]}” is more than 400 days away, so nobody is reminded: choose a nearer day")
        is_expected = is_close or is_plan or known.name == "expected_close"
        if is_ahead and not is_expected:
            raise _AheadError(f"“{text[:40]}” is in the future: correct the date")
        if found.is_day:
            row.days.add(known.name)
        return found.at if is_expected else min(found.at, self._now), ""

    def _money(self, row: Row, column: Column, text: str) -> tuple[Value | None, str]:
        named = row.text("currency")
        usual = named or codes.currency_of_heading(column.label, usual=self._dialect.currency)[1]
        usual = usual or self._dialect.currency
        (amount, currency), remark = values.money(text, decimal_comma=column.decimal_comma, usual=usual)
        if currency and named and currency != named:
            remark = f"“{text[:40]}” is not in {named}, and was taken as {currency}"
        if currency or usual:
            row.values["currency"] = currency or usual
        return amount, remark

    def _keep_apart(self, row: Row, name: str) -> None:
        """Nobody is reminded of who has ended there, nor by words without a day: these are kept as they stand."""
        if name in row.values:
            at = next(at for at, field in self._fields if field.name == name)
            row.custom[self._dialect.columns[at].label] = clean(row.cells[at])
            del row.values[name]

    def _keep_name(self, row: Row) -> None:
        """A name that says nothing of their first and last name is kept beside these."""
        parts, name = [row.text(each) for each in PARTS], row.text("name")
        if not (name and all(parts)) or set(key(" ".join(parts)).split()) & set(key(name).split()):
            return
        at = next(at for at, field in self._fields if field.name == "name")
        label = self._dialect.columns[at].label
        row.custom[label] = row.text("name")
        row.remarks.append(f"{label}: “{name[:40]}” is not “{' '.join(parts)[:80]}”, which was taken for their name")
        del row.values["name"]

    def _refused(self, row: Row, faults: list[Fault]) -> Reject | None:
        """Finish the row; if it cannot go in, a reject that names all that is wrong with it, so that one look mends it.

        What the row as a whole lacks is not said where a cell that could not be read explains it.
        """
        wanted, missing = _WANTED[self._kind]
        is_grave = any(fault.is_grave for fault in faults)
        whole = ""
        try:
            if self._kind == "leads":
                self._keep_name(row)
                finish_lead(row)
            elif self._kind == "outcomes" and not is_grave:
                finish_outcome(row)
            elif self._kind == "activities" and not is_grave:
                finish_activity(row, self._now)
        except NotTakenError as problem:
            whole = str(problem)
        is_nobody = not any(name in row.values for name in wanted)  # now that a first and a last name are one
        if not (is_grave or is_nobody or whole):
            return None
        by_place = sorted(faults)
        causes = [fault for fault in by_place if fault.is_grave or (is_nobody and fault.field in wanted)]
        if is_nobody and not any(fault.field in wanted for fault in causes):
            whole = f"{missing}; {whole}" if whole else missing
        found = [(fault.column, fault.reason) for fault in causes]
        found += [("", whole)] if whole else []
        found += [(fault.column, fault.reason) for fault in by_place if fault not in causes]
        return Reject.of(row.row, row.cells, found)


def _day(dialect: Dialect, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The day on which all of a file came, as a row would say it."""
    if not dialect.came:
        return None
    return min(datetime.combine(date.fromisoformat(dialect.came), time(), zone).astimezone(UTC), now)
