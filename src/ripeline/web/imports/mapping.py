"""The mapping page's form: how the file speaks, which column is which, and its first rows as they would go in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils import timezone

from ripeline.base import clock
from ripeline.capture.cells.fields import FIELDS, Kind
from ripeline.capture.cells.headings import is_of_enquiries
from ripeline.capture.columns import answers, evidence, looking, wording
from ripeline.capture.columns.detection import Told
from ripeline.capture.columns.looking import Looked, kind_of
from ripeline.capture.columns.mapping import WITH_IDS, FieldMap, undecided
from ripeline.capture.columns.requests import are_requests
from ripeline.capture.columns.wording import Word
from ripeline.capture.files import pieces
from ripeline.capture.files.dialect import DELIMITERS, ENCODINGS, Dialect, Sheet
from ripeline.capture.imports import actions
from ripeline.capture.imports.actions import Said, UnreadableFileError
from ripeline.capture.models import ImportKind, ImportRun
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import FieldType
from ripeline.leads.words import systems
from ripeline.people.models import User
from ripeline.web.frame.countries import countries
from ripeline.web.imports import columns, preview
from ripeline.web.imports import words as import_words
from ripeline.web.imports.columns import Option

_ORDERS = {"day": True, "month": False}
_CLOSES = {"yes": True, "no": False}
_MARKS = {"comma": True, "point": False}
_WORDS = {"delimiter": {word: mark for mark, word in DELIMITERS.items()}}


def page(run: ImportRun, *, error: str = "") -> dict[str, Any]:
    """The page as the run was prepared last."""
    return _context(run, looking.at(run, Said.from_json(run.told), run.mapping), error=error)


def kept(actor: User, run: ImportRun, form: Mapping[str, str]) -> dict[str, Any]:
    """Keep what the form says, and give the page with it; what cannot be is said, and nothing is kept then."""
    dialect = Dialect.from_json(run.dialect)
    whole = _whole(Said.from_json(run.told).whole, dialect, form)
    source, policy = form.get("source", run.source)[:160], form.get("policy", run.policy)
    try:
        if whole != Said.from_json(run.told).whole:  # other cells, perhaps other columns: the mapping is found anew
            said = Said(whole)
            looked = actions.prepare(actor=actor, run_id=run.pk, said=said, source=source, policy=policy)
        else:
            mapping = _mapping(dialect, form, run.mapping)
            said = _said(Said.from_json(run.told), dialect, form, _words(run, dialect, mapping))
            looked = actions.prepare(
                actor=actor, run_id=run.pk, said=said, mapping=mapping, source=source, policy=policy
            )  # fmt: skip
    except UnreadableFileError as problem:
        return page(run, error=str(problem))
    run.refresh_from_db()
    return _context(run, looked)


def _whole(told: Told, dialect: Dialect, form: Mapping[str, str]) -> Told:
    """What is said of the whole file: what differs from what was found."""
    encoding = form.get("encoding", dialect.encoding)
    delimiter = _WORDS["delimiter"].get(form.get("delimiter", ""), dialect.delimiter)
    header = form.get("header", "yes" if dialect.header else "no") == "yes"
    sheet = form.get("sheet", dialect.sheet)
    if sheet != dialect.sheet:
        return Told(sheet=sheet)  # another table: nothing that was said of this one holds for it
    if encoding != dialect.encoding and encoding in ENCODINGS:
        told = replace(told, encoding=encoding)
    if delimiter != dialect.delimiter:
        told = replace(told, delimiter=delimiter)
    return told if header == dialect.header else replace(told, header=header)


def _words(run: ImportRun, dialect: Dialect, mapping: Mapping[str, str]) -> Sequence[Word]:
    """The file's states and owners, in the columns so mapped."""
    return wording.listed(pieces.opened(run), dialect, FieldMap.from_json(kind_of(run), dialect.labels, mapping))


def _said(said: Said, dialect: Dialect, form: Mapping[str, str], listed: Iterable[Word]) -> Said:
    """With what is said of single columns, and of their words."""
    orders, marks = dict(said.day_first), dict(said.decimal_comma)
    for number, column in enumerate(dialect.columns):
        order = _ORDERS.get(form.get(f"order-{number}", ""))
        mark = _MARKS.get(form.get(f"mark-{number}", ""))
        if order is not None and order != column.day_first:
            orders[column.label] = order
        if mark is not None and mark != column.decimal_comma:
            marks[column.label] = mark
    system = systems.named(form.get("system", dialect.system))
    country = form.get("country", dialect.country)
    is_other = country != dialect.country and country in {"", *dict(countries())}
    return Said(
        said.whole, orders, marks, wording.merged(said.words, import_words.said(listed, form)),
        said.system if system == dialect.system else system, country if is_other else said.country,
        _CLOSES.get(form.get("closes", ""), said.closes), _came(form, said),
        _CLOSES.get(form.get("others", ""), said.others),
    )  # fmt: skip


def _came(form: Mapping[str, str], said: Said) -> str | None:
    """The day on which all of a file came, as the form says; what is no day of the past says nothing."""
    if "came" not in form:
        return said.came
    with suppress(ValueError):
        if date.fromisoformat(form["came"]) <= timezone.localtime(clock.now()).date():
            return form["came"]
    return ""


def _mapping(dialect: Dialect, form: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    return {
        column.label: form.get(f"to-{number}") or before.get(column.label, "")
        for number, column in enumerate(dialect.columns)
    }


def _context(run: ImportRun, looked: Looked, *, error: str = "") -> dict[str, Any]:
    dialect = looked.dialect
    asked = undecided(dialect, looked.mapping, answers.dated(looked.mapping))
    listed = wording.listed(pieces.opened(run), dialect, looked.mapping)
    return {
        "run": run,
        "error": error,
        "kind": "" if run.kind == ImportKind.LEADS else run.get_kind_display().lower(),
        "asks_for_outcomes": looking.asks_for_outcomes(looked),
        "may_be_outcomes": looking.may_be_outcomes(looked),
        "has_companies_alone": looked.mapping.has_companies_alone,
        "is_of_enquiries": run.kind == ImportKind.LEADS and is_of_enquiries(dialect.labels),
        "are_requests": are_requests(dialect, looked.mapping),
        "asks_source": run.kind == ImportKind.LEADS,
        "preset": looked.preset.label if looked.preset and looked.preset.kind == run.kind else "",
        "words": import_words.lines(listed),
        "undated": import_words.undated(listed, looked.mapping.fields(), _seen(dialect)),
        "unknown_arrival": "" if dialect.came else _unknown_arrival(run, looked),
        "asks_day": run.kind == ImportKind.LEADS and "captured_at" not in looked.mapping.fields(),
        "came": dialect.came,
        "today": timezone.localtime(clock.now()).date().isoformat(),
        "is_remembered": looked.is_remembered,
        "is_told": bool(run.told.get("whole")),
        "why": dialect.why,
        "nameless": looking.nameless(looked, looked.mapping),
        "encodings": [Option(code, words, code == dialect.encoding) for code, words in ENCODINGS.items()],
        "delimiters": _delimiters(dialect.delimiter),
        "sheets": _sheets(dialect),
        "headers": [
            Option("yes", f"in row {dialect.skip + 1}" if dialect.header else "in the first row", dialect.header),
            Option("no", "none: each row is a person", not dialect.header),
        ],
        "lines": (lines := columns.lines(looked, asked)),
        "are_many": len(lines) > columns.MANY,
        "problems": [in_words(problem, looked.mapping.kind) for problem in looked.mapping.problems()] + asked,
        "sources": catalog.sources(),
        "asks_system": bool(looked.mapping.fields() & WITH_IDS),
        "system": systems.label(dialect.system),
        "systems": systems.LABELS.values(),
        "countries": _countries(dialect) if "country" in dialect.why else [],
        "closes": _closes(looked),
        "others": _others(looked),
        "policies": [Option(value, words, value == run.policy) for value, words in import_words.POLICIES],
        **preview.of(run, looked),
    }


def in_words(problem: str, kind: Kind) -> str:
    """A problem with the fields called as the page calls them."""
    before, mapped, named = problem.partition("mapped to " if "mapped to " in problem else "map a column to ")
    for name, field in FIELDS[kind].items():
        named = re.sub(rf"\b{name}\b", field.label, named)
    return before + mapped + named


def _unknown_arrival(run: ImportRun, looked: Looked) -> str:
    """What follows where no column says when they came, and which other columns have days."""
    if run.kind != ImportKind.LEADS:
        return ""
    targets = looked.mapping.to_json()
    free = [each for each in looked.dialect.columns if targets[each.label] not in FIELDS["leads"]]
    days = [each.label for each in free if each.date_why or each.kind == FieldType.DATE]
    return import_words.unknown_arrival(looked.mapping.fields(), days)


def _seen(dialect: Dialect) -> list[str]:
    return [dialect.labels[place] for place in evidence.columns(dialect.labels)]


def _closes(looked: Looked) -> list[Option]:
    """What becomes of who is open here and won or lost in the file; none where it does not say."""
    if looked.mapping.kind != "leads" or not looked.mapping.fields() & {"state", "stage"}:
        return []
    closes = looked.dialect.closes
    return [
        Option("yes", "Close them so, but not over what was decided here later", closes),
        Option("no", "Leave them open, and say which they are", not closes),
    ]


def _others(looked: Looked) -> list[Option]:
    """What becomes of the further people of a row; none where nobody of them can be reached."""
    if not looked.detected.dialect.others:
        return []
    become = bool(looked.dialect.others)
    return [
        Option("yes", "Leads of their own, same company", become),
        Option("no", "Fields on the record of the first", not become),
    ]


def _countries(dialect: Dialect) -> list[Option]:
    """Whose country's telephone numbers without a country code may be."""
    unknown = Option("", "Not known: keep them as they stand", not dialect.country)
    return [unknown, *(Option(code, name, code == dialect.country) for code, name in countries())]


def _sheets(dialect: Dialect) -> list[Option]:
    """The sheets of a workbook; none of a file that is no workbook."""
    return [Option(sheet.name, _sheet(sheet), sheet.name == dialect.sheet) for sheet in dialect.sheets]


def _sheet(sheet: Sheet) -> str:
    rows = "1 row" if sheet.rows == 1 else f"{sheet.rows:,} rows"
    return f"{sheet.name}: {rows}, hidden" if sheet.is_hidden else f"{sheet.name}: {rows}"


def _delimiters(present: str) -> list[Option]:
    known = [Option(word, word.capitalize(), mark == present) for mark, word in DELIMITERS.items()]
    return known if any(option.chosen for option in known) else [*known, Option("", present, True)]
