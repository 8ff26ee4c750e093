"""How quick the machine is at this moment, beside the one on which the goals were set.

The goals are figures of one machine on one day. What that machine's PostgreSQL did at its bare minimum was noted with
them: leads put in by their key, a commit each, by eight connections. The same is measured in each run, so that a goal
can be said as it stands and at the pace of the machine that is there.
"""

import re
import shutil
import subprocess
import tempfile
from typing import Any

UPSERTS, CONNECTIONS = 13_700.0, 8  # a second, on the machine of the goals
_SECONDS = 4
_TABLE = """
DROP TABLE IF EXISTS bench_upsert;
CREATE TABLE bench_upsert (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name text,
                           company text, captured_at timestamptz, touched bigint NOT NULL DEFAULT 0);
"""
_UPSERT = """\\set n random(1, 1000000)
INSERT INTO bench_upsert (email, name, company, captured_at) VALUES ('anna.' || :n || '@example.com', 'Anna Keller',
 'Keller AG', now()) ON CONFLICT (email) DO UPDATE SET touched = bench_upsert.touched + 1, captured_at = now();
"""


def measured(url: str) -> float:
    """The pace of this machine now: 1 is that of the goals, .5 half as quick."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
        try:
            return commits(url, _UPSERT, connections=CONNECTIONS, seconds=_SECONDS) / UPSERTS
        finally:
            connection.execute("DROP TABLE bench_upsert")


def commits(url: str, script: str, *, connections: int, seconds: int) -> float:
    """Runs of a script of pgbench a second, each by itself a commit, by so many connections."""
    from ripeline.postgres.programs import _all

    beside = [str(programs.bin / "pgbench") for programs in _all(None) if (programs.bin / "pgbench").exists()]
    pgbench = shutil.which("pgbench") or beside[0]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [pgbench, "-n", "-M", "prepared", "-c", str(min(connections, 80)), "-j", "1", "-T", str(seconds),
                   "-f", file.name, url]  # fmt: skip
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (rate,) = re.findall(r"tps = ([0-9.]+) \(without", said)
    return float(rate)


def reached(value: float, goal: float, pace: float, *, is_rate: bool) -> dict[str, Any]:
    """What a figure says of its goal: how far it is reached (1 is just so), as it stands and at this machine's pace."""
    ratio = value / goal if is_rate else goal / value
    return {"limit": goal, "peer": "goal", "ratio": ratio, "at_pace": ratio / pace}
