"""The promise beside the record: what is simulated, what was truly won, and what the one says of the other."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from ripeline.simulation.models import SimulationRun
from ripeline.simulation.record import FEWEST, Record, Won
from ripeline.simulation.rules import Figures
from ripeline.simulation.words import Line, between, count


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A row: what is promised, or what was won. `low` and `high` are of 100 leads, as `of_100` is."""

    name: str
    note: str
    leads: float
    won: float
    of_100: float
    low: float
    high: float

    @property
    def leads_said(self) -> str:
        return count(self.leads)

    @property
    def won_said(self) -> str:
        return count(self.won)

    @property
    def of_100_said(self) -> str:
        return count(self.of_100)

    @property
    def range_said(self) -> str:
        return f"{count(self.low)} to {count(self.high)}"


def rows(run: SimulationRun, found: list[Line], record: Record, zone: tzinfo) -> list[Beside]:
    """Ripeline and the shoebox as simulated, and the record as far as there is one."""
    a_year = Figures.from_json(run.figures).a_year
    said = [
        Beside(
            name=f"Simulated: {line.name if line.policy == 'ripeline' else 'the shoebox'}",
            note="a year’s leads, each followed for a year",
            leads=a_year, won=line.wins, of_100=line.of_100,
            low=100 * line.low / a_year, high=100 * line.high / a_year,
        )
        for line in found if line.policy in ("ripeline", "shoebox")
    ]  # fmt: skip
    if record.whole:
        said.append(_row("Truly won", f"came {_when(record.whole, zone)}, each watched for a year", record.whole))
    if record.lately:
        since, months = _month(record.lately.first, zone), _months(record.lately.months)
        note = f"came since {since}, watched for {months} on average"
        said.append(_row("Truly won so far", note, record.lately))
    return said


def _row(name: str, note: str, won: Won) -> Beside:
    low, high = won.between
    return Beside(name=name, note=note, leads=won.n, won=won.won, of_100=won.of_100, low=low, high=high)


def sentences(run: SimulationRun, found: list[Line], record: Record, zone: tzinfo) -> list[str]:
    """What the record says of the promise, or why it says nothing yet."""
    whole = record.whole
    if whole is None or not record.is_enough:
        return _too_short(record, zone)
    ours, shoebox = (next(line for line in found if line.policy == name) for name in ("ripeline", "shoebox"))
    low, high = whole.between
    said = [
        f"You truly won {whole.won:,} of the {whole.n:,} leads that came {_when(whole, zone)}, each within a year:"
        f" {count(whole.of_100)} of 100 ({between(low, high)}, as far as luck goes). The simulation wins"
        f" {count(ours.of_100)} of 100 with Ripeline and {count(shoebox.of_100)} with the shoebox.",
        _verdict(ours.of_100, low, high),
    ]
    if whole.imported:
        which = "All of them" if whole.imported == whole.n else f"{whole.imported:,} of them"
        said.append(f"{which} came in by an import: much of that may be how they were followed up before.")
    if "set by hand" in run.origins.values():
        said.append("This was asked with figures set by hand, so it says little of the company as it is.")
    return said


def _verdict(promised: float, low: float, high: float) -> str:
    if low <= promised <= high:
        return "The simulated Ripeline lies within that, so your record does not contradict it; nor does it prove it."
    if promised > high:
        return (
            "The simulated Ripeline lies above that: either steadier following up has that much to add, or the"
            " simulation is too hopeful for your market. Your record alone cannot say which;"
            " the leads that come from now on will."
        )
    return "You win more than the simulated Ripeline does: the simulation knows your market and your people too little."


def _too_short(record: Record, zone: tzinfo) -> list[str]:
    """Nothing to hold it against: why, what there is, and when there will be more."""
    whole, lately = record.whole, record.lately
    if whole is None and lately is None:
        return ["There is nothing to hold this against yet: no lead came in the last two years."]
    a_year_old = "no lead" if whole is None else f"only {whole.n:,} lead{'' if whole.n == 1 else 's'}"
    said = [
        f"Your record is too short to hold this against: {a_year_old} of the last two years"
        f" {'have' if whole and whole.n > 1 else 'has'} been here for a year, and fewer than {FEWEST} say nothing."
    ]
    if lately:
        said.append(
            f"Of the {lately.n:,} that came since {_month(lately.first, zone)}, {lately.won:,}"
            f" {'is' if lately.won == 1 else 'are'} won so far, after {_months(lately.months)} on average; the"
            f" simulation gives each of them 12. The first have had their year in"
            f" {_month(lately.first.replace(year=lately.first.year + 1, day=min(lately.first.day, 28)), zone)}."
        )
    return said


def _when(won: Won, zone: tzinfo) -> str:
    first, last = _month(won.first, zone), _month(won.last, zone)
    return f"in {first}" if first == last else f"between {first} and {last}"


def _month(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%B %Y}"


def _months(months: float) -> str:
    whole = round(months)
    return "less than a month" if not whole else f"{whole} month{'' if whole == 1 else 's'}"
