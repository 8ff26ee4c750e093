"""`ripeline simulate`: figures for every policy, with intervals, without a database; and no for an answer in words."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ripeline.cli.simulate import command
from ripeline.science import market_law
from ripeline.science.simulation.comparing import MEASURES, POLICIES

MARKET = Path(market_law.__file__).with_name("market.toml")
QUICK = ["--months", "3", "--leads-per-month", "20", "--reps", "1", "--minutes-per-day", "30", "--seeds", "2"]


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments])


def test_json_is_a_list_with_every_policy_and_every_figure() -> None:
    done = simulate(*QUICK, "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["policy"] for row in rows] == list(POLICIES)
    for row in rows:
        ends = {f"{key}_{end}" for key in MEASURES for end in ("low", "high")}
        assert set(row) == {"policy", "tightness", *MEASURES, *ends}
        assert all(value is None or isinstance(value, float) for key, value in row.items() if key != "policy")
        assert row["wins_per_100_low"] <= row["wins_per_100"] <= row["wins_per_100_high"]
    assert "Market 2 of 2: ripeline" in done.stderr


def test_the_same_seeds_give_the_same_figures() -> None:
    one, again = (simulate(*QUICK, "--policy", "ripeline", "--json").stdout for _ in range(2))
    assert one == again


def test_only_the_policies_asked_for_are_run_and_a_table_is_for_people() -> None:
    done = simulate(*QUICK, "--policy", "shoebox", "--policy", "oracle")
    assert done.exit_code == 0
    assert "shoebox" in done.stdout
    assert "ripeline" not in done.stdout
    assert "wins of 100" in done.stdout


def test_a_market_of_ones_own_is_obeyed(tmp_path: Path) -> None:
    text = MARKET.read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("per_attempt = { value = 0.358", "per_attempt = { value = 0.01"), encoding="utf-8")
    usual, rarely = (
        json.loads(simulate(*QUICK, "--policy", "ripeline", "--json", *more).stdout)[0]["wins_per_100"]
        for more in ((), ("--market", str(mine)))
    )
    assert rarely < usual


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("median_days = { value = 60", "median_days = { value = -60"), "window.median_days"),
        (("[window]", "[windows]"), "window"),
        (('key = "decision"', 'key = "deciding"'), "stage"),
        (("median_days", "medium_days"), "median_days"),
        (("later = { value = 0.12", "later = { value = 0.9"), "closing.first"),
    ],
)
def test_a_market_that_makes_no_sense_is_refused_with_the_key(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(MARKET.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    done = simulate(*QUICK, "--market", str(mine))
    assert done.exit_code == 2
    assert "mine.toml" in done.output
    assert said in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--policy", "nonsense"], "'nonsense' is not one of"),
        (["--minutes-per-day", "5"], "less than one conversation takes (12 minutes)"),
        (["--leads-per-month", "10000", "--months", "60"], "up to 50,000"),
        (["--months", "0"], "--months"),
        (["--reps", "0"], "--reps"),
        (["--seeds", "0"], "--seeds"),
        (["--leads-per-month", "nan"], "--leads-per-month"),
        (["--market", "/nowhere.toml"], "does not exist"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(arguments: list[str], said: str) -> None:
    done = simulate(*QUICK, *arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output
