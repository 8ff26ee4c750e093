"""Exports of other systems, known by their headings: what each is, and which of its columns is which field.

`presets.txt` has them, headings as `headings.bare` reduces them; `/` separates what a system calls the same thing in
its versions and languages. A file is an export if it has a heading of each group of `needs` and none of `without`;
where several fit, it is the one of which most columns are known. Columns of `leave` say nothing to whoever sells (`*`
stands for any words after it): they are left out unless somebody chooses otherwise.
With `all`, every column that is known counts: a row of
leads and contacts has the cells of the one or of the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import cast

from ripeline.capture.cells.fields import Kind
from ripeline.capture.cells.headings import bare
from ripeline.capture.cells.text import key
from ripeline.capture.columns.exported import is_ours
from ripeline.leads.words import systems

_NO_FIELDS = ("needs", "without", "all", "leave")
_TABLE = Path(__file__).with_name("presets.txt")


@dataclass(frozen=True)
class Preset:
    """An export: its name for people, what its rows are, the headings it is known by, and their fields in order."""

    code: str
    label: str
    kind: Kind
    needs: tuple[frozenset[str], ...]
    without: frozenset[str]
    fields: Mapping[str, tuple[str, ...]]  # headings by field, the likeliest first
    leaves: tuple[str, ...] = ()  # headings of what is left out
    takes_all: bool = False  # columns of one field: in each row the first that has a cell

    @property
    def system(self) -> str:
        """The system that gave the ids in it."""
        system = self.code.partition("_")[0]
        return system if system in systems.LABELS else ""

    @property
    def is_ours(self) -> bool:
        """Whether it is a list exported here, or by the Ripeline of another company: all else in it are own fields."""
        return self.system == systems.OURS

    def targets(
        self, labels: Sequence[str], fits: Callable[[int, str], bool] = lambda _at, _field: True
    ) -> dict[int, str]:
        """The field of each column that is known, the likeliest that `fits`; no field twice, unless it takes all."""
        by_key: dict[str, int] = {}
        for at, label in enumerate(labels):
            by_key.setdefault(self._called(label), at)
        found: dict[int, str] = {}
        for field, headings in self.fields.items():
            places = (by_key[heading] for heading in headings if heading in by_key)
            fitting = (at for at in places if at not in found and fits(at, field))
            for place in fitting if self.takes_all else islice(fitting, 1):
                found[place] = field
        return found

    def _called(self, label: str) -> str:
        """A heading as it is compared: ours are written in one way, and with brackets behind it is an own field."""
        return key(label) if self.is_ours else bare(label)

    def is_left(self, label: str) -> bool:
        """Whether a column is the system's own business."""
        name = self._called(label)
        return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in self.leaves)

    def shares(self, field: str, labels: Iterable[str]) -> bool:
        """Whether these columns may all be the one field."""
        return self.takes_all and {bare(label) for label in labels} <= set(self.fields.get(field, ()))


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("/") if part.strip())


# Lists of whom another system knows, each with the day on which its record was made there.
RECORDS = frozenset(
    {"hubspot_contacts", "salesforce_contacts", "salesforce_people", "pipedrive_people", "linkedin_connections"}
)


@cache
def presets() -> tuple[Preset, ...]:
    """All that are known."""
    lines = _TABLE.read_text("utf-8").strip().replace("/\n        ", "/").split("\n")
    starts = [at for at, line in enumerate(lines) if not line.startswith(" ")]
    return tuple(_preset(lines[start:end]) for start, end in pairwise([*starts, len(lines)]))


def _preset(lines: Sequence[str]) -> Preset:
    code, label, kind = (part.strip() for part in lines[0].split("|"))
    said = [line.strip().partition(": ") for line in lines[1:]]
    return Preset(
        code, label, cast(Kind, kind),
        needs=tuple(frozenset(_alternatives(listed)) for name, _, listed in said if name == "needs"),
        without=frozenset(one for name, _, listed in said if name == "without" for one in _alternatives(listed)),
        fields={name: _alternatives(listed) for name, _, listed in said if name not in _NO_FIELDS},
        leaves=tuple(one for name, _, listed in said if name == "leave" for one in _alternatives(listed)),
        takes_all=any(name == "all" for name, _, _ in said),
    )  # fmt: skip


def recognised(labels: Sequence[str]) -> Preset | None:
    """The export that a file with these headings is; one of ours before any other."""
    if is_ours(labels):
        return next(preset for preset in presets() if preset.is_ours)
    keys = {bare(label) for label in labels}
    fitting = [
        preset for preset in presets() if all(group & keys for group in preset.needs) and not preset.without & keys
    ]
    return max(fitting, key=lambda preset: len(preset.targets(labels)), default=None)
