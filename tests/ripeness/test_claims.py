"""What was said about leads, held against what came; and the words in which it is said."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.leads.decisions import actions as leads
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions, claims, queries, rules
from ripeline.ripeness.models import Claim, Score
from ripeline.science import reasons
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_TERMS
from ripeline.science.terms import NO, UNKNOWN, YES, contributions, encode
from tests.cast import MONDAY, MakeLead, by, soon


def test_what_is_said_of_a_lead_is_kept_once_in_thirty_days(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        make_lead(alice)
        actions.rescore()
    for days in (1, 29, 31, 45):
        with clock.at(MONDAY + timedelta(days=days)):
            actions.rescore()
    assert [(claim.day - MONDAY.date()).days for claim in Claim.objects.order_by("day")] == [0, 31]
    claim = Claim.objects.order_by("day")[0]
    assert claim.band == rules.band(claim.p_30)
    assert claim.model == "prior-1"


def test_how_often_it_came_true_is_counted_from_what_was_shown(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        many = [make_lead(alice, name="X", email="", company="") for _ in range(25)]
        actions.rescore()
    (shown,) = set(Claim.objects.values_list("band", flat=True))

    def counted(*, has_learnt: bool = False) -> tuple[int, int, bool] | None:
        found = queries.kept(shown, has_learnt=has_learnt)
        return (found.n, found.did, found.of_before) if found else None

    for ahead, lead in zip((3, 10, 20, 29, 33, 40), many, strict=False):
        with clock.at(MONDAY + timedelta(days=ahead)):
            leads.open_opportunity(lead.pk, by(alice), next=soon())
    with clock.at(MONDAY + timedelta(days=29)):
        actions.rescore()
        assert queries.kept(shown, has_learnt=False) is None  # not over yet
    with clock.at(MONDAY + timedelta(days=45)):
        actions.rescore()
        assert counted() == (25, 4, False)  # those after the 30 days do not count
        leads.undo(Lead.objects.get(pk=many[0].pk).decision_id, by(alice))
        claims.count()
        assert counted(has_learnt=True) == (25, 3, True)  # nor does what was taken back


def test_of_few_leads_nothing_is_said_yet(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for _ in range(19):
            make_lead(alice)
        actions.rescore()
    with clock.at(MONDAY + timedelta(days=40)):
        actions.rescore()
        assert queries.kept_bands(by_rule=False) == []
        assert queries.kept(rules.band(0.05), has_learnt=True) is None
        assert rules.kept_words(0.34, None) == ""


def test_the_sentence_says_what_why_and_how_often_it_was_right() -> None:
    score = Score(
        p_30=0.34, p_30_low=0.25, p_30_high=0.45,
        reasons=[["quote_request", True, 1.1], ["title_director", True, 0.2], ["x", True, -0.1, "Budget: not yet"]],
    )  # fmt: skip
    assert rules.sentence(score, rules.Kept(212, 71, said=0.33)) == (
        "Likely ready within a month (34 %, between 25 and 45): asked for a quote (+), leads a department (+),"
        " Budget: not yet (−). Of 212 leads that we gave 25 to 40 %, 71 were ready within the month, about as many as"
        " expected."
    )
    score.p_30, score.p_30_low, score.p_30_high, score.reasons = 0.03, 0.01, 0.05, []
    assert rules.sentence(score) == "Still green (ready within a month: 3 %, between 1 and 5)."


def test_what_is_said_agrees_with_how_often_it_came_true() -> None:
    """A score of 17 % beside "1 of 25" says which leads those were, and which way the figure may be wrong."""
    assert rules.kept_words(0.17, rules.Kept(25, 1, said=0.19)) == (
        "Of 25 leads that we gave 15 to 25 %, 1 was ready within the month, fewer than the 5 to be expected,"
        " so 17 % may be too high."
    )
    assert rules.kept_words(0.01, rules.Kept(857, 34, said=0.012)) == (
        "Of 857 leads that we gave less than 2 %, 34 were ready within the month, more than the 10 to be expected,"
        " so 1 % may be too low."
    )
    assert rules.kept_words(0.5, rules.Kept(44, 10, of_before=True, said=0.58)) == (
        "Of 44 leads that the Rule of 45 gave 40 % or more, 10 were ready within the month, fewer than the 26 to be"
        " expected; what we say now has learnt from that."
    )
    assert rules.kept_words(0.34, rules.Kept(212, 71)) == (
        "Of 212 leads that we gave 25 to 40 %, 71 were ready within the month."
    )


@given(st.data())
def test_order_and_signs_of_the_reasons_are_those_of_the_sorted_contributions(data: st.DataObject) -> None:
    sources = [term.key for term in DEFAULT_TERMS if term.kind == "source_type"]
    facts = encode(
        DEFAULT_TERMS,
        source_type=[data.draw(st.sampled_from(["", *sources]))],
        signals={key: [data.draw(st.sampled_from([YES, NO, UNKNOWN]))] for key in rules.SIGNALS},
        curves=DEFAULT_CURVES,
    )
    ranked = reasons.rank(facts.design, DEFAULT_TERMS)
    stored = [
        [DEFAULT_TERMS[at].key, has, weight]
        for at, has, weight in zip(ranked.term[0], ranked.present[0], ranked.weight[0], strict=True)
        if at >= 0
    ]
    said = rules.reasons(stored)
    by_group: dict[str, float] = {}
    for term, adds in zip(DEFAULT_TERMS, contributions(facts.design, DEFAULT_TERMS)[0].tolist(), strict=True):
        by_group[term.group] = by_group.get(term.group, 0.0) + adds
    groups = {term.key: term.group for term in DEFAULT_TERMS}
    assert [weight for _, weight in said] == pytest.approx([by_group[groups[key]] for key, _, _ in stored])
    assert [abs(weight) for _, weight in said] == sorted((abs(weight) for _, weight in said), reverse=True)
    signs = [words.strip()[-3:] for words in rules.why(stored).split(", ") if words.endswith(")")]
    assert [sign for sign in signs if sign in ("(+)", "(−)")] == ["(+)" if w > 0 else "(−)" for _, w in said]


@given(st.floats(0, 1))
def test_a_band_never_spans_two_tags(p: float) -> None:
    low, high = rules.BANDS[rules.band(p)], rules.BANDS[rules.band(p) + 1]
    assert low <= p <= high
    assert rules.tag(low) == rules.tag(np.nextafter(high, 0)) == rules.tag(min(p, float(np.nextafter(high, 0))))


def test_who_is_ripe_already_gets_no_claim_and_one_made_before_that_was_known_does_not_count(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        for _ in range(22):
            make_lead(alice, name="X", email="", company="")
        ripe = make_lead(alice, name="X", email="", company="")
        late = make_lead(alice, name="X", email="", company="")
        actions.rescore()
        leads.open_opportunity(ripe.pk, by(alice), next=soon())
    with clock.at(MONDAY + timedelta(days=31)):
        actions.rescore()
        assert Claim.objects.filter(lead_id=ripe.pk).count() == 1
        assert Claim.objects.filter(lead_id=late.pk).count() == 2
    with clock.at(MONDAY + timedelta(days=70)):
        claims.count()
        before = sum(n for _, n, _, _ in queries.kept_bands(by_rule=True))
        Claim.objects.create(
            lead_id=ripe.pk, day=(MONDAY + timedelta(days=32)).date(), p_30=0.3, p_ever=0.5, band=6, model="prior-1"
        )
        claims.count()
        assert sum(n for _, n, _, _ in queries.kept_bands(by_rule=True)) == before


def test_a_claim_about_a_duplicate_comes_true_when_the_record_that_lives_on_ripens(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        one, other = make_lead(alice, name="X"), make_lead(alice, name="X")
        actions.rescore()
    with clock.at(MONDAY + timedelta(days=2)):
        merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=by(alice))
    with clock.at(MONDAY + timedelta(days=10)):
        leads.open_opportunity(one.pk, by(alice), next=soon())
    with clock.at(MONDAY + timedelta(days=45)):
        claims.count()
    ((_, n, did, _),) = queries.kept_bands(by_rule=True)
    assert (n, did) == (2, 2)
