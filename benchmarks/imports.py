"""Importing a file of leads, and the same again, beside writing the same leads by bare COPY into the same indexes."""

import io
import time
from collections.abc import Callable, Iterator

from benchmarks._figures import Figure, database

ROWS = 20_000


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    with database():
        from django.db import connection

        from ripeline.capture import actions
        from ripeline.people import queries as people

        def imported() -> float:
            began = time.perf_counter()
            run = actions.begin(actor=people.system(), kind="leads", filename="leads.csv", file=io.BytesIO(content))
            actions.confirm(actor=people.system(), run_id=run.pk)
            actions.work(run.pk)
            return time.perf_counter() - began

        content = _file()
        say(f"Importing {ROWS:,} rows …")
        first = imported()
        say("The same again …")
        again = imported()
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE lead_copy (LIKE lead INCLUDING ALL)")
            with cursor.copy("COPY lead TO STDOUT (FORMAT binary)") as out:
                leads = b"".join(bytes(block) for block in out)
            began = time.perf_counter()
            with cursor.copy("COPY lead_copy FROM STDIN (FORMAT binary)") as into:
                into.write(leads)
            limit = ROWS / (time.perf_counter() - began)
        for name, seconds in (("import_first", first), ("import_again", again)):
            yield Figure(
                name,
                ROWS / seconds,
                "rows/s",
                ROWS,
                limit=limit,
                peer="bare COPY of the same leads",
                ratio=ROWS / seconds / limit,
            )


def _file() -> bytes:
    lines = ["Name,E-mail,Phone,Company,Country,Source,Created,Message,Seats\n"]
    lines += [
        f"Person {n} Smith,p{n}@firm{n // 4}.example,+44 20 7183 {n % 10_000:04d},Firm {n // 4} Ltd,GB,Webinar {n % 7},"
        f'202{4 + n % 2}-0{1 + n % 9}-1{n % 10} 10:00,"Hello, we need {n} seats",{n}\n'
        for n in range(ROWS)
    ]
    return "".join(lines).encode()
