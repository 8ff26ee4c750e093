"""`ripeline export --view`: what a kept view shows to whoever keeps it, as CSV or Excel."""

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from ripeline.capture.exports.exporting import HEADINGS
from ripeline.cli import export
from ripeline.cli.output import Failed
from ripeline.leads.finding import saved
from ripeline.people.models import AuditEntry, User
from tests.cast import MakeLead

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(alice: User, bob: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Ann Lee", company="=cmd()", phone="+442071838750")
    make_lead(bob, name="Bo Diaz", company="Helio", phone="+442071838751")


def written(name: str, keeper: str | None = None, file_format: str = "csv") -> bytes:
    file = io.BytesIO()
    export._write(export._of_view(name, keeper, file_format), file, file_format, is_marked=False)
    return file.getvalue()


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


@pytest.mark.usefixtures("leads")
def test_a_view_is_written_with_its_columns_as_whoever_keeps_it_sees_it(alice: User, bob: User) -> None:
    saved.save(actor=alice, name="All phones", query="view=all&cols=phone,with")
    saved.save(actor=bob, name="Mine", query="view=mine&cols=with")
    heading, *lines = read(written("All phones"))
    assert heading == ["Ripeline id", "Name", "Company", "Telephone", "With"]
    assert sorted(line[1:] for line in lines) == [
        ["Ann Lee", "'=cmd()", "+442071838750", "Alice"],
        ["Bo Diaz", "Helio", "", "Bob"],  # his number is not hers to see
    ]
    assert [line[1] for line in read(written("Mine"))[1:]] == ["Bo Diaz"]
    assert AuditEntry.objects.filter(verb="leads.export", actor=alice).count() == 1


@pytest.mark.usefixtures("leads")
def test_as_a_workbook(alice: User, tmp_path: Path) -> None:
    saved.save(actor=alice, name="All", query="view=all&cols=with")
    sheet = load_workbook(io.BytesIO(written("All", file_format="xlsx"))).active
    assert sheet
    assert sheet.max_row == 3
    file = io.BytesIO()
    assert export._write(export._all(), file, "xlsx", is_marked=True) == 2
    sheet = load_workbook(file).active
    assert sheet
    assert [cell.value for cell in sheet[1]][: len(HEADINGS)] == list(HEADINGS)


def test_a_name_that_nobody_or_several_gave_is_said(alice: User, bob: User) -> None:
    with pytest.raises(Failed, match="Nobody keeps a view called “Hot”"):
        written("Hot")
    for user in (alice, bob):
        saved.save(actor=user, name="Hot", query="view=mine")
    with pytest.raises(Failed, match=r"--of EMAIL, of alice@example\.com, bob@example\.com"):
        written("Hot")
    assert len(read(written("Hot", "Bob@example.com"))) == 1
    with pytest.raises(Failed, match=r"carol@example\.com keeps no view"):
        written("Hot", "carol@example.com")
