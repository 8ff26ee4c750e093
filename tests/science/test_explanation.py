"""The page that explains the prior quotes the figures that the code computes."""

import re
from pathlib import Path

import pytest

from ripeline.science.curves import Curve
from ripeline.science.expectation import expect
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR, DEFAULT_TERMS, score
from ripeline.science.recheck import next_contact
from ripeline.science.terms import YES, Term, encode

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "ripening-prior.md").read_text(encoding="utf-8")
FLAT = " ".join(PAGE.split())
SOURCES = [term for term in DEFAULT_TERMS if term.kind == "source_type"]


def percent(p: float) -> int:
    return round(100 * p)


@pytest.mark.parametrize("term", SOURCES, ids=lambda term: term.key)
def test_each_source_is_listed_with_what_an_empty_installation_says(term: Term) -> None:
    facts = encode(DEFAULT_TERMS, source_type=[term.key], signals={}, curves=DEFAULT_CURVES)
    said = score(facts.design, DEFAULT_TERMS, age_days=0, curve=facts.curve)
    row = (
        f"| {term.label} | {percent(said.p_ever[0])} % "
        f"| {percent(said.p_ever_low[0])} and {percent(said.p_ever_high[0])} % | {percent(said.p_30[0])} % |"
    )
    assert row in PAGE


@pytest.mark.parametrize("curve", DEFAULT_CURVES.all, ids=lambda curve: curve.key)
def test_each_curve_is_listed_as_it_runs(curve: Curve) -> None:
    shares = curve.share([30, 91, 182, 365])
    wanted = " | ".join(f"{percent(share)} %" for share in shares)
    assert re.search(rf"\| {curve.key} \| [^|]+ \| {re.escape(wanted)} \|", PAGE)


def test_what_is_said_of_a_hundred_leads_an_old_one_and_the_next_contact_holds() -> None:
    hundred = [DEFAULT_PRIOR.log_odds] * 100
    unsure, sure = (expect(hundred, age_days=0, curve="even", shared_sd=sd) for sd in (None, 0.1))
    assert f"between {unsure.buyers_low[-1]} and {unsure.buyers_high[-1]} on the first day" in FLAT
    assert f"between {sure.buyers_low[-1]} and {sure.buyers_high[-1]} once the level is known" in FLAT

    facts = encode(DEFAULT_TERMS, source_type=[""], signals={"reopened": [YES]}, curves=DEFAULT_CURVES)
    old = score(facts.design, DEFAULT_TERMS, age_days=0, curve=facts.curve)
    figures = [percent(value[0]) for value in (old.p_ever, old.p_ever_low, old.p_ever_high)]
    assert "about {} of 100, between {} and {}".format(*figures) in FLAT

    weeks, days = next_contact([0.04, 0.3], disposition="reached", kind="even").days
    assert round(weeks / 7) == 5
    assert days == 10
