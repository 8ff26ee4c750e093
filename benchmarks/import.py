"""The product's import of a generated file, empty and full, beside bare COPY of the same rows into the same tables."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from benchmarks._figures import Figure, company, database

ROWS = 20_000
LEADS = 1_000_000
TOLD = 100_000  # rows
GOAL = 0.1  # of bare COPY
TABLES = ("account", "lead", "identity", "enquiry", "activity", "reaction", "score", "claim")


def run(say: Callable[[str], None], leads: int = LEADS, keep: Path | None = None) -> Iterator[Figure]:
    with database():
        yield from _measured("empty", 1, say)
        say("Five times as many rows …")
        yield from _memory(say)
    if leads:
        with company(leads, keep=keep, say=say):
            yield from _measured(f"at_{leads}", int(time.time()), say)


def _measured(where: str, salt: int, say: Callable[[str], None]) -> Iterator[Figure]:
    """The file, the same file again, and what both made as bare rows."""
    from django.db import connection

    content, seconds, made = file(ROWS, salt), {}, []
    for name in ("first", "again"):
        say(f"Importing {ROWS:,} rows, {where}, {name} …")
        began = time.perf_counter()
        made.append(imported(content))
        seconds[name] = time.perf_counter() - began
    say("The same rows by bare COPY …")
    bare = 0.0
    with connection.cursor() as cursor:
        for table in TABLES:
            bare += _copied(cursor, table, made[0])
    for name, took in seconds.items():
        yield Figure(f"import_{where}_{name}", ROWS / took, "rows/s", ROWS, limit=ROWS / bare * GOAL,
                     peer="a tenth of bare COPY", ratio=bare / took / GOAL)  # fmt: skip


_MADE = {
    "account": "id IN (SELECT account_id FROM lead WHERE import_run_id = '{run}')",
    "lead": "import_run_id = '{run}'",
}
_OF_LEAD = "lead_id IN (SELECT id FROM lead WHERE import_run_id = '{run}')"


def _copied(cursor: Any, table: str, run_id: Any) -> float:
    """Seconds to COPY what an import made of one table into an empty one with the same indexes and checks."""
    made = _MADE.get(table, _OF_LEAD).format(run=run_id)
    cursor.execute(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)")
    with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {made}) TO STDOUT (FORMAT binary)") as out:
        rows = b"".join(bytes(block) for block in out)
    began = time.perf_counter()
    with cursor.copy("COPY bench_copy FROM STDIN (FORMAT binary)") as into:
        into.write(rows)
    took = time.perf_counter() - began
    cursor.execute("DROP TABLE bench_copy")
    return took


def _memory(say: Callable[[str], None]) -> Iterator[Figure]:
    """The most memory that an import takes, of a file and of one five times as long."""
    for rows in (ROWS // 4, ROWS * 5 // 4):
        say(f"The memory of {rows:,} rows …")
        command = [sys.executable, "-m", "benchmarks._one_import", str(rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
        yield Figure(f"import_memory_{rows}", json.loads(done.stdout.splitlines()[-1])["megabytes"], "MB", rows)


def imported(content: bytes) -> Any:
    """The id of an import of leads that has been done."""
    return brought_in(io.BytesIO(content), "leads.csv")


def brought_in(file: BinaryIO, name: str) -> Any:
    """The same of an open file."""
    from ripeline.capture.imports import actions
    from ripeline.people import queries as people

    begun = actions.begin(actor=people.system(), kind="leads", filename=name, file=file, anew=True)
    actions.confirm(actor=people.system(), run_id=begun.pk)
    actions.work(begun.pk, watch=_told())
    return begun.pk


def _told() -> Callable[[Any], None]:
    """Says now and then, on stderr, how far a long import is."""
    told = 0

    def watch(run: Any) -> None:
        nonlocal told
        if run.position - told >= TOLD:
            told = run.position
            print(f"{run.position:,} of {run.rows:,} rows …", file=sys.stderr, flush=True)

    return watch


def file(rows: int, salt: int) -> bytes:
    """Leads of nine columns, other ones for each salt."""
    lines = ["Name,E-mail,Phone,Company,Country,Source,Created,Message,Seats\n"]
    lines += [
        f"Person {n} Smith,p{n}@firm{n // 4}x{salt}.example,+44 20 7183 {n % 10_000:04d},Firm {n // 4}x{salt} Ltd,GB,"
        f'Webinar {n % 7},202{5 + n % 2}-0{1 + n % 9}-1{n % 10} 10:00,"Hello, we need {n} seats",{n}\n'
        for n in range(rows)
    ]
    return "".join(lines).encode()
