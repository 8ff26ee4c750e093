"""What became of some rows of an import."""

from collections import Counter
from dataclasses import dataclass, field

from ripeline.capture.arriving.admission import Result
from ripeline.capture.columns.rejects import Reject
from ripeline.capture.columns.row import Row
from ripeline.capture.models import Remark

ORIGIN = "import"


@dataclass
class Tally:
    """What became of some rows: how many of each result, the rows refused, and what is to be looked at."""

    results: Counter[Result] = field(default_factory=Counter)
    reopened: int = 0
    further: int = 0  # new leads beside the first of a row
    brought: set[int] = field(default_factory=set)  # rows, up to date by more than fields
    rejects: list[Reject] = field(default_factory=list)
    remarks: list[tuple[int, Remark, str]] = field(default_factory=list)  # row, what about, text

    def reject(self, row: Row, reason: str, column: str = "") -> None:
        """Refuse a row after all."""
        self.results[Result.REJECTED] += 1
        self.rejects.append(Reject(row.row, row.cells, reason.rstrip("."), column))

    def bring(self, row: Row, result: Result) -> None:
        """Something of its lead was changed beside its fields: one that was unchanged is brought up to date, once."""
        if result is Result.UNCHANGED and row.row not in self.brought:
            self.brought.add(row.row)
            self.results[Result.UNCHANGED] -= 1
            self.results[Result.UPDATED] += 1

    def remark(self, row: Row) -> None:
        """Keep what was found when the row's cells were read."""
        self.remarks += [(row.row, Remark.CELL, text) for text in row.remarks]

    def add(self, other: "Tally") -> None:
        """Count other rows too."""
        self.results.update(other.results)
        self.reopened += other.reopened
        self.further += other.further
        self.brought |= other.brought
        self.rejects += other.rejects
        self.remarks += other.remarks

    def beside(self, other: "Tally") -> None:
        """Count further people of rows that are counted already: who was refused is remarked on."""
        self.further += other.results[Result.CREATED]
        self.reopened += other.reopened
        said = [(each.row, Remark.CELL, f"of another person in the row: {each.reason}") for each in other.rejects]
        self.remarks += other.remarks + said
