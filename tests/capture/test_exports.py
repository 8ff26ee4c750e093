"""Lists as files: much is the worker's, in pieces; only its asker fetches it, until it expires; nothing runs."""

import csv
import io
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from ripeline.base import clock
from ripeline.capture.exports import exporting, exports
from ripeline.capture.files import sheets
from ripeline.capture.models import Export, ExportPiece, ExportState
from ripeline.catalog.actions import campaigns_named, custom_fields
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.actions import change_user
from ripeline.people.models import AuditEntry, User
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.models import Score
from ripeline.web.lists import export as screen
from ripeline.worker import tasks
from tests.cast import MakeLead


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def sheet(content: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True))


@pytest.fixture
def five(alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Five leads, two of them Bob's, where three are as many as are written at once."""
    monkeypatch.setattr(screen, "AT_ONCE", 3)
    custom_fields({"chairs": ("Chairs", "number")})
    leads = [
        make_lead(bob if n > 2 else alice, name=f"=Lead {n}", email=f"l{n}@x.example", captured=timedelta(days=n))
        for n in range(5)
    ]
    Lead.objects.filter(pk=leads[0].pk).update(custom={"chairs": 14})
    ripeness.rescore()
    return leads


def test_in_a_workbook_chances_are_figures_shown_in_percent(five: list[Lead], alice: User) -> None:
    for query in ("view=all", "view=all&cols=ripeness,ever,f.chairs"):
        with io.BytesIO() as file:
            sheets.write_workbook(file, exports.lines(alice, query, UTC), UTC)
            rows = list(load_workbook(file).active.iter_rows())
        heading = [cell.value for cell in rows[0]]
        score = Score.objects.get(lead_id=five[0].pk)
        row = next(row for row in rows[1:] if row[0].value == str(five[0].pk))
        for name, chance in (("Ripe within 30 days", score.p_30), ("Buys in the end", score.p_ever)):
            cell = row[heading.index("Ripeness" if "cols" in query and "Ripe" in name else name)]
            assert (cell.data_type, cell.number_format) == ("n", "0.0%")
            assert cell.value == pytest.approx(chance, abs=1e-4)
        assert row[heading.index("Chairs")].value == 14
    csv_text = "".join(exports.as_csv(exports.lines(alice, "view=all&cols=ever", UTC), UTC))
    assert f",{score.p_ever:.4f}" in csv_text


def test_a_workbook_can_be_worked_with_at_once(five: list[Lead], alice: User) -> None:
    custom_fields({"renewal": ("=Renewal", "date")})
    Lead.objects.filter(pk=five[0].pk).update(
        amount=1234, currency="EUR", custom={"chairs": 14, "renewal": "2027-03-01"}
    )
    for query in ("view=all", "view=all&cols=came,amount,f.renewal,email"):
        with io.BytesIO() as file:
            sheets.write_workbook(file, exports.lines(alice, query, UTC), UTC)
            sheet = load_workbook(file).active
        heading = [cell.value for cell in sheet[1]]
        assert all(cell.font.bold for cell in sheet[1])
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert "'=Renewal" in heading, "nor does a heading run"
        row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == str(five[0].pk))
        came, amount, renewal = (row[heading.index(name)] for name in ("Came to us", "Amount", "'=Renewal"))
        assert (came.is_date, came.number_format) == (True, "yyyy-mm-dd hh:mm")
        assert (amount.value, amount.number_format) == (1234, "#,##0.00")
        assert row[heading.index("Currency")].value == "EUR"
        assert (renewal.is_date, renewal.number_format, renewal.value.date()) == (True, "yyyy-mm-dd", date(2027, 3, 1))
        assert sheet.column_dimensions[row[heading.index("E-mail")].column_letter].width >= len("l0@x.example")
    assert ",2027-03-01" in "".join(exports.as_csv(exports.lines(alice, "view=all&cols=f.renewal", UTC), UTC))


def test_every_file_says_by_which_campaign_somebody_came(five: list[Lead], alice: User) -> None:
    (campaign,) = campaigns_named(["Spring"]).values()
    Enquiry.objects.create(lead=five[0], campaign=campaign, door="import", captured_at=clock.now())
    for query in ("view=all", "view=all&cols=campaign"):
        heading, *rows = exports.lines(alice, query, UTC)
        at = heading.index("Campaign")
        assert {row[0]: row[at] for row in rows}[five[0].pk] == "Spring"
        assert sum(row[at] != "" for row in rows) == 1
    heading, *rows = exporting.export(actor=alice)
    assert {row[0]: row[heading.index("Campaign")] for row in rows}[str(five[0].pk)] == "Spring"


def test_what_was_asked_for_as_leader_is_not_fetched_as_rep(five: list[Lead], carol: User, ada: User) -> None:
    client = sign_in(carol)
    path = client.get("/leads/export?view=all").headers["Location"]
    assert tasks.work(lambda: False)
    assert client.get(f"{path}/fetch").status_code == 200
    change_user(actor=ada, user=carol, role="rep")
    assert client.get(f"{path}/fetch").status_code == 302, "to be asked for again"
    assert "fetch" not in client.get(path).text


def test_who_is_a_rep_before_it_is_written_gets_no_leaders_file_by_being_one_again(
    five: list[Lead], carol: User, ada: User
) -> None:
    client = sign_in(carol)
    path = client.get("/leads/export?view=all").headers["Location"]
    User.objects.filter(pk=carol.pk).update(role="rep")  # however that comes about
    assert tasks.work(lambda: False)
    assert not ExportPiece.objects.exists()
    assert "ask for it again" in client.get(path).text
    path = client.get("/leads/export?view=all").headers["Location"]
    change_user(actor=ada, user=User.objects.get(pk=carol.pk), role="leader")
    assert tasks.work(lambda: False)
    assert client.get(f"{path}/fetch").status_code == 302


def test_no_file_is_written_for_who_has_left(five: list[Lead], alice: User) -> None:
    sign_in(alice).get("/leads/export?view=all")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert tasks.work(lambda: False)
    assert not ExportPiece.objects.exists()
    assert Export.objects.get().state == ExportState.FAILED


def test_much_is_written_by_the_worker_and_fetched_by_who_asked(
    five: list[Lead], alice: User, bob: User, ada: User
) -> None:
    client = sign_in(alice)
    path = client.get("/leads/export?view=all").headers["Location"]
    assert "Waiting for its turn" in client.get(path).text
    assert client.get(f"{path}/fetch").status_code == 302, "not there yet"
    assert tasks.work(lambda: False)
    assert client.get(f"{path}/progress").headers["HX-Refresh"] == "true"
    assert "5 leads are in it" in client.get(path).text
    answer = client.get(f"{path}/fetch")
    rows = list(csv.DictReader(io.StringIO(body(answer).decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == [f"'=Lead {n}" for n in range(5)]
    assert [row["E-mail"] for row in rows] == ["l0@x.example", "l1@x.example", "l2@x.example", "", ""]
    assert rows[0]["Chairs"] == "14"
    for verb in ("leads.export", "leads.export.fetch"):
        assert AuditEntry.objects.get(verb=verb).actor == alice
    for who, status in ((bob, 404), (ada, 200)):
        assert sign_in(who).get(path).status_code == status
        assert sign_in(who).get(f"{path}/fetch").status_code == status
    assert not tasks.work(lambda: False)


def test_a_workbook_has_the_columns_of_the_list_as_figures_and_moments(five: list[Lead], alice: User) -> None:
    client = sign_in(alice)
    path = client.get("/leads/export?view=all&cols=email,next,f.chairs,ripeness&format=xlsx").headers["Location"]
    assert tasks.work(lambda: False)
    heading, first, *rest = sheet(body(client.get(f"{path}/fetch")))
    assert heading == ("Ripeline id", "Name", "Company", "E-mail", "Next step", "Chairs", "Ripeness")
    assert (first[1], first[3], first[5]) == ("'=Lead 0", "l0@x.example", 14)
    assert first[4].year >= clock.now().year
    assert rest[-1][3:] == (None, None, None, None), "Bob's are not hers to see"
    small = client.get("/leads/export?view=mine&format=xlsx")
    assert small.status_code == 200
    assert len(sheet(body(small))) == 4


def test_a_file_expires_and_is_tidied_away(five: list[Lead], alice: User) -> None:
    client = sign_in(alice)
    path = client.get("/leads/export?view=all").headers["Location"]
    tasks.work(lambda: False)
    with clock.at(clock.now() + exports.KEPT + timedelta(minutes=1)):
        assert client.get(f"{path}/fetch").status_code == 302
        assert "no longer here" in client.get(path).text
        exports.tidy()
    assert not Export.objects.exists()
    assert not ExportPiece.objects.exists()


def test_a_file_that_was_broken_off_is_begun_again_and_one_not_wanted_ends(
    five: list[Lead], alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "TOLD", 2)
    asked = exports.ask(actor=alice, query="view=all", file_format="csv", zone="UTC")
    steps = iter([False, True])
    assert not exports.work(asked.pk, is_stopping=lambda: next(steps))
    asked.refresh_from_db()
    assert (asked.state, asked.position) == (ExportState.RUNNING, 2)
    exports.cancel(actor=bob, export_id=asked.pk)
    assert exports.work(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.rows) == (ExportState.DONE, 5)
    other = exports.ask(actor=alice, query="view=all", file_format="xlsx", zone="UTC")
    exports.cancel(actor=alice, export_id=other.pk)
    assert exports.work(other.pk)
    other.refresh_from_db()
    assert other.state == ExportState.CANCELLED
    assert "It was cancelled" in sign_in(alice).get(f"/leads/exports/{other.pk}").text


def test_what_breaks_is_said(five: list[Lead], alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = exports.ask(actor=alice, query="", file_format="csv", zone="UTC")
    monkeypatch.setattr(exports, "table", lambda _: 1 / 0)
    assert exports.work(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (ExportState.FAILED, exports._BROKE)
    assert "Ask for the file again" in sign_in(alice).get(f"/leads/exports/{asked.pk}").text


def test_a_workbook_goes_on_on_a_further_sheet_and_takes_what_cells_cannot_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "SHEET_ROWS", 2)
    file = io.BytesIO()
    lines = [["Name", "At"], ["a\x00\x07b", clock.now()], ["x" * 40_000, None], ["+cmd|x", True]]
    sheets.write_workbook(file, iter(lines), clock.now().tzinfo)  # type: ignore[arg-type] # it is aware
    book = load_workbook(file)
    assert book.sheetnames == ["Leads", "Leads 2"]
    assert book["Leads"]["A2"].value == "ab"
    assert len(book["Leads"]["A3"].value) == 32_767
    assert [cell.value for cell in book["Leads 2"][2]] == ["'+cmd|x", True]
    assert book["Leads 2"]["A2"].data_type == "s", "text, not a formula"
