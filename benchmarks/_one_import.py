"""One import in a process of its own, into the database of the environment: a line of JSON with its peak memory, that
of the process which unpacked a workbook for it, and what became of its rows.

python -m benchmarks._one_import ROWS|FILE
"""

import importlib
import json
import resource
import sys
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from ripeline.capture.models import ImportRun

    bench = importlib.import_module("benchmarks.import")
    given = sys.argv[1]
    if given.isdecimal():
        run_id = bench.imported(bench.file(int(given), salt=int(given)))
    else:
        with Path(given).open("rb") as file:
            run_id = bench.brought_in(file, Path(given).name)
    counts = ImportRun.objects.values("created", "rejected").get(pk=run_id)
    own, others = (resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"megabytes": own, "unpacking_megabytes": others, **counts}))


if __name__ == "__main__":
    main()
