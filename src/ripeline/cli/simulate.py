"""``ripeline simulate``: ways of following up, side by side on a simulated market. It needs no database."""

import json
import math
from pathlib import Path

import click

from ripeline.cli.opening import MISUSE
from ripeline.cli.output import Failed, json_option, say
from ripeline.science import market_law
from ripeline.science.errors import ScienceError
from ripeline.science.market_law import DEFAULT_LAW, Law
from ripeline.science.simulation.comparing import POLICIES, Comparison, compare
from ripeline.science.simulation.world import World

MOST_LEADS = 50_000  # of one market: above it a run takes minutes

_COLUMNS = (  # heading, key, figures after the point
    ("wins of 100", "wins_per_100", 1),
    ("of oracle", "share_of_oracle", 2),
    ("followed up", "effective_follow_up", 2),
    ("1st response h", "first_response_hours", 1),
    ("touches/win", "touches_per_win", 0),
    ("minutes/win", "minutes_per_win", 0),
    ("dropped of 100", "dropped", 0),
)


@click.command("simulate")
@click.option(
    "--market",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A market of your own: a copy of science/market.toml, changed.",
)
@click.option("--policy", "policies", type=click.Choice(list(POLICIES)), multiple=True, help="Only these. [all]")
@click.option("--months", type=click.IntRange(1, 60), default=12, show_default=True, help="How long leads arrive.")
@click.option("--leads-per-month", type=click.FloatRange(1, 10_000), help="On average. [the market's]")
@click.option("--reps", type=click.IntRange(1, 100), default=2, show_default=True, help="Who follow leads up.")
@click.option("--minutes-per-day", type=click.FloatRange(0, 1440), default=90, show_default=True, help="Of each rep.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many markets.")
@json_option
def command(
    market: Path | None,
    policies: tuple[str, ...],
    months: int,
    leads_per_month: float | None,
    reps: int,
    minutes_per_day: float,
    seeds: int,
    as_json: bool,
) -> None:
    """Compare ways of following up on a simulated market: the same leads, minutes and luck for all of them.

    Leads are followed up until the year of the last one is over. Means over the markets, with 95 % intervals.
    """
    for option, value in (("--leads-per-month", leads_per_month), ("--minutes-per-day", minutes_per_day)):
        if value is not None and not math.isfinite(value):
            raise Failed(f"{option} must be a number.", status=MISUSE)
    law = _law(market)
    rate = law.per_month if leads_per_month is None else leads_per_month
    needed = law.attempt_minutes + law.conversation_minutes
    if minutes_per_day < needed:
        raise Failed(f"--minutes-per-day is less than one conversation takes ({needed:g} minutes).", status=MISUSE)
    if rate * months > MOST_LEADS:
        raise Failed(f"That is {rate * months:,.0f} leads; up to {MOST_LEADS:,} can be simulated.", status=MISUSE)
    worlds = [
        World.make(law, seed=seed, months=months, leads_per_month=rate, reps=reps, minutes_per_day=minutes_per_day)
        for seed in range(1, seeds + 1)
    ]
    chosen = {name: make for name, make in POLICIES.items() if not policies or name in policies}
    found = compare(worlds, chosen, on_run=lambda name, at: say(f"Market {at + 1} of {seeds}: {name} …"))
    click.echo(json.dumps(list(found.rows()))) if as_json else _print(found)


def _law(path: Path | None) -> Law:
    if path is None:
        return DEFAULT_LAW
    try:
        return market_law.load(path)
    except ScienceError as error:
        raise Failed(str(error), status=MISUSE) from error


def _print(found: Comparison) -> None:
    click.echo(f"Minutes for {found.tightness:.0%} of the open leads a week (of the past year's leads).\n")
    click.echo(f"{'':<14}" + "".join(f"{heading:>18}" for heading, _, _ in _COLUMNS))
    for row in found.rows():
        cells = (_cell(row, key, figures) for _, key, figures in _COLUMNS)
        click.echo(f"{row['policy']:<14}" + "".join(f"{cell:>18}" for cell in cells))


def _cell(row: dict[str, float | str | None], key: str, figures: int) -> str:
    mean, low, high = (row[name] for name in (key, f"{key}_low", f"{key}_high"))
    if not isinstance(mean, float):
        return "–"
    if not isinstance(low, float) or not isinstance(high, float):
        return f"{mean:.{figures}f}"
    return f"{mean:.{figures}f} ±{(high - low) / 2:.{figures}f}"
