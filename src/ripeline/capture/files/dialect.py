"""How a file of rows speaks: its encoding, what separates and quotes its cells, its heading, its dates and numbers.

A `Dialect` is what the detection found, in a form that a page can show, a person can overrule and a database can keep.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Self

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (Excel’s “Unicode text”)",
    "utf-16-be": "UTF-16, big-endian",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32, big-endian",
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "iso-8859-1": "Western European (ISO 8859-1)",
    "iso-8859-2": "Central European (ISO 8859-2)",
    "iso-8859-15": "Western European (ISO 8859-15)",
    "mac_roman": "Western European (old Macintosh)",
    "cp850": "Western European (DOS)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_kr": "Korean (EUC-KR)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", "^": "caret", "~": "tilde"}
QUOTES = {'"': "double quotes", "'": "single quotes", "": "none"}
ESCAPES = {"": "a doubled quote", "\\": "a backslash"}


_OTHERS = {
    True: "who can be reached is a lead at the same company; the others stand on the record of the first",
    False: "they stand on the record of the first",
}


class UnreadableFileError(ValueError):
    """The file as a whole cannot be imported; the message is a sentence for the person who chose it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its label (unique in the file) and how its dates and numbers are written.

    `day_first` and `decimal_comma` are None where the cells do not tell (or have no dates or numbers). `unclear` is an
    example of a date that could be either, where nothing decides and a person should. `cells` are what all of those
    read are: "number", "date" or "".
    """

    label: str
    day_first: bool | None = None
    date_why: str = ""
    unclear: str = ""
    decimal_comma: bool | None = None
    number_why: str = ""
    cells: str = ""

    @property
    def kind(self) -> str:
        """What a field of the company's own that it becomes holds: "number", "date" or "text"."""
        return "text" if self.unclear else self.cells or "text"


class Sheet(NamedTuple):
    """A sheet of a workbook, with how many rows that are not blank."""

    name: str
    rows: int
    is_hidden: bool = False


class Finding(NamedTuple):
    """One thing found out about a file, for a page: what, the answer, the reason."""

    about: str
    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """Everything needed to turn a file's bytes into cells, and its dates and money into values."""

    columns: tuple[Column, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip: int = 0  # rows above the heading
    header: bool = True
    pad_short: bool = False  # a row with too few cells lacks only empty ones
    zone: str = "UTC"  # of times without one
    country: str = ""  # of phone numbers without a country code
    currency: str = ""  # of amounts without one
    system: str = ""  # that gave the ids; the company's own if empty
    sheet: str = ""  # of a workbook, the one that is read
    sheets: tuple[Sheet, ...] = ()  # the workbook's
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by what they are of: ours for each of theirs
    scraps: tuple[str, ...] = ()  # columns in which next to nothing stands: left out by themselves
    others: tuple[tuple[tuple[str, str], ...], ...] = ()  # further people of a row who become leads: column and field
    came: str = ""  # the day on which all came whose row says none, as 2026-09-22
    closes: bool = True  # who is open here ends as a row says
    is_1904: bool = False  # days are counted from 1904, as Excel on a Macintosh once did
    why: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"“{self.encoding}” is not an encoding we know: choose one of {', '.join(ENCODINGS)}.")
        if len(self.delimiter) != 1 or self.delimiter.isalnum() or self.delimiter in "\r\n\0\"'\\ ":
            raise ValueError(f"{self.delimiter!r} cannot separate cells: choose one character such as , or ;")
        if self.quote not in QUOTES or self.escape not in ESCAPES or self.skip < 0:
            raise ValueError(
                "The quote must be \" or ' or none, the escape a backslash or none, skipped rows 0 or more."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns' labels, in order."""
        return tuple(column.label for column in self.columns)

    def told(
        self, label: str | None = None, *, day_first: bool | None = None, decimal_comma: bool | None = None
    ) -> Self:
        """The same with a person's word on how the column `label` (all columns, if None) writes dates and numbers."""
        changed = []
        for column in self.columns:
            if label is None or column.label == label:
                if day_first is not None:
                    words = "day first" if day_first else "month first"
                    column = replace(column, day_first=day_first, unclear="", date_why=f"you said {words}")
                if decimal_comma is not None:
                    words = "decimal comma" if decimal_comma else "decimal point"
                    column = replace(column, decimal_comma=decimal_comma, number_why=f"you said {words}")
            changed.append(column)
        return replace(self, columns=tuple(changed))

    def findings(self) -> list[Finding]:
        """What was found, in words, for a page on which each can be changed."""
        text = [
            Finding("Encoding", ENCODINGS[self.encoding], self.why.get("encoding", "")),
            Finding("Separator", DELIMITERS.get(self.delimiter, self.delimiter), self.why.get("delimiter", "")),
            Finding("Quotes", QUOTES[self.quote], self.why.get("quote", "")),
            Finding("A quote inside a cell", ESCAPES[self.escape], self.why.get("escape", "")),
        ]
        found = [Finding("Sheet", self.sheet, self.why.get("sheet", ""))] if self.sheet else text
        found.append(Finding("Heading", f"row {self.skip + 1}" if self.header else "none", self.why.get("header", "")))
        found += self._left_out()
        if self.pad_short:
            found.append(Finding("Short rows", "missing cells are empty", self.why.get("pad_short", "")))
        if self.came:
            found.append(Finding("When they came, where a row does not say", self.came, "you said so"))
        if "country" in self.why:
            answer = self.country or "kept as they stand"
            found.append(Finding("Telephone numbers without a country code", answer, self.why["country"]))
        for column in self.columns:
            if column.unclear or column.day_first is not None:
                answer = {True: "day first", False: "month first", None: "please choose"}[column.day_first]
                found.append(Finding(f"Dates in “{column.label}”", answer, column.date_why))
            if column.decimal_comma is not None:
                answer = "decimal comma (1.234,56)" if column.decimal_comma else "decimal point (1,234.56)"
                found.append(Finding(f"Numbers in “{column.label}”", answer, column.number_why))
        return found

    def _left_out(self) -> list[Finding]:
        """What is no row of its own."""
        said = {
            "below": ("Below the rows", "it has a heading of its own"),
            "nobody": ("Not people", "those rows are refused"),
            "others": ("Other people in a row", _OTHERS[bool(self.others)]),
            "wide": ("Very many columns", "there would be too many fields of your own"),
            "again": ("Headings within the rows", "those rows are refused"),
        }
        return [Finding(what, self.why[name], why) for name, (what, why) in said.items() if name in self.why]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a JSON column."""
        data = asdict(self)
        data["columns"] = [asdict(column) for column in self.columns]
        data["why"] = dict(self.why)
        data["words"] = {about: dict(ours) for about, ours in self.words.items()}
        data["scraps"] = list(self.scraps)
        data["sheets"] = [list(sheet) for sheet in self.sheets]
        data["others"] = [[list(column) for column in person] for person in self.others]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` gave; ValueError if it is something else."""
        try:
            columns = tuple(Column(**column) for column in data["columns"])
            scraps = tuple(data.get("scraps", ()))
            sheets = tuple(Sheet(*each) for each in data.get("sheets", ()))
            others = tuple(tuple((str(label), str(to)) for label, to in one) for one in data.get("others", ()))
            return cls(**{**data, "columns": columns, "scraps": scraps, "sheets": sheets, "others": others})
        except (TypeError, KeyError) as problem:
            raise ValueError(f"not a dialect: {problem}") from problem
