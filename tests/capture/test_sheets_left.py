"""Sheets that an import has left, and tables beside another: said, and brought from the same file."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from ripeline.base import clock
from ripeline.capture.columns.looking import Said, look
from ripeline.capture.files.workbooks import as_table
from ripeline.capture.imports import actions, batches, sheets
from ripeline.capture.models import ImportPiece, ImportRun, ImportState
from ripeline.leads.models import Lead
from ripeline.people.models import Role, User
from tests.capture.importing import again, imported
from tests.capture.sheets import Rows, workbook
from tests.web.test_imports import text

pytestmark = pytest.mark.django_db

HEAD = ("Name", "E-mail", "Company")
DAY_1 = [HEAD, ("Uta Eins", "uta@eins.example", "Eins AG"), ("Udo Zwei", "udo@zwei.example", "Zwei AG")]
DAY_2 = [HEAD, ("Vera Drei", "vera@drei.example", "Drei AG")]
COSTS = [("Item", "Amount"), ("Stand", 12000)]


def fair(**more: Rows) -> bytes:
    return workbook(DAY_1, more={"Day 2": DAY_2, "Costs": COSTS, "Empty": [], **more})


def begun(mona: User, content: bytes, client: Client) -> str:
    client.force_login(mona)
    where = client.post("/imports/new", {"file": SimpleUploadedFile("fair.xlsx", content)}).url
    return str(where)


def started(client: Client, where: str) -> ImportRun:
    assert client.post(f"{where}/mapping", {"start": "1"}).status_code == 302
    run = ImportRun.objects.get(pk=UUID(where.rsplit("/", 1)[1]))
    actions.work(run.pk)
    return again(run)


def test_the_result_says_which_sheets_were_not_read_and_each_goes_in_by_a_button(mona: User, client: Client) -> None:
    where = begun(mona, fair(), client)
    page = text(client.get(where))
    assert "Only one sheet goes in with this. The file has also Day 2 (2 rows), Costs (2 rows)." in page
    started(client, where)
    page = text(client.get(where))
    assert "fair.xlsx, sheet “Leads” is in" in page
    assert "Only the sheet Leads was read. Day 2 : 2 rows Import this sheet Costs : 2 rows" in page
    second = client.post(f"{where}/sheets", {"sheet": "Day 2"}).url
    assert "Waits for its mapping" in text(client.get(where))
    started(client, second)
    assert set(Lead.objects.values_list("name", flat=True)) == {"Uta Eins", "Udo Zwei", "Vera Drei"}
    page = text(client.get(where))
    assert "Day 2 : 2 rows Imported Costs : 2 rows Import this sheet" in page
    assert ImportPiece.objects.filter(is_workbook=True).count() == 1, "kept once, for the sheet that is left"


def test_all_sheets_go_in_together_from_the_page_on_which_the_first_is_mapped(mona: User, client: Client) -> None:
    where = begun(mona, workbook(DAY_1, more={"Day 2": DAY_2}), client)
    together = client.post(f"{where}/sheets", {"sheet": ["Day 2"]}).url
    page = text(client.get(together))
    assert "2 files to go in" in page
    assert "fair.xlsx, sheet “Leads”" in page
    assert "fair.xlsx, sheet “Day 2”" in page
    client.post(together, {"start": "1"})
    for run in ImportRun.objects.all():
        actions.work(run.pk)
    assert Lead.objects.count() == 3
    assert not ImportPiece.objects.exists(), "nothing is left to be brought"


def test_a_workbook_of_which_sheets_are_left_is_let_go_after_a_month(mona: User, client: Client) -> None:
    where = begun(mona, fair(), client)
    run = started(client, where)
    assert sheets.kept_with(mona, run) == run
    with clock.at(clock.now() + timedelta(days=31)):
        imported(b"Name,E-mail\nA,a@x.example\n", actor=mona)
        assert sheets.kept_with(mona, run) is None
        page = text(client.get(where))
        assert "choose the file again, and the sheet on the next page" in page
        client.post(f"{where}/sheets", {"sheet": "Day 2"})
        assert "is not kept any more" in text(client.get(where))


def test_the_same_file_again_is_another_import_though_its_workbook_is_kept(mona: User, client: Client) -> None:
    first = started(client, begun(mona, fair(), client))
    assert begun(mona, fair(), client) != f"/imports/{first.pk}"


def test_a_sheet_that_cannot_be_read_says_why_and_begins_nothing(mona: User, client: Client) -> None:
    where = begun(mona, fair(Note=[("see the other sheets",)]), client)
    started(client, where)
    answer = client.post(f"{where}/sheets", {"sheet": "Note"}, follow=True)
    assert "has a heading and no rows under it" in text(answer)
    assert ImportRun.objects.count() == 1


def test_mallory_brings_no_sheet_of_somebody_elses_file(mona: User, mallory: User, client: Client) -> None:
    where = begun(mona, fair(), client)
    client.force_login(mallory)
    assert client.post(f"{where}/sheets", {"sheet": "Day 2"}).status_code in (403, 404)
    assert ImportRun.objects.count() == 1


def test_nothing_is_kept_of_a_file_that_nobody_looks_at_on_a_page(mona: User) -> None:
    run = imported(fair(), actor=mona, name="fair.xlsx")
    assert run.state == ImportState.DONE
    assert not ImportPiece.objects.exists()
    assert [each.name for each in sheets.left(mona, run)] == ["Day 2", "Costs"]


BESIDE = (
    ("Name", "E-mail", "Company", None, "Name", "E-mail", "Company"),
    ("Nina Wolf", "nina@wolf.example", "Wolf AG", None, "Oskar Tag", "oskar@tag.example", "Tag GmbH"),
    ("Max Berg", "max@berg.example", "Berg AG", None, None, None, None),
)  # fmt: skip


def test_a_table_beside_another_with_the_same_headings_is_a_sheet_of_its_own(mona: User) -> None:
    with as_table(io.BytesIO(workbook(BESIDE)), name="fair.xlsx") as table:
        assert [tuple(each) for each in table.sheets] == [
            ("Leads", 3, False), ("Leads, columns E to G", 2, False)
        ]  # fmt: skip
        assert table.file.read().decode().splitlines()[2] == "Max Berg,max@berg.example,Berg AG"
    run = actions.begin(actor=mona, kind=None, filename="fair.xlsx", file=io.BytesIO(workbook(BESIDE)))
    other = batches.begin_sheets(actor=mona, run=run, names=["Leads, columns E to G"])
    for each in (run, *other):
        actions.confirm(actor=mona, run_id=each.pk)
        actions.work(each.pk)
    assert set(Lead.objects.values_list("company", flat=True)) == {"Wolf AG", "Berg AG", "Tag GmbH"}


@pytest.mark.parametrize(
    "rows",
    [
        [("Name", "E-mail", None, "Note", "Interest"), ("A", "a@x.example", None, "call", "high")],
        [("Name", "E-mail", None, "Company"), ("A", "a@x.example", None, "Acme")],
        [*BESIDE, ("Ida", "ida@x.example", "Ida AG", "between")],
        [("Name", "E-mail", "Company"), ("A", "a@x.example", "Acme")],
    ],
    ids=["other headings", "a lone column", "a word between", "one table"],
)
def test_columns_that_merely_stand_apart_are_of_the_same_rows(rows: Rows) -> None:
    with as_table(io.BytesIO(workbook(rows)), name="fair.xlsx") as table:
        assert [each.name for each in table.sheets] == ["Leads"]


def test_a_table_beside_another_whose_heading_stands_in_another_row_is_one_of_its_own() -> None:
    rows = [
        ("Name", "E-mail", "Company", None, "At our stand", None),
        ("A", "a@x.example", "Acme", None, "Name", "Company"),
        ("B", "b@x.example", "Acme", None, "Sabine", "Maritim"),
    ]
    with as_table(io.BytesIO(workbook(rows)), name="fair.xlsx") as table:
        assert [each.name for each in table.sheets] == ["Leads", "Leads, columns E to F"]


LIST = [(f"Person {n}", f"p{n}@x.example", "Sabine" if n % 2 else "Jens", None, None, None) for n in range(9)]
COUNTED = [
    ("Name", "E-mail", "wer?", None, "Verkäufer", "Anzahl"),
    (*LIST[0][:4], "Sabine", 6),
    (*LIST[1][:4], "Jens", 5),
]


def test_a_small_table_beside_a_list_is_none_of_its_columns(mona: User) -> None:
    content = workbook([*COUNTED, *LIST[2:]])
    with as_table(io.BytesIO(content), name="kontakte.xlsx") as table:
        assert [tuple(each) for each in table.sheets] == [
            ("Leads", 10, False), ("Leads, columns E to F", 3, False)
        ]  # fmt: skip
    for name in ("Sabine", "Jens"):
        User.objects.create(email=f"{name}@x.example".lower(), name=f"{name} Kurz", role=Role.REP)
    looked = look(io.BytesIO(content), kind=None, name="kontakte.xlsx", said=Said())
    assert looked.mapping.to_json() == {"Name": "name", "E-mail": "email", "wer?": "owner"}


@pytest.mark.parametrize(
    "rows",
    [
        [*COUNTED[:2], *LIST[2:]],
        [*COUNTED, *LIST[2:5], (*LIST[5][:4], "Jens", 2), *LIST[6:]],
        [*COUNTED[:2], (*LIST[1][:4], "Jens", None), *LIST[2:]],
        [*COUNTED, *LIST[2:4]],
        [*COUNTED, *LIST * 8, (*LIST[5][:4], "Jens", 2)],
    ],
    ids=["one row", "further down", "a gap", "half of the rows", "far down"],
)
def test_columns_that_go_along_with_the_list_stay_its_own(rows: Rows) -> None:
    with as_table(io.BytesIO(workbook(rows)), name="kontakte.xlsx") as table:
        assert [each.name for each in table.sheets] == ["Leads"]


@pytest.mark.django_db(transaction=True)
def test_a_button_pressed_twice_brings_its_sheet_once(mona: User, client: Client) -> None:
    where = begun(mona, fair(), client)
    started(client, where)
    run = ImportRun.objects.get()

    def pressed(_: int) -> int:
        try:
            return len(batches.begin_sheets(actor=mona, run=run, names=["Day 2"]))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(pressed, range(2))) == [0, 1]
    assert ImportRun.objects.filter(dialect__sheet="Day 2").count() == 1
