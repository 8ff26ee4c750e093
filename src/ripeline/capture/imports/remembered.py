"""How files with the same headings were mapped last time: listed, named, forgotten. All who import share them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ripeline.capture import rules
from ripeline.capture.cells.fields import CUSTOM, FIELDS, IGNORE, Kind
from ripeline.capture.columns import answers, own_labels
from ripeline.capture.models import ImportKind, ImportMapping
from ripeline.people.models import User

MOST = 200  # listed, those used last
_LONGEST = 120  # characters of a name


@dataclass(frozen=True)
class Remembered:
    """A mapping, in the words of the page."""

    pk: int
    name: str
    kind: str
    used_at: datetime
    columns: list[tuple[str, str]]  # heading, where it goes

    @property
    def headings(self) -> str:
        return ", ".join(heading for heading, _ in self.columns)


def listed(actor: User) -> list[Remembered]:
    """Those that there are, the one used last first."""
    rules.require_importer(actor)
    asked = answers.labels()
    return [
        Remembered(
            each.pk, each.name, ImportKind(each.kind).label, each.used_at,
            [(heading, _where(each.kind, target, asked)) for heading, target in each.mapping.items()],
        )
        for each in ImportMapping.objects.order_by("-used_at", "-pk")[:MOST]
    ]  # fmt: skip


def _where(kind: str, target: str, asked: Mapping[str, str]) -> str:
    if known := FIELDS[cast(Kind, kind)].get(target):
        return known.label
    if target in asked:
        return asked[target]
    return "left out" if target in ("", IGNORE) else f"kept as “{own_labels.apart(target.removeprefix(CUSTOM))}”"


def rename(*, actor: User, mapping_id: int, name: str) -> None:
    """Call it by another name; "" for none."""
    rules.require_importer(actor)
    ImportMapping.objects.filter(pk=mapping_id).update(name=" ".join(name.split())[:_LONGEST])


def forget(*, actor: User, mapping_id: int) -> bool:
    """The next file with these headings is guessed anew; False if it was forgotten already."""
    rules.require_importer(actor)
    return bool(ImportMapping.objects.filter(pk=mapping_id).delete()[0])
