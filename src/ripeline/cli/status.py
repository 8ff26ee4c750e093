"""``ripeline status``: the installation in numbers."""

import sys
from typing import Any

import click

from ripeline import __version__
from ripeline.cli.opening import Opened, opened
from ripeline.cli.output import emit, json_option, say
from ripeline.config import home


@click.command("status")
@json_option
def command(as_json: bool) -> None:
    """Leads by state, wins, the shoebox count, the timeline's size, how far the worker is behind, versions."""
    with opened() as house:
        found = _status()
        if as_json:
            emit(found)
        else:
            _print(found)
        if not found["leads"]["total"]:
            _mention_demo(house)


def _status() -> dict[str, Any]:
    from django.db import connection

    from ripeline.leads import queries as leads
    from ripeline.ripeness import queries as ripeness
    from ripeline.timeline import queries as timeline
    from ripeline.worklist import queries as worklist

    counts = leads.counts()
    waiting, lag = timeline.reaction_backlog()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'ripeline' ORDER BY name DESC LIMIT 1")
        schema = cursor.fetchone()[0]
    return {
        "leads": {"total": counts["total"], "by_state": counts["by_state"]},
        "wins": counts["wins"],
        "shoebox": worklist.shoebox(),
        "timeline": timeline.size(),
        "reactions": {"waiting": waiting, "lag_seconds": round(lag, 3)},
        "model": ripeness.model(),
        "versions": {
            "ripeline": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "postgresql": server,
            "schema": schema,
        },
    }


def _print(found: dict[str, Any]) -> None:
    states = ", ".join(f"{count:,} {state}" for state, count in found["leads"]["by_state"].items() if count)
    reactions, model = found["reactions"], found["model"]
    lines = {
        "Leads": f"{found['leads']['total']:,}" + (f" ({states})" if states else ""),
        "Wins": f"{found['wins']:,}",
        "Shoebox": f"{found['shoebox']:,}" + ("" if found["shoebox"] else ": nobody is forgotten"),
        "Timeline": f"{found['timeline']:,} entries",
        "Reactions": f"{reactions['waiting']:,} waiting, the oldest for {reactions['lag_seconds']:.0f} s",
        "Model": f"{model['name']}, {model['scored']:,} leads scored" if model["name"] else "no lead scored yet",
        "Versions": ", ".join(f"{name} {value}" for name, value in found["versions"].items()),
    }
    for name, text in lines.items():
        click.echo(f"{name:10} {text}")


def _mention_demo(house: Opened) -> None:
    """Somebody who started the demo and asks here looks at another home."""
    demo = home.default(demo=True)
    if house.environment.home is None and home.kind(demo):
        say(f"This is your own company, still empty. The demo company: RIPELINE_HOME={demo} ripeline status")
