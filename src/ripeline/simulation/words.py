"""The simulated market's answer in words and figures: what each way of following up wins in a year, beside Ripeline."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from ripeline.simulation.models import SimulationRun
from ripeline.simulation.rules import MARKETS, Figures

NAMES: Mapping[str, str] = {
    "ripeline": "Ripeline",
    "points": "Points, at their best",
    "points-delivered": "Points, as delivered",
    "call-everyone": "Calling everybody",
    "newest-first": "Newest first",
    "shoebox": "The shoebox",
    "oracle": "The clairvoyant",
}
"""In the order of the page; the clairvoyant is a bound, and comes last."""

DOES: Mapping[str, str] = {
    "ripeline": "whoever it is worth most to talk to today, by the model, what they did and what was said before",
    "points": "the most points for source, facts and doings; their weights the best of four sets in this very market",
    "points-delivered": "the same with usual weights, as they come in a box",
    "call-everyone": "whoever was called the longest ago, without end",
    "newest-first": "the newest lead first, called back within minutes",
    "shoebox": "up to four tries in the first month, in the order of arrival; then nothing",
    "oracle": "knows who will buy, when, and on which day they answer: a bound that nobody reaches",
}
SIMPLE = ("points", "points-delivered", "call-everyone", "newest-first", "shoebox")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One way of following up, in wins of a year with their interval; `more`: Ripeline's wins beyond it."""

    policy: str
    wins: float
    low: float
    high: float
    of_100: float
    share: float | None
    followed: float | None
    first_hours: float | None
    minutes_a_win: float | None
    more: float | None
    more_low: float | None
    more_high: float | None

    @property
    def name(self) -> str:
        return NAMES[self.policy]

    @property
    def does(self) -> str:
        return DOES[self.policy]

    @property
    def is_tie(self) -> bool:
        """Whether chance alone could explain the difference to Ripeline."""
        return self.more_low is not None and self.more_high is not None and self.more_low <= 0 <= self.more_high


def lines(run: SimulationRun) -> list[Line]:
    """The answer of a question that is done, in the order of the page."""
    answer = run.answer or {}
    rows = {row["policy"]: row for row in answer.get("rows", ())}
    scale = Figures.from_json(run.figures).a_year / 100
    return [_line(rows[name], answer["beside"].get(name), scale) for name in NAMES if name in rows]


def _line(row: Mapping[str, Any], beside: Mapping[str, float] | None, scale: float) -> Line:
    low, high = row["wins_per_100_low"], row["wins_per_100_high"]
    mean = row["wins_per_100"]
    more = {key: scale * beside[key] for key in ("mean", "low", "high")} if beside else dict[str, float]()
    return Line(
        policy=row["policy"], wins=scale * mean, low=max(scale * low, 0.0), high=scale * high, of_100=mean,
        share=row["share_of_oracle"], followed=row["effective_follow_up"], first_hours=row["first_response_hours"],
        minutes_a_win=row["minutes_per_win"],
        more=more.get("mean"), more_low=more.get("low"), more_high=more.get("high"),
    )  # fmt: skip


def headline(run: SimulationRun, found: list[Line], money: Callable[[float], str]) -> list[str]:
    """Sentences: what Ripeline would bring, what the shoebox does, and where a simple way does as well."""
    figures, by = Figures.from_json(run.figures), {line.policy: line for line in found}
    worth, ours, shoebox = float(run.worth), by["ripeline"], by["shoebox"]
    people = "1 person" if figures.reps == 1 else f"{figures.reps:,} people"
    said = [
        f"With {count(figures.leads_per_month)} leads a month and {people} of {figures.minutes_per_day} minutes a day,"
        f" following up with Ripeline would win about {count(ours.wins)} of a year’s {count(figures.a_year)} leads"
        f" ({between(ours.low, ours.high)}): {money(ours.wins * worth)}.",
    ]
    gain = ours.wins - shoebox.wins
    said.append(
        f"The shoebox, a few tries in the first month and then silence, wins about {count(shoebox.wins)} of the same"
        f" leads; the difference is worth {money(max(gain, 0.0) * worth)} a year."
        if gain > 0
        else f"The shoebox wins about {count(shoebox.wins)} of the same leads: here there is no difference."
    )
    said.append(_beside_best(by, worth, money))
    return said


def _beside_best(by: Mapping[str, Line], worth: float, money: Callable[[float], str]) -> str:
    """Ripeline beside the best of the simple ways, without a gain that chance could explain."""
    best = max((by[name] for name in SIMPLE), key=lambda line: line.wins)
    assert best.more is not None
    assert best.more_low is not None
    assert best.more_high is not None
    called = best.name[0].lower() + best.name[1:]
    if best.is_tie:
        said = (
            f"The best simple way here ({called}) wins about as many ({count(best.wins)}): the difference, between"
            f" {signed(best.more_low)} and {signed(best.more_high)} a year, could be chance."
        )
    elif best.more > 0:
        said = (
            f"The best simple way here ({called}) wins about {count(best.wins)}: Ripeline brings {count(best.more)}"
            f" more ({between(best.more_low, best.more_high)}), worth {money(best.more * worth)} a year."
        )
    else:
        said = (
            f"The best simple way here ({called}) wins {count(-best.more)} more than Ripeline"
            f" ({between(-best.more_high, -best.more_low)}): with so many minutes for so few leads,"
            " order matters little."
        )
    if best.policy == "points":
        said += " Its points were chosen in this very market; no company can try that out on its own leads."
    return said


def scatter(found: list[Line]) -> str:
    """What one year of one's own may differ by, which the intervals of the mean do not hold."""
    ours = next(line for line in found if line.policy == "ripeline")
    return (
        f"The ranges are those of the average over many such years ({MARKETS} were simulated). In a single year of"
        f" yours luck alone moves the wins by about {count(1.96 * sqrt(max(ours.wins, 1.0)))} either way."
    )


def pace(run: SimulationRun) -> str:
    """How far a question is in years, and how long each took: what is known, and no guess at the end. "" before one.

    Steps take from an instant to most of a year's time, and the machine has other work: an end told from them jumps.
    """
    took = run.kept.get("took", [])
    if not took:
        return ""
    seconds, done = sum(took) / len(took), len(run.kept["years"])
    each = f"{max(round(seconds), 2)} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
    return f"{done} of {MARKETS} years {'is' if done == 1 else 'are'} done, about {each} each"


def between(low: float, high: float) -> str:
    """An interval of counts."""
    a, b = count(low), count(high)
    return f"about {a}" if a == b else f"between {a} and {b}"


def count(value: float) -> str:
    """A number of wins or leads as one would say it: a decimal only where it is small."""
    rounded = round(value) if abs(value) >= 10 else round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"


def signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{count(abs(value))}"
