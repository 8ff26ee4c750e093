"""What a set of leads should yield, and whether its interval keeps its word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from ripeline.science.errors import InputError, NotFiniteError, UnknownKeyError
from ripeline.science.expectation import Expectation, expect, shared_error
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR, DEFAULT_TERMS, score
from ripeline.science.terms import YES, encode

many = st.lists(st.tuples(st.floats(-6, 4), st.floats(0, 400), st.sampled_from([0, 1, 2])), max_size=40)
Lead = tuple[float, float, int]


def of(rows: list[Lead], **known: float) -> Expectation:
    odds, ages, kinds = ([row[at] for row in rows] for at in range(3))
    return expect(odds, age_days=ages, curve=np.array(kinds, dtype=int), **known)  # type: ignore[arg-type]


def test_of_128_leads_about_58_will_buy_and_19_be_ours() -> None:
    batch = expect([DEFAULT_PRIOR.log_odds] * 128, age_days=0, curve="even")
    assert batch.n == 128
    assert round(batch.buyers[-1]) == 58
    assert round(batch.ours[-1]) == 19


def test_the_expected_number_is_the_sum_of_what_is_shown_beside_each_lead() -> None:
    facts = encode(
        DEFAULT_TERMS, source_type=["trial", "webinar", ""], signals={"phone": [YES, 0, 0]}, curves=DEFAULT_CURVES
    )
    scores = score(facts.design, DEFAULT_TERMS, age_days=[3, 80, 300], curve=facts.curve)
    batch = expect(scores.log_odds, age_days=[3, 80, 300], curve=facts.curve)
    assert batch.buyers[0] == pytest.approx(scores.p_30.sum())
    assert batch.buyers[-1] == pytest.approx(scores.p_ever.sum())
    assert batch.ours[-1] == pytest.approx(scores.p_win.sum())


@given(many)
def test_the_numbers_are_in_order(rows: list[Lead]) -> None:
    batch = of(rows)
    for low, middle, high in (
        (batch.buyers_low, batch.buyers, batch.buyers_high),
        (batch.ours_low, batch.ours, batch.ours_high),
    ):
        assert np.all(low >= 0)
        assert np.all(low <= high)
        assert np.all(high <= len(rows))
        assert np.all((middle >= 0) & (middle <= len(rows)))
        assert np.all(np.diff(middle) >= -1e-9)
    assert np.all(batch.ours <= batch.buyers)
    assert np.all(batch.ours_high <= batch.buyers_high)


@given(many, st.integers(0, 5), st.integers(0, 5))
def test_what_is_decided_counts_in_full(rows: list[Lead], won: int, elsewhere: int) -> None:
    before, after = of(rows), of(rows, won=won, bought_elsewhere=elsewhere)
    np.testing.assert_allclose(after.buyers - before.buyers, won + elsewhere)
    np.testing.assert_allclose(after.ours - before.ours, won)
    assert np.all(after.buyers_low - before.buyers_low == won + elsewhere)
    assert np.all(after.ours_high - before.ours_high == won)
    assert after.n - before.n == won + elsewhere


def test_an_open_opportunity_is_a_buyer_for_certain_and_ours_by_the_closing_ratio() -> None:
    three = expect([], age_days=[], curve="even", ripe=3)
    assert three.buyers.tolist() == [3, 3, 3]
    assert three.buyers_low.tolist() == three.buyers_high.tolist() == [3, 3, 3]
    assert three.ours == pytest.approx(3 * DEFAULT_PRIOR.closing)


def test_nobody_yields_nothing() -> None:
    none = expect([], age_days=[], curve="even")
    assert none.buyers.tolist() == none.ours.tolist() == [0, 0, 0]
    assert none.buyers_high.tolist() == [0, 0, 0]


@settings(max_examples=25)
@given(st.lists(st.floats(-5, 3), min_size=1, max_size=120))
def test_with_nothing_shared_it_is_the_exact_distribution_of_the_count(log_odds: list[float]) -> None:
    batch = expect(log_odds, age_days=0, curve="even", shared_sd=0.0)
    exact = np.ones(1)
    for p in expit(log_odds):
        exact = np.convolve(exact, [1 - p, p])
    below = np.append(np.cumsum(exact), 0.0)  # below[-1]: fewer than none
    near = 0.01 if len(log_odds) > 50 else 1e-6
    for bound, level in ((batch.buyers_low[-1], 0.1), (batch.buyers_high[-1], 0.9)):
        assert below[bound] >= level - near
        assert below[bound - 1] < level + near


@pytest.mark.parametrize("n", [50, 51])
def test_few_leads_and_many_are_counted_alike(n: int) -> None:
    batch = expect([logit(0.3)] * n, age_days=40, curve="front_loaded")
    assert batch.buyers_low.tolist() == [0, 1, 2]
    assert batch.buyers_high.tolist() == pytest.approx([5, 10, 23], abs=1)
    assert 8 <= batch.ours_high[-1] <= 9


def test_the_interval_holds_the_count_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    log_odds = rng.normal(logit(0.3), 0.8, 150)
    batch = expect(log_odds, age_days=0, curve="even", shared_sd=0.6)
    shift = 0.6 * rng.standard_normal(4000)
    closing = rng.beta(DEFAULT_PRIOR.closing_won, DEFAULT_PRIOR.closing_lost, 4000)
    chance = expit(log_odds + shift[:, None])
    buyers = (rng.random(chance.shape) < chance).sum(axis=1)
    ours = rng.binomial(buyers, closing)
    inside = np.mean((buyers >= batch.buyers_low[-1]) & (buyers <= batch.buyers_high[-1]))
    assert inside == pytest.approx(0.8, abs=0.03)
    assert np.mean((ours >= batch.ours_low[-1]) & (ours <= batch.ours_high[-1])) == pytest.approx(0.8, abs=0.05)


def test_more_doubt_gives_a_wider_interval() -> None:
    widths = []
    for shared in (0.0, 0.5, 1.0):
        batch = expect([DEFAULT_PRIOR.log_odds] * 300, age_days=0, curve="even", shared_sd=shared)
        widths.append(batch.buyers_high[-1] - batch.buyers_low[-1])
    assert widths[0] < widths[1] < widths[2]


def test_a_batch_of_one_kind_shares_its_doubt_and_a_mixed_one_hardly() -> None:
    sources = [term for term in DEFAULT_TERMS if term.kind == "source_type"]
    mixed = [term.key for term in sources for _ in range(round(100 * term.typical))]
    one, all_kinds = (
        shared_error(encode(DEFAULT_TERMS, source_type=kinds, signals={}, curves=DEFAULT_CURVES).design, DEFAULT_TERMS)
        for kinds in (["purchased_list"] * 100, mixed)
    )
    assert one > all_kinds
    assert all_kinds == pytest.approx(DEFAULT_PRIOR.log_odds_sd)
    assert shared_error(np.empty((0, len(DEFAULT_TERMS))), DEFAULT_TERMS) == DEFAULT_PRIOR.log_odds_sd


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"log_odds": [np.nan]}, NotFiniteError),
        ({"age_days": [1.0, 2.0]}, InputError),
        ({"age_days": -1.0}, InputError),
        ({"curve": "steep"}, UnknownKeyError),
        ({"ripe": -1}, InputError),
        ({"won": np.nan}, NotFiniteError),
        ({"shared_sd": -0.1}, InputError),
        ({"days": [-30.0]}, InputError),
    ],
)
def test_bad_input_is_refused_by_name(change: dict[str, object], error: type[InputError]) -> None:
    given_ = {"log_odds": [0.0], "age_days": 0.0, "curve": "even"} | change
    with pytest.raises(error) as refusal:
        expect(given_.pop("log_odds"), **given_)  # type: ignore[arg-type]
    assert refusal.value.name in change
