r"""The model that scores: a level, terms, curves and how they vary together; before any outcome it is the prior.

`renew` learns from outcomes and gives a model of the same form, so that a fitted model and the Rule of 45 score,
explain and are stored alike.

Where opportunities and purchases elsewhere are recorded, the event is being *ripe*, and the closing ratio is learnt
from what became of the ripe. Where only wins are recorded, the event is the win: what is learnt of the level is the
chance of winning, while P(ever) keeps the level of the prior; dividing by an assumed closing ratio would turn a guess
into a fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from ripeline.science.curves import Curve, Curves
from ripeline.science.features import OTHER, UNKNOWN, Encoder, Feature
from ripeline.science.gate import FloatArray
from ripeline.science.latency import CUTS
from ripeline.science.learning import COEFFICIENT_SD, Belief, Learned, learn
from ripeline.science.outcomes import HORIZON, Outcomes
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR, DEFAULT_TERMS, Prior, Scores, score
from ripeline.science.terms import Facts, Term, encode, typical

_WORTH_OF_TYPICAL = 50.0
"""The table's typical shares count as much as so many leads of one's own."""

_DRAWS = 64
_AGES = (0.0, 30.0, 90.0, 180.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """All that is needed to score a lead and to say why.

    Attributes
    ----------
    prior : Prior
        The average lead and the closing ratio, as believed now.
    terms : tuple of Term, length k
        Source types and signals, then the company's own features in the encoder's order.
    curves : Curves
    shifts : tuple of float
        For each curve what following it adds to the log-odds of ripening within the horizon.
    encoder : Encoder
        The company's own features; none before they are learnt.
    covariance : ndarray, shape (k + 1, k + 1), or None
        Of b_0 and the terms; None where they are independent.
    log_odds_of_win, log_odds_of_win_sd : float or None
        The average lead's log-odds of buying from us, and their doubt, where only wins are recorded.
    mostly_prior : float
        Posterior ÷ prior sd of the average lead's log-odds. 1 before any outcome.
    """

    prior: Prior
    terms: tuple[Term, ...]
    curves: Curves
    shifts: tuple[float, ...]
    encoder: Encoder = field(default_factory=lambda: Encoder(features=()))
    covariance: FloatArray | None = None
    log_odds_of_win: float | None = None
    log_odds_of_win_sd: float | None = None
    mostly_prior: float = 1.0

    @classmethod
    def of_prior(cls, terms: Sequence[Term] = DEFAULT_TERMS) -> "Model":
        """The Rule of 45, with the company's means."""
        return cls(
            prior=DEFAULT_PRIOR,
            terms=tuple(terms),
            curves=DEFAULT_CURVES,
            shifts=(0.0,) * len(DEFAULT_CURVES.all),
        )

    def facts(
        self,
        *,
        source_type: ArrayLike,
        signals: Mapping[str, ArrayLike],
        table: Mapping[str, ArrayLike] | None = None,
    ) -> Facts:
        """What is known of n leads, as `score` and `reasons.rank` want it.

        Parameters
        ----------
        source_type, signals
            As in `terms.encode`.
        table : mapping of str to array_like, shape (n,), optional
            The columns of the features; one that is missing says nothing.
        """
        known = tuple(term for term in self.terms if term.kind != "feature")
        facts = encode(known, source_type=source_type, signals=signals, curves=self.curves)
        own = self.encoder.design(table or {}, n=len(facts.design))
        return Facts(design=np.hstack([facts.design, own]), curve=facts.curve)

    def score(self, facts: Facts, *, age_days: ArrayLike, level: float = 0.8) -> Scores:
        """What is expected of n leads that have not ripened yet; see `prior.score`."""
        return score(
            facts.design,
            self.terms,
            age_days=age_days,
            curve=facts.curve,
            prior=self.prior,
            curves=self.curves,
            shifts=self.shifts,
            covariance=self.covariance,
            log_odds_of_win=self.log_odds_of_win,
            log_odds_of_win_sd=self.log_odds_of_win_sd,
            level=level,
        )

    def to_dict(self) -> dict[str, Any]:
        """The model as plain numbers and words, to be stored."""
        return {
            "prior": asdict(self.prior),
            "terms": [asdict(term) for term in self.terms],
            "curves": [
                {
                    "key": curve.key,
                    "cumulative": curve.cumulative.tolist(),
                    "shape_sd": curve.shape_sd,
                    "basis": curve.basis,
                }
                for curve in self.curves.all
            ],
            "shifts": list(self.shifts),
            "features": [_without_ends(asdict(feature)) for feature in self.encoder.features],
            "covariance": None if self.covariance is None else self.covariance.tolist(),
            "log_odds_of_win": self.log_odds_of_win,
            "log_odds_of_win_sd": self.log_odds_of_win_sd,
            "mostly_prior": self.mostly_prior,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Model":
        """A stored model; scores are the same to the last bit."""
        covariance = stored["covariance"]
        return cls(
            prior=Prior(**stored["prior"]),
            terms=tuple(Term(**term) for term in stored["terms"]),
            curves=Curves([Curve(**{**c, "cumulative": np.array(c["cumulative"])}) for c in stored["curves"]]),
            shifts=tuple(stored["shifts"]),
            encoder=Encoder(features=tuple(Feature(**feature) for feature in stored["features"])),
            covariance=None if covariance is None else np.array(covariance),
            log_odds_of_win=stored["log_odds_of_win"],
            log_odds_of_win_sd=stored["log_odds_of_win_sd"],
            mostly_prior=stored["mostly_prior"],
        )


def _without_ends(feature: dict[str, Any]) -> dict[str, Any]:
    """A feature without infinite ends, which JSON does not have."""
    return {name: value for name, value in feature.items() if name not in ("low", "high") or np.isfinite(value)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """The episodes to learn from; every array has shape (n,).

    Attributes
    ----------
    outcomes : Outcomes
        Of being ripe, or of winning where `wins_alone`.
    source_type : ndarray of str
    signals : mapping of str to ndarray of int
        As in `terms.encode`.
    table : mapping of str to ndarray
        The company's own columns, as known at capture.
    labels : mapping of str to str
        What people call those columns; "" for one that is adjusted for and never given as a reason.
    sayings : mapping of str to str
        How a reason says what stands in a column, {} in its place; without one it is "label: what stands there".
    wins_alone : bool
        Only wins are recorded.
    won, lost : int
        What became of the ripe that are decided.
    """

    outcomes: Outcomes
    source_type: NDArray[np.str_]
    signals: Mapping[str, NDArray[np.integer]]
    table: Mapping[str, NDArray[Any]]
    labels: Mapping[str, str]
    sayings: Mapping[str, str] = field(default_factory=dict)
    wins_alone: bool
    won: int
    lost: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Renewed:
    """A model that has learnt, and how it went."""

    model: Model
    learned: Learned


def renew(before: Model, record: Record, *, weight: FloatArray | None = None) -> Renewed:
    """Learn from a record.

    Parameters
    ----------
    before : Model
        What was believed before any outcome: `Model.of_prior`. Not an earlier fit, whose outcomes would count twice.
    record : Record
    weight : ndarray, shape (n,), optional
        How much each episode counts.

    Returns
    -------
    Renewed

    Raises
    ------
    InputError, NotConvergedError
        As in `learning.learn`.

    Examples
    --------
    >>> from ripeline.science.outcomes import observe
    >>> nan, n = float("nan"), 400
    >>> ripe = [20.0 if lead % 2 else nan for lead in range(n)]
    >>> source = np.array(["referral" if lead % 2 else "display" for lead in range(n)])
    >>> record = Record(outcomes=observe([0.0] * n, ripe_at=ripe, as_of=300.0).outcomes, source_type=source, signals={},
    ...                 table={}, labels={}, wins_alone=False, won=0, lost=0)
    >>> learnt = renew(Model.of_prior(), record).model
    >>> facts = learnt.facts(source_type=["referral", "display"], signals={})
    >>> referral, display = learnt.score(facts, age_days=[0, 0]).p_ever
    >>> bool(referral > 0.7 > 0.3 > display), learnt.mostly_prior < 0.5
    (True, True)
    """
    encoder = Encoder.of(record.table)
    own = tuple(_feature_term(feature, record.labels, record.sayings) for feature in encoder.features)
    known = tuple(term for term in before.terms if term.kind != "feature")
    facts = encode(known, source_type=record.source_type, signals=record.signals, curves=before.curves)
    design = np.hstack([facts.design, encoder.design(record.table, n=len(facts.design))])
    terms = _centred((*known, *own), design)
    level = before.prior.log_odds
    if record.wins_alone:
        level = float(logit(expit(level) * before.prior.closing))
    belief = Belief(
        log_odds=level,
        log_odds_sd=before.prior.log_odds_sd,
        mean=np.array([term.mean for term in terms]),
        sd=np.array([term.sd for term in terms]),
        centre=typical(terms),
        shares=tuple(curve.share(np.array(CUTS)) for curve in before.curves.all),
        cuts=CUTS,
    )
    learned = learn(design, record.outcomes, belief=belief, stratum=facts.curve, weight=weight)
    followed = frozenset(facts.curve.tolist())
    return Renewed(model=_posterior(before, record, learned, terms, encoder, followed), learned=learned)


def _posterior(
    before: Model,
    record: Record,
    learned: Learned,
    terms: tuple[Term, ...],
    encoder: Encoder,
    followed: frozenset[int],
) -> Model:
    found = learned.fit
    curves, ends = _curves(before.curves, learned, followed)
    share = float(expit(found.intercept))
    shifts = tuple(float(logit(share * end) - logit(share)) for end in ends)
    among = slice(0, 1 + len(terms))
    covariance = found.covariance[among, among].copy()
    covariance[0, 0] += learned.doubt**2
    prior = replace(
        before.prior,
        log_odds=found.intercept,
        log_odds_sd=learned.log_odds_sd,
        closing_won=before.prior.closing_won + record.won,
        closing_lost=before.prior.closing_lost + record.lost,
    )
    if record.wins_alone:
        prior = before.prior
        covariance[0, :] = covariance[:, 0] = 0.0
        covariance[0, 0] = before.prior.log_odds_sd**2
    means, sds = found.coefficients, found.sd[1 : 1 + len(terms)]
    return Model(
        prior=prior,
        terms=tuple(
            replace(term, mean=float(np.clip(mean, -10, 10)), sd=float(min(sd, 10)))
            for term, mean, sd in zip(terms, means, sds, strict=True)
        ),
        curves=curves,
        shifts=shifts,
        encoder=encoder,
        covariance=covariance,
        log_odds_of_win=found.intercept if record.wins_alone else None,
        log_odds_of_win_sd=learned.log_odds_sd if record.wins_alone else None,
        mostly_prior=1.0 if record.wins_alone else min(learned.mostly_prior, 1.0),
    )


def _curves(before: Curves, learned: Learned, followed: frozenset[int]) -> tuple[Curves, list[float]]:
    """Each stratum's curve over the horizon, scaled to end at 1, and the share that it was scaled by.

    A curve that no lead has followed stays as it was.
    """
    shape = learned.fit.shape
    days = np.arange(HORIZON + 1)
    theta = shape.theta(learned.fit.parameters)
    generator = np.random.default_rng(1)
    curves, ends = [], []
    for at, curve in enumerate(before.all):
        if at not in followed:
            curves.append(curve)
            ends.append(1.0)
            continue
        place = shape.theta_at(at)
        covariance = learned.fit.covariance[place, place]
        ripe = -np.expm1(-shape.latency.cumulative(theta[at], days))
        draws = generator.multivariate_normal(theta[at], covariance, size=_DRAWS, method="eigh")
        doubt = [_next_month(-np.expm1(-shape.latency.cumulative(draw, days))) for draw in draws]
        cumulative = np.maximum.accumulate(ripe / ripe[-1])
        cumulative[0], cumulative[-1] = 0.0, 1.0
        sd = float(np.mean(np.std(np.array(doubt), axis=0)))
        curves.append(Curve(curve.key, cumulative, shape_sd=min(sd, 10.0), basis="learnt from outcomes"))
        ends.append(float(ripe[-1]))
    return Curves(curves), ends


def _next_month(ripe: FloatArray) -> FloatArray:
    """The log-odds of ripening within a month, for those who will, at a few ages."""
    at = np.array(_AGES, dtype=np.int64)
    share = (ripe[at + 30] - ripe[at]) / np.maximum(ripe[-1] - ripe[at], 1e-12)
    result: FloatArray = logit(np.clip(share, 1e-6, 1 - 1e-6))
    return result


def _centred(terms: Sequence[Term], design: FloatArray) -> tuple[Term, ...]:
    """The terms with the average row of one's own leads as typical; with few leads mostly the table's."""
    n = len(design)
    mean = design.mean(axis=0) if n else typical(terms)
    share = (n * mean + _WORTH_OF_TYPICAL * typical(terms)) / (n + _WORTH_OF_TYPICAL)
    return tuple(
        replace(term, typical=float(np.clip(s, 0.0, 1.0))) if term.kind != "feature" else term
        for term, s in zip(terms, share, strict=True)
    )


def _feature_term(feature: Feature, labels: Mapping[str, str], sayings: Mapping[str, str]) -> Term:
    label = labels.get(feature.column, feature.column)
    saying = sayings.get(feature.column, f"{label}: {{}}").replace("{}", feature.level)
    said = {OTHER: "", UNKNOWN: f"{label}: not given", "": ""}.get(feature.level, saying)
    if not label:  # adjusted for, but not for everybody to read
        label, said = feature.column, ""
    return Term(
        key=feature.key,
        label=f"{label}: {feature.level}" if feature.level else label,
        kind="feature",
        group=f"feature {feature.column}",
        mean=0.0,
        sd=float(min(COEFFICIENT_SD / feature.scale, 10.0)),
        typical=feature.centre,
        curve="",
        present=said,
        absent="",
        basis="no opinion: to be learnt from outcomes",
    )
