"""What a file's bytes are: refused if they are no text, else in which encoding."""

import codecs
import re
from collections.abc import Sequence

from ripeline.capture.files.dialect import ENCODINGS, UnreadableFileError

_BOMS = (  # the longer first
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ANEW = "Open it in Excel or LibreOffice, save it anew as an Excel workbook (.xlsx), and import that."
_SAVE = "Open it in a spreadsheet, save it as “CSV UTF-8” and import that."
_EXCEL = "an Excel file. Save it as “CSV UTF-8” (in Excel: File, Save as) and import that."
_SPREADSHEET = "a spreadsheet. Save it as “CSV UTF-8” (in LibreOffice: Save as, Text CSV) and import that."
_WORD = "a Word document, not a CSV file. Copy its table into a spreadsheet and save that as CSV."
_OLE = b"\xd0\xcf\x11\xe0"  # .xls and .doc until 2007
_WORD_STREAM = "WordDocument".encode("utf-16-le")
_KINDS = (
    (b"%PDF", "a PDF document", "Export the table as CSV from the program that made it."),
    (b"\x89PNG", "an image", "Choose the file that has the rows."),
    (b"\xff\xd8\xff", "an image", "Choose the file that has the rows."),
    (b"GIF8", "an image", "Choose the file that has the rows."),
    (b"RIFF", "an image or a recording", "Choose the file that has the rows."),
    (b"II*\0", "an image", "Choose the file that has the rows."),
    (b"MM\0*", "an image", "Choose the file that has the rows."),
    (b"\x1f\x8b", "a compressed file (gzip)", "Unpack it and import the CSV file inside."),
    (b"BZh", "a compressed file (bzip2)", "Unpack it and import the CSV file inside."),
    (b"\xfd7zXZ", "a compressed file (xz)", "Unpack it and import the CSV file inside."),
    (b"(\xb5/\xfd", "a compressed file (zstd)", "Unpack it and import the CSV file inside."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it and import the CSV file inside."),
    (b"Rar!", "a RAR archive", "Unpack it and import the CSV file inside."),
    (b"SQLite format 3", "a database", "Export the table as CSV from the program that made it."),
    (b"PAR1", "a Parquet file", "Export the table as CSV from the program that made it."),
    (b"{\\rtf", "a text document (RTF)", "Export the table as CSV from the program that made it."),
    (b"\x7fELF", "a program", "Choose the file that has the rows."),
    (b"BEGIN:VCARD", "a file of vCards", "Bring it in under Leads, “Add a lead”, “From a card file”."),
)
_HTML = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*){0,5}<(?:!doctype\s+html|html|head|table|body|meta|style|div)\b", re.I | re.S
)
_WORKBOOK_XML = b"urn:schemas-microsoft-com:office:spreadsheet"
_BOOKS = (".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".numbers")
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*"')
_CONTROLS = bytes(set(range(32)) - {0, 9, 10, 11, 12, 13, 26, 27})
_CYRILLIC = re.compile(rb"[\xc0-\xff]{3,}")
_MAC_LETTERS = re.compile(rb"[A-Za-z][\x87\x88\x8a\x8d\x8e\x8f\x90\x9a\x9f]")  # á à ä ç é è ê ö ü


def is_page(head: bytes) -> bool:
    """Whether a file that begins so is a web page."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "replace").encode()
    return _HTML.match(head.removeprefix(codecs.BOM_UTF8)) is not None


def refuse_what_is_no_text(head: bytes, name: str) -> None:
    """UnreadableFileError, saying what the file is and what to do, if its first bytes are not a table in text."""
    called = "spreadsheet" if name.lower().endswith(_BOOKS) else "CSV file"
    for magic, kind, advice in _KINDS:
        if head.startswith(magic):
            raise UnreadableFileError(f"{name} is {kind}, not a {called}. {advice}")
    if head.startswith(b"PK\x03\x04"):
        raise UnreadableFileError(f"{name} is {_zip_kind(head, name.lower())}")
    if head.startswith(_OLE):
        raise UnreadableFileError(f"{name} is {_WORD if _WORD_STREAM in head else _EXCEL}")
    if _WORKBOOK_XML in head:
        raise UnreadableFileError(f"{name} is an Excel workbook in the XML format of 2003. {_ANEW}")
    for pattern, kind in ((_HTML, "a web page"), (_XML, "an XML file"), (_JSON, "a JSON file")):
        if pattern.match(head.removeprefix(codecs.BOM_UTF8)):
            raise UnreadableFileError(f"{name} is {kind}, not a {called}. {_SAVE}")
    if not _is_wide(head) and len(head.translate(None, _CONTROLS)) < 0.98 * len(head):
        raise UnreadableFileError(f"{name} is not text but the file of some program. {_SAVE}")


def _zip_kind(head: bytes, name: str) -> str:
    """What a ZIP archive is by the names in it, or, should they tell nothing, by its own."""
    if b"word/" in head:
        return _WORD
    if b"opendocument.spreadsheet" in head or b"Index/" in head or name.endswith((".ods", ".numbers")):
        return _SPREADSHEET
    if b"xl/" in head or name.endswith((".xlsx", ".xlsm", ".xlsb")):
        return _EXCEL
    if b"mimetypeapplication/vnd.oasis.opendocument" in head[:200] or b"ppt/" in head:
        return f"an office document, not a CSV file. {_SAVE}"
    if b"[Content_Types].xml" in head:
        return _EXCEL
    return "a ZIP archive, not a CSV file. Unpack it and import the CSV file inside."


def _is_wide(head: bytes) -> str:
    """UTF-16 or UTF-32 by its mark, or UTF-16 by every other byte being zero; else empty."""
    for mark, encoding in _BOMS:
        if head.startswith(mark) and encoding != "utf-8":
            return encoding
    pairs = max(len(head) // 2, 1)
    zeros_even, zeros_odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if max(zeros_even, zeros_odd) < 0.3 or min(zeros_even, zeros_odd) > 0.1:
        return ""
    return "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"


def encoding_of(head: bytes, pieces: Sequence[bytes]) -> tuple[str, str]:
    """The encoding, and why, from the file's beginning and `pieces` further down."""
    if wide := _is_wide(head):
        marked = any(head.startswith(mark) for mark, encoding in _BOMS if encoding == wide)
        return wide, "the file begins with its mark" if marked else "every other byte is zero"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8", "the file begins with its mark"
    special = [line for piece in (head, *pieces) for line in piece.splitlines() if not line.isascii()]
    if not special:
        return "utf-8", "all characters looked at are plain ASCII"
    valid = sum(map(_is_utf8, special))
    if valid * 2 >= len(special):
        others = len(special) - valid
        return "utf-8", "it reads as such" + (f", except {others} lines that are read one by one" if others else "")
    guess = _single_byte(b"\n".join(special))
    return guess, f"it is not UTF-8, and the accents look like {ENCODINGS[guess]}; check that names read well"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(text: bytes) -> str:
    """The likeliest single-byte encoding: runs of high letters are Cyrillic."""
    high = sum(byte >= 0x80 for byte in text)
    if sum(map(len, _CYRILLIC.findall(text))) > high / 2:
        return "cp1251"
    if len(_MAC_LETTERS.findall(text)) > high / 2:
        return "mac_roman"
    return "cp1252"
