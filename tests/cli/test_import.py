"""`ripeline import` and `export` as somebody types them, and what they answer to files chosen by mistake."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ripeline.cli.importing import Wishes, as_tried, bring_all, bring_in, in_words, try_out
from ripeline.cli.output import Failed
from ripeline.leads.models import Lead
from tests.bad_files import NOBODY, REFUSED, TAKEN, Bad, Odd
from tests.capture import exports
from tests.capture.sheets import workbook
from tests.server_plugin import named


class Installation:
    """A home and a database of one's own, and the commands on it."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RIPELINE_")}
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "ripeline.cli", *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**clean, "RIPELINE_HOME": str(self.home), "DATABASE_URL": self.url},
        )  # fmt: skip

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit status, what it printed, and what it said beside that."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """The one object on one line."""
        _, out, err = self.run(*arguments, "--json")
        assert out.count("\n") == 1, out + err
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def house(tmp_path: Path, server: str, template: str) -> Iterator[Installation]:
    name = f"imports_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield Installation(tmp_path / "home", named(server, name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def written(tmp_path: Path, *lines: str, name: str = "leads.csv") -> Path:
    file = tmp_path / name
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def test_leads_and_outcomes_go_in_by_two_commands_and_come_out_by_a_third(house: Installation, tmp_path: Path) -> None:
    leads = written(tmp_path, "key,came,kind", "1,2023-01-02,=cmd()", "2,2023-02-31,social", "3,2023-01-03,")
    deals = written(tmp_path, "key,signed", "1,2023-03-01", "7,2023-03-01", name="deals.csv")
    columns = ("--map", "key=external_id", "--map", "came=captured_at", "--map", "kind=source")
    found = house.json("import", leads, *columns, "--source", "Expo")
    assert {name: found[name] for name in ("rows", "created", "updated", "unchanged", "rejected", "reopened")} == {
        "rows": 3, "created": 2, "updated": 0, "unchanged": 0, "rejected": 1, "reopened": 2,
    }  # fmt: skip
    rejects = Path(found["rejects_file"])
    assert rejects.stat().st_mode & 0o777 == 0o600
    rows = list(csv.reader(rejects.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[1][3:] == ["2", "2023-02-31", "social"]
    again = house.json("import", leads, *columns, "--source", "Expo")
    assert (again["unchanged"], again["rejected"]) == (2, 1)
    won = house.json("import", deals, "--outcomes", "--map", "key=external_id", "--map", "signed=won_at")
    assert (won["updated"], won["rejected"], won["state"]) == (1, 1, "done")
    closed = written(tmp_path, "E-mail,Deal stage,Close date", "a@x.example,Won,2023-03-01", name="closed.csv")
    code, out, said = house.run("import", closed, "--dry-run", "--json")
    assert (code, json.loads(out)["created"]) == (0, 1)
    assert "This looks like a file of deals, but is read as leads." in said
    status = house.json("status")
    assert (status["leads"]["total"], status["leads"]["by_state"]["won"], status["wins"]) == (2, 1, 1)
    code, out, said = house.run("export")
    assert (code, said) == (0, "2 leads were written.\n")
    exported = list(csv.DictReader(io.StringIO(out)))
    assert [(row["External id"], row["State"], row["Source"]) for row in exported] == [
        ("1", "Won", "'=cmd()"), ("3", "New", "Expo"),
    ]  # fmt: skip
    out_file = tmp_path / "all.csv"
    assert house.json("export", "--out", out_file) == {"leads": 2, "file": str(out_file)}
    assert out_file.stat().st_mode & 0o777 == 0o600
    assert out_file.read_text(encoding="utf-8-sig").splitlines()[1:] == out.splitlines()[1:]
    assert house.run("export", "--json")[0] == 2


def test_it_says_how_it_reads_the_file_and_what_came_of_it(house: Installation, tmp_path: Path) -> None:
    file = written(tmp_path, "Mail,Day,Chairs", "a@x.example,03/04/2026,4")
    code, out, said = house.run("import", file, "--day-first")
    assert code == 0
    assert "  Mail → E-mail\n" in said
    assert "  Chairs → custom field Chairs\n" in said
    assert out.startswith("1 rows: 1 created, 0 updated, 0 unchanged, 0 rejected.\nNothing said when they came:")
    _, out, _ = house.run("import", file, "--day-first", "--came", "2026-04-03")
    assert out == "1 rows: 0 created, 1 updated, 0 unchanged, 0 rejected.\n"


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(house: Installation, tmp_path: Path) -> None:
    file = written(tmp_path, "E-mail,Created", *(f"p{n}@x.example,2026-01-01" for n in range(12_000)))
    process = house.start("import", file, "--json")
    with psycopg.connect(house.url, autocommit=True) as look:
        while True:
            found = look.execute("SELECT position FROM import_run").fetchone()
            if found and found[0] > 0:
                break
            assert process.poll() is None, "it ended before it could be stopped"
            time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    stopped = json.loads(out)
    assert process.returncode == 130
    assert stopped["state"] == "cancelled"
    assert 0 < stopped["position"] < 12_000
    assert f"{stopped['position']:,} of 12,000 rows went in and stay. Give the same command again" in said
    found = house.json("import", file)
    assert (found["rows"], found["created"], found["state"]) == (12_000, 12_000, "done")


@pytest.mark.real_data
@pytest.mark.skipif("RIPELINE_REAL_DATA" not in os.environ, reason="RIPELINE_REAL_DATA names no directory")
def test_eight_thousand_real_leads_and_their_842_deals(house: Installation) -> None:
    data = Path(os.environ["RIPELINE_REAL_DATA"])
    leads = (
        data / "olist_marketing_qualified_leads.csv", "--map", "mql_id=external_id",
        "--map", "first_contact_date=captured_at", "--map", "origin=source", "--map", "landing_page_id=landing_page",
    )  # fmt: skip
    deals = (data / "olist_closed_deals.csv", "--outcomes", "--map", "mql_id=external_id", "--map", "won_date=won_at")
    counted = ("rows", "created", "updated", "unchanged", "rejected", "rejects_file")
    for command, expected in (
        (leads, (8000, 8000, 0, 0, 0, None)), (deals, (842, 0, 842, 0, 0, None)),
        (leads, (8000, 0, 0, 8000, 0, None)), (deals, (842, 0, 0, 842, 0, None)),
    ):  # fmt: skip
        found = house.json("import", *command)
        assert tuple(found[name] for name in counted) == expected
    status = house.json("status")
    assert (status["leads"]["total"], status["leads"]["by_state"]["won"]) == (8000, 842)
    assert (status["wins"], status["shoebox"]) == (842, 0)
    assert house.json("db", "check")["ok"]


def imported(file: Path, tmp_path: Path, **wishes: Any) -> dict[str, Any]:
    return bring_in(file, Wishes(kind="leads", **wishes), rejects=None, kept_in=tmp_path / "rejected").as_dict()


@pytest.mark.django_db
@pytest.mark.parametrize("bad", [*REFUSED, NOBODY], ids=lambda bad: bad.name)
def test_a_file_chosen_by_mistake_is_refused_in_a_sentence(bad: Bad, tmp_path: Path) -> None:
    file = tmp_path / bad.filename
    file.write_bytes(bad.content)
    with pytest.raises(Failed) as refused:
        imported(file, tmp_path)
    assert bad.said in refused.value.message
    assert not Lead.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("odd", TAKEN, ids=lambda odd: odd.name)
def test_an_odd_file_costs_its_odd_rows_only(odd: Odd, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_bytes(odd.content)
    found = imported(file, tmp_path)
    assert (found["created"], found["rejected"]) == (odd.created, odd.rejected)
    if odd.rejected:
        rejects = Path(found["rejects_file"]).read_text(encoding="utf-8-sig")
        assert odd.said in rejects
        assert len(rejects) < 300_000


@pytest.mark.django_db
def test_what_is_no_file_or_no_column_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="There is no file"):
        imported(tmp_path / "none.csv", tmp_path)
    with pytest.raises(Failed, match="cannot be read"):
        imported(tmp_path, tmp_path)
    file = written(tmp_path, "E-mail,Created", "a@x.example,03/04/2026")
    with pytest.raises(Failed, match=r"There is no column “Mail”\. The file has: E-mail, Created\."):
        imported(file, tmp_path, pairs=[("Mail", "email")])
    with pytest.raises(Failed, match="which is not a field"):
        imported(file, tmp_path, pairs=[("E-mail", "mail")])
    with pytest.raises(Failed, match="say which, --day-first or --month-first"):
        imported(file, tmp_path)
    with pytest.raises(Failed, match="is not an encoding we know"):
        imported(file, tmp_path, encoding="klingon")
    with pytest.raises(Failed, match="cannot separate cells"):
        imported(file, tmp_path, delimiter="abc")
    assert imported(file, tmp_path, day_first=False)["created"] == 1


@pytest.mark.django_db
def test_the_same_file_with_another_mapping_is_another_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "A,B", *(f"p{n}@x.example,q{n}@x.example" for n in range(4)))
    with monkeypatch.context() as broken:
        broken.setattr("ripeline.capture.imports.taking.admit", lambda *_, **__: 1 / 0)
        assert imported(file, tmp_path, pairs=[("A", "email")])["state"] == "failed"
    assert imported(file, tmp_path, pairs=[("B", "email"), ("A", "ignore")])["created"] == 4
    assert set(Lead.objects.values_list("email", flat=True)) == {f"q{n}@x.example" for n in range(4)}


def test_an_import_is_taken_back_by_its_id(house: Installation, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("E-mail,Shoe size\na@x.example,41\nb@x.example,\n")
    run = house.json("import", file)["run"]
    counts = {"deleted": 2, "kept": 0, "put_back": 0, "partly": 0}
    assert house.json("import", "--undo", run) == {"run": run, **counts, "state": "undone"}
    status, out, _ = house.run("import", "--undo", run)
    assert (status, out.partition(",")[0]) == (0, "leads.csv: 2 leads deleted")
    assert "went with it: Shoe size." in out
    status, _, err = house.run("import", "--undo", "7")
    assert status == 1
    assert "There is no import '7'" in err


def test_a_dry_run_says_what_would_change_and_leaves_nothing(house: Installation, tmp_path: Path) -> None:
    house.json("import", written(tmp_path, "E-mail,Name", "ann@x.example,Ann", name="first.csv"))
    file = written(tmp_path, "E-mail,Name", "ann@x.example,Anna", "bo@x.example,Bo", "no address,")
    said = house.json("import", file, "--dry-run")
    assert (said["rows"], said["created"], said["updated"], said["rejected"]) == (3, 1, 1, 1)
    assert said["changes"] == [{"lead": "Ann", "field": "Name", "before": "Ann", "after": "Anna"}]
    status, out, _ = house.run("import", file, "--dry-run")
    assert (status, out.splitlines()[-1].partition(".")[0]) == (0, "Nothing was changed")
    assert "Ann: Name: Ann → Anna" in out
    with psycopg.connect(house.url) as connection:
        assert connection.execute("SELECT count(*), max(name) FROM lead").fetchone() == (1, "Ann")
        assert connection.execute("SELECT count(*) FROM import_run").fetchone() == (1,)
    done = house.json("import", file)
    assert {name: done[name] for name in ("created", "updated", "rejected")} == {
        "created": 1,
        "updated": 1,
        "rejected": 1,
    }
    assert house.run("import", file, "--dry-run", "--rejects", tmp_path / "r.csv")[0] == 2


@pytest.mark.django_db
def test_several_files_are_tried_together_each_after_those_before_it(tmp_path: Path) -> None:
    places = []
    for name, text in (("deals.csv", exports.HUBSPOT_DEALS), ("people.csv", exports.HUBSPOT_CONTACTS)):
        places.append(tmp_path / name)
        places[-1].write_text(text, encoding="utf-8")
    tried = try_out(places, Wishes())
    assert not Lead.objects.exists()
    said = as_tried(tried)
    assert [Path(each["file"]).name for each in said["files"]] == ["people.csv", "deals.csv"]
    words = list(in_words(tried))
    assert words[0] == "people.csv:"
    assert "deals.csv:" in words
    assert words[-1].endswith("imports the files.")
    done = bring_all(places, Wishes(), rejects=None, kept_in=tmp_path)
    names = ("created", "updated", "unchanged", "rejected")
    for (_, found), (_, one) in zip(tried, done, strict=True):
        assert [getattr(found, name) for name in names] == [getattr(one.run, name) for name in names]
    assert said["updated"] == sum(one.run.updated for _, one in done) > 0


@pytest.mark.django_db
def test_of_files_that_come_together_the_ids_are_of_one_system(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(exports.HUBSPOT_CONTACTS, encoding="utf-8")
    more = written(tmp_path, "Lead id,Language", "101,fr", name="more.csv")
    done = bring_all([people, more], Wishes(), rejects=None, kept_in=tmp_path)
    assert [(one.run.created, one.run.updated) for _, one in done] == [(4, 0), (0, 1)]
    assert Lead.objects.get(language="fr").name == "Priya Raman"


def test_several_files_go_in_by_one_command_in_the_order_that_joins_them(house: Installation, tmp_path: Path) -> None:
    places = []
    for name, text in (("deals.csv", exports.HUBSPOT_DEALS), ("people.csv", exports.HUBSPOT_CONTACTS)):
        places.append(tmp_path / name)
        places[-1].write_text(text, encoding="utf-8")
    book = tmp_path / "companies.xlsx"
    book.write_bytes(workbook([line.split(",") for line in exports.HUBSPOT_COMPANIES.splitlines()]))
    found = house.json("import", *places, book)
    assert [Path(each["file"]).name for each in found["files"]] == ["companies.xlsx", "people.csv", "deals.csv"]
    assert {name: found[name] for name in ("rows", "created", "updated", "unchanged", "rejected")} == {
        "rows": 10, "created": 6, "updated": 3, "unchanged": 0, "rejected": 1,
    }  # fmt: skip
    status, _, said = house.run("import", *places, "--map", "a=email")
    assert status == 2
    assert "go with one file" in said
