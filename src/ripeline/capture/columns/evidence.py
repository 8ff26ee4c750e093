"""Since when somebody stands so where no column says it: the best day that another column of the row has.

Columns that say when somebody was last in contact, else when their record was last changed there. Whatever they go to,
be it left out, they are read for this.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from ripeline.capture.cells.dates import Moment
from ripeline.capture.cells.headings import bare
from ripeline.capture.cells.text import BadValueError, clean
from ripeline.capture.files.dialect import Column

_CONTACT = frozenset(
    """last activity|last activity date|last activity time|last contact|last contact date|last contacted
|last contacted date|date of last contact|last touch|last touched|last call|last seen|letzte aktivitat
|letzte aktivitat am
|datum der letzten aktivitat|letzter kontakt|letzter kontakt am|zuletzt kontaktiert|letzte kontaktaufnahme
|datum letzter kontakt|derniere activite|date de la derniere activite|dernier contact|ultima actividad
|fecha de la ultima actividad|ultimo contacto|ultima atividade|data da ultima atividade|ultimo contato
|ultima attivita|ultimo contatto""".replace("\n", "").split("|")
)
_CHANGED = frozenset(
    """last modified|last modified date|last modified at|last modified time|modified|modified at|modified on
|modified date|date modified|updated|updated at|updated on|last updated|last update|update time|update date|date updated
|object last modified date time|system modstamp|geandert|geandert am|zuletzt geandert|zuletzt geandert am
|letzte anderung|letzte anderung am|anderungsdatum|aktualisiert|aktualisiert am|derniere modification|modifie le
|date de modification|fecha de modificacion|ultima modificacion|modificado el|data de modificacao|ultima modificacao
|modificado em|ultima modifica|data di modifica""".replace("\n", "").split("|")
)


def contacts(labels: Sequence[str]) -> list[int]:
    """The columns that say when somebody was last in contact."""
    return [place for place, label in enumerate(labels) if any(name in _CONTACT for name in _bare(bare(label)))]


class Seen(NamedTuple):
    """A moment, whether it is a whole day, and the column that says it."""

    at: datetime
    is_day: bool
    label: str


def _bare(name: str) -> tuple[str, str]:
    return name, name.removeprefix("person ")


def columns(labels: Sequence[str]) -> list[int]:
    """The columns that say it, the best first."""
    named = [
        (place, kinds) for kinds in (_CONTACT, _CHANGED) for place, label in enumerate(labels) if bare(label) in kinds
    ]
    return [place for place, _ in named]


def of(
    cells: Sequence[str], places: Sequence[int], known: Sequence[Column], read: Callable[[str, Column], Moment | None],
    *, now: datetime,
) -> Seen | None:  # fmt: skip
    """The best of a row: the first column with a day that was."""
    for place in places:
        try:
            found = read(clean(cells[place]), known[place]) if cells[place].strip() else None
        except BadValueError:
            continue
        if found and found.at <= now:
            return Seen(found.at, found.is_day, known[place].label)
    return None
