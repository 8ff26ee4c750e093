"""What a benchmark yields, and the database it runs in."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure. `ratio` above 1 is better than the peer or limit it stands beside, measured in the same run."""

    name: str
    value: float
    unit: str
    n: int
    limit: float | None = None  # the same work at its bare minimum
    peer: str | None = None  # what `limit` or `peer_value` is
    peer_value: float | None = None
    ratio: float | None = None
    at_pace: float | None = None  # the ratio to a goal, were this machine as quick as that of the goals: see `_pace`
    peer_recorded: dict[str, float] | None = None  # what others needed, measured elsewhere: no ratio

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self) -> str:
        said = f"{self.name:<28} {self.value:>12,.4g} {self.unit:<10} n={self.n:,}"
        beside = self.peer_value if self.peer_value is not None else self.limit
        if beside is not None:
            said += f"   {self.peer}: {beside:,.4g}"
        said += f"   ratio {self.ratio:.3f}" if self.ratio else ""
        said += f", at this machine's pace {self.at_pace:.3f}" if self.at_pace else ""
        return said + "".join(f"   (recorded: {who}: {value:g})" for who, value in (self.peer_recorded or {}).items())


@contextlib.contextmanager
def database(keep: Path | None = None) -> Iterator[str]:
    """An empty installation on an embedded PostgreSQL of its own, fsync on, with Django set up; gone afterwards.

    `keep`: the home that it shall have, with what it holds already; it stays.
    """
    from ripeline import postgres

    with contextlib.nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="ripeline-bench-") as place:
        home = Path(place)
        home.mkdir(exist_ok=True)
        home.chmod(0o711)
        with postgres.ensure(home) as url:
            os.environ |= {
                "RIPELINE_HOME": str(home),
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "ripeline.config.settings",
            }
            import django

            django.setup()
            from django.db import connections

            from ripeline.config import schema, settings

            connection = connections["default"]  # of the database before, where this is the second
            there = settings._database(url)
            connection.settings_dict.update({key: there[key] for key in ("HOST", "PORT", "NAME", "USER")})
            schema.prepare()
            yield url
            connections.close_all()
            connection.close_pool()
        if not keep:
            _wait_until_stopped(home)


def _wait_until_stopped(home: Path, seconds: float = 60.0) -> None:
    """Until PostgreSQL has written its last file, so that the home can go."""
    deadline = time.monotonic() + seconds
    while (home / "database" / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


@contextlib.contextmanager
def company(leads: int, *, keep: Path | None, say: Callable[[str], None]) -> Iterator[str]:
    """An installation that holds a made company of so many leads: the one that `keep` has already, or a new one."""
    from benchmarks import _company

    with database(keep) as url:
        from ripeline.leads.models import Lead

        there = Lead.objects.count()
        if there and not leads <= there < 1.5 * leads:  # other benchmarks bring some in
            raise ValueError(f"{keep} holds {there:,} leads: name another directory, or --leads {there}.")
        if not there:
            _company.make(leads, say=say)
        yield url
