"""The science is of use to anybody with numpy and scipy: it imports with Django out of reach, and its examples run."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import ripeline.science

MODULES = sorted(f"ripeline.science.{path.stem}" for path in Path(ripeline.science.__file__).parent.glob("[a-z]*.py"))

BLOCKED = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"django", "psycopg", "procrastinate", "msgspec"}:
            raise ImportError(f"{name} is not for the science")

sys.meta_path.insert(0, Blocked())
for module in sys.argv[1:]:
    importlib.import_module(module)
outside = {name.split(".")[1] for name in sys.modules if name.startswith("ripeline.")} - {"science"}
assert not outside, f"the science reaches up to {outside}"
assert "scipy.stats" not in sys.modules, "every command would wait for it"
"""


def test_the_science_imports_with_django_and_the_database_blocked() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED, *MODULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_every_example_in_the_documentation_runs(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_calculation_has_an_example() -> None:
    without = []
    for name in MODULES:
        module = importlib.import_module(name)
        if name.rsplit(".", 1)[1] in {"gate", "assumptions", "errors", "recheck_rules"}:
            continue  # inner workings, documented but not offered
        for function, value in vars(module).items():
            own = callable(value) and not isinstance(value, type) and getattr(value, "__module__", "") == name
            offered = own and not function.startswith("_") and function not in {"load", "typical"}
            if offered and ">>>" not in (value.__doc__ or ""):
                without.append(f"{name}.{function}")
    assert without == []
