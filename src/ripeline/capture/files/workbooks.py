"""Workbooks (Excel, LibreOffice) as tables of text: the sheet that is wanted, converted once, then read like any file.

The conversion happens in a process of its own (`unpacking`) with limits on memory, time and size, so that whatever a
file is made to do, it ends in a sentence. What comes out is kept beside the upload: positions, and going on after a
break, are those of a text file.
"""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ripeline.capture.files import beside, unpacking
from ripeline.capture.files.dialect import Sheet, UnreadableFileError
from ripeline.capture.files.encoding import is_page
from ripeline.capture.files.lines import BLOCK

GIGABYTE = 1024**3
LIMITS = {
    "AS": 3 * GIGABYTE,  # memory: a full sheet of 1,048,576 rows and 20 columns takes about 2
    "CPU": 180,  # seconds
    "FSIZE": GIGABYTE,  # of one sheet as text
    "UNPACKED": 4 * GIGABYTE,  # what a workbook says that it unpacks to
}
PATIENCE = 240.0  # seconds, whatever else happens
_SNIFFED = 4096  # bytes that say what a file is
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SAVE = "Save the sheet as “CSV UTF-8” in the program that made it, and import that."
_WHY = {
    "password": "{name} is protected by a password. Take it off in the program that made it (in Excel: File, Info, "
    "Protect Workbook), or save the sheet as “CSV UTF-8”, and import that.",
    "damaged": f"{{name}} is damaged or was cut off. Open it in a spreadsheet and save it anew. Or: {_SAVE}",
    "huge": f"{{name}} takes too much room or time to unpack: it is larger inside than any list of leads. {_SAVE}",
    "long": "{name} has a cell of more than 32,767 characters, which is more than any cell of Excel holds and no "
    f"spreadsheet program writes; it may be made to do harm. {_SAVE}",
    "dtd": "{name} has definitions (a DTD) inside, which no spreadsheet program writes; it may be made to do harm. "
    f"{_SAVE}",
    "word": "{name} is a Word document, not a table. Copy its table into a spreadsheet and import that.",
    "office": f"{{name}} is an office document, not a table. {_SAVE}",
    "numbers": "{name} is a Numbers document. Export it from Numbers as CSV or Excel and import that.",
    "zip": "{name} is a ZIP archive without a file of rows (CSV, Excel) in it. Unpack it and choose the file that has "
    "the rows.",
    "zips": "{name} is a ZIP archive of several files. Unpack it and choose the files inside, all at once.",
    "page": "{name} is a web page without a table in it, whatever it is called. Where you saved it, look for an export "
    "as CSV or Excel, and import that.",
}


@dataclass(frozen=True)
class Table:
    """A file's rows as text. Of a workbook also which sheets it has, and which of them this is."""

    file: BinaryIO
    workbook: BinaryIO | None = None  # as it was uploaded
    sheets: tuple[Sheet, ...] = ()
    sheet: str = ""
    is_1904: bool = False


def is_packed(file: BinaryIO) -> bool:
    """Whether it begins like a workbook (a ZIP archive, or the format of before 2007), or like a web page."""
    file.seek(0)
    head = file.read(_SNIFFED)
    return head.startswith((_ZIP, _OLE)) or is_page(head)


@contextmanager
def as_table(file: BinaryIO | Table, *, name: str, sheet: str | None = None) -> Iterator[Table]:
    """`file` as text: itself, or the sheet called so, or the visible one with most rows, of a workbook; so of a web
    page its tables. Of an archive the one file of rows that is in it.

    UnreadableFileError, in a sentence that says what to do, if that cannot be.
    """
    if isinstance(file, Table):
        yield file
    elif not is_packed(file):
        yield Table(file)
    else:
        with tempfile.TemporaryDirectory(prefix="ripeline-sheet-") as directory:
            found = _unpacked(file, Path(directory), name)
            if inner := found.get("text"):
                with (Path(directory) / inner).open("rb") as content:
                    yield Table(content, file)
                return
            placed = list(_sheets(found["sheets"], Path(directory)))
            sheets = tuple(one for one, _ in placed)
            chosen = _chosen(sheets, sheet, name)
            with placed[chosen][1].open("rb") as content:
                yield Table(content, file, sheets, sheets[chosen].name, found["is_1904"])


def _sheets(found: Iterable[Any], directory: Path) -> Iterator[tuple[Sheet, Path]]:
    """Each sheet and where its text is; tables that stand beside one another are a sheet each."""
    for one in found:
        file = directory / one["file"]
        tables = beside.parts(file) if one["rows"] else []
        if not tables:
            yield Sheet(one["name"], one["rows"], one["hidden"]), file
        for at, table in enumerate(tables):
            name = f"{one['name']}, columns {table.columns}" if at else one["name"]
            yield Sheet(name, table.rows, one["hidden"]), table.file


def _chosen(sheets: tuple[Sheet, ...], wanted: str | None, name: str) -> int:
    """The place of the sheet that is wanted, or that has the most rows; a hidden one only if nothing else has any."""
    if wanted is not None:
        for at, sheet in enumerate(sheets):
            if sheet.name == wanted:
                return at
        listed = ", ".join(f"“{sheet.name}”" for sheet in sheets)
        raise UnreadableFileError(f"{name} has no sheet “{wanted[:100]}”. It has: {listed}.")

    def worth(at: int) -> tuple[bool, bool, int]:
        return sheets[at].rows > 0, not sheets[at].is_hidden, sheets[at].rows

    best = max(range(len(sheets)), key=worth, default=-1)
    if best < 0 or not sheets[best].rows:
        raise UnreadableFileError(f"{name} is empty: choose the file that has the rows.")
    return best


def _unpacked(file: BinaryIO, directory: Path, name: str) -> Any:
    """What the process of its own found, having written its sheets to `directory`."""
    workbook = directory / "workbook"
    with workbook.open("wb") as copy:
        file.seek(0)
        while block := file.read(BLOCK):
            copy.write(block)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-I", unpacking.__file__, str(workbook), str(directory), json.dumps(LIMITS)],
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL, env={}, cwd=directory,
            start_new_session=True,
        )  # fmt: skip
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            status = -signal.SIGXCPU
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        answer = said.read() if status == 0 else b""
    workbook.unlink()
    ends = (-signal.SIGABRT, -signal.SIGXCPU, -signal.SIGKILL)  # of what asked for more than it may have
    found = json.loads(answer) if answer else {"refused": "huge" if status in ends else "damaged"}
    if "refused" in found:
        raise UnreadableFileError(_WHY[found["refused"]].format(name=name))
    return found
