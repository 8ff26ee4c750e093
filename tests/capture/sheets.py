"""Workbooks for tests: rows in, a file's bytes out; and files that only pretend to be one."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

Rows = Sequence[Sequence[Any]]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(
    rows: Rows = (),
    *,
    shape: Callable[[Worksheet], None] = lambda _: None,
    more: Mapping[str, Rows] | None = None,
    hidden: Sequence[str] = (),
) -> bytes:
    """An .xlsx whose sheet “Leads” has these rows, changed by `shape`, and `more` sheets, some hidden."""
    book = openpyxl.Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.title = "Leads"
    for row in rows:
        first.append(list(row))
    shape(first)
    for name, others in (more or {}).items():
        sheet = book.create_sheet(name)
        for row in others:
            sheet.append(list(row))
    for name in hidden:
        book[name].sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def bare(sheet: bytes, *, book: bytes = b"", shared: bytes = b"", **parts: bytes) -> bytes:
    """An .xlsx of hand-written XML: the first sheet's, and what else there is to be."""
    book = (
        book
        or (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets><sheet name="Leads" sheetId="1" r:id="rId1"/>'
            "</sheets></workbook>"
        ).encode()
    )
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_LINKS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ).encode()
    root = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ).encode()
    content = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": root,
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": links,
        "xl/worksheets/sheet1.xml": sheet,
        **({"xl/sharedStrings.xml": shared} if shared else {}),
        **parts,
    }
    return zipped(content)


def zipped(content: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return file.getvalue()


def sheet(*cells: str, head: str = "") -> bytes:
    """A sheet's XML with these cells' XML in its first row."""
    return sheet_of({1: "".join(cells)}, head=head)


def sheet_of(rows: Mapping[int, str], *, head: str = "") -> bytes:
    """A sheet's XML with the XML of its rows' cells, by their numbers."""
    data = "".join(f'<row r="{number}">{cells}</row>' for number, cells in rows.items())
    return f'{head}<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'.encode()


def inline(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def endless(name: str, size: int, *, says: int) -> bytes:
    """A ZIP with a part of `size` bytes, all alike, whose header says that they are `says`."""
    packer, packed, checksum = zlib.compressobj(1, zlib.DEFLATED, -15), bytearray(), 0
    block = b" " * 1024**2
    for at in range(0, size, len(block)):
        part = block[: size - at]
        packed += packer.compress(part)
        checksum = zlib.crc32(part, checksum)
    packed += packer.flush()
    label = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, checksum, len(packed), says, len(label), 0)
    local = b"PK\x03\x04" + common + label + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + label
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
