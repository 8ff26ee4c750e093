"""What stands below the people and is none: a legend, who of ours was there, the products that were shown, a remark.

Nobody there has an address, and often no heading tells. So a stretch of rows below a blank one is judged as a whole: by
the title over it, by words where only addresses and days can stand, by letters that are explained. A stretch with an
address in it is one of people, whatever stands above it, unless the title says that they are ours. People of whom
nothing but a name is known stay people.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from ripeline.capture.cells.dates import is_date
from ripeline.capture.cells.headings import HEADINGS
from ripeline.capture.cells.text import clean, given, key, words
from ripeline.capture.files.reading import Broken, Record

_WORDS = "stands below “{title}” in row {row}, which is no list of people: import that by itself if it is one"
_UNTITLED = (
    "is one of the rows from row {row} on that have words where an address or a day should stand: they are another "
    "table; import that by itself"
)
_NOTE = "is a remark below the table, not a person: give it a row with an address if it is one"
_CLOSING = "is a line that a report writes below its rows, not a person"
_NO_PEOPLE = re.compile(r"stands below “.*” in row \d+, which|is one of the rows from row \d+ on", re.DOTALL)
NO_TITLE, REPORT = "no title", "the rows of the report"
_JUDGED = 100  # rows of a stretch that are looked at
_TITLES = 3  # lines over it, at most
_SHOWN = 40  # characters of a title
_NO_WORDS = frozenset(
    heading
    for name in ("email", "phone", "other_phone", "captured_at", "state_at", "amount")
    for heading in HEADINGS[name]
)


def _phrases(listed: str) -> frozenset[str]:
    return frozenset(key(phrase) for phrase in listed.split("|"))


_OURS = _phrases(  # they may have addresses, and are no leads
    """booth staff|stand staff|staff|our staff|our team|booth team|on duty|duty roster|roster|shifts|shift plan
    |standpersonal|standbesetzung|standdienst|standteam|standbetreuung|messeteam|messepersonal|unser team|unser personal
    |personal|dienstplan|schichtplan|einsatzplan|personnel du stand|notre equipe|nuestro equipo|personal del stand"""
)
_THINGS = _phrases(
    """legend|key to colours|key to colors|abbreviations|notes|note|remarks|explanation|explanations|footnotes|summary
    |statistics|products|our products|product list|products shown|exhibits|price list|to do|todo|tasks|open points
    |agenda|programme|schedule|checklist|materials|give aways|giveaways
    |legende|farblegende|zeichenerklarung|erklarung|erlauterung|erlauterungen|abkurzungen|hinweis|hinweise|anmerkung
    |anmerkungen|bemerkungen|fussnoten|zusammenfassung|auswertung|statistik|produkte|unsere produkte|produktliste
    |ausgestellte produkte|exponate|preisliste|sortiment|artikel|aufgaben|offene punkte|programm|tagesordnung
    |checkliste|material|werbemittel
    |abreviations|remarques|produits|leyenda|abreviaturas|notas|productos|legenda|prodotti|produtos"""
)
_OF = words("of for on at in am zu zur zum fur auf im der des halle hall messe fair du de del")
_CODE = re.compile(r"\W?[^\W_]\W?|[+*!?#~-]{1,3}|\d{1,2}")  # what a legend explains
_EXPLAINED = re.compile(r"\S{1,3} ?(?:=|:|–|—|->|→|- )\s*\S|[^\W\d][^:=@]{0,40}(?:: |:$| ?= ?)")
_FOOTNOTE = re.compile(r"[*(†¹²³]")
_OF_REPORT = re.compile(  # how the last lines of a report begin: its totals, whose it is
    r"(?:grand |sub)?totals? ?\(\d|grand totals?\b|gesamtsummen?\b|total (?:records|general|général)\b|confidential\b"
    r"|vertrauliche? |informations? confidentielles?\b|copyright\b|©|\(c\) ?\d{4}|.*\ball rights reserved\b",
    re.IGNORECASE,
)
_SENTENCE, _REMARK = 6, 3  # words, at least, of a sentence and of a footnote


def kept_out(records: Iterable[Record | Broken], labels: Sequence[str]) -> Iterator[Record | Broken]:
    """The rows, blank ones too; those that are no people as what they are."""
    yield from _Reader(labels).rows(records) if len(labels) > 1 else records


def title_of(row: Record | Broken) -> str:
    """Below which title the row stands and is nobody, or that there is none; "" of any other row."""
    if isinstance(row, Broken) and row.reason == _CLOSING:
        return REPORT
    if not (isinstance(row, Broken) and _NO_PEOPLE.match(row.reason)):
        return ""
    return row.reason.partition("“")[2].rpartition("”")[0] or NO_TITLE


class _Reader:
    """Lines of one cell wait for what follows; after a blank row whole stretches do, as far as they are looked at."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._no_words = [at for at, label in enumerate(labels) if key(label) in _NO_WORDS]
        self._over: Record | Broken | None = None  # a title that says that what follows is no list of people

    def rows(self, records: Iterable[Record | Broken]) -> Iterator[Record | Broken]:
        waiting: list[Record | Broken] = []
        is_below, why = False, ""  # whether a blank row stood above; why the stretch is kept out
        for record in records:
            if isinstance(record, Record) and record.is_blank:
                yield from waiting if why else self._judged(waiting, is_below=is_below)
                yield record
                waiting, is_below, why = [], True, ""
            elif _closes_report(record.cells):
                yield from waiting if why else self._judged(waiting, is_below=is_below)
                yield _out(record, _CLOSING)
                waiting, is_below, why = [], True, ""
            elif why:
                yield _out(record, why)
            elif is_below:
                waiting.append(record)
                if len(waiting) == _JUDGED:
                    why = self._why(waiting)
                    yield from (_out(each, why) for each in waiting) if why else waiting
                    waiting, is_below, self._over = [], False, None
            elif _is_lone(record.cells):
                if _is_title(record.cells):
                    yield from waiting
                    waiting, is_below = [], True
                waiting.append(record)
            else:
                yield from waiting
                waiting = []
                yield record
        yield from waiting if why else self._judged(waiting, is_below=is_below)

    def _judged(self, stretch: list[Record | Broken], *, is_below: bool) -> Iterator[Record | Broken]:
        """A stretch to its end: kept out as a whole, or the remarks in it; a title alone is over the next."""
        why = self._why(stretch) if is_below else ""
        if stretch and len(stretch) <= _TITLES and _is_title(stretch[-1].cells):
            self._over = stretch[-1]
        elif stretch:
            self._over = None
        for record in stretch:
            if why:
                yield _out(record, why)
            elif _is_remark(record.cells):
                yield Broken(record.row, list(record.cells), _NOTE)
            else:
                yield record

    def _why(self, stretch: Sequence[Record | Broken]) -> str:
        """Why a stretch below a blank row is no list of people; "" if it may be one."""
        if not stretch:
            return ""
        title = next((each for each in stretch[:_TITLES] if _is_title(each.cells)), self._over)
        reaches = any(_reaches(cell) for each in stretch for cell in each.cells)
        if title and (not reaches or _said(title.cells) in _OURS):
            return _WORDS.format(title=_first(title.cells)[:_SHOWN], row=title.row)
        rows = [each for each in stretch if not _is_lone(each.cells)]
        if reaches or not (_explains(stretch, rows) or self._has_words_instead(rows)):
            return ""
        first = stretch[0]
        if _is_lone(first.cells) and not _is_remark(first.cells):
            return _WORDS.format(title=_first(first.cells)[:_SHOWN], row=first.row)
        return _UNTITLED.format(row=first.row)

    def _has_words_instead(self, rows: Sequence[Record | Broken]) -> bool:
        """Whether each row says something, and not all the same, in a column in which no words can stand."""
        found = [
            next((cell for at in self._no_words if at < len(each.cells) and _is_words(cell := each.cells[at])), "")
            for each in rows
        ]
        return len(rows) > 1 and all(found) and len(set(map(key, found))) > 1


def _explains(stretch: Sequence[Record | Broken], rows: Sequence[Record | Broken]) -> bool:
    """Whether letters or signs are explained: beside each other, or in one cell."""
    if not rows:
        lines = [_first(each.cells) for each in stretch]
        return len(lines) > 1 and sum(bool(_EXPLAINED.match(line)) for line in lines) * 2 >= len(lines)
    pairs = [[text for cell in each.cells if (text := clean(cell))] for each in rows]
    codes = {pair[0] for pair in pairs if len(pair) == 2 and _CODE.fullmatch(pair[0]) and _is_words(pair[1])}
    return len(rows) > 1 and len(codes) == len(rows)


def _out(record: Record | Broken, why: str) -> Broken:
    return Broken(record.row, list(record.cells), why)


def _is_lone(cells: Sequence[str]) -> bool:
    if len(cells) > 1 and cells[0] and cells[1]:  # as of nearly all rows
        return False
    return sum(bool(cell.strip()) for cell in cells) == 1


def _first(cells: Sequence[str]) -> str:
    return next((text for cell in cells if (text := clean(cell))), "")


def _said(cells: Sequence[str]) -> str:
    """What a title says, without a year and without of what, for what or where: “Legende zu Spalte D” is a legend."""
    said = [word for word in key(_first(cells)).split() if not any(map(str.isdigit, word))]
    ends = next((at for at, word in enumerate(said) if at and word in _OF), len(said))
    return " ".join(said[:ends])


def _is_title(cells: Sequence[str]) -> bool:
    """Whether a line alone says that what stands below it is no list of people."""
    return _is_lone(cells) and _said(cells) in _OURS | _THINGS


def _closes_report(cells: Sequence[str]) -> bool:
    """Whether a line alone is one of those that a report ends with."""
    return _is_lone(cells) and "@" not in _first(cells) and _OF_REPORT.match(_first(cells)) is not None


def _is_words(cell: str) -> bool:
    text = given(clean(cell))
    return len(text) > 1 and "@" not in text and any(map(str.isalpha, text)) and not any(map(str.isdigit, text))


def _reaches(cell: str) -> bool:
    """Whether somebody can be reached by it, or seems to."""
    if "@" in cell:
        return True
    digits = sum(map(str.isdigit, cell))
    return digits > 6 and cell.lstrip("(' ")[:1] in ("+", "0") and not any(map(str.isalpha, cell)) and not is_date(cell)


def _is_remark(cells: Sequence[str]) -> bool:
    """Whether a line alone says something, and names nobody."""
    if not _is_lone(cells) or any(map(_reaches, cells)):
        return False
    line = _first(cells)
    said = line.split()
    if sum(map(str.isdigit, line)) > 6 and not _EXPLAINED.match(line):
        return False
    is_sentence = len(said) >= _SENTENCE and sum(word[0].islower() for word in said) * 2 > len(said)
    is_footnote = len(said) >= _REMARK and bool(_FOOTNOTE.match(line))
    return bool(_EXPLAINED.match(line)) or is_sentence or is_footnote
