"""Scores: from the Rule of 45 at first, explained in words, and the same however they are computed."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog.models import SourceType
from ripeline.leads.decisions import actions as leads
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead
from ripeline.people.actions import PeopleError
from ripeline.people.models import User
from ripeline.ripeness import actions, explaining, queries, rules, scoring
from ripeline.ripeness.models import Score, Term
from ripeline.science.prior import DEFAULT_TERMS
from tests.cast import MakeLead, by


def scored(*leads: Lead) -> list[Score]:
    actions.rescore([lead.pk for lead in leads])
    found = queries.of([lead.pk for lead in leads])
    return [found[lead.pk] for lead in leads]


def test_an_empty_installation_ranks_a_quote_request_above_a_white_paper(alice: User, make_lead: MakeLead) -> None:
    sources = catalog.sources_named(["Quote requests", "White paper on scheduling"])
    quote = make_lead(alice, source_id=sources["Quote requests"].pk)
    paper = make_lead(alice, source_id=sources["White paper on scheduling"].pk)
    first, second = scored(quote, paper)
    assert first.p_30 > 5 * second.p_30
    assert rules.tag(first.p_30) is rules.Tag.RIPE
    assert rules.tag(second.p_30) is rules.Tag.GREEN
    assert rules.reasons(first.reasons)[0].words == "asked for a quote"
    assert rules.reasons(second.reasons)[0].weight < 0


def test_every_source_type_of_the_catalog_has_a_prior_mean() -> None:
    assert set(SourceType.values) == {term.key for term in DEFAULT_TERMS if term.kind == "source_type"}


def test_a_score_in_words_says_how_sure_it_is(alice: User, make_lead: MakeLead) -> None:
    source = catalog.sources_named(["Quote requests"])["Quote requests"]
    (score,) = scored(make_lead(alice, source_id=source.pk, title="Operations director", phone="+442071838750"))
    said = rules.headline(score)
    assert said.startswith("Likely ready within a month (")
    assert "between" in said
    assert [r.words for r in rules.reasons(score.reasons)][:3] == [
        "asked for a quote",
        "company mail address",
        "leads a department",
    ] or rules.reasons(score.reasons)[0].words == "asked for a quote"
    weights = [abs(r.weight) for r in rules.reasons(score.reasons)]
    assert weights == sorted(weights, reverse=True)


def test_what_a_spreadsheet_lacks_neither_helps_nor_harms(alice: User, make_lead: MakeLead) -> None:
    bare = make_lead(alice, name="Only A Name", email="", company="")
    (score,) = scored(bare)
    assert not {r.words for r in rules.reasons(score.reasons)} & {"no telephone number", "no company named"}


def test_an_old_lead_starts_a_clock_of_its_own(alice: User, make_lead: MakeLead) -> None:
    old = make_lead(alice, captured=timedelta(days=900))
    (score,) = scored(old)
    assert Lead.objects.get(pk=old.pk).episode == 2
    assert score.curve == "old"
    assert 0.05 < score.p_ever < 0.4


def test_a_lead_that_passes_its_year_while_open_goes_on_as_an_old_one(alice: User, make_lead: MakeLead) -> None:
    fresh = make_lead(alice)
    with clock.at(clock.now() + timedelta(days=370)):
        (score,) = scored(fresh)
    assert score.curve == "old"
    assert score.p_ever > 0


def test_a_lead_closed_while_its_score_is_made_gets_none_again(
    alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = scoring._facts

    def then_closed(*given: Any, **more: Any) -> Any:
        rows = facts(*given, **more)
        monkeypatch.setattr(scoring, "_facts", facts)
        leads.close(lead.pk, by(alice), reason=catalog_queries.reason("not_a_fit"))
        return rows

    monkeypatch.setattr(scoring, "_facts", then_closed)
    actions.rescore([lead.pk])
    assert not Score.objects.filter(pk=lead.pk).exists()


def test_a_closed_lead_loses_its_score(alice: User, lead: Lead) -> None:
    scored(lead)
    leads.close(lead.pk, by(alice), reason=catalog_queries.reason("not_a_fit"))
    actions.rescore([lead.pk])
    assert not Score.objects.filter(pk=lead.pk).exists()


def test_all_at_once_and_one_by_one_agree(alice: User, make_lead: MakeLead) -> None:
    many = [make_lead(alice, title=title) for title in ("CEO", "Student", "", "Head of Sales")]
    with clock.at(clock.now() + timedelta(days=3)):
        assert actions.rescore() == 4
        together = Score.objects.in_bulk()
        for lead in many:
            actions.rescore([lead.pk])
        for pk, score in Score.objects.in_bulk().items():
            assert score.p_ever == pytest.approx(together[pk].p_ever, abs=1e-9)


def test_an_administrator_may_change_the_prior_and_everybody_is_rescored(ada: User, lead: Lead) -> None:
    (before,) = scored(lead)
    actions.set_term(actor=ada, key="free_mail", mean=-2.0, sd=0.5, basis="our own figures of 2025")
    (after,) = scored(lead)
    assert after.log_odds > before.log_odds  # a company address now tells more
    with pytest.raises(PeopleError, match="where the figure comes from"):
        actions.set_term(actor=ada, key="free_mail", mean=-2.0, sd=0.5, basis=" ")
    assert Term.objects.get(key="free_mail").basis == "our own figures of 2025"


def test_a_hundred_average_leads_should_yield_about_45_buyers(alice: User, make_lead: MakeLead) -> None:
    for _ in range(20):
        make_lead(alice, name="X", email="", captured=timedelta())
    actions.rescore()
    expected = queries.expected(Lead.objects.filter(owner=alice))
    assert expected.n == 20
    assert expected.buyers[2] == pytest.approx(20 * 0.45, abs=2.5)
    assert expected.buyers_low[2] < expected.buyers[2] < expected.buyers_high[2]


def test_nobody_is_expected_of_no_leads(alice: User) -> None:
    assert queries.expected(Lead.objects.filter(owner=alice)).n == 0
    assert queries.expected(Lead.objects.none()).n == 0


def test_scoring_nobody_is_nothing(db: None) -> None:
    assert actions.rescore([UUID(int=1)]) == 0
    assert actions.rescore() == 0


@given(st.floats(0, 1))
def test_a_probability_is_never_shown_as_certain(p: float) -> None:
    assert rules.percent(p) not in {"0 %", "100 %"} or p in {0.0, 1.0}


@pytest.mark.parametrize(
    ("title", "term"),
    [
        ("Inhaber", "title_owner"),
        ("Chief Technology Officer", "title_c_level"),
        ("Head of Procurement", "title_director"),
        ("Praktikantin", "title_student"),
        ("Nurse", ""),
        ("", ""),
    ],
)
def test_seniority_is_read_from_the_title(title: str, term: str) -> None:
    assert rules.seniority(title) == term


def test_who_is_meant_by_an_id_of_ours_or_theirs_or_an_address(alice: User, make_lead: MakeLead) -> None:
    ann = make_lead(alice, email="ann@x.example", reference="00Q-7")
    bo = make_lead(alice, email="bo@x.example", reference=str(ann.pk))
    identity.claim({identity.Key("external", "00Q-7"): ann.pk, identity.Key("external", str(ann.pk)): bo.pk})
    assert [explaining.find(text) for text in ("00Q-7", " Ann@X.example", "bo@x.example", str(bo.pk))] == [
        [ann], [ann], [bo], [bo],
    ]  # fmt: skip
    assert explaining.find(str(ann.pk)) == [ann, bo]  # another system calls Bo so
    assert [explaining.find(text) for text in ("", "00q", "nobody@x.example", str(uuid4()))] == [[]] * 4
