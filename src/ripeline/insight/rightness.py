"""Is the model right? What it said beside what came: by how likely it said it was, and day by day; and its runs.

What is added up here is every lead's, so only those see it who may see everybody's sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ripeline.insight.rules import Whose, scopes
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness import watching
from ripeline.ripeness.models import ModelRun
from ripeline.ripeness.rules import BANDS
from ripeline.science.calibration import Ratio, expected_over_actual, share_between
from ripeline.science.drift import FEWEST_EXPECTED, WINDOW, Watch

LEVEL = 0.9  # how likely a range is to hold the truth
RUNS_SHOWN = 12
FEW = 20  # claims: fewer say nothing


@dataclass(frozen=True, kw_only=True)
class Band:
    """How often something was said about as likely as this, and how often it came: shares, not percent."""

    low: float
    high: float
    n: int
    did: int
    said: float
    happened: float
    happened_low: float
    happened_high: float

    @property
    def is_right(self) -> bool:
        """What was said lies within what chance allows around what came."""
        return self.happened_low <= self.said <= self.happened_high


@dataclass(frozen=True, kw_only=True)
class Day:
    """Four weeks that ended with a day."""

    day: date
    expected: float
    actual: int
    low: float
    high: float
    alarm: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Rightness:
    """All that is known about how right the model is."""

    bands: Sequence[Band]  # of what was learnt, if that has said enough; else of the general rule
    is_learnt: bool
    n: int
    overall: Ratio
    days: Sequence[Day]  # oldest first; only whole windows
    kinds: Sequence[tuple[str, Day]]  # the newest four weeks of each kind of source of which enough was expected
    current: ModelRun | None
    is_mostly_prior: bool
    runs: Sequence[ModelRun]

    @property
    def now(self) -> Day | None:
        """The newest four weeks."""
        return self.days[-1] if self.days else None


def rightness(actor: User) -> Rightness:
    """How right the model has been.

    Raises
    ------
    NotAllowed
        For who may not see everybody's leads added up.
    """
    if Whose.EVERYBODY not in scopes(actor):
        raise NotAllowed("This adds up everybody's leads, for those who lead, market or administer.")
    learnt, of_rule = (ripeness.kept_bands(by_rule=by_rule) for by_rule in (False, True))
    is_learnt = sum(n for _, n, _, _ in learnt) >= FEW
    bands = [_band(*row) for row in (learnt if is_learnt else of_rule)]
    return Rightness(
        bands=bands,
        is_learnt=is_learnt,
        n=sum(band.n for band in bands),
        overall=expected_over_actual(
            sum(band.n * band.said for band in bands), sum(band.did for band in bands), level=LEVEL
        ),
        days=_days(watching.seen()),
        kinds=_kinds(),
        current=ripeness.current_run(),
        is_mostly_prior=ripeness.is_mostly_prior(),
        runs=ripeness.runs(RUNS_SHOWN),
    )


def _band(place: int, n: int, did: int, said: float) -> Band:
    low, high = share_between([did], [n], level=LEVEL)
    return Band(
        low=BANDS[place], high=BANDS[place + 1], n=n, did=did, said=said, happened=did / n,
        happened_low=float(low[0]), happened_high=float(high[0]),
    )  # fmt: skip


def _days(seen: Watch) -> list[Day]:
    return [_day(seen, place) for place in range(WINDOW - 1, len(seen.day))]


def _day(seen: Watch, place: int) -> Day:
    return Day(
        day=date.fromordinal(int(seen.day[place])),
        expected=float(seen.expected[place]),
        actual=int(seen.actual[place]),
        low=float(seen.low[place]),
        high=float(seen.high[place]),
        alarm=bool(seen.alarm[place]),
    )


def _kinds() -> list[tuple[str, Day]]:
    found = []
    for kind in watching.source_types():
        days = _days(watching.seen(kind))
        if days and days[-1].expected >= FEWEST_EXPECTED:
            found.append((kind, days[-1]))
    return sorted(found, key=lambda one: -one[1].expected)


def headline(found: Rightness) -> list[str]:
    """The sentences above the pictures: how right so far, whether the world has changed, what speaks."""
    return [_said(found), _world(found.now), _speaks(found)]


def _said(found: Rightness) -> str:
    if found.n < FEW:
        return (
            "Nothing can be said yet about how right the model is: what it says of a lead is held against what came"
            " of it a month later, and too few months are over."
        )
    expected, actual = found.overall.expected, found.overall.actual
    who = "The model" if found.is_learnt else "The Rule of 45"
    counts = (
        f"{who} has said {found.n:,} times how likely a lead was to be ready within a month. By that"
        f" {expected:,.0f} were to be expected, and {actual:,} were:"
    )
    low, high = found.overall.low, found.overall.high
    if low <= 1.0 and (high is None or high >= 1.0):
        verdict = "right, as far as chance lets us see."
    else:
        verdict = f"{'too much' if expected > actual else 'too little'} was promised."
    since = "" if found.is_learnt or found.current is None or found.current.is_prior else _since_then(found.current)
    return f"{counts} {verdict}{since}"


def _since_then(run: ModelRun) -> str:
    at = run.current_since
    day = f" on {at.day} {at:%B %Y}" if at else ""
    return f" The model has learnt from that, and took its place{day}; what it says is counted a month later."


def _world(now: Day | None) -> str:
    if now is None:
        return "Whether the world has changed is watched from day to day, and needs four weeks to begin with."
    weeks = f"In the four weeks up to {now.day.day} {now.day:%B %Y},"
    counts = f"{weeks} {now.actual:,} leads ripened, and {now.expected:,.0f} were expected"
    if now.expected < FEWEST_EXPECTED:
        return f"{counts}: too few to judge by."
    if not now.alarm:
        return f"{counts}: within what chance allows (between {now.low:,.0f} and {now.high:,.0f})."
    word = "fewer" if now.actual < now.expected else "more"
    return (
        f"{counts}: clearly {word} than chance allows (between {now.low:,.0f} and {now.high:,.0f}). Something has"
        " changed, in the market or in what is written down. The model gives what is new more weight when it learns."
    )


def _speaks(found: Rightness) -> str:
    run = found.current
    if run is None or run.is_prior:
        return "The chances come from the Rule of 45 with your own means: nothing is learnt from your outcomes yet."
    learnt = f"The chances are learnt from {run.n:,} leads, {run.events:,} of which ripened"
    if found.is_mostly_prior:
        return f"{learnt}: few, so they are still mostly the Rule of 45."
    return f"{learnt}."
