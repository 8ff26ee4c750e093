"""Columns as features: whatever a company's table holds, later rows are read as the fit read its own."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.errors import InputError
from ripeline.science.features import MOST_LEVELS, OTHER, UNKNOWN, Encoder

NAN = float("nan")


def keys(table: dict[str, object]) -> list[str]:
    return [feature.key for feature in Encoder.of(table).features]  # type: ignore[arg-type]


def test_each_common_category_is_a_feature_and_the_rare_are_pooled() -> None:
    column = ["social"] * 60 + ["email"] * 30 + [f"rare {i}" for i in range(12)]
    assert keys({"origin": column}) == ["origin=social", "origin=email", "origin=other"]


def test_a_column_that_is_the_same_throughout_gives_no_feature() -> None:
    assert keys({"word": ["x"] * 50, "number": [3.5] * 50, "missing": [NAN] * 50, "empty": [""] * 50}) == []
    assert keys({"none": np.array([None] * 50, dtype=object)}) == []


def test_a_value_that_is_missing_here_and_there_is_a_category_of_its_own() -> None:
    assert keys({"origin": ["social"] * 60 + [""] * 30}) == ["origin=social", "origin=unknown"]
    assert "size=unknown" in keys({"size": np.append(np.arange(60.0), np.full(30, NAN))})


def test_a_value_that_was_hardly_ever_missing_says_nothing_when_it_is() -> None:
    encoder = Encoder.of({"origin": ["social"] * 60 + ["email"] * 40 + [""] * 2})
    row = encoder.design({"origin": [""]}, n=1)[0]
    assert np.array_equal(row, encoder.centre)


def test_a_category_first_met_when_scoring_is_pooled_with_the_rare() -> None:
    encoder = Encoder.of({"origin": ["social"] * 60 + ["email"] * 30 + ["fax", "radio"] * 6})
    assert encoder.design({"origin": ["telex"]}, n=1).tolist() == [[0.0, 0.0, 1.0]]
    none_rare = Encoder.of({"origin": ["social"] * 60 + ["email"] * 30})
    assert np.array_equal(none_rare.design({"origin": ["telex"]}, n=1)[0], none_rare.centre)


def test_what_a_handful_have_says_nothing_whatever_became_of_them() -> None:
    """One belief for a standard deviation would let the answer of six in two thousand say anything."""
    assert keys({"when": [""] * 1994 + ["soon"] * 3 + ["later"] * 3}) == []
    assert keys({"chairs": np.append(np.full(1994, NAN), np.arange(6.0))}) == []
    column = ["social"] * 60 + ["email"] * 40 + ["fax"] * 3
    encoder = Encoder.of({"origin": column})
    assert [feature.key for feature in encoder.features] == ["origin=social", "origin=email"]
    assert np.array_equal(encoder.design({"origin": ["fax"]}, n=1)[0], encoder.centre)
    assert np.allclose(encoder.design({"origin": column}, n=103).mean(axis=0), encoder.centre)


def test_words_that_are_our_own_names_for_the_pooled_and_the_missing_do_no_harm() -> None:
    column = [OTHER] * 40 + [UNKNOWN] * 40 + ["social"] * 40 + [""] * 40
    encoder = Encoder.of({"origin": column})
    assert [feature.key for feature in encoder.features] == ["origin=social", "origin=other", "origin=unknown"]
    design = encoder.design({"origin": column}, n=160)
    assert design.sum(axis=0).tolist() == [40, 80, 40]


def test_a_thousand_categories_give_few_features() -> None:
    rng = np.random.default_rng(1)
    column = [f"page {int(page)}" for page in rng.zipf(1.3, 20_000) % 1000]
    encoder = Encoder.of({"page": column})
    assert 2 <= len(encoder.features) <= MOST_LEVELS + 2
    assert keys({"each its own": [str(i) for i in range(1000)]}) == []


def test_a_number_enters_as_it_is_and_by_its_band() -> None:
    encoder = Encoder.of({"chairs": np.arange(100.0)})
    assert next(feature.key for feature in encoder.features) == "chairs"
    assert len(encoder.features) == 6
    design = encoder.design({"chairs": [0.0, 50.0, 99.0]}, n=3)
    assert np.all(np.diff(design[:, 0]) > 0)
    assert np.array_equal(design[:, 1:].sum(axis=1), [1, 1, 1])


@pytest.mark.parametrize("slip", [1e12, -1e12])
def test_one_slip_of_the_keyboard_moves_nothing(slip: float) -> None:
    rng = np.random.default_rng(1)
    clean = rng.normal(100, 10, 1_000)
    one, other = Encoder.of({"x": clean}), Encoder.of({"x": np.append(clean[:-1], slip)})
    assert np.allclose(one.design({"x": clean}, n=1000)[:, 0], other.design({"x": clean}, n=1000)[:, 0], atol=0.1)
    assert np.all(np.abs(other.design({"x": [slip]}, n=1)) < 5)


@pytest.mark.parametrize("bad", [NAN, np.inf, -np.inf])
def test_nan_and_infinity_are_missing(bad: float) -> None:
    encoder = Encoder.of({"x": np.append(np.arange(90.0), np.full(10, bad))})
    design = encoder.design({"x": [bad, 4.0]}, n=2)
    place = [feature.level for feature in encoder.features].index(UNKNOWN)
    assert design[:, place].tolist() == [1.0, 0.0]
    assert np.all(np.isfinite(design))
    assert design[0, 0] == 0.0


def test_a_number_that_is_mostly_one_value_is_read_as_a_number() -> None:
    """All but a handful give 5, so that the held range has no width and only bands are left."""
    column = np.append(np.zeros(15), np.full(1985, 5.0))
    encoder = Encoder.of({"x": column})
    design = encoder.design({"x": column}, n=2000)
    assert np.allclose(design.mean(axis=0), encoder.centre)
    gaps = np.append(column, np.full(200, NAN))
    encoder = Encoder.of({"x": gaps})
    assert np.allclose(encoder.design({"x": gaps}, n=2200).mean(axis=0), encoder.centre)


def test_a_column_that_is_not_there_when_scoring_says_nothing() -> None:
    encoder = Encoder.of({"a": ["x", "y"] * 20, "b": np.arange(40.0)})
    assert np.array_equal(encoder.design({}, n=3), np.tile(encoder.centre, (3, 1)))


def test_words_where_the_fit_saw_numbers_are_refused() -> None:
    encoder = Encoder.of({"x": np.arange(100.0)})
    with pytest.raises(InputError):
        encoder.design({"x": ["many"]}, n=1)


def test_numbers_where_the_fit_saw_words_are_words() -> None:
    encoder = Encoder.of({"x": ["1"] * 20 + ["2"] * 20})
    assert encoder.design({"x": [1, 3]}, n=2).tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="lengths"):
        Encoder.of({"a": ["x"] * 3, "b": ["y"] * 4})
    encoder = Encoder.of({"a": ["x", "y"] * 20})
    with pytest.raises(InputError, match="expected 2"):
        encoder.design({"a": ["x"]}, n=2)


def test_no_rows_one_row_and_no_columns() -> None:
    for table in ({}, {"a": []}, {"a": ["x"]}, {"a": [1.0]}, {"a": np.zeros(0)}):
        encoder = Encoder.of(table)  # type: ignore[arg-type]
        assert encoder.features == ()
        assert encoder.design({}, n=2).shape == (2, 0)


TEXTS = st.sampled_from(["", "a", "b", "c", OTHER, UNKNOWN, "ä"])
NUMBERS = st.one_of(st.sampled_from([NAN, 0.0, 1.0]), st.floats(-1e6, 1e6))
TABLES = st.integers(1, 60).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            "word": st.lists(TEXTS, min_size=n, max_size=n).map(lambda v: v * 5),
            "number": st.lists(NUMBERS, min_size=n, max_size=n).map(lambda v: np.array(v * 5)),
        }
    )
)


@given(TABLES)
def test_the_centre_is_the_average_row_and_the_scale_its_spread(table: dict[str, list[object]]) -> None:
    encoder = Encoder.of(table)  # type: ignore[arg-type]
    design = encoder.design(table, n=len(table["word"]))  # type: ignore[arg-type]
    assert np.all(np.isfinite(design))
    assert np.all(encoder.scale > 0)
    assert np.allclose(design.mean(axis=0), encoder.centre, atol=0.02)


@given(TABLES)
def test_the_order_of_the_rows_does_not_matter(table: dict[str, list[object]]) -> None:
    order = np.random.default_rng(len(table["word"])).permutation(len(table["word"]))
    mixed = {name: np.array(values)[order] for name, values in table.items()}
    one, other = Encoder.of(table), Encoder.of(mixed)  # type: ignore[arg-type]
    assert [feature.key for feature in one.features] == [feature.key for feature in other.features]
    assert np.allclose(one.centre, other.centre)
    assert np.allclose(one.scale, other.scale)


def test_a_feature_is_plain_words_and_numbers() -> None:
    for feature in Encoder.of({"a": ["x", "y"] * 20, "b": np.arange(40.0)}).features:
        json.dumps(asdict(feature))
