"""One import in a process of its own, into the database of the environment: its peak memory as a line of JSON.

python -m benchmarks._one_import ROWS
"""

import importlib
import json
import resource
import sys

import django


def main() -> None:
    django.setup()
    bench = importlib.import_module("benchmarks.import")
    bench.imported(bench.file(int(sys.argv[1]), salt=int(sys.argv[1])))
    print(json.dumps({"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))


if __name__ == "__main__":
    main()
