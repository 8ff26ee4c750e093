"""Files that are not what they are called: read where that is safe, else called what they are, with what to do."""

import codecs
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.capture.columns.looking import Said, look
from ripeline.capture.files import web_pages, workbooks
from ripeline.capture.files.dialect import UnreadableFileError
from ripeline.capture.files.workbooks import as_table
from tests.capture.sheets import endless, workbook, zipped

pytestmark = pytest.mark.django_db

CRM = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv="Content-Type"
content="text/html; charset={charset}"><style>td {{mso-number-format:"\\@"}}</style><title>Contacts</title></head><body>
<table border=1><tr><th>Name<th>E-Mail<th>Firma<th>Nachricht</tr>
<tr><td>Jürgen Groß</td><td><a href="mailto:j@gross.example">j@gross.example</a></td><td
rowspan="2">Groß &amp; Söhne</td><td>Erste Zeile<br>zweite Zeile</td></tr>
<tr><td>Eva&nbsp;Kern</td><td>e@gross.example</td><td></td></tr>
<tr><td colspan=2>Li Wu</td><td>North</td><td>1.234,50</td></tr></table></body></html>"""
LEADS = b"Name,E-mail\nAnn Lee,ann@x.example\nBo Diaz,bo@x.example\n"


def rows(content: bytes, name: str = "leads.xls") -> list[list[str]]:
    """What is seen of a file: its headings and first rows."""
    looked = look(io.BytesIO(content), kind="leads", name=name, said=Said())
    return [list(looked.dialect.labels), *(list(record.cells) for record in looked.detected.preview)]


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(UnreadableFileError) as refused:
        rows(content, name)
    sentence = str(refused.value)
    assert sentence.startswith(f"{name} ")
    assert sentence.count(". ") >= 1, "what it is, and what to do"
    return sentence


@pytest.mark.parametrize(
    "content",
    [
        CRM.format(charset="utf-8").encode(),
        codecs.BOM_UTF8 + CRM.format(charset="utf-8").encode(),
        CRM.format(charset="windows-1252").encode("cp1252"),
        CRM.format(charset="iso-8859-1").encode("latin-1"),
        CRM.format(charset="no-such").encode("cp1252"),
        CRM.format(charset="unicode").encode("utf-16"),
        b"<!-- saved by a CRM -->\n" + CRM.format(charset="utf-8").encode(),
    ],
    ids=["utf-8", "with mark", "windows", "latin", "unknown", "utf-16", "comment"],
)
def test_a_page_that_a_crm_calls_xls_is_read_as_the_table_that_it_has(content: bytes) -> None:
    assert rows(content) == [
        ["Name", "E-Mail", "Firma", "Nachricht"],
        ["Jürgen Groß", "j@gross.example", "Groß & Söhne", "Erste Zeile\u2028zweite Zeile"],
        ["Eva Kern", "e@gross.example", "Groß & Söhne", ""],
        ["Li Wu", "", "North", "1.234,50"],
    ]


def test_of_a_page_with_several_tables_the_longest_is_meant_and_another_can_be_chosen() -> None:
    menu = "<table><tr><td>Home</td></tr><tr><td>Help</td></tr></table>"
    page = f"<html><body>{menu}{CRM.format(charset='utf-8')}<script>'<table><tr><td>x'</script></body></html>".encode()
    looked = look(io.BytesIO(page), kind="leads", name="leads.xls", said=Said())
    assert [sheet.name for sheet in looked.dialect.sheets] == ["Table 1", "Table 2"]
    assert looked.dialect.sheet == "Table 2"
    with as_table(io.BytesIO(page), name="leads.xls", sheet="Table 1") as table:
        assert table.file.read() == b"Home\nHelp\n"


def test_a_table_within_a_cell_is_one_of_its_own_and_what_is_never_closed_ends_with_the_page() -> None:
    page = b"<table><tr><td>Name<td>E-mail<tr><td>Ann<td>a@x.example<tr><td><table><tr><td>x</table>Bo<td>b@x.example"
    assert rows(page) == [["Name", "E-mail"], ["Ann", "a@x.example"], ["Bo", "b@x.example"]]


@pytest.mark.parametrize("inside", ["leads.csv", "export/Leads.CSV", "leads.tsv", "leads.txt"])
def test_an_archive_with_one_file_of_rows_is_read_as_that_file(inside: str) -> None:
    content = LEADS.replace(b",", b"\t") if inside.endswith("tsv") else LEADS
    archive = zipped({inside: content, "__MACOSX/._leads.csv": b"x", ".DS_Store": b"x"})
    assert rows(archive, "leads.zip")[:2] == [["Name", "E-mail"], ["Ann Lee", "ann@x.example"]]
    with_more = zipped({"Leads.csv": LEADS, "README.txt": b"Thank you"})
    assert rows(with_more, "leads.zip")[0] == ["Name", "E-mail"]


def test_so_is_one_with_a_workbook() -> None:
    book = workbook([("Name", "E-mail"), ("Ann Lee", "ann@x.example")])
    assert rows(zipped({"leads.xlsx": book}), "leads.zip") == [["Name", "E-mail"], ["Ann Lee", "ann@x.example"]]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "notaxlsx.xlsx", "a PDF document, not a spreadsheet. Export the table"),
        (b"<html><body><p>Please sign in</p></body></html>", "leads.xls", "a web page without a table in it"),
        (b"<!DOCTYPE html><table><tr><td>Home</td></tr></table>", "leads.xlsx", "a web page without a table in it"),
        (
            b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "leads.xls",
            "an Excel workbook in the XML format of 2003. Open it in Excel or LibreOffice, save it anew",
        ),
        (zipped({"a.csv": LEADS, "b.csv": LEADS}), "export.zip", "a ZIP archive of several files. Unpack it and"),
        (zipped({"a.zip": zipped({"a.csv": LEADS})}), "export.zip", "a ZIP archive without a file of rows"),
        (zipped({"a.csv": b"%PDF-1.7"}), "export.zip", "a PDF document"),
        (zipped({"a.csv": b""}), "export.zip", "empty: choose the file"),
        (zipped({"a.xlsx": b"PK\x03\x04" + bytes(2000)}), "export.zip", "damaged or was cut off"),
        (zipped({"Index/Document.iwa": b"x"}), "leads.numbers", "a Numbers document. Export it from Numbers as CSV"),
        (b"\x89PNG\r\n\x1a\n", "leads.xlsx", "an image, not a spreadsheet"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_called_what_it_is_and_told_what_to_do(content: bytes, name: str, said: str) -> None:
    if said.startswith("empty"):
        with pytest.raises(UnreadableFileError, match="is empty: choose the file that has the rows"):
            rows(content, name)
    else:
        assert said in refusal(content, name)


@pytest.mark.parametrize(
    "content",
    [
        b"<table>" * 21 + b"<tr><td>x<tr><td>y",
        b"<table><tr><td>x<tr><td>y</table>" * 61,
        b"<table><tr>" + b"<td colspan=1000>" * 3 + b"<tr><td>x",
    ],
    ids=["deep", "many", "wide"],
)
def test_a_page_made_to_fill_the_memory_is_refused(content: bytes) -> None:
    assert "takes too much room" in refusal(b"<html>" + content, "leads.xls")


def test_a_page_of_signs_that_never_end_is_given_up() -> None:
    for sign in (b"<!--", b"<a ", b"<td a='", b"&", b"<", b"<![CDATA["):
        content = b"<html><table><tr><td>x<tr><td>y</td></tr></table>" + sign * 600_000
        with suppress(UnreadableFileError):
            rows(content)


def test_an_archive_whose_file_is_larger_than_it_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LIMITS", {**workbooks.LIMITS, "FSIZE": 10 * 1024**2, "UNPACKED": 64 * 1024**2})
    assert "damaged" in refusal(endless("leads.csv", 20 * 1024**2, says=2000), "leads.zip")
    assert "takes too much room" in refusal(endless("leads.csv", 20 * 1024**2, says=20 * 1024**2), "leads.zip")


TAGS = st.sampled_from(
    ["<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=3>", "<td rowspan=2>", "<br>", "<p>",
     "x@y.z", "<script>", "</script>", "<!--", "-->", "&amp;", "Ann", "\n", "<td rowspan=-1 colspan=x>"]
)  # fmt: skip


@given(st.lists(TAGS, max_size=60))
def test_any_page_is_read_or_refused_in_a_word(parts: list[str]) -> None:
    reader = web_pages._Reader()
    with suppress(web_pages.PageError):
        reader.feed("".join(parts))
        reader.close()
        reader.finish_all()
    assert all(isinstance(cell, str) for table in reader.tables for row in table.rows for cell in row)
