"""Scoring every open lead in one pass, beside the goal and beside writing the same rows by bare COPY."""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import _pace
from benchmarks._figures import Figure, company

LEADS = 100_000
GOAL = 1_000_000 / 45  # leads a second, closed ones with them: a million in 45 s


def run(say: Callable[[str], None], leads: int = LEADS, keep: Path | None = None) -> Iterator[Figure]:
    with company(leads, keep=keep, say=say) as url:
        pace = _pace.measured(url)
        yield Figure("pace", pace, "of the goals' machine", 1)
        from django.db import connection

        from ripeline.ripeness import actions as ripeness

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE score, claim")
            took, used = {}, {}
            for name in ("first", "again"):
                say(f"Scoring, {name} …")
                began, cpu = time.perf_counter(), time.process_time()
                scored = ripeness.rescore()
                took[name], used[name] = time.perf_counter() - began, time.process_time() - cpu
            cursor.execute("CREATE TABLE bench_copy (LIKE score INCLUDING ALL)")
            with cursor.copy("COPY score TO STDOUT (FORMAT binary)") as out:
                content = b"".join(bytes(block) for block in out)
            began = time.perf_counter()
            with cursor.copy("COPY bench_copy FROM STDIN (FORMAT binary)") as into:
                into.write(content)
            bare = scored / (time.perf_counter() - began)
            cursor.execute("DROP TABLE bench_copy")
        for name, seconds in took.items():
            yield Figure(f"rescore_{name}", leads / seconds, "leads/s", leads,
                         **_pace.reached(leads / seconds, GOAL, pace, is_rate=True))  # fmt: skip
            yield Figure(f"rescore_{name}_open", scored / seconds, "leads/s", scored, limit=bare,
                         peer="bare COPY of the same rows", ratio=scored / seconds / bare)  # fmt: skip
            yield Figure(f"rescore_{name}_cpu", used[name], "CPU s", scored)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        yield Figure("rescore_memory", memory, "MB", leads)
