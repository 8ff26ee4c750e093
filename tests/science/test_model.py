"""The model as a whole: it scores, explains and is stored alike, before any outcome and after."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from ripeline.science import reasons
from ripeline.science.errors import InputError, UnknownKeyError
from ripeline.science.model import Model, Record, Renewed, renew
from ripeline.science.outcomes import observe
from ripeline.science.prior import DEFAULT_PRIOR, DEFAULT_TERMS, Scores
from ripeline.science.terms import NO, UNKNOWN, YES, Facts

NAN = float("nan")
SOURCES = [term.key for term in DEFAULT_TERMS if term.kind == "source_type"]
SIGNALS = [term.key for term in DEFAULT_TERMS if term.kind == "signal"]
FIELDS = (
    "log_odds", "log_odds_sd", "p_ever", "p_ever_low", "p_ever_high", "p_30", "p_30_low", "p_30_high",
    "p_win", "p_win_low", "p_win_high", "window", "concentrated",
)  # fmt: skip


def record(
    n: int = 600,
    *,
    seed: int = 1,
    wins_alone: bool = False,
    sources: tuple[str, ...] = ("quote_request", "content_download", "trade_show"),
    chances: tuple[float, ...] = (0.6, 0.2, 0.4),
    as_of: float = 300.0,
    won: int = 0,
    lost: int = 0,
) -> Record:
    """A company's outcomes: sources of known quality, a telephone that helps, and a column of its own."""
    rng = np.random.default_rng(seed)
    start, place = rng.uniform(0, 200, n), rng.integers(0, len(sources), n)
    phone, segment = rng.choice([NO, YES, UNKNOWN], n), rng.choice(["hotel", "school", ""], n)
    level = logit(np.array(chances))[place] + 0.5 * phone + np.where(segment == "hotel", 0.8, 0.0)
    will = rng.random(n) < expit(level)
    ripe = np.where(will, start + rng.exponential(40, n), NAN)
    seen = observe(start, ripe_at=ripe, as_of=as_of)
    kept = seen.kept
    return Record(
        outcomes=seen.outcomes,
        source_type=np.array(sources)[place][kept],
        signals={"phone": phone[kept]},
        table={"segment": segment[kept], "rooms": rng.uniform(0, 100, n)[kept]},
        labels={"segment": "Segment"},
        wins_alone=wins_alone,
        won=won,
        lost=lost,
    )


@cache
def learnt(kind: str) -> Model:
    """Models to ask things of, each fitted once."""
    if kind == "prior":
        return Model.of_prior()
    made = {
        "learnt": lambda: record(),
        "closing": lambda: record(won=10, lost=90),
        "wins alone": lambda: record(wins_alone=True, chances=(0.2, 0.05, 0.1)),
        "few": lambda: record(12),
    }
    return renew(Model.of_prior(), made[kind]()).model


KINDS = ("prior", "learnt", "closing", "wins alone", "few")
LEADS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "source": st.sampled_from(["", *SOURCES]),
        "signals": st.fixed_dictionaries({key: st.sampled_from([NO, YES, UNKNOWN]) for key in SIGNALS}),
        "segment": st.sampled_from(["hotel", "school", "", "never seen"]),
        "rooms": st.one_of(st.just(NAN), st.floats(-1e6, 1e6)),
        "age": st.floats(0.0, 500.0),
    }
)


def asked(lead: dict[str, object]) -> tuple[Model, Facts, Scores]:
    model = learnt(str(lead["kind"]))
    facts = model.facts(
        source_type=[str(lead["source"])],
        signals={key: [value] for key, value in lead["signals"].items()},  # type: ignore[attr-defined]
        table={"segment": [lead["segment"]], "rooms": np.array([lead["rooms"]])},
    )
    return model, facts, model.score(facts, age_days=[lead["age"]])


@given(LEADS)
@settings(max_examples=50)
def test_chances_keep_their_order_and_so_do_their_intervals(lead: dict[str, object]) -> None:
    found = asked(lead)[2]
    assert found.p_30[0] <= found.p_ever[0] + 1e-12
    assert found.p_win[0] <= found.p_ever[0] + 1e-12
    for name in ("p_ever", "p_30", "p_win"):
        low, middle, high = (float(getattr(found, f"{name}{end}")[0]) for end in ("_low", "", "_high"))
        assert 0.0 <= low <= middle + 1e-12
        assert middle <= high + 1e-12
        assert high <= 1.0
    first, last = found.window[0]
    assert 0 <= first <= last <= 365
    assert found.log_odds_sd[0] >= 0


@given(LEADS)
@settings(max_examples=50)
def test_a_stored_model_scores_to_the_last_bit_alike(lead: dict[str, object]) -> None:
    model, facts, found = asked(lead)
    again = Model.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    same = again.facts(
        source_type=[str(lead["source"])],
        signals={key: [value] for key, value in lead["signals"].items()},  # type: ignore[attr-defined]
        table={"segment": [lead["segment"]], "rooms": np.array([lead["rooms"]])},
    )
    assert same.design.tobytes() == facts.design.tobytes()
    scores = again.score(same, age_days=[lead["age"]])
    for name in FIELDS:
        assert getattr(scores, name).tobytes() == getattr(found, name).tobytes(), name
    assert again.to_dict() == model.to_dict()


@given(LEADS)
@settings(max_examples=50)
def test_the_order_and_signs_of_the_reasons_are_those_of_the_sorted_contributions(lead: dict[str, object]) -> None:
    model, facts, found = asked(lead)
    ranked = reasons.rank(facts.design, model.terms, limit=50, least=0.0)
    shown = [reason.weight for reason in ranked.words(0, model.terms)]
    assert shown == sorted(shown, key=abs, reverse=True)
    groups: dict[str, float] = {}
    for term, added in zip(model.terms, found.contributions[0], strict=True):
        groups[term.group] = groups.get(term.group, 0.0) + float(added)
    speaking = {
        model.terms[at].group: weight for at, weight in zip(ranked.term[0], ranked.weight[0], strict=True) if at >= 0
    }
    assert speaking == pytest.approx({group: groups[group] for group in speaking})
    # All together they are the lead's distance from the average lead, but for the pace that it follows.
    whole = found.log_odds[0] - model.prior.log_odds - model.shifts[facts.curve[0]]
    assert sum(groups.values()) == pytest.approx(whole, abs=1e-9)


@given(LEADS)
@settings(max_examples=40)
def test_a_lead_that_waits_longer_is_never_believed_in_more(lead: dict[str, object]) -> None:
    model, facts, _ = asked(lead)
    ages = np.arange(0.0, 366.0, 5.0)
    many = Facts(design=np.repeat(facts.design, len(ages), axis=0), curve=np.repeat(facts.curve, len(ages)))
    found = model.score(many, age_days=ages)
    assert np.all(np.diff(found.p_ever) <= 1e-12)
    assert np.all(np.diff(found.p_win) <= 1e-12)


def test_an_empty_installation_ranks_a_quote_request_above_a_white_paper() -> None:
    model = Model.of_prior()
    found = model.score(
        model.facts(source_type=["quote_request", "content_download", ""], signals={}), age_days=[0, 0, 0]
    )
    assert found.p_ever[0] > found.p_ever[2] > found.p_ever[1]
    assert found.p_30[0] > found.p_30[1]
    assert found.p_ever[2] == pytest.approx(0.45)
    assert model.mostly_prior == 1.0


def test_it_still_does_after_learning_from_nothing() -> None:
    """One lead of today, about whom nothing is known yet."""
    nothing = Record(
        outcomes=observe([0.0], ripe_at=[NAN], as_of=0.0).outcomes,
        source_type=np.array(["trade_show"]), signals={}, table={}, labels={}, wins_alone=False, won=0, lost=0,
    )  # fmt: skip
    before, after = Model.of_prior(), renew(Model.of_prior(), nothing).model
    facts = [m.facts(source_type=["quote_request", "content_download"], signals={}) for m in (before, after)]
    was, now = before.score(facts[0], age_days=[0, 0]), after.score(facts[1], age_days=[0, 0])
    assert now.p_ever[0] > now.p_ever[1]
    assert now.p_ever == pytest.approx(was.p_ever, abs=0.03)
    assert now.p_30 == pytest.approx(was.p_30, abs=0.05)
    assert after.mostly_prior == pytest.approx(1.0, abs=1e-6)


def test_no_episodes_at_all_are_refused() -> None:
    nothing = Record(
        outcomes=observe([], ripe_at=[], as_of=0.0).outcomes,
        source_type=np.array([], dtype=np.str_), signals={}, table={}, labels={}, wins_alone=False, won=0, lost=0,
    )  # fmt: skip
    with pytest.raises(InputError, match="no leads"):
        renew(Model.of_prior(), nothing)


def test_what_the_outcomes_say_overrules_the_table() -> None:
    """Here white papers sell and quote requests do not."""
    turned = renew(
        Model.of_prior(), record(3_000, sources=("quote_request", "content_download"), chances=(0.05, 0.6))
    ).model
    found = turned.score(turned.facts(source_type=["quote_request", "content_download"], signals={}), age_days=[0, 0])
    assert found.p_ever[1] > found.p_ever[0]


def test_the_average_lead_is_found_whatever_the_mix_of_sources() -> None:
    model = learnt("learnt")
    facts = model.facts(source_type=["quote_request", "content_download", "trade_show"], signals={})
    found = model.score(facts, age_days=[0, 0, 0])
    assert found.p_ever == pytest.approx([0.68, 0.28, 0.5], abs=0.12)
    assert model.mostly_prior < 0.5


def test_a_pace_that_nobody_followed_keeps_the_priors_curve() -> None:
    """Only trade-show leads came, so nothing was learnt of when quote requests ripen."""
    before = Model.of_prior()
    after = renew(before, record(2_000, sources=("trade_show",), chances=(0.4,))).model
    days = np.arange(0.0, 366.0, 5.0)
    for key in ("front_loaded", "old"):
        assert np.array_equal(after.curves[key].share(days), before.curves[key].share(days)), key
        assert after.curves[key].shape_sd == before.curves[key].shape_sd
    assert np.abs(after.curves["even"].share(days) - before.curves["even"].share(days)).max() > 0.3


def test_where_only_wins_are_recorded_the_level_of_p_ever_stays_the_priors() -> None:
    model = learnt("wins alone")
    assert model.prior == DEFAULT_PRIOR
    assert model.mostly_prior == 1.0
    average = Facts(design=np.array([[term.typical for term in model.terms]]), curve=np.array([0]))
    found = model.score(average, age_days=[0.0])
    assert found.log_odds[0] - model.shifts[0] == pytest.approx(DEFAULT_PRIOR.log_odds)
    # What was learnt is the chance of winning: about one in seven here, whatever the closing ratio is said to be.
    assert model.log_odds_of_win is not None
    assert found.p_win[0] == pytest.approx(expit(model.log_odds_of_win + model.shifts[0]))
    assert 0.1 < found.p_win[0] < 0.25


@pytest.mark.parametrize("ratio", [0.05, 0.33, 0.9])
def test_and_nothing_is_divided_by_a_closing_ratio(ratio: float) -> None:
    """The chance of winning that is learnt hardly depends on the ratio believed in, and P(ever) not at all."""
    start = Model.of_prior()
    prior = replace(start.prior, closing_won=10 * ratio, closing_lost=10 * (1 - ratio))
    model = renew(replace(start, prior=prior), record(2_000, wins_alone=True, chances=(0.2, 0.05, 0.1))).model
    assert model.prior.log_odds == DEFAULT_PRIOR.log_odds
    assert model.log_odds_of_win is not None
    assert expit(model.log_odds_of_win) == pytest.approx(0.15, abs=0.03)


def test_where_buyers_are_recorded_winning_is_p_ever_times_the_closing_ratio() -> None:
    model = learnt("closing")
    found = model.score(model.facts(source_type=["trade_show"], signals={}), age_days=[0.0])
    assert model.prior.closing == pytest.approx((3.3 + 10) / 110)
    assert found.p_win[0] == pytest.approx(found.p_ever[0] * model.prior.closing)


def test_learning_again_from_the_same_record_gives_the_same_model() -> None:
    one, two = (renew(Model.of_prior(), record()).model.to_dict() for _ in range(2))
    assert json.dumps(one) == json.dumps(two)


def test_the_terms_of_the_companys_own_columns_have_words() -> None:
    said = {term.key: term.present for term in learnt("learnt").terms if term.kind == "feature"}
    assert said["segment=hotel"] == "Segment: hotel"
    assert said["segment=unknown"] == "Segment: not given"
    assert said["rooms"] == ""
    told = replace(record(), sayings={"segment": "runs a {}"})
    said = {term.key: term.present for term in renew(Model.of_prior(), told).model.terms if term.kind == "feature"}
    assert said["segment=hotel"] == "runs a hotel"
    assert said["segment=unknown"] == "Segment: not given"


def test_a_refit_does_not_keep_the_features_of_the_last() -> None:
    again, first = (renew(before, record(seed=2)).model for before in (learnt("learnt"), Model.of_prior()))
    keys = [term.key for term in again.terms]
    assert len(keys) == len(set(keys))
    assert keys == [term.key for term in first.terms]


def test_one_win_and_all_won_give_a_model() -> None:
    for n, ripe in ((30, [5.0] + [NAN] * 29), (30, [5.0] * 30), (1, [5.0])):
        one = Record(
            outcomes=observe(np.zeros(n), ripe_at=ripe, as_of=90.0).outcomes,
            source_type=np.full(n, "webinar"), signals={}, table={"same": np.full(n, "x")}, labels={},
            wins_alone=False, won=0, lost=0,
        )  # fmt: skip
        model = renew(Model.of_prior(), one).model
        found = model.score(model.facts(source_type=["webinar"], signals={}), age_days=[0.0])
        assert 0.0 < found.p_ever[0] < 1.0
        assert model.encoder.features == ()


def test_what_the_table_does_not_have_is_refused() -> None:
    model = learnt("learnt")
    with pytest.raises(UnknownKeyError):
        model.facts(source_type=["carrier pigeon"], signals={})
    with pytest.raises(UnknownKeyError):
        model.facts(source_type=["webinar"], signals={"moon": [YES]})
    with pytest.raises(InputError):
        model.facts(source_type=["webinar"], signals={}, table={"rooms": ["many"]})
    with pytest.raises(InputError):
        model.facts(source_type=["webinar"], signals={}, table={"segment": ["hotel", "school"]})


def test_intervals_of_p_ever_hold_the_truth_about_so_often() -> None:
    """The share of a source's leads that ever ripen, against what the model says of them."""
    held = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        chances = tuple(expit(rng.normal(logit(0.45), 0.6, 3)))
        n, start = 400, rng.uniform(0, 150, 400)
        place = rng.integers(0, 3, n)
        ripe = np.where(rng.random(n) < np.array(chances)[place], start + rng.uniform(0, 365, n), NAN)
        sources = np.array(["trade_show", "webinar", "referral"])
        one = Record(
            outcomes=observe(start, ripe_at=ripe, as_of=330.0).outcomes, source_type=sources[place],
            signals={}, table={}, labels={}, wins_alone=False, won=0, lost=0,
        )  # fmt: skip
        model = renew(Model.of_prior(), one).model
        found = model.score(model.facts(source_type=sources, signals={}), age_days=np.zeros(3))
        held.append((found.p_ever_low <= chances) & (np.array(chances) <= found.p_ever_high))
    assert 0.6 <= np.mean(held) <= 0.95


def test_a_renewal_tells_how_it_went() -> None:
    found = renew(Model.of_prior(), record())
    assert isinstance(found, Renewed)
    assert found.learned.shape in ("pieces", "weibull")
    assert set(found.learned.log_scores) == {"pieces", "weibull"}
