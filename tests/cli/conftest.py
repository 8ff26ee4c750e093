"""Commands as somebody types them: real processes, on the run's own server or in a home of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.server_plugin import named

Run = Callable[..., "Done"]


class Done:
    """What a command printed and how it ended."""

    def __init__(self, process: "subprocess.CompletedProcess[str]") -> None:
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    @property
    def json(self) -> dict[str, Any]:
        """The one object on one line."""
        assert self.out.count("\n") == 1, self.out + self.err
        value: dict[str, Any] = json.loads(self.out)
        return value


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """A database of one's own with the schema in it."""
    name = f"commands_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `ripeline …` to its end, in a home of its own."""

    def start(*arguments: str, stdin: str = "", **settings: str) -> Done:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RIPELINE_")}
        return Done(
            subprocess.run(
                [sys.executable, "-P", "-m", "ripeline.cli", *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
                env={**clean, "RIPELINE_HOME": str(tmp_path / "home"), **settings},
            )
        )

    return start
