"""A workbook's sheets as delimited text: run alone, in a process of its own with limits, because files can be hostile.

`python -I unpacking.py WORKBOOK DIRECTORY LIMITS` writes each sheet as N.csv and says on stdout, as JSON, what there is
or, in a word, why not. The reader is native code, and a small file can ask for all the memory there is: a process that
dies takes nothing with it. Only cells are read: no macro runs, no formula is computed, no link is followed.
So this module imports nothing of Ripeline. Every row of a sheet, also a blank one, is one line of its file, so that row
numbers are those a spreadsheet shows; a line break inside a cell is written as U+2028, which cells are cleaned of.
"""

import csv
import errno
import importlib.util
import json
import os
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

MOST_PARTS = 5_000  # files inside a workbook
MOST_SHEETS = 60  # read of one workbook
MOST_MERGED = 20_000  # merged cells that are filled
LONGEST = 32_767  # characters of a cell, by the rules of Excel's own format
BLOCK = 1024 * 1024
EXACT = 10**15  # a spreadsheet keeps 15 digits of a number, and makes the others zeros
_NAMED = 100  # characters of a sheet's name
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # how Office wraps a workbook with a password
_WORD_STREAM = "WordDocument".encode("utf-16-le")
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904=[\"'](?:1|true)[\"']")
_TEXTS, _WORKBOOKS = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_HIDDEN = re.compile(r"(?:^|/)(?:__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)")
_BREAK = re.compile(r"\r\n?|\n")


class RefusedError(Exception):
    """Why nothing is read: password, damaged, huge, long, dtd, or what kind of file it is."""


def limit(limits: dict[str, int]) -> None:
    """Take from this process what it has no use for; the system ends it where it asks for more."""
    for name in ("AS", "CPU", "FSIZE"):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limits[name], limits[name]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def checked(file: Path, most: int) -> bool:
    """Refuse what is no workbook, or does not unpack as it says; whether its days are counted from 1904."""
    with file.open("rb") as content:
        if content.read(4) != b"PK\x03\x04":
            return _old(file)
    try:
        with zipfile.ZipFile(file) as archive:
            return _checked(archive, most)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as problem:
        raise RefusedError("damaged") from problem


def _old(file: Path) -> bool:
    """A workbook of before 2007; one with a password looks like it, too."""
    content = file.read_bytes()
    if _ENCRYPTED in content:
        raise RefusedError("password")
    if _WORD_STREAM in content:
        raise RefusedError("word")
    return False


def _checked(archive: zipfile.ZipFile, most: int) -> bool:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > most:
        raise RefusedError("huge")
    if any(part.flag_bits & 1 for part in parts):
        raise RefusedError("password")
    _recognised({part.filename for part in parts}, archive)
    is_1904 = False
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels", ".bin")):
            head = _unpacked(archive, part)
            if _DOCTYPE.search(head):
                raise RefusedError("dtd")
            is_1904 = is_1904 or (part.filename == "xl/workbook.xml" and _1904.search(head) is not None)
    return is_1904


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """The beginning of a part, which was unpacked to its end: one that says less than it holds is refused there."""
    with archive.open(part) as content:
        head = content.read(BLOCK)
        while content.read(BLOCK):
            pass
    return head


def _recognised(names: set[str], archive: zipfile.ZipFile) -> None:
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return
    if "content.xml" in names:
        kind = archive.read("mimetype")[:200].decode("ascii", "replace") if "mimetype" in names else ""
        if "text" in kind or "presentation" in kind or "graphics" in kind:
            raise RefusedError("office")
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise RefusedError("password")
        return
    numbers = (("Index/", "numbers"), ("Index.zip", "numbers"), ("index.apxl", "numbers"))
    for place, kind in (("word/", "word"), ("ppt/", "office"), *numbers, ("xl/", "damaged")):
        if any(name.startswith(place) for name in names):
            raise RefusedError(kind)
    raise RefusedError("damaged" if "[Content_Types].xml" in names else "zip")


def written(file: Path, directory: Path) -> list[dict[str, Any]]:
    """Each sheet with rows as N.csv in `directory`: its name, how many rows are not blank, whether it is hidden."""
    import python_calamine as calamine

    is_excel = not zipfile.is_zipfile(file) or _is_excel(file)
    try:
        with calamine.CalamineWorkbook.from_path(file) as book:
            sheets = []
            for number, about in enumerate(book.sheets_metadata[:MOST_SHEETS]):
                if about.typ is not calamine.SheetTypeEnum.WorkSheet:
                    continue
                rows = _write(book.get_sheet_by_index(number), directory / f"{number}.csv", is_excel=is_excel)
                largest, _ = resource.getrlimit(resource.RLIMIT_FSIZE)  # of one file, and so of all together
                if (
                    largest != resource.RLIM_INFINITY
                    and sum(f.stat().st_size for f in directory.glob("*.csv")) > largest
                ):
                    raise RefusedError("huge")
                is_hidden = about.visible is not calamine.SheetVisibleEnum.Visible
                sheets.append({"name": about.name[:_NAMED], "rows": rows, "hidden": is_hidden, "file": f"{number}.csv"})
            return sheets
    except calamine.PasswordError as problem:
        raise RefusedError("password") from problem
    except calamine.CalamineError as problem:
        raise RefusedError("password" if "password" in str(problem).lower() else "damaged") from problem


def _is_excel(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        return any(name.startswith("xl/") for name in archive.namelist())


def _write(sheet: Any, file: Path, *, is_excel: bool) -> int:
    count = 0
    with file.open("w", encoding="utf-8", errors="replace", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        for row in _filled(sheet.iter_rows(), sheet.merged_cell_ranges or ()):
            cells = [text(value) for value in row]
            if is_excel and any(len(cell) > LONGEST for cell in cells):
                raise RefusedError("long")
            count += any(map(str.strip, cells))
            writer.writerow(cells)
    return count


def _filled(
    rows: Iterator[list[Any]], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> Iterator[list[Any]]:
    """Rows, each with what stands in a cell that was merged downwards over it. A title merged across stays one cell."""
    down = {(top, left): bottom for (top, left), (bottom, right) in merged[:MOST_MERGED] if left == right}
    columns = sorted({left for _, left in down})
    held: dict[int, tuple[Any, int]] = {}
    for number, row in enumerate(rows):
        for column in columns:
            if column >= len(row):
                continue
            if (number, column) in down:
                held[column] = (row[column], down[number, column])
            elif column in held and number <= held[column][1] and row[column] == "":
                row[column] = held[column][0]
        yield row


def text(value: Any) -> str:
    """A cell as text that is read as what the cell is, whatever the sheet showed."""
    match value:
        case str():
            return _BREAK.sub("\u2028", value)
        case bool():
            return "TRUE" if value else "FALSE"
        case float() | int():
            return number(value)
        case datetime():
            plain = value.replace(microsecond=0)
            return plain.isoformat(" ") if plain.time() != time() else plain.date().isoformat()
        case date():
            return value.isoformat()
        case time():  # day 0 of a spreadsheet's calendar: nothing was entered
            return value.isoformat("seconds") if value != time() else ""
        case timedelta():
            return str(value)
    return "" if value is None else str(value)


def number(value: float) -> str:
    """A number with the 15 digits that a spreadsheet keeps; longer ones are written so that no id is made of them."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    if value == int(value):
        is_kept = abs(value) < EXACT or (abs(value) <= 2**53 and int(value) % 10 != 0)
        return str(int(value)) if is_kept else f"{value:.14E}"
    short = f"{value:.15g}"
    plain = short if "e" not in short else f"{value:.15f}".rstrip("0")
    return f"{plain}0" if len(plain.rpartition(".")[2]) == 3 else plain  # 1.234 could be a thousand and more


def opened(file: Path, directory: Path, most: int) -> dict[str, Any]:
    """What is in a workbook, in a web page, or in an archive with one of them or one file of text."""
    if is_page(file):
        return {"sheets": _of_page(file, directory), "is_1904": False}
    try:
        is_1904 = checked(file, most)
    except RefusedError as why:
        if str(why) != "zip":
            raise
        inner = alone(file, directory)
        if inner.suffix in _TEXTS:
            return {"text": inner.name}
        return {"sheets": written(inner, directory), "is_1904": checked(inner, most)}
    return {"sheets": written(file, directory), "is_1904": is_1904}


def is_page(file: Path) -> bool:
    """Whether it is a web page, by its beginning."""
    with file.open("rb") as content:
        return content.read(4) not in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def _of_page(file: Path, directory: Path) -> list[dict[str, Any]]:
    """The tables of a page; the module for it lies beside this one, which is run without knowing any other."""
    about = importlib.util.spec_from_file_location("web_pages", Path(__file__).with_name("web_pages.py"))
    assert about
    assert about.loader
    web_pages = importlib.util.module_from_spec(about)
    about.loader.exec_module(web_pages)
    try:
        sheets: list[dict[str, Any]] = web_pages.written(file, directory)
    except web_pages.PageError as why:
        raise RefusedError(str(why)) from why
    return sheets


def alone(file: Path, directory: Path) -> Path:
    """The one file of rows in an archive, unpacked; what a system adds to it (a read-me, hidden files) is left."""
    with zipfile.ZipFile(file) as archive:
        parts = [part for part in archive.infolist() if not (part.is_dir() or _HIDDEN.search(part.filename))]
        tables = [part for part in parts if Path(part.filename).suffix.lower() in (*_TEXTS[:2], *_WORKBOOKS)]
        tables = tables or [part for part in parts if Path(part.filename).suffix.lower() in _TEXTS]
        if len(tables) != 1:
            raise RefusedError("zips" if tables else "zip")
        place = directory / f"inner{Path(tables[0].filename).suffix.lower()}"
        try:
            with archive.open(tables[0]) as content, place.open("wb") as copy:
                while block := content.read(BLOCK):
                    copy.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as problem:
            raise RefusedError("damaged") from problem
    return place


def main(workbook: str, directory: str, limits: str) -> None:
    """Answer on stdout; what breaks the process is for whoever started it to notice."""
    allowed = json.loads(limits)
    limit(allowed)
    found: dict[str, Any]
    try:
        found = opened(Path(workbook), Path(directory), allowed["UNPACKED"])
    except RefusedError as why:
        found = {"refused": str(why)}
    except MemoryError:
        found = {"refused": "huge"}
    except OSError as problem:
        found = {"refused": "huge" if problem.errno == errno.EFBIG else "damaged"}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
    os._exit(0)  # nothing is to be tidied, and unwinding a full memory takes time
