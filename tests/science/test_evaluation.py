"""The fit judged on rows that it has not seen: no leak, whatever is written after the day of learning."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from ripeline.science import metrics, truth
from ripeline.science.errors import InputError, NoEventsError, NotFiniteError, SeparationError
from ripeline.science.evaluation import Dated, after, by_folds, by_label, learn_from

NAN = float("nan")


def dated(n: int = 1_500, *, seed: int = 1, pace: truth.Pace = truth.front_loaded, censor: float = 500.0) -> Dated:
    true = truth.simulate(
        n, rng=np.random.default_rng(seed), log_odds=logit(0.2), effects=[1.0], pace=pace, arriving=200.0
    )
    table = {"size": true.design[:, 0], "segment": np.where(true.design[:, 0] > 0, "big", "small")}
    return Dated(table=table, start=true.start, ripe_at=true.ripe_at, never_at=true.never_at, censor=censor)


ALL = np.ones(1_500, dtype=np.bool_)


def test_a_useful_fact_is_found_and_the_counts_are_right() -> None:
    found = by_folds(dated())
    assert (found.n, found.auc, found.brier) == (1_500, None, None)
    assert 0.68 < (found.uno_c or 0) < 0.85
    assert 0.05 < (found.ibs or 0) < 0.15
    assert found.eo_30 == pytest.approx(1.0, abs=0.15)
    assert found.eo_90 == pytest.approx(1.0, abs=0.15)
    assert found.fit_seconds > 0


def test_it_beats_who_knows_nothing() -> None:
    data = dated()
    none = replace(data, table={"noise": np.random.default_rng(2).normal(size=1_500)})
    assert (by_folds(data).ibs or 1) < (by_folds(none).ibs or 0)
    assert by_folds(none).uno_c == pytest.approx(0.5, abs=0.06)


def test_the_same_seed_gives_the_same_figures() -> None:
    one, two, other = (replace(by_folds(dated(), seed=seed), fit_seconds=0.0) for seed in (1, 1, 2))
    assert one == two != other


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_what_is_written_after_the_day_of_learning_changes_nothing_to_the_last_bit(seed: int) -> None:
    """A planted leak brings no profit: later wins, refusals and even slow ones that would stretch the horizon."""
    rng, data, day = np.random.default_rng(seed), dated(), 120.0
    late = rng.random(len(data)) < 0.7
    later = day + rng.exponential(2_000.0, len(data)) + 1e-6
    changed = replace(
        data,
        ripe_at=np.where(~(data.ripe_at <= day), np.where(late, later, NAN), data.ripe_at),
        never_at=np.where(~(data.never_at <= day), np.where(~late, later, NAN), data.never_at),
    )
    _, one = learn_from(data, data.start < day, as_of=day)
    _, two = learn_from(changed, data.start < day, as_of=day)
    assert one.fit.parameters.tobytes() == two.fit.parameters.tobytes()
    assert one.log_scores == two.log_scores


def test_a_column_written_after_the_landmark_tells_nothing_of_rows_to_come() -> None:
    """A status that says "won" once it is: known of the learnt rows, blank on the day that others begin."""
    data, day = dated(2_000, censor=600.0), 150.0
    status = np.where(data.ripe_at <= day, "won", "open")
    leaking = replace(data, table={**data.table, "status": np.where(data.start < day, status, "open")})
    honest, leaked = after(data, day), after(leaking, day)
    assert leaked.uno_c is not None
    assert honest.uno_c is not None
    assert leaked.uno_c <= honest.uno_c + 0.02


def test_rows_begun_after_the_split_are_judged_and_those_before_are_not() -> None:
    data = dated()
    found = after(data, 100.0)
    assert found.n == 1_500
    assert 0.6 < (found.uno_c or 0) < 0.9
    # Other facts about the judged rows change the figures; without any row to judge there are none.
    with pytest.raises(NoEventsError, match="judge"):
        after(data, 300.0)
    with pytest.raises(NoEventsError, match="begun"):
        after(data, -1.0)


def test_expected_over_actual_is_the_sum_of_chances_over_kaplan_meiers_count() -> None:
    """With everybody watched for long enough Kaplan-Meier's count is the count."""
    data = dated(900)
    took = data.ripe_at - data.start
    found = by_folds(data)
    per_90 = [0.0, 0.0]
    fold = np.random.default_rng(1).permutation(900) % 5
    for one in range(5):
        encoder, learned = learn_from(data, fold != one, as_of=data.censor)
        rows = fold == one
        design = encoder.design({name: values[rows] for name, values in data.table.items()}, n=int(rows.sum()))
        chance = 1 / (1 + np.exp(-learned.log_odds(design)))
        per_90[0] += float((chance * -np.expm1(-learned.hazard(design, np.full(int(rows.sum()), 90.0)))).sum())
        per_90[1] += int((took[rows] <= 90).sum())
    assert found.eo_90 == pytest.approx(per_90[0] / per_90[1])


def test_who_is_known_never_to_ripen_counts_as_watched_to_the_end() -> None:
    """Half of those who never buy say so on the next day. That must not look like a share of buyers twice as large."""
    data = dated(2_000)
    said = np.isnan(data.ripe_at) & (np.arange(2_000) % 2 == 0)
    frank = replace(data, never_at=np.where(said, data.start + 1.0, NAN))
    plain, told = by_folds(data), by_folds(frank)
    assert told.n == plain.n
    assert told.eo_90 == pytest.approx(1.0, abs=0.12)
    assert told.ibs == pytest.approx(plain.ibs or 0, abs=0.01)


def test_slow_buyers_stretch_the_horizon() -> None:
    data = dated(1_000, pace=lambda share: 700.0 * share, censor=1_000.0)
    _, learned = learn_from(data, np.ones(1_000, dtype=np.bool_), as_of=1_000.0)
    assert 650 < learned.belief.cuts[-1] <= 700
    assert by_folds(data).events == pytest.approx(np.isfinite(data.ripe_at).sum(), rel=0.03)


# Labels alone.


def test_labels_alone_give_auc_and_brier() -> None:
    data = dated()
    found = by_label(data.table, np.isfinite(data.ripe_at))
    assert (found.n, found.events) == (1_500, int(np.isfinite(data.ripe_at).sum()))
    assert (found.uno_c, found.ibs, found.eo_30, found.eo_90) == (None, None, None, None)
    assert 0.7 < (found.auc or 0) < 0.85
    share = found.events / found.n
    assert (found.brier or 1) < share * (1 - share)


def test_a_label_that_is_told_by_a_column_is_found() -> None:
    told = np.tile([0.0, 1.0], 200)
    found = by_label({"status": np.where(told == 1, "won", "lost")}, told)
    assert found.auc == 1.0


def test_nobody_and_everybody_are_told_apart() -> None:
    table = {"x": np.arange(20.0)}
    with pytest.raises(NoEventsError, match="nobody bought"):
        by_label(table, np.zeros(20))
    with pytest.raises(SeparationError, match="everybody bought"):
        by_label(table, np.ones(20))
    with pytest.raises(NoEventsError):
        by_label({"x": np.zeros(0)}, [])
    with pytest.raises(InputError, match="0 or 1"):
        by_label(table, np.arange(20.0))
    with pytest.raises(NotFiniteError):
        by_label(table, np.full(20, NAN))


def test_a_single_win_leaves_no_auc_in_most_folds() -> None:
    label = np.zeros(50)
    label[7] = 1.0
    found = by_label({"x": np.arange(50.0)}, label)
    assert found.brier == pytest.approx(0.02, abs=0.02)


# Sane whatever comes.


@pytest.mark.parametrize("ripe", ["nobody", "everybody", "one"])
def test_nobody_everybody_and_one(ripe: str) -> None:
    data = dated(200)
    at = {
        "nobody": np.full(200, NAN),
        "everybody": data.start + 1.0 + np.arange(200) % 90,
        "one": np.where(np.arange(200) == 3, data.start + 20.0, NAN),
    }[ripe]
    found = by_folds(replace(data, ripe_at=at))
    assert found.events == np.isfinite(at).sum()
    if ripe == "nobody":
        assert (found.uno_c, found.eo_30) == (None, None)
    for figure in (found.uno_c, found.ibs, found.eo_30, found.eo_90):
        assert figure is None or np.isfinite(figure)


def test_too_few_rows_for_the_folds_are_refused() -> None:
    data = dated(3)
    with pytest.raises(InputError, match="folds"):
        by_folds(data)
    assert by_folds(data, folds=3).n == 3


def test_a_short_record_has_no_integrated_score() -> None:
    assert by_folds(dated(censor=120.0)).ibs is None


def test_won_before_they_came_and_begun_in_the_future_are_left_out() -> None:
    data = dated(400)
    odd = replace(
        data,
        start=np.where(np.arange(400) < 50, 9_000.0, data.start),
        ripe_at=np.where((np.arange(400) >= 50) & (np.arange(400) < 60), -5.0, data.ripe_at),
    )
    assert by_folds(odd).n == 340


def test_the_measures_are_those_of_the_metrics() -> None:
    """By hand on the one split: what `after` says is what the metrics say of what `learn_from` learnt."""
    data, day = dated(), 100.0
    encoder, learned = learn_from(data, data.start < day, as_of=day)
    rows = data.start >= day
    n = int(rows.sum())
    design = encoder.design({name: values[rows] for name, values in data.table.items()}, n=n)
    ripe = (data.ripe_at <= data.censor)[rows] & (data.ripe_at - data.start <= 365.0)[rows]
    age = np.where(ripe, (data.ripe_at - data.start)[rows], np.minimum((data.censor - data.start)[rows], 365.0))
    chance = 1 / (1 + np.exp(-learned.log_odds(design)))
    risk = chance * -np.expm1(-learned.hazard(design, np.full(n, 160.0)))
    assert after(data, day).uno_c == pytest.approx(metrics.uno_c(age, ripe, risk))
