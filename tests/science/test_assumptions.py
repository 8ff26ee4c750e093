"""A file of assumptions says where each number comes from, and is refused with the place that is wrong."""

from pathlib import Path

import pytest

import ripeline.science
from ripeline.science import market_law, prior, recheck_rules
from ripeline.science.errors import AssumptionError

SCIENCE = Path(ripeline.science.__file__).parent
LOADERS = {"prior.toml": prior.load, "recheck.toml": recheck_rules.load, "market.toml": market_law.load}


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = (SCIENCE / name).read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize("name", LOADERS)
def test_the_files_that_come_with_ripeline_are_read_whole(name: str) -> None:
    LOADERS[name](SCIENCE / name)


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("prior.toml", "[closing]", "[closings]", "closing.ratio: is missing"),
        ("prior.toml", "value = 0.45,", "value = 1.45,", "between 0.001 and 0.999"),
        ("prior.toml", "value = 0.45,", "value = nan,", "got nan"),
        ("prior.toml", "value = 0.45,", "value = true,", "got True"),
        ("prior.toml", "log_odds_sd = { value = 1.0, basis", "log_odds_sd = { value = 1.0, why", "basis"),
        ("prior.toml", 'key = "demo_request"', 'key = "quote_request"', "two rows have the same key"),
        ("prior.toml", "mean = 1.1", 'mean = "high"', "expected float, got 'high'"),
        ("prior.toml", "mean = 1.1", "mien = 1.1", "term quote_request: missing or unknown: mean, mien"),
        ("prior.toml", "[closing]", "[closing]\nsurprise = 1", "closing.surprise: nobody reads this key"),
        ("prior.toml", 'curve = "front_loaded"', 'curve = "steep"', "'steep' is none of even, front_loaded, old"),
        ("prior.toml", "[closing]", "[closing", "Expected"),
        ("recheck.toml", "unseen = true", "unseen = 1", "expected bool, got 1"),
        ("market.toml", "share = 0.14", "share = 0.5", "the shares add up to 1.36"),
        ("market.toml", 'ripening = "early"', 'ripening = "late"', "ripening must be even or early"),
        ("market.toml", "close_hour = { value = 20", "close_hour = { value = 6", "later than open_hour"),
        ("market.toml", "0.25, 0.25]", "0.25]", "seven are needed"),
        ("market.toml", "first = { value = 0.36", "first = { value = 0.1", "must not be below closing.later"),
        ("market.toml", "even = { value = [0, 0.23, 0.54, 1]", "even = { value = [0, 0.9, 0.54, 1]", "must rise"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(
    tmp_path: Path, name: str, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(AssumptionError) as refusal:
        LOADERS[name](edited(tmp_path, name, old, new))
    assert complaint in str(refusal.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(AssumptionError, match=r"mine\.toml"):
        market_law.load(tmp_path / "mine.toml")


def test_a_market_of_ones_own_is_obeyed(tmp_path: Path) -> None:
    law = market_law.load(edited(tmp_path, "market.toml", "per_month = { value = 150", "per_month = { value = 7"))
    assert law.per_month == 7
