"""A first look at an uploaded file: how it speaks, and which column is which; corrected by what a person says."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Self, cast

from ripeline.base import clock
from ripeline.capture.cells.fields import IGNORE, Kind
from ripeline.capture.cells.headings import is_of_activities, is_of_deals
from ripeline.capture.columns import answers, companions, permissions, scraps, telephones, wording
from ripeline.capture.columns.detection import Detected, Told, detect
from ripeline.capture.columns.mapping import SOMEBODY, FieldMap, Guess, fitting, guess, signature, undecided
from ripeline.capture.columns.presets import Preset, recognised
from ripeline.capture.columns.rows import Chunk, chunks
from ripeline.capture.columns.wording import Words
from ripeline.capture.files import pieces
from ripeline.capture.files.dialect import Dialect, UnreadableFileError
from ripeline.capture.files.workbooks import Table, as_table
from ripeline.capture.models import ImportMapping, ImportRun
from ripeline.people import working_time

EVERY = ""  # instead of a column's label


@dataclass(frozen=True)
class Said:
    """What a person said of a file: of it as a whole, and of the dates and numbers of single columns, or of EVERY."""

    whole: Told = field(default_factory=Told)
    day_first: Mapping[str, bool] = field(default_factory=dict)
    decimal_comma: Mapping[str, bool] = field(default_factory=dict)
    words: Words = field(default_factory=dict)  # ours for theirs, by what they are about
    system: str | None = None  # that gave its ids
    country: str | None = None  # of telephone numbers that say none
    closes: bool | None = None  # whether who is open here ends as a row says
    came: str | None = None  # the day on which all came whose row says none; of this file alone
    others: bool | None = None  # whether the further people of a row become leads

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a JSON column."""
        whole = {name: getattr(self.whole, name) for name in Told.__slots__ if getattr(self.whole, name) is not None}
        words = {about: dict(ours) for about, ours in self.words.items()}
        formats = {"day_first": dict(self.day_first), "decimal_comma": dict(self.decimal_comma)}
        named = {"system": self.system, "country": self.country}
        rest: dict[str, Any] = {name: text for name, text in named.items() if text is not None}
        rest |= {} if self.closes is None else {"closes": self.closes}
        rest |= {} if self.came is None else {"came": self.came}
        rest |= {} if self.others is None else {"others": self.others}
        return {"whole": whole, **formats, **({"words": words} if words else {}), **rest}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        whole = Told(**data.get("whole", {}))
        formats = (data.get("day_first", {}), data.get("decimal_comma", {}))
        named = (data.get("system"), data.get("country"), data.get("closes"), data.get("came"), data.get("others"))
        return cls(whole, *formats, data.get("words", {}), *named)

    def over(self, last: Self) -> Self:
        """With what was said last time of that of which nothing is said now."""
        return replace(
            self, day_first={**last.day_first, **self.day_first},
            decimal_comma={**last.decimal_comma, **self.decimal_comma},
            system=last.system if self.system is None else self.system,
            country=last.country if self.country is None else self.country,
            closes=last.closes if self.closes is None else self.closes,
            others=last.others if self.others is None else self.others,
        )  # fmt: skip

    def applied(self, dialect: Dialect, *, because: str = "you said so") -> Dialect:
        """`dialect` with these words on its columns, its telephone numbers and its ids."""
        if self.system is not None:
            dialect = replace(dialect, system=self.system)
        if self.country is not None:  # also where the rows that were looked at have no number that needs it
            why = {**dialect.why, "country": because} if "country" in dialect.why else dialect.why
            dialect = replace(dialect, country=self.country, why=why)
        if self.closes is not None:
            dialect = replace(dialect, closes=self.closes)
        if self.came is not None:
            dialect = replace(dialect, came=self.came)
        if self.others is False:
            dialect = replace(dialect, others=())
        for label, day_first in self.day_first.items():
            dialect = dialect.told(label or None, day_first=day_first)
        for label, comma in self.decimal_comma.items():
            dialect = dialect.told(label or None, decimal_comma=comma)
        return replace(dialect, words=wording.merged(dialect.words, self.words)) if self.words else dialect


@dataclass(frozen=True)
class Looked:
    """What was found. `mapping` is the one used last time for this heading (`is_remembered`), or the guesses."""

    detected: Detected
    dialect: Dialect  # as detected, with what a person said
    guesses: Sequence[Guess]
    mapping: FieldMap
    is_remembered: bool = False
    preset: Preset | None = None  # the export of another system that it is


def look(
    file: BinaryIO | Table, *, kind: Kind | None, name: str, said: Said, mapping: Mapping[str, str] | None = None
) -> Looked:
    """Look at a file; without `kind` at what its headings say it has, leads or companies if no system is known by them.

    With `mapping` (field by label) instead of the guesses, or of the one used last time, if given. Raises
    UnreadableFileError, in a sentence, if there is nothing to import in it.
    """
    _check(said.whole)
    with as_table(file, name=name, sheet=said.whole.sheet) as table:
        detected = _detected(table, name, said.whole)
    labels = detected.dialect.labels
    preset = recognised(labels)
    system = preset.system if preset else ""
    is_ours = preset is not None and preset.is_ours
    detected = detected._replace(dialect=replace(detected.dialect, words=wording.remembered(), system=system))
    kind = kind or (preset.kind if preset else _told_by(labels, detected.samples))
    guesses: Sequence[Guess] = guess(kind, labels, detected.samples)
    if not is_ours:  # whose columns are known, be they nearly empty
        guesses = answers.guessed(kind, labels, guesses)
        guesses = scraps.left_out(wording.owned(kind, labels, guesses, detected.samples), detected)
    if wide := scraps.many(guesses):
        why = {**detected.dialect.why, "wide": f"{wide} columns are left out"}
        detected = detected._replace(dialect=replace(detected.dialect, why=why))
    detected = detected._replace(dialect=replace(detected.dialect, scraps=scraps.among(labels, guesses)))
    if kind == "leads" and not is_ours and (others := companions.columns(labels, detected.samples)):
        why = {**detected.dialect.why, "others": companions.told(others)}
        people = companions.people(labels, detected.samples)
        guesses = companions.theirs(people, labels, guesses)
        detected = detected._replace(dialect=replace(detected.dialect, why=why, others=people))
    last = ImportMapping.objects.filter(signature=signature(labels), kind=kind).first()
    given = mapping or (_with_what_was_nothing(last.mapping, labels, guesses) if last else None)
    mapped = fitting(kind, labels, guesses) if given is None else FieldMap.from_json(kind, labels, given)
    dialect = _with_country(detected, mapped)
    if last is not None:
        dialect = _as_last_time(
            dialect, Said.from_json({"closes": False, "others": False, **last.told})
        )  # not said: before it could
    if said.others:  # whatever was said last time
        dialect = replace(dialect, others=detected.dialect.others)
    return Looked(detected, said.applied(dialect), guesses, mapped, last is not None, preset)


def _with_what_was_nothing(
    last: Mapping[str, str], labels: Sequence[str], guesses: Sequence[Guess]
) -> Mapping[str, str]:  # fmt: skip
    """The mapping of last time; a column in which next to nothing stood then is judged by what stands there now, and so
    is that of a deal's id, which was left out before deals were known by it.
    """
    found = {label: each.target for label, each in zip(labels, guesses, strict=True)}
    ids = {} if "deal_id" in last.values() else {label: to for label, to in found.items() if to == "deal_id"}
    return found | dict(last) | {label: to for label, to in ids.items() if last.get(label) == IGNORE}


def _with_country(detected: Detected, mapping: FieldMap) -> Dialect:
    """How the file speaks, with the country of its telephone numbers where it has some that say none."""
    dialect = detected.dialect
    country, why = telephones.reading(mapping, detected.samples, detected.gaps, dialect.country)
    return replace(dialect, country=country, why={**dialect.why, "country": why}) if why else dialect


def _told_by(labels: Sequence[str], samples: Sequence[Sequence[str]]) -> Kind:
    """What a file of no system that we know has: notes and calls, where it says whose, when and about what; companies,
    where it names them and nobody at them; else leads.
    """
    if is_of_activities(labels) and not is_of_deals(labels):
        return "activities"
    mapped = fitting("leads", labels, guess("leads", labels, samples))
    fields, nobody = mapped.fields(), not mapped.fields() & SOMEBODY and not mapped.nameless()
    return "companies" if "company" in fields and nobody and not is_of_deals(labels) else "leads"


def at(run: ImportRun, said: Said, mapping: Mapping[str, str] | None = None, *, table: Table | None = None) -> Looked:
    """The same for an upload that is kept; with `mapping` (field by label) instead of the guesses, if given."""
    with nullcontext(table) if table else opened(run, said) as found:
        return look(found, kind=kind_of(run), name=run.filename, said=said, mapping=mapping)


@contextmanager
def opened(run: ImportRun, said: Said) -> Iterator[Table]:
    """The rows of an upload that is kept; of a workbook those of the sheet that is wanted now."""
    dialect, wanted = Dialect.from_json(run.dialect), said.whole.sheet
    if run.sheet_size is None:
        yield Table(pieces.opened(run))
    elif wanted in (None, dialect.sheet):
        yield Table(pieces.opened(run), None, dialect.sheets, dialect.sheet, dialect.is_1904)
    else:
        with as_table(pieces.opened_workbook(run), name=run.filename, sheet=wanted) as table:
            yield table


def nameless(looked: Looked, mapping: FieldMap) -> str:
    """The column that is called like a person's name, where leads would go in without one; else ""."""
    labels = looked.dialect.labels
    return mapping.nameless([each for each, cells in zip(labels, looked.detected.samples, strict=True) if not cells])


def asks_for_outcomes(looked: Looked) -> bool:
    """Whether a file that is read as leads looks like one of deals, and nobody has had such a file read so."""
    return not looked.is_remembered and _is_of_deals_read_as(looked.mapping.kind, looked.dialect.labels)


def may_be_outcomes(looked: Looked) -> bool:
    """The same, whatever such a file was read as before: it may have been a mistake."""
    return _is_of_deals_read_as(looked.mapping.kind, looked.dialect.labels)


def run_asks_for_outcomes(run: ImportRun) -> bool:
    """The same of an upload, as it was looked at last."""
    labels = Dialect.from_json(run.dialect).labels
    is_remembered = ImportMapping.objects.filter(signature=run.signature, kind=run.kind).exists()
    return not is_remembered and _is_of_deals_read_as(kind_of(run), labels)


def _is_of_deals_read_as(kind: Kind, labels: Sequence[str]) -> bool:
    preset = recognised(labels)
    return kind == "leads" and not (preset and preset.kind == "leads") and is_of_deals(labels)


def preview(run: ImportRun, looked: Looked, rows: int) -> Chunk:
    """The first rows of an upload as they would go in."""
    found = chunks(
        pieces.opened(run), dialect=looked.dialect, mapping=looked.mapping, now=clock.now(), size=rows
    )  # fmt: skip
    chunk = next(found, Chunk([], [], 0))
    answers.Answers(looked.mapping.to_json(), looked.dialect).read(chunk.rows)
    return chunk


def kind_of(run: ImportRun) -> Kind:
    """A run's kind, as files of rows know it."""
    return cast(Kind, str(run.kind))


def _detected(table: Table, name: str, told: Told) -> Detected:
    """How a file or a sheet speaks; a sheet was written as text here, so only its heading is to be found."""
    firm = working_time.company()
    if table.sheets:
        told = replace(told, encoding="utf-8", delimiter=",", quote='"', escape="")
    found = detect(
        table.file, name=name, told=told, zone=firm.time_zone, country=firm.country, currency=firm.currency
    )  # fmt: skip
    if not table.sheets:
        return found
    why = "you said so" if told.sheet else "it has the most rows" if len(table.sheets) > 1 else "it is the only one"
    dialect = replace(
        found.dialect, sheet=table.sheet, sheets=table.sheets, is_1904=table.is_1904,
        why={**{k: v for k, v in found.dialect.why.items() if k not in ("encoding", "delimiter")}, "sheet": why},
    )  # fmt: skip
    return found._replace(dialect=dialect)


def _check(told: Told) -> None:
    """Refuse an encoding or a separator that cannot be."""
    try:
        Dialect(encoding=told.encoding or "utf-8", delimiter=told.delimiter or ",")
    except ValueError as problem:
        raise UnreadableFileError(str(problem)) from problem


def _as_last_time(dialect: Dialect, said: Said) -> Dialect:
    """What a person said last time of columns whose cells do not tell by themselves, and of whose its ids and
    telephone numbers are, and whether who is open here ends so."""
    dates = {column.label for column in dialect.columns if column.unclear}
    numbers = {column.label for column in dialect.columns if column.decimal_comma is None}
    return Said(
        day_first={label: first for label, first in said.day_first.items() if label in dates},
        decimal_comma={label: comma for label, comma in said.decimal_comma.items() if label in numbers},
        system=said.system,
        country=said.country,
        closes=said.closes,
        others=said.others,
    ).applied(dialect, because="as last time")


def problems(dialect: Dialect, mapping: FieldMap) -> list[str]:
    """What must be changed before a file can be imported so, in sentences; none if nothing must."""
    asked = answers.problems(mapping) + undecided(dialect, mapping, answers.dated(mapping))
    return mapping.problems() + permissions.problems(mapping) + asked
