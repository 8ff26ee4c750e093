"""What is believed of a lead before there are outcomes: P(ever), P(30 days), the window, and how sure that is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from ripeline.science.errors import InputError, NotFiniteError, UnknownKeyError
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR, DEFAULT_TERMS, Scores, ripe_within, score
from ripeline.science.terms import NO, UNKNOWN, YES, Facts, Term, contributions, encode

SOURCES = [term.key for term in DEFAULT_TERMS if term.kind == "source_type"]
SIGNALS = [term.key for term in DEFAULT_TERMS if term.kind == "signal"]

leads = st.lists(
    st.tuples(
        st.sampled_from(["", *SOURCES]),
        st.fixed_dictionaries({key: st.sampled_from([NO, YES, UNKNOWN]) for key in SIGNALS}),
        st.floats(0, 500),
    ),
    min_size=1,
    max_size=12,
)
Lead = tuple[str, dict[str, int], float]


def facts_of(rows: list[Lead]) -> Facts:
    signals = {key: [row[1][key] for row in rows] for key in SIGNALS}
    return encode(DEFAULT_TERMS, source_type=[row[0] for row in rows], signals=signals, curves=DEFAULT_CURVES)


def scored(rows: list[Lead]) -> Scores:
    facts = facts_of(rows)
    return score(facts.design, DEFAULT_TERMS, age_days=[row[2] for row in rows], curve=facts.curve)


def fresh(source: str, age: float = 0.0, **signals: int) -> Scores:
    return scored([(source, {key: signals.get(key, UNKNOWN) for key in SIGNALS}, age)])


# What a company with an empty database sees


def test_an_empty_installation_ranks_a_quote_request_above_a_white_paper() -> None:
    quote, paper = fresh("quote_request"), fresh("content_download")
    assert quote.p_ever > paper.p_ever
    assert quote.p_30 > 5 * paper.p_30
    assert quote.p_win > paper.p_win


def test_a_lead_of_which_nothing_is_known_is_the_average_lead() -> None:
    unknown = fresh("")
    assert unknown.p_ever[0] == pytest.approx(0.45)
    assert unknown.p_win[0] == pytest.approx(0.45 * 0.33)
    assert not unknown.contributions.any()


def test_the_average_lead_ripens_as_published() -> None:
    three, six, twelve = (
        ripe_within([DEFAULT_PRIOR.log_odds], age_days=0, curve="even", days=days)[0] for days in (91, 182, 365)
    )
    assert 0.10 <= three <= 0.15
    assert six == pytest.approx(0.26)
    assert twelve == pytest.approx(0.45)


def test_a_typical_mix_of_leads_is_as_good_as_the_rule_says() -> None:
    sources = [term for term in DEFAULT_TERMS if term.kind == "source_type"]
    share = np.array([term.typical for term in sources])
    facts = encode(DEFAULT_TERMS, source_type=[term.key for term in sources], signals={}, curves=DEFAULT_CURVES)
    scores = score(facts.design, DEFAULT_TERMS, age_days=0, curve=facts.curve)
    assert share.sum() == pytest.approx(1)
    assert share @ scores.p_ever == pytest.approx(0.45, abs=0.01)


def test_an_old_lead_looked_at_again_has_a_low_chance_and_a_wide_interval() -> None:
    old, new = fresh("trade_show", reopened=YES), fresh("trade_show")
    assert 0.08 < old.p_ever[0] < 0.2
    assert old.p_ever_high[0] / old.p_ever_low[0] > 3 * new.p_ever_high[0] / new.p_ever_low[0]


def test_a_column_that_nobody_filled_in_says_nothing_against_a_lead() -> None:
    asked, unasked = fresh("webinar", phone=NO), fresh("webinar")
    assert asked.p_ever < unasked.p_ever < fresh("webinar", phone=YES).p_ever


def test_months_without_ripening_lower_the_chance_and_the_year_ends_it() -> None:
    chances = [fresh("webinar", age=age).p_ever[0] for age in (0, 90, 180, 270, 364)]
    assert chances == sorted(chances, reverse=True)
    over = fresh("webinar", age=365)
    for name in ("p_ever", "p_30", "p_win"):
        assert [getattr(over, name + end)[0] for end in ("_low", "", "_high")] == [0, 0, 0]
    assert over.window.tolist() == [[0, 0]]
    assert not over.concentrated[0]


def test_a_window_is_named_only_where_it_says_something() -> None:
    assert fresh("quote_request").concentrated[0]
    assert fresh("quote_request").window[0, 1] < 60
    assert not fresh("webinar").concentrated[0]


# Laws


@given(leads)
def test_probabilities_are_probabilities_and_lie_within_their_intervals(rows: list[Lead]) -> None:
    scores = scored(rows)
    for name in ("p_ever", "p_30", "p_win"):
        low, middle, high = (getattr(scores, name + end) for end in ("_low", "", "_high"))
        assert np.all(low >= 0)
        assert np.all(low <= middle)
        assert np.all(middle <= high)
        assert np.all(high <= 1)
    assert np.all(scores.p_30 <= scores.p_ever)
    assert np.all(scores.p_win <= scores.p_ever)
    assert np.all(scores.window[:, 0] <= scores.window[:, 1])


@given(leads, st.randoms(use_true_random=False))
def test_a_lead_scores_the_same_in_whatever_company_and_order(rows: list[Lead], random: object) -> None:
    together = scored(rows)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = scored([rows[at] for at in order])
    for name in ("p_ever", "p_30", "p_win_high", "log_odds_sd"):
        np.testing.assert_allclose(getattr(shuffled, name), getattr(together, name)[order], rtol=1e-12)
    np.testing.assert_allclose(scored([rows[0]]).p_30, together.p_30[:1], rtol=1e-12)


@given(leads)
def test_contributions_add_up_to_the_difference_from_the_average_lead(rows: list[Lead]) -> None:
    at_capture = scored([(source, signals, 0.0) for source, signals, _ in rows])
    np.testing.assert_allclose(
        at_capture.contributions.sum(axis=1), logit(at_capture.p_ever) - logit(0.45), rtol=1e-9, atol=1e-9
    )


@given(leads, st.sampled_from(SIGNALS))
def test_a_good_sign_never_lowers_and_a_bad_one_never_raises_the_chance(rows: list[Lead], key: str) -> None:
    mean = next(term.mean for term in DEFAULT_TERMS if term.key == key)
    without, having = (scored([(s, signals | {key: has}, age) for s, signals, age in rows]) for has in (NO, YES))
    assert np.all((having.p_ever - without.p_ever) * np.sign(mean) >= 0)


@given(st.sampled_from(SOURCES), st.floats(0, 364), st.floats(0, 30), st.floats(0, 365))
def test_a_longer_look_ahead_never_lowers_the_chance(source: str, age: float, less: float, more: float) -> None:
    chances = [
        ripe_within([0.3], age_days=age, curve="front_loaded", days=days)[0] for days in (less, less + more, 365)
    ]
    assert chances == sorted(chances)


@given(st.floats(0, 400), st.sampled_from(["even", "front_loaded", "old"]))
def test_waiting_and_then_asking_agrees_with_asking_at_once(age: float, curve: str) -> None:
    """P(90 d) = P(30 d) + P(not in 30 d) P(60 d | then)."""
    odds = [DEFAULT_PRIOR.log_odds]
    at_once = ripe_within(odds, age_days=age, curve=curve, days=90)
    month = ripe_within(odds, age_days=age, curve=curve, days=30)
    after = ripe_within(odds, age_days=age + 30, curve=curve, days=60)
    np.testing.assert_allclose(at_once, month + (1 - month) * after, atol=1e-12)


@given(leads)
def test_a_higher_level_gives_a_wider_interval(rows: list[Lead]) -> None:
    facts = facts_of(rows)
    age = [min(row[2], 360) for row in rows]
    narrow, wide = (
        score(facts.design, DEFAULT_TERMS, age_days=age, curve=facts.curve, level=level) for level in (0.5, 0.9)
    )
    for name in ("p_ever", "p_30", "p_win"):
        assert np.all(getattr(wide, name + "_low") <= getattr(narrow, name + "_low"))
        assert np.all(getattr(wide, name + "_high") >= getattr(narrow, name + "_high"))


# Truth


def test_simulated_leads_ripen_as_often_as_was_said() -> None:
    rng = np.random.default_rng(7)
    n = 200_000
    signals = {key: rng.integers(0, 2, n) * (key != "reopened") for key in SIGNALS}
    facts = encode(DEFAULT_TERMS, source_type=rng.choice(SOURCES, n), signals=signals, curves=DEFAULT_CURVES)
    buyer = rng.random(n) < score(facts.design, DEFAULT_TERMS, age_days=0, curve=facts.curve).p_ever
    share = rng.random(n)
    ripe = np.where(facts.curve == 0, DEFAULT_CURVES["even"].ages(share), DEFAULT_CURVES["front_loaded"].ages(share))
    ripe = np.where(buyer, ripe, np.inf)
    for age in (0, 20, 100, 300):
        still = ripe > age
        scores = score(facts.design[still], DEFAULT_TERMS, age_days=age, curve=facts.curve[still])
        for said, happened in ((scores.p_30, ripe[still] <= age + 30), (scores.p_ever, np.isfinite(ripe[still]))):
            for part in np.array_split(np.argsort(said, kind="stable"), 5):
                error = 4 * np.sqrt(said[part].mean() / len(part))
                assert happened[part].mean() == pytest.approx(said[part].mean(), abs=error)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    facts = encode(DEFAULT_TERMS, source_type=["demo_request"], signals={"phone": [YES]}, curves=DEFAULT_CURVES)
    scores = score(facts.design, DEFAULT_TERMS, age_days=45, curve=facts.curve)
    off = contributions(facts.design, [replaced(term, mean=1.0) for term in DEFAULT_TERMS])[0]
    sd = np.array([term.sd for term in DEFAULT_TERMS])
    draws = 20_000
    odds = scores.log_odds[0] + rng.standard_normal(draws) + rng.standard_normal((draws, len(sd))) @ (off * sd)
    truth = ripe_within(odds, age_days=45, curve="front_loaded", days=365)
    assert np.mean((truth >= scores.p_ever_low) & (truth <= scores.p_ever_high)) == pytest.approx(0.8, abs=0.01)
    closing = rng.beta(DEFAULT_PRIOR.closing_won, DEFAULT_PRIOR.closing_lost, draws)
    wins = truth * closing
    assert np.mean((wins >= scores.p_win_low) & (wins <= scores.p_win_high)) == pytest.approx(0.8, abs=0.04)


def replaced(term: Term, **changes: float) -> Term:
    return Term(**{**{name: getattr(term, name) for name in Term.__slots__}, **changes})


# Bad input


def test_nobody_to_score_is_no_problem() -> None:
    facts = encode(DEFAULT_TERMS, source_type=[], signals={}, curves=DEFAULT_CURVES)
    scores = score(facts.design, DEFAULT_TERMS, age_days=[], curve=facts.curve)
    assert scores.p_ever.shape == (0,)
    assert scores.window.shape == (0, 2)
    assert scores.contributions.shape == (0, len(DEFAULT_TERMS))


def test_without_terms_every_lead_is_the_average_lead() -> None:
    scores = score(np.zeros((3, 0)), [], age_days=[0, 0, 0], curve="even")
    assert scores.p_ever == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"age_days": [np.nan]}, NotFiniteError),
        ({"age_days": [np.inf]}, NotFiniteError),
        ({"age_days": [-1.0]}, InputError),
        ({"age_days": [1.0, 2.0]}, InputError),
        ({"age_days": ["soon"]}, InputError),
        ({"curve": "steep"}, UnknownKeyError),
        ({"curve": [3]}, UnknownKeyError),
        ({"curve": [0.5]}, InputError),
        ({"design": [[0.0]]}, InputError),
        ({"design": [[np.nan] * len(DEFAULT_TERMS)]}, NotFiniteError),
        ({"level": 1.0}, InputError),
    ],
)
def test_bad_input_is_refused_by_name(change: dict[str, object], error: type[InputError]) -> None:
    given_ = {"design": np.zeros((1, len(DEFAULT_TERMS))), "age_days": [0.0], "curve": "even", "level": 0.8} | change
    design = given_.pop("design")
    with pytest.raises(error) as refusal:
        score(design, DEFAULT_TERMS, **given_)  # type: ignore[arg-type]
    assert refusal.value.name in {*change}


@pytest.mark.parametrize(
    ("source", "signals", "error"),
    [
        (["carrier_pigeon"], {}, UnknownKeyError),
        (["trial"], {"zodiac": [YES]}, UnknownKeyError),
        (["trial"], {"phone": [2]}, UnknownKeyError),
        (["trial"], {"phone": [YES, NO]}, InputError),
    ],
)
def test_facts_that_the_table_does_not_know_are_refused(
    source: list[str], signals: dict[str, list[int]], error: type[InputError]
) -> None:
    with pytest.raises(error):
        encode(DEFAULT_TERMS, source_type=source, signals=signals, curves=DEFAULT_CURVES)


def test_a_term_that_makes_no_sense_is_refused() -> None:
    term = DEFAULT_TERMS[0]
    for change in ({"sd": -1.0}, {"typical": 1.5}, {"mean": np.nan}, {"kind": "feeling"}):
        with pytest.raises(InputError):
            replaced(term, **change)  # type: ignore[arg-type]


@settings(max_examples=20)
@given(st.integers(1, 3))
def test_single_precision_is_good_enough(seed: int) -> None:
    facts = encode(
        DEFAULT_TERMS,
        source_type=np.random.default_rng(seed).choice(SOURCES, 50),
        signals={},
        curves=DEFAULT_CURVES,
    )
    double, single = (
        score(facts.design.astype(kind), DEFAULT_TERMS, age_days=10, curve=facts.curve) for kind in ("f8", "f4")
    )
    np.testing.assert_allclose(single.p_30, double.p_30, rtol=1e-5)
