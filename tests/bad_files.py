"""Files that people choose by mistake, and what each is answered, on every way in."""

from typing import NamedTuple


class Bad(NamedTuple):
    name: str
    content: bytes
    said: str  # what the person reads
    filename: str = "leads.csv"


REFUSED = (
    Bad("an empty file", b"", "is empty: choose the file that has the rows"),
    Bad("a heading only", b"Name,E-mail\n", "has a heading and no rows under it"),
    Bad("no columns at all", b",,,\n,,,\n", "is empty: choose the file that has the rows"),
    Bad("a PDF by another name", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF"),
    Bad("a spreadsheet by another name", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", "CSV"),
)
NOBODY = Bad("columns that identify nobody", b"Colour,Size\nred,4\nblue,5\n", "Nobody could be told from another")


class Odd(NamedTuple):
    """A file that goes in, with some of its rows refused."""

    name: str
    content: bytes
    created: int
    rejected: int
    said: str = ""  # of a rejected row


_WIDE = ",".join(["E-mail", *(f"Field {n}" for n in range(299))])
TAKEN = (
    Odd("300 columns", f"{_WIDE}\na@x.example,{','.join(map(str, range(299)))}\n".encode(), 1, 0),
    Odd("another encoding", "Name,E-mail\nJosé Núñez,jose@x.example\n".encode("cp1252"), 1, 0),
    Odd("UTF-16", "Name\tE-mail\nJosé Núñez\tjose@x.example\n".encode("utf-16"), 1, 0),
    Odd("an endless cell", b"E-mail,Note\na@x.example,ok\nb@x.example," + b"x" * 10_000_000 + b"\n", 1, 1, "shorten"),
    Odd("formulas", b"Name,E-mail\n=cmd|' /C calc'!A0,a@x.example\n@SUM(1),\n", 2, 0),
    Odd("headings twice", b"E-mail,E-mail,Name,Name\na@x.example,b@x.example,Ann,Lee\n", 1, 0),
    Odd("half a quote", b'E-mail,Company\na@x.example,"5 inch\nb@x.example,Acme\n', 1, 1, "never closed"),
    Odd("31 February", b"E-mail,Created\na@x.example,31/02/2026\nb@x.example,13/02/2026\n", 1, 1, "no such day"),
)  # fmt: skip
