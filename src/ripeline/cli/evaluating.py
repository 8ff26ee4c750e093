"""``ripeline model evaluate``: the product's own fit on any file, judged on rows that it has not seen.

It needs no database: the file is read as an import reads it, and nothing of it is kept.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from ripeline.capture.cells import dates
from ripeline.capture.cells.text import BadValueError
from ripeline.capture.columns import detection
from ripeline.capture.files import reading
from ripeline.capture.files.dialect import Dialect, UnreadableFileError
from ripeline.capture.files.lines import as_text
from ripeline.cli.opening import MISUSE
from ripeline.cli.output import Failed, emit, json_option, say
from ripeline.science import evaluation
from ripeline.science.errors import ScienceError
from ripeline.science.evaluation import Dated, Evaluation
from ripeline.science.gate import FloatArray

WEEKDAY = "weekday of start"
_FEW = 8  # distinct numbers: a column with no more of them holds categories
_YES = frozenset(["1", "true", "yes", "y", "won", "converted", "sold", "bought", "ja", "oui", "si", "sí", "sim", "t"])
_NO = frozenset(["0", "false", "no", "n", "lost", "open", "not", "nein", "non", "não", "nao", "f"])
_DAY = 86_400.0


@click.command("evaluate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--start", metavar="COL", help="When each lead came.")
@click.option("--event-date", metavar="COL", help="When it was won or ripe; empty if it was not.")
@click.option("--label", metavar="COL", help="Whether it was won (1/0, yes/no), where no dates are known.")
@click.option("--censor", metavar="DATE", help="The day up to which the file is complete; by default its latest date.")
@click.option("--lost", metavar="COL", help="When, or whether, it was let go for good.")
@click.option("--features", metavar="COL,COL…", default="", help="What was known when it came.")
@click.option("--split", metavar="DATE", help="Learn from what was known on this day, judge by the leads since.")
@click.option("--cv", "folds", type=click.IntRange(2, 100), help="Learn from all folds but one, judge by that. [5]")
@click.option("--ibs-days", metavar="FROM-TO", default="5-160", show_default=True, help="Days of the Brier score.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the folds.")
@click.option("--day-first/--month-first", "day_first", default=None, help="How dates like 03/04/2018 are meant.")
@json_option
def command(
    file: Path,
    start: str | None,
    event_date: str | None,
    label: str | None,
    censor: str | None,
    lost: str | None,
    features: str,
    split: str | None,
    folds: int | None,
    ibs_days: str,
    seed: int,
    day_first: bool | None,
    as_json: bool,
) -> None:
    """Fit FILE as Ripeline fits a company's own leads, and say how good the predictions are.

    With dates: Uno's C, the integrated Brier score, and expected over actual counts within 30 and 90 days. With a
    label alone: AUC and Brier score. The weekday of --start is always among the features.
    """
    if (event_date is None) == (label is None):
        raise Failed("Say either --event-date or --label.", status=MISUSE)
    if event_date is not None and start is None:
        raise Failed("With --event-date say --start, too.", status=MISUSE)
    if split and folds:
        raise Failed("Say either --split or --cv.", status=MISUSE)
    names = [name.strip() for name in features.split(",") if name.strip()]
    cells = _Cells.read(file, [name for name in (start, event_date, label, lost, *names) if name], day_first)
    try:
        if label is not None:
            found = _by_label(cells, label, start, names, folds=folds or 5, seed=seed)
        else:
            data = _dated(cells, str(start), str(event_date), lost, censor, names)
            days = _range(ibs_days)
            if split:
                found = evaluation.after(data, _day(split, "--split"), ibs_days=days)
            else:
                found = evaluation.by_folds(data, folds=folds or 5, seed=seed, ibs_days=days)
    except ScienceError as error:
        raise Failed(str(error)) from error
    figures = _figures(found, dated=label is None)
    if as_json:
        emit(figures)
    else:
        for name, value in figures.items():
            click.echo(f"{name:<12} {'–' if value is None else f'{value:.4g}' if isinstance(value, float) else value}")


def _figures(found: Evaluation, *, dated: bool) -> dict[str, float | int | str | None]:
    own = ("uno_c", "ibs", "eo_30", "eo_90") if dated else ("auc", "brier")
    figures = asdict(found)
    return {name: figures[name] for name in (*own, "n", "events", "fit_seconds", "shape")}


class _Cells:
    """The columns asked for, as text, and the file's own way of writing dates and numbers."""

    def __init__(self, columns: dict[str, list[str]], dialect: Dialect, *, day_first: bool | None) -> None:
        self.columns = columns
        self.dialect = dialect
        self.day_first = day_first

    @classmethod
    def read(cls, file: Path, names: Sequence[str], day_first: bool | None) -> "_Cells":
        try:
            with file.open("rb") as opened:
                dialect = detection.detect(opened, name=file.name).dialect
                missing = [name for name in names if name not in dialect.labels]
                if missing:
                    there = ", ".join(dialect.labels)
                    raise Failed(f"{file.name} has no column {', '.join(missing)}; it has {there}.", status=MISUSE)
                at = {name: dialect.labels.index(name) for name in names}
                columns: dict[str, list[str]] = {name: [] for name in names}
                broken = 0
                opened.seek(0)
                with as_text(opened, dialect.encoding) as text:
                    for record in reading.data_rows(text, dialect):
                        if isinstance(record, reading.Broken):
                            broken += 1
                        elif not record.is_blank:
                            for name, place in at.items():
                                columns[name].append(record.cells[place].strip())
        except UnreadableFileError as error:
            raise Failed(str(error)) from error
        if broken:
            say(f"{broken:,} rows could not be read and are left out.")
        return cls(columns, dialect, day_first=day_first)

    def days(self, name: str) -> tuple[FloatArray, int]:
        """A column of dates as days since 1970, NaN where there is none; and how many cells are no dates."""
        column = self.dialect.columns[self.dialect.labels.index(name)]
        first = column.day_first if self.day_first is None else self.day_first
        now, wrong = datetime.now(UTC), 0
        days = np.full(len(self.columns[name]), np.nan)
        known: dict[str, float] = {}
        for row, cell in enumerate(self.columns[name]):
            if not cell:
                continue
            if cell not in known:
                try:
                    moment = dates.moment(cell, zone=UTC, now=now, day_first=first)
                    known[cell] = moment.at.timestamp() / _DAY if moment else np.nan
                except BadValueError:
                    known[cell] = np.inf
            if known[cell] == np.inf:
                wrong += 1
            else:
                days[row] = known[cell]
        return days, wrong

    def feature(self, name: str) -> NDArray[np.generic]:
        """A column as numbers if it holds more than a few different ones, else as text."""
        cells = self.columns[name]
        comma = self.dialect.columns[self.dialect.labels.index(name)].decimal_comma
        numbers = np.full(len(cells), np.nan)
        for row, cell in enumerate(cells):
            if cell:
                try:
                    numbers[row] = float(cell.replace(".", "").replace(",", ".") if comma else cell.replace(",", ""))
                except ValueError:
                    return np.array(cells, dtype=np.str_)
        if len(np.unique(numbers[np.isfinite(numbers)])) <= _FEW:
            return np.array(cells, dtype=np.str_)
        return numbers


def _dated(
    cells: _Cells, start: str, event_date: str, lost: str | None, censor: str | None, names: Sequence[str]
) -> Dated:
    begun, wrong = cells.days(start)
    ripe, no_dates = cells.days(event_date)
    there = np.isfinite(begun)
    if not there.all():
        say(f"{int((~there).sum()):,} rows have no date in {start} and are left out.")
    if wrong or no_dates:
        say(f"{wrong + no_dates:,} cells are no dates.")
    if not there.any():
        raise Failed(f"No cell of {start} is a date. (If a date could be day first or month first, say which.)")
    latest = float(np.nanmax(np.append(begun[there], ripe[np.isfinite(ripe)])))
    end = _day(censor, "--censor") if censor else latest
    table = {name: cells.feature(name)[there] for name in names}
    table[WEEKDAY] = _weekday(begun[there])
    never = _never(cells, lost, end)[there] if lost else np.full(int(there.sum()), np.nan)
    return Dated(table=table, start=begun[there], ripe_at=ripe[there], never_at=never, censor=end)


def _never(cells: _Cells, lost: str, end: float) -> FloatArray:
    """When each was let go for good: the date in the column, or the last day where it only says so."""
    days, wrong = cells.days(lost)
    said = [cell.casefold() for cell in cells.columns[lost]]
    if np.isfinite(days).any() and not wrong and not set(said) <= _YES | _NO | {""}:
        return days
    return np.array([np.nan if not cell or cell in _NO else end for cell in said])


def _by_label(
    cells: _Cells, label: str, start: str | None, names: Sequence[str], *, folds: int, seed: int
) -> Evaluation:
    said = [cell.casefold() for cell in cells.columns[label]]
    strange = sorted(set(said) - _YES - _NO)
    if strange and strange != [""]:
        raise Failed(f"{label} must say 1 or 0, yes or no; “{strange[-1][:40]}” says neither.")
    table = {name: cells.feature(name) for name in names}
    if start is not None:
        begun, _ = cells.days(start)
        table[WEEKDAY] = np.where(np.isfinite(begun), _weekday(np.nan_to_num(begun)), "")
    if not table:
        raise Failed("Say --features, or --start: there is nothing to learn from.", status=MISUSE)
    known = np.array([cell != "" for cell in said])
    truth = np.array([float(cell in _YES) for cell in said])[known]
    return evaluation.by_label({k: v[known] for k, v in table.items()}, truth, folds=folds, seed=seed)


def _weekday(days: FloatArray) -> NDArray[np.str_]:
    return ((np.floor(days).astype(np.int64) + 3) % 7).astype(np.str_)  # 1 January 1970 was a Thursday


def _day(text: str, option: str) -> float:
    try:
        found = dates.moment(text, zone=UTC, now=datetime.now(UTC))
    except BadValueError as error:
        raise Failed(f"{option}: {error}", status=MISUSE) from error
    if found is None:
        raise Failed(f"{option}: say a day like 2018-11-15.", status=MISUSE)
    return found.at.timestamp() / _DAY


def _range(text: str) -> tuple[float, float]:
    first, _, last = text.partition("-")
    try:
        days = float(first), float(last)
    except ValueError:
        raise Failed("--ibs-days: say two days, like 5-160.", status=MISUSE) from None
    if not 0 <= days[0] < days[1] <= 3650:
        raise Failed("--ibs-days: the first must be before the last, and both within ten years.", status=MISUSE)
    return days
