"""A workbook's sheet as full as one can be, imported end to end in a process of its own: rows a second, and memory."""

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks._figures import Figure, database

MOST = 1_048_575  # rows that a sheet holds below its heading
HEADING = ("Name", "E-mail", "Company", "Created")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def run(say: Callable[[str], None], leads: int = MOST) -> Iterator[Figure]:
    with database(), tempfile.TemporaryDirectory(prefix="ripeline-bench-") as place:
        file = Path(place) / "leads.xlsx"
        say(f"Writing {leads:,} rows …")
        write(file, leads)
        say(f"Importing a workbook of {file.stat().st_size / 1e6:,.0f} MB …")
        command = [sys.executable, "-m", "benchmarks._one_import", str(file)]
        began = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
        took, found = time.perf_counter() - began, json.loads(done.stdout.splitlines()[-1])
        if (found["created"], found["rejected"]) != (leads, 0):
            raise RuntimeError(f"{found['created']:,} of {leads:,} rows went in, {found['rejected']:,} were refused")
        yield Figure("import_sheet", leads / took, "rows/s", leads)
        yield Figure("import_sheet_memory", found["megabytes"], "MB", leads)
        yield Figure("import_sheet_memory_unpacking", found["unpacking_megabytes"], "MB", leads)


def write(file: Path, rows: int) -> None:
    """A workbook with that many leads of four columns below a heading, row by row."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        archive.writestr("_rels/.rels", _links("officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/_rels/workbook.xml.rels", _links("worksheet", "worksheets/sheet1.xml"))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
            '<sheet name="Leads" sheetId="1" r:id="one"/></sheets></workbook>',
        )
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            sheet.write(_row(1, HEADING))
            for n in range(rows):
                firm = f"firm{n // 4}.example"
                day = f"202{5 + n % 2}-0{1 + n % 9}-1{n % 10}"
                sheet.write(_row(n + 2, (f"Person {n} Smith", f"p{n}@{firm}", f"Firm {n // 4} Ltd", day)))
            sheet.write(b"</sheetData></worksheet>")


def _links(kind: str, target: str) -> str:
    link = f'<Relationship Id="one" Type="{_LINKS}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{link}</Relationships>'


def _row(number: int, cells: tuple[str, ...]) -> bytes:
    made = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        for letter, cell in zip("ABCD", cells, strict=True)
    )
    return f'<row r="{number}">{made}</row>'.encode()
