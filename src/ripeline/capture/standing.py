"""Columns that say where somebody stands (gewonnen, offen, lost) under a heading that could be anything's: “Status”."""

from collections.abc import Sequence

from ripeline.capture import values
from ripeline.capture.text import BadValueError, key, words

_HEADINGS = words(
    "status stand state zustand phase stage ergebnis result outcome bearbeitungsstand vertriebsstatus kundenstatus "
    "statut etat etape resultat estado etapa resultado situacao stato esito fase uitkomst wynik"
)
_SHARE = 0.5  # of the cells, under such a heading
_SURE = 0.8  # of the cells, under any
_NAMED = 3  # words in a sentence


def is_its_heading(label: str) -> bool:
    """Whether a heading may mean it; its cells must say so, too: “State” can be Texas, “Stand” a booth."""
    return key(label) in _HEADINGS


def said(cells: Sequence[str], share: float = _SHARE) -> list[str]:
    """Some different words among `cells` that say where somebody stands; none if fewer than this share do."""
    known = [cell for cell in cells if _is_state(cell)]
    return list(dict.fromkeys(known))[:_NAMED] if known and len(known) >= share * len(cells) else []


def hint(label: str, cells: Sequence[str]) -> str:
    """What to say beside a column that is kept as it is although its words look so; "" if they do not."""
    found = said(cells) if is_its_heading(label) else said(cells, _SURE) if len(set(cells)) > 1 else []
    if not found:
        return ""
    return f"Its words look like where each stands ({listed(found)}): if they do, choose “Where it stands”"


def listed(found: Sequence[str]) -> str:
    """Words in a sentence."""
    return ", ".join(f"“{word[:40]}”" for word in found)


def _is_state(cell: str) -> bool:
    try:
        values.state(cell)
    except BadValueError:
        return False
    return True
