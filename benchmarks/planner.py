"""The planner on simulated markets: its wins beside simple rules and a clairvoyant, by capacity, and on odd markets.

`python -m benchmarks.planner` writes the tables of docs/explanation/planner.md.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._figures import Figure
from ripeline.science.curves import Curve
from ripeline.science.market_law import DEFAULT_LAW, Law
from ripeline.science.simulation import tuning
from ripeline.science.simulation.comparing import POLICIES, Comparison, Maker, compare
from ripeline.science.simulation.simple import Points, Weights
from ripeline.science.simulation.world import World

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "planner.md"
SEEDS, OTHER_SEEDS = 20, 20
MONTHS, LEADS_PER_MONTH, REPS = 12, 50.0, 1
TIGHTNESS = (0.1, 0.3, 1.0)
OTHERS_AT = 0.3

# What was hoped for, by tightness: the share of the clairvoyant's wins, and more wins than the tuned points.
REACH_ORACLE = {0.3: 0.75, 1.0: 0.85}
REACH_POINTS = {0.1: 0.0, 0.3: 0.15, 1.0: 0.15}
COLUMNS = (
    ("wins_per_100", 1), ("share_of_oracle", 2), ("effective_follow_up", 2), ("first_response_hours", 1),
    ("touches_per_win", 0), ("minutes_per_win", 0), ("dropped", 0),
)  # fmt: skip
SIMPLE = ("shoebox", "call-everyone", "newest-first", "points")


def other_markets() -> dict[str, Law]:
    """Markets for which nothing was tuned."""
    law = DEFAULT_LAW
    even = law.ripening[0]
    rush = Curve.early("early", share=0.8, mean_days=20, rest=even)
    journey = law.journey
    alike = np.broadcast_to(journey.per_month[0], journey.per_month.shape)
    return {
        "front-loaded": replace(law, ripening=(even, rush), early=np.ones_like(law.early)),
        "10 % buyers": replace(law, p_buys=law.p_buys * 0.1 / float(law.source_share @ law.p_buys)),
        "no signals": replace(law, journey=replace(journey, per_month=alike)),
        "misleading signals": replace(law, journey=replace(journey, per_month=journey.per_month[::-1])),
        "long windows": replace(law, window_median=180.0, close_days=120.0),
    }


@dataclass(frozen=True, kw_only=True)
class Found:
    """All that was measured: by tightness, with the weights of the points; and by other market."""

    usual: Mapping[float, Comparison]
    weights: Mapping[float, Weights]
    others: Mapping[str, Comparison]


def measured(say: Callable[[str], None]) -> Found:
    weights, usual = {}, {}
    for tightness in TIGHTNESS:
        say(f"Tuning points for {tightness:.0%} on seeds of their own …")
        weights[tightness] = tuning.tune([_world(DEFAULT_LAW, seed, tightness) for seed in tuning.TRAINING_SEEDS])
    for tightness in TIGHTNESS:
        say(f"Minutes for {tightness:.0%} of the open leads a week …")
        worlds = [_world(DEFAULT_LAW, seed, tightness) for seed in range(1, SEEDS + 1)]
        usual[tightness] = compare(worlds, _policies(weights[tightness]))
    others = {}
    for name, law in other_markets().items():
        say(f"Another market: {name} …")
        worlds = [_world(law, seed, OTHERS_AT) for seed in range(1, OTHER_SEEDS + 1)]
        others[name] = compare(worlds, _policies(weights[OTHERS_AT]))
    return Found(usual=usual, weights=weights, others=others)


def _world(law: Law, seed: int, tightness: float) -> World:
    return World.at_tightness(
        law, seed=seed, months=MONTHS, leads_per_month=LEADS_PER_MONTH, reps=REPS, tightness=tightness
    )


def _policies(weights: Weights) -> dict[str, Maker]:
    """All of them, the points tuned for this capacity, and as a vendor delivers them."""
    found: dict[str, Maker] = {}
    for name, make in POLICIES.items():
        if name == "points":
            found["points, untuned"] = lambda _: Points()
            found["points"] = lambda _: Points(weights=weights)
        else:
            found[name] = make
    return found


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    yield from figures(measured(say))


def figures(found: Found) -> Iterator[Figure]:
    for tightness, at in found.usual.items():
        part = f"{tightness:.0%}"
        share = float(at.found["ripeline"]["share_of_oracle"].mean())
        reach = REACH_ORACLE.get(tightness)
        yield Figure(f"share_of_oracle_{part}", share, "", SEEDS, limit=1.0, peer="the reach" if reach else None,
                     peer_value=reach, ratio=share / reach if reach else None)  # fmt: skip
        for other in ("points", "points, untuned", "call-everyone", "newest-first", "shoebox"):
            mine, theirs = (float(at.found[name]["wins_per_100"].mean()) for name in ("ripeline", other))
            yield Figure(f"wins_per_100_{part}", mine, "", SEEDS, peer=other, peer_value=theirs, ratio=mine / theirs)
    for name, at in found.others.items():
        best = _best(at)
        mine, theirs = (float(at.found[policy]["wins_per_100"].mean()) for policy in ("ripeline", best))
        yield Figure(f"{name}".replace(" ", "_"), mine, "", OTHER_SEEDS, peer=best, peer_value=theirs,
                     ratio=mine / theirs)  # fmt: skip


def _best(at: Comparison) -> str:
    return max(SIMPLE, key=lambda name: float(at.found[name]["wins_per_100"].mean()))


def tables(found: Found) -> str:
    """What the page shows."""
    lines = [
        f"{SEEDS} markets of {MONTHS} months with {LEADS_PER_MONTH:g} leads a month; 95 % intervals of the mean.",
        "",
        "| minutes for | policy | wins of 100 | of the clairvoyant's | followed up | first response, h | touches a win "
        "| minutes a win | dropped of 100 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for tightness, at in found.usual.items():
        for row in at.rows():
            cells = [_said(row, key, figures_after) for key, figures_after in COLUMNS]
            lines.append(f"| {tightness:.0%} | {row['policy']} | " + " | ".join(cells) + " |")
    lines += ["", "Ripeline's wins beside another's, market by market:", "", "| minutes for | beside | more wins |"]
    lines.append("| --- | --- | --- |")
    for tightness, at in found.usual.items():
        lines += [
            f"| {tightness:.0%} | {name} | {_more(at, name)} |"
            for name in at.found
            if name not in ("ripeline", "oracle")
        ]
    lines += ["", "The points were tuned for each capacity: " + "; ".join(
        f"{tightness:.0%}: half-life {w.half_life_days:g} days, doings × {w.doing:g}, pause {w.pause_days:g} days, "
        f"{w.waiting:g} points a week of waiting" for tightness, w in found.weights.items()) + "."]  # fmt: skip
    lines += ["", f"Other markets, with the minutes for {OTHERS_AT:.0%}:", ""]
    lines += ["| market | ripeline, wins of 100 | of the clairvoyant's | best simple policy | more wins than it |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for name, at in found.others.items():
        row = next(row for row in at.rows() if row["policy"] == "ripeline")
        best = _best(at)
        lines.append(f"| {name} | {_said(row, 'wins_per_100', 1)} | {_said(row, 'share_of_oracle', 2)} | {best} "
                     f"| {_more(at, best)} |")  # fmt: skip
    return "\n".join(lines)


def _more(at: Comparison, other: str) -> str:
    mean, low, high = at.more_wins("ripeline", other)
    return f"{mean:+.0%} ({low:+.0%} to {high:+.0%})"


def _said(row: Mapping[str, float | str | None], key: str, figures_after: int) -> str:
    mean, low, high = (row[name] for name in (key, f"{key}_low", f"{key}_high"))
    if not isinstance(mean, float) or not isinstance(low, float) or not isinstance(high, float):
        return "–"
    return f"{mean:.{figures_after}f} ± {(high - low) / 2:.{figures_after}f}"


def write(page: Path, said: str) -> None:
    """Put the tables between the marks of a page."""
    begin, end = "<!-- made by benchmarks/planner.py: begin -->", "<!-- end -->"
    text = page.read_text(encoding="utf-8")
    new = re.sub(
        f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{said}\n{end}", text, count=1, flags=re.DOTALL
    )
    page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    all_found = measured(lambda text: print(text, file=sys.stderr, flush=True))
    write(PAGE, tables(all_found))
    for figure in figures(all_found):
        print(figure.in_words())
