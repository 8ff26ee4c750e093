"""The ripening model: ranking, calibration and speed, beside lifelines and Kaplan-Meier in the same run.

The figures on real leads need the folder that RIPELINE_REAL_DATA names; the peers need `make setup-bench`.
"""

import csv
import importlib.util
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import _olist
from benchmarks._figures import Figure
from benchmarks._olist import Fitter, Floats, Survive
from ripeline.science import evaluation, learning, prior
from ripeline.science.features import Encoder
from ripeline.science.kaplan_meier import kaplan_meier
from ripeline.science.latency import Pieces
from ripeline.science.mixture_cure import Gaussian as Belief
from ripeline.science.mixture_cure import Shape, fit, independent, survival
from ripeline.science.outcomes import NEVER, OPEN, RIPE, Outcomes

# The floor each figure must reach, and how far we mean to get.
FLOORS = {
    "uno_c": 0.655, "ibs": 0.0910, "auc_30": 0.725, "log_eo_90": 0.25, "ibs_march": 0.0903, "ibs_april": 0.0866,
}  # fmt: skip
MILLION = 1_000_000


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    peers = importlib.util.find_spec("lifelines") is not None
    if not peers:
        say("lifelines is not installed, so its figures are left out: make setup-bench")
    place = _olist.folder()
    if place is None:
        say("RIPELINE_REAL_DATA names no folder with the real leads, so their figures are left out.")
    else:
        yield from _on_real_leads(place, say, peers=peers)
        yield from _on_e1684(place)
    say("Small data, simulated …")
    yield from _on_small_data()
    say("A million leads …")
    yield from _on_a_million(peers=peers)
    yield _scoring()


def ours(design: Floats, outcomes: Outcomes, encoder: Encoder) -> Survive:
    """What the product does with a record of wins."""
    belief = learning.Belief.even(
        level=learning.WINS_ALONE, sd=learning.COEFFICIENT_SD / encoder.scale, centre=encoder.centre
    )
    learned = learning.learn(design, outcomes, belief=belief, pace=True)
    return lambda x, age: survival(learned.log_odds(x), learned.hazard(x, age))


def cox(design: Floats, outcomes: Outcomes, encoder: Encoder) -> Survive:  # noqa: ARG001 - a Fitter
    import pandas as pd
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(design).assign(age=outcomes.time, ripe=(outcomes.code == RIPE).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = CoxPHFitter(penalizer=0.01).fit(frame, "age", "ripe")
    times = found.baseline_cumulative_hazard_.index.to_numpy()
    hazard = found.baseline_cumulative_hazard_.to_numpy()[:, 0]

    def survive(x: Floats, age: Floats) -> Floats:
        at = np.append(0.0, hazard)[np.searchsorted(times, age, side="right")]
        result: Floats = np.exp(-at * found.predict_partial_hazard(pd.DataFrame(x)).to_numpy())
        return result

    return survive


def age_only(design: Floats, outcomes: Outcomes, encoder: Encoder) -> Survive:  # noqa: ARG001 - a Fitter
    curve = kaplan_meier(outcomes.time, outcomes.code == RIPE)
    return lambda x, age: np.broadcast_to(curve.at(age), (len(x),)).copy()


def _on_real_leads(place: Path, say: Callable[[str], None], *, peers: bool) -> Iterator[Figure]:
    data = _olist.read(place)
    others: dict[str, Fitter] = {"Kaplan-Meier": age_only} | ({"lifelines Cox": cox} if peers else {})
    say("Real leads, five folds …")
    mine = _olist.folds(data, ours)
    beside = {name: _olist.folds(data, fitter) for name, fitter in others.items()}
    yield from _beside("folds", mine, beside, len(data))
    say("Real leads, open at 17 cutoffs …")
    mine = _olist.open_leads(data, ours)
    beside = {name: _olist.open_leads(data, fitter) for name, fitter in others.items()}
    yield from _beside("open", mine, beside, len(data))
    for name, day in (("march", 59.0), ("april", 90.0)):
        found = evaluation.after(data, day)
        key = f"ibs_{name}"
        yield Figure(f"new_{key}", found.ibs or np.nan, "score", found.n, limit=FLOORS[key], peer="floor",
                     ratio=FLOORS[key] / (found.ibs or np.nan))  # fmt: skip


def _beside(what: str, mine: dict[str, float], beside: dict[str, dict[str, float]], n: int) -> Iterator[Figure]:
    for key, value in mine.items():
        more_is_better = key in ("uno_c", "auc_30", "auc_90")
        for peer, theirs in beside.items():
            ratio = value / theirs[key] if more_is_better else _off(key, theirs[key]) / max(_off(key, value), 1e-3)
            yield Figure(f"{what}_{key}", value, "", n, limit=FLOORS.get(key), peer=peer, peer_value=theirs[key],
                         ratio=ratio)  # fmt: skip


def _off(key: str, value: float) -> float:
    """How far from perfect: E/O from 1, anything else from 0."""
    return abs(np.log(value)) if key.startswith("eo") else value


def _on_e1684(place: Path) -> Iterator[Figure]:
    """The cure models' own benchmark, with beliefs so weak that the data speak: beside the published EM estimates."""
    with (place / "e1684.csv").open() as file:
        rows = list(csv.DictReader(file))
    age = np.array([float(row["days"]) for row in rows])
    ripe = np.array([row["relapsed"] == "1" for row in rows])
    design = np.array([[float(row[name]) for name in ("TRT", "AGE", "SEX")] for row in rows])
    horizon = float(age[ripe].max())
    code = np.where(ripe, RIPE, np.where(age >= horizon, NEVER, OPEN)).astype(np.int8)
    zero = np.zeros(len(age))
    outcomes = Outcomes(
        start=zero, entry=zero, time=np.minimum(age, horizon), code=code, as_of=age.max(), horizon=horizon
    )
    shape = Shape(p=3, latency=Pieces(learning.cuts_over(horizon)), late=(0, 1, 2))
    even = shape.latency.even_year(horizon)
    weak = independent(np.diag([0.1, *(0.04 * design.var(axis=0))]), 0.05 * shape.latency.precision(),
                       np.diag(0.04 * design.var(axis=0)))  # fmt: skip
    found = fit(design, outcomes, shape, centre=np.zeros(3),
                prior=Belief(mean=np.concatenate([np.zeros(4), even, np.zeros(3)]), precision=weak))  # fmt: skip
    for name, value, published in zip(
        ("intercept", "treatment", "age", "sex"), found.parameters[:4], (1.366, -0.589, 0.020, -0.087), strict=True
    ):
        yield Figure(f"e1684_{name}", float(value), "log-odds", len(age), peer="semiparametric EM, published",
                     peer_value=published)  # fmt: skip


def _on_small_data(times: int = 60) -> Iterator[Figure]:
    """Root mean square error of the wins of the next 90 days, beside that of somebody who knows the truth."""
    for name, share, n, days in (("even", 0.15, 200, 60), ("early", 0.133, 200, 60), ("early", 0.133, 1000, 180),
                                 ("even", 0.04, 1000, 180)):  # fmt: skip
        off: dict[str, list[float]] = {"ours": [], "truth": []}
        for seed in range(times):
            mine, truth, actual = _one_small(name, share, n, float(days), seed)
            off["ours"].append(mine - actual)
            off["truth"].append(truth - actual)
        error, noise = (float(np.sqrt(np.mean(np.square(off[who])))) for who in ("ours", "truth"))
        yield Figure(f"small_{name}_{share}_{n}_{days}d", error, "wins", n, limit=noise, peer="noise",
                     ratio=noise / error)  # fmt: skip


def _one_small(name: str, share: float, n: int, days: float, seed: int) -> tuple[float, float, float]:
    generator = np.random.default_rng(seed)

    def ripens(size: int) -> Floats:
        late = generator.uniform(0, 365, size)
        early = generator.exponential(12, size) % 30
        return late if name == "even" else np.where(generator.random(size) < 0.6, early, late)

    start, buyer, takes = generator.uniform(0, days, n), generator.random(n) < share, ripens(n)
    ripe = np.where(buyer, start + takes, np.nan)
    seen = evaluation.observe(start, ripe_at=ripe, as_of=days)
    belief = learning.Belief.even(level=learning.WINS_ALONE, sd=np.zeros(0), centre=np.zeros(0))
    learned = learning.learn(np.zeros((n, 0)), seen.outcomes, belief=belief)
    age = days - start[~(ripe <= days)]
    none = np.zeros((len(age), 0))
    left = [survival(learned.log_odds(none), learned.hazard(none, age + later)) for later in (0.0, 90.0)]
    many = np.sort(ripens(100_000))
    gone = [np.searchsorted(many, age + later) / len(many) for later in (0.0, 90.0)]
    truth = share * (gone[1] - gone[0]) / (1 - share * gone[0])
    actual = float((ripe[~(ripe <= days)] <= days + 90).sum())
    return float((1 - left[1] / left[0]).sum()), float(truth.sum()), actual


def _on_a_million(*, peers: bool) -> Iterator[Figure]:
    mine = {name: _one_fit(name, times=3) for name in
            ("weibull_cure", "pieces_cure", "weibull_cure_pace", "pieces_cure_pace")}  # fmt: skip
    theirs = (
        {name: _one_fit(name) for name in ("lifelines_aft", "lifelines_cure", "lifelines_cure_pace")} if peers else {}
    )
    against = {  # alike on both sides: covariates on who and on when, or on who alone
        "fit_1m_aft": ("weibull_cure", "lifelines_aft"),
        "fit_1m_cure": ("weibull_cure_pace", "lifelines_cure_pace"),
        "fit_1m_cure_who_alone": ("weibull_cure", "lifelines_cure"),
        "fit_1m_pieces_aft": ("pieces_cure", "lifelines_aft"),
        "fit_1m_pieces_cure": ("pieces_cure_pace", "lifelines_cure_pace"),
        "fit_1m_pieces_cure_who_alone": ("pieces_cure", "lifelines_cure"),
    }
    for line, (own, peer) in against.items():
        value = mine[own]["seconds"]
        other = theirs[peer]["seconds"] if theirs else None
        yield Figure(line, value, "CPU s", MILLION, peer=peer, peer_value=other, ratio=other / value if other else None)
    memory = max(found["gigabytes"] for found in mine.values())
    yield Figure("fit_1m_memory", memory, "GB", MILLION, limit=0.5, peer="limit", ratio=0.5 / memory)
    for rows in (10_000, 100_000):
        yield Figure(f"fit_{rows // 1000}k_pieces", _one_fit("pieces_cure", rows, 3)["seconds"], "CPU s", rows)


def _one_fit(name: str, rows: int = MILLION, times: int = 1) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks._one_fit", name, str(rows), str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _scoring() -> Figure:
    """P(30 days) of a million leads from what is stored of them."""
    generator = np.random.default_rng(1)
    log_odds, age = generator.normal(-0.2, 1.0, MILLION), generator.uniform(0, 364, MILLION)
    curve = generator.integers(0, 3, MILLION)
    seconds = []
    for _ in range(5):
        began = time.process_time()
        prior.ripe_within(log_odds, age_days=age, curve=curve, days=30.0)
        seconds.append(time.process_time() - began)
    return Figure("score_1m", min(seconds), "CPU s", MILLION, limit=0.1, peer="limit", ratio=0.1 / min(seconds))
