"""Why a lead scores as it does: what is said follows from the sum that scored it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science import reasons
from ripeline.science.errors import InputError
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR, DEFAULT_TERMS, score
from ripeline.science.terms import NO, UNKNOWN, YES, Facts, contributions, encode

SOURCES = [term.key for term in DEFAULT_TERMS if term.kind == "source_type"]
SIGNALS = [term.key for term in DEFAULT_TERMS if term.kind == "signal"]
GROUPS = {term.key: term.group for term in DEFAULT_TERMS}


def facts_of(source: str, **signals: int) -> Facts:
    known = {key: [value] for key, value in signals.items()}
    return encode(DEFAULT_TERMS, source_type=[source], signals=known, curves=DEFAULT_CURVES)


def said(source: str, **signals: int) -> list[tuple[str, bool]]:
    facts = facts_of(source, **signals)
    ranked = reasons.rank(facts.design, DEFAULT_TERMS)
    return [(reason.words, reason.weight > 0) for reason in ranked.words(0, DEFAULT_TERMS)]


def test_a_quote_request_by_a_director_without_a_telephone_is_explained_in_that_order() -> None:
    assert said("quote_request", title_director=YES, phone=NO) == [
        ("asked for a quote", True),
        ("leads a department", True),
        ("no telephone number", False),
    ]


def test_a_trade_show_card_without_a_conversation_says_so() -> None:
    assert ("no conversation noted", False) in said("trade_show", message=NO)


def test_a_company_address_speaks_for_a_lead_and_a_private_one_against() -> None:
    assert ("company mail address", True) in said("webinar", free_mail=NO)
    assert ("private mail address", False) in said("webinar", free_mail=YES)


def test_what_nobody_asked_is_no_reason() -> None:
    assert said("") == []
    assert not [words for words, _ in said("quote_request", phone=UNKNOWN) if "telephone" in words]


def test_where_a_lead_did_not_come_from_is_no_reason() -> None:
    words = [term.present for term in DEFAULT_TERMS if term.key == "display"]
    assert not {word for word, _ in said("quote_request")} & set(words)


@given(
    st.sampled_from(["", *SOURCES]),
    st.fixed_dictionaries({key: st.sampled_from([NO, YES, UNKNOWN]) for key in SIGNALS}),
)
def test_order_and_signs_are_those_of_the_sorted_contributions(source: str, signals: dict[str, int]) -> None:
    facts = facts_of(source, **signals)
    everything = reasons.rank(facts.design, DEFAULT_TERMS, limit=100, least=0.0).words(0, DEFAULT_TERMS)
    weights = [reason.weight for reason in everything]
    assert weights == sorted(weights, key=abs, reverse=True)
    added = dict(zip(GROUPS, contributions(facts.design, DEFAULT_TERMS)[0], strict=True))
    for reason in everything:
        group = sum(value for key, value in added.items() if GROUPS[key] == GROUPS[reason.key])
        assert reason.weight == pytest.approx(group)
    few = reasons.rank(facts.design, DEFAULT_TERMS, limit=2, least=0.0).words(0, DEFAULT_TERMS)
    assert few == everything[:2]


def test_if_every_fact_has_words_the_reasons_add_up_to_the_whole_difference() -> None:
    facts = facts_of("demo_request", title_owner=YES, phone=YES, company=NO, message=YES, free_mail=NO)
    told = reasons.rank(facts.design, DEFAULT_TERMS, limit=100, least=0.0).words(0, DEFAULT_TERMS)
    scores = score(facts.design, DEFAULT_TERMS, age_days=0, curve=facts.curve)
    assert sum(reason.weight for reason in told) == pytest.approx(scores.log_odds[0] - DEFAULT_PRIOR.log_odds)


def test_nobody_to_explain_and_nothing_to_say() -> None:
    assert reasons.rank(np.empty((0, len(DEFAULT_TERMS))), DEFAULT_TERMS).term.shape[0] == 0
    with pytest.raises(InputError):
        reasons.rank(facts_of("trial").design, DEFAULT_TERMS, limit=0)
