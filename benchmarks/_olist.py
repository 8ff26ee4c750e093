"""A public record of marketing leads (Olist, 2018) from the folder that RIPELINE_REAL_DATA names, and its judges."""

import csv
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ripeline.science import metrics
from ripeline.science.evaluation import Dated
from ripeline.science.features import Encoder
from ripeline.science.kaplan_meier import kaplan_meier
from ripeline.science.outcomes import RIPE, Outcomes, observe

Floats = NDArray[np.float64]
_EPOCH = datetime(2018, 1, 1)  # noqa: DTZ001 - the record's own clock, without a zone
CENSORED = 318.0
CUTOFFS = tuple(45.0 + 7 * week for week in range(17))  # 15 February to 7 June
GRID = np.arange(5.0, 161.0)


def folder() -> Path | None:
    """Where the real data lie; None if there are none."""
    place = os.environ.get("RIPELINE_REAL_DATA", "")
    return Path(place) if place and (Path(place) / "olist_closed_deals.csv").exists() else None


def read(place: Path) -> Dated:
    """The leads from 2018 on, with what was known when they came."""
    with (place / "olist_closed_deals.csv").open() as file:
        won = {row["mql_id"]: _day(row["won_date"]) for row in csv.DictReader(file)}
    with (place / "olist_marketing_qualified_leads.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["first_contact_date"] >= "2018-01-01"]
    start = np.array([_day(row["first_contact_date"]) for row in rows])
    table = {name: np.array([row[name] for row in rows]) for name in ("origin", "landing_page_id")}
    table["weekday"] = (start.astype(np.int64) % 7).astype(np.str_)
    return Dated(
        table=table,
        start=start,
        ripe_at=np.array([won.get(row["mql_id"], np.nan) for row in rows]),
        never_at=np.full(len(rows), np.nan),
        censor=CENSORED,
    )


def _day(text: str) -> float:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH.replace(tzinfo=UTC)).total_seconds() / 86400


Survive = Callable[[Floats, Floats], Floats]
"""P(not ripe at these ages) of the rows of a design: (n, p), (n,) → (n,)."""
Fitter = Callable[[Floats, Outcomes, Encoder], Survive]


def folds(data: Dated, fitter: Fitter, *, seed: int = 1) -> dict[str, float]:
    """Five folds: Uno's C, the integrated Brier score, expected ÷ actual within 30 and 90 days."""
    seen = observe(data.start, ripe_at=data.ripe_at, as_of=CENSORED)
    outcomes = seen.outcomes
    fold = np.random.default_rng(seed).permutation(len(data)) % 5
    found = []
    for one in range(5):
        train, test = (fold != one)[seen.kept], (fold == one)[seen.kept]
        table = {name: values[seen.kept] for name, values in data.table.items()}
        encoder = Encoder.of({name: values[train] for name, values in table.items()})
        design = encoder.design(table, n=len(outcomes))
        survive = fitter(design[train], outcomes.take(train), encoder)
        ages, ripe, n = outcomes.time[test], outcomes.code[test] == RIPE, int(test.sum())
        left = np.stack([survive(design[test], np.full(n, age)) for age in GRID], axis=1)
        actual = kaplan_meier(ages, ripe)
        counts = [(1 - left[:, int(d - GRID[0])]).sum() / (n * (1 - float(actual.at(d)))) for d in (30.0, 90.0)]
        ibs = metrics.integrated_brier(ages, ripe, left, ages=GRID)
        found.append((metrics.uno_c(ages, ripe, 1 - left[:, -1]), ibs, *counts))
    uno, ibs, eo_30, eo_90 = np.mean(found, axis=0)
    return {"uno_c": float(uno), "ibs": float(ibs), "eo_30": float(eo_30), "eo_90": float(eo_90)}


def open_leads(data: Dated, fitter: Fitter) -> dict[str, float]:
    """Leads open at each of 17 weekly cutoffs, by what was known then: AUC, and mean |log E/O|, of 30 and 90 days."""
    found = np.array(list(_at_cutoffs(data, fitter)))
    auc_30, eo_30, auc_90, eo_90 = found.T
    return {
        "auc_30": float(auc_30.mean()),
        "auc_90": float(auc_90.mean()),
        "log_eo_30": float(np.abs(np.log(eo_30)).mean()),
        "log_eo_90": float(np.abs(np.log(eo_90)).mean()),
    }


def _at_cutoffs(data: Dated, fitter: Fitter) -> Iterator[tuple[float, ...]]:
    for day in CUTOFFS:
        begun = data.start < day
        table = {name: values[begun] for name, values in data.table.items()}
        seen = observe(data.start[begun], ripe_at=data.ripe_at[begun], as_of=day)
        encoder = Encoder.of({name: values[seen.kept] for name, values in table.items()})
        design = encoder.design(table, n=int(begun.sum()))
        survive = fitter(design[seen.kept], seen.outcomes, encoder)
        still = ~(data.ripe_at[begun] <= day)
        age = day - data.start[begun][still]
        row: list[float] = []
        for within in (30.0, 90.0):
            chance = 1 - survive(design[still], age + within) / survive(design[still], age)
            did = (data.ripe_at[begun][still] <= day + within).astype(np.float64)
            row += [metrics.auc(did, chance), float(chance.sum() / did.sum())]
        yield tuple(row)
