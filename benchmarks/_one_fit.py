"""One fit of a simulated million in a process of its own: CPU seconds and peak memory, ours or lifelines'.

python -m benchmarks._one_fit NAME ROWS [TIMES]      one line of JSON, the least of the times
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

COLUMNS = 10
HORIZON = 365.0


def leads(rows: int, seed: int = 1) -> tuple[Any, Any, Any]:
    """Ten standardised facts; age when ripe or last looked at; ripe. About a quarter ripen within the year."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, COLUMNS))
    effects = generator.normal(size=COLUMNS) * 0.3
    buyer = generator.random(rows) < 1 / (1 + np.exp(0.8 - x @ effects))
    ripens = np.where(buyer, 100.0 * generator.weibull(1.2, rows), np.inf)
    watched = generator.uniform(10.0, 400.0, rows)
    return x, np.maximum(np.minimum(ripens, watched), 0.01), ripens <= watched


def ours(family: str, *, pace: bool = False) -> Callable[[Any, Any, Any], object]:
    from ripeline.science import learning
    from ripeline.science.latency import Pieces, Weibull
    from ripeline.science.mixture_cure import Shape
    from ripeline.science.outcomes import observe

    def fit(x: Any, age: Any, ripe: Any) -> object:
        start = -age
        seen = observe(start, ripe_at=np.where(ripe, 0.0, np.nan), as_of=0.0)
        latency = Pieces() if family == "pieces" else Weibull()
        shape = Shape(p=COLUMNS, latency=latency, late=tuple(range(COLUMNS)) if pace else ())
        belief = learning.Belief.even(level=0.15, sd=np.full(COLUMNS, 0.2), centre=np.zeros(COLUMNS))
        return learning.fit_as(x[seen.kept], seen.outcomes, shape, belief=belief)

    return fit


def _frame(x: Any, age: Any, ripe: Any) -> Any:
    import pandas as pd

    frame = pd.DataFrame(x, columns=[f"x{k}" for k in range(COLUMNS)])
    return frame.assign(age=age, ripe=ripe.astype(int))


def aft(x: Any, age: Any, ripe: Any) -> object:
    from lifelines import WeibullAFTFitter

    return WeibullAFTFitter().fit(_frame(x, age, ripe), "age", "ripe")


def cure(x: Any, age: Any, ripe: Any, *, pace: bool = False) -> object:
    """lifelines' own example of a mixture-cure regression: a parametric model of its cumulative hazard."""
    import autograd.numpy as anp
    from autograd.scipy.special import expit
    from lifelines.fitters import ParametricRegressionFitter

    class Cure(ParametricRegressionFitter):
        _fitted_parameter_names = ["lambda_", "beta_", "rho_"]

        def _cumulative_hazard(self, params: Any, t: Any, covariates: Any) -> Any:
            share = expit(anp.dot(covariates["beta_"], params["beta_"]))
            scale = anp.exp(anp.dot(covariates["lambda_"], params["lambda_"]))
            power = anp.exp(anp.dot(covariates["rho_"], params["rho_"]))
            left = anp.exp(-((t / scale) ** power))
            return -anp.log(anp.clip(1.0 - share + share * left, 1e-25, 1.0))

    frame = _frame(x, age, ripe)
    frame["age"] = frame["age"] / 100.0
    everything = "+".join(f"x{k}" for k in range(COLUMNS))
    regressors = {"lambda_": everything if pace else "1", "rho_": "1", "beta_": everything}
    return Cure(penalizer=1e-6).fit(frame, "age", event_col="ripe", regressors=regressors)


FITS: dict[str, Callable[[], Callable[[Any, Any, Any], object]]] = {
    "weibull_cure": lambda: ours("weibull"),
    "pieces_cure": lambda: ours("pieces"),
    "weibull_cure_pace": lambda: ours("weibull", pace=True),
    "pieces_cure_pace": lambda: ours("pieces", pace=True),
    "lifelines_aft": lambda: aft,
    "lifelines_cure": lambda: cure,
    "lifelines_cure_pace": lambda: partial(cure, pace=True),
}


def main() -> None:
    name, rows = sys.argv[1], int(sys.argv[2])
    fit = FITS[name]()
    data = leads(rows)
    fit(*(part[:5000] for part in data))  # everything imported and compiled
    seconds = []
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
        began = time.process_time()
        fit(*data)
        seconds.append(time.process_time() - began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"seconds": min(seconds), "gigabytes": memory}))


if __name__ == "__main__":
    main()
