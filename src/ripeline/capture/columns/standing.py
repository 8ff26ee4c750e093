"""Columns that say where somebody stands (gewonnen, offen, lost) under a heading that could be anything's: “Status”."""

from collections.abc import Sequence

from ripeline.capture.cells import values
from ripeline.capture.cells.headings import HEADINGS
from ripeline.capture.cells.text import BadValueError, clean, given, key, words

_HEADINGS = words(
    "status stand state zustand phase stage ergebnis result outcome bearbeitungsstand vertriebsstatus kundenstatus "
    "statut etat etape resultat estado etapa resultado situacao stato esito fase uitkomst wynik"
)
_CUSTOMER = frozenset(
    """kunde|kunden|customer|is customer|is a customer|ist kunde|bestandskunde|bestandskunden|kunde ja nein|client
|cliente|klant""".replace("\n", "").split("|")
)
_ENDS = frozenset({"won", "lost"})
_SHARE = 0.5  # of the cells, under such a heading
_SURE = 0.8  # of the cells, under any
_ENDED = 0.2  # of the cells say won or lost: the others are stages in words of their own
_FEW = 20  # different words of a column that are a list of states; more of them are remarks
_NAMED = 3  # words in a sentence


def is_its_heading(label: str) -> bool:
    """Whether a heading may mean it; its cells must say so, too: “State” can be Texas, “Stand” a booth."""
    return key(label) in _HEADINGS


def said(cells: Sequence[str], share: float = _SHARE) -> list[str]:
    """Some different words among `cells` that say where somebody stands; none if fewer than this share do.

    Where a fifth are won or lost it is enough: then the words not known are to be chosen, not all of them kept aside.
    """
    filled = [text for cell in cells if (text := given(clean(cell)))]
    stands = {text: _state(text) for text in filled}
    known = [text for text in filled if stands[text]]
    ended = [text for text in known if stands[text] in _ENDS]
    is_ended = len(ended) >= _ENDED * len(filled) and len(stands) <= _FEW
    if not known or not (len(known) >= share * len(filled) or (ended and is_ended)):
        return []
    return list(dict.fromkeys([*ended, *known] if is_ended else known))[:_NAMED]


def hint(label: str, cells: Sequence[str]) -> str:
    """What to say beside a column that is kept as it is although its words look so; "" if they do not."""
    if key(label) in _CUSTOMER and cells and all(map(values.is_yes_or_no, filter(None, map(clean, cells)))):
        return "If yes means that they have bought, choose “Where it stands”, and that yes is won"
    if key(label) in HEADINGS["reason"]:  # why somebody was lost, in words that may also say that they were
        return ""
    found = said(cells) if is_its_heading(label) else said(cells, _SURE) if len(set(cells)) > 1 else []
    if not found:
        return ""
    return f"Its words look like where each stands ({listed(found)}): if they do, choose “Where it stands”"


def listed(found: Sequence[str]) -> str:
    """Words in a sentence."""
    return ", ".join(f"“{word[:40]}”" for word in found)


def _state(cell: str) -> str:
    try:
        return values.state(cell).value
    except BadValueError:
        return ""
