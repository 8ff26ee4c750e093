"""Leads that may be one person: what speaks for it, who is asked, and that an answer is remembered."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from ripeline.leads import rules
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.doubles import duplicates, finder, likeness, merging
from ripeline.leads.doubles.likeness import Known, compare
from ripeline.leads.models import Block, Lead, PossibleDuplicate
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from tests.cast import MakeLead, by
from tests.threads import in_threads

__all__ = ["in_threads"]

BERG = "+49301234567"
FIRM, OTHER = uuid4(), uuid4()


def known(name: str = "", email: str = "", phone: str = "", company: str = "", account: object = None) -> Known:
    return Known(uuid4(), name, email, phone, company, account)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "because"),
    [
        (known("Anna Berg", phone=BERG), known("", phone=BERG), "the same telephone"),
        (known("Anna Berg", phone=BERG), known("Anna Meyer", phone=BERG), "the same telephone"),
        (known("Jon Smith", account=FIRM), known("John Smith", account=FIRM), "names that differ by a slip"),
        (known("Anna Berg", account=FIRM), known("Berg Anna", account=FIRM), "the same name"),
        (known("Anna Berg", "anna.berg@x.example"), known("Anna Berg", "anna.berg@gmail.com"), "the same name"),
        (known("A", "anna@x.example"), known("B", "anna+fair@x.example"), "the same address but for its tag"),
        (known("Anna Berg", company="Northgate GmbH"), known("Anna Berg", company="Northgate"), "the same name"),
    ],
)
def test_what_speaks_for_one_person_is_said(one: Known, other: Known, because: str) -> None:
    found = compare(one, other)
    assert found
    assert found.evidence[0] == because
    assert likeness.blocks(one) & likeness.blocks(other), "so they are compared at all"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (known("Anna Berg", account=FIRM), known("Ben Cole", account=FIRM)),  # colleagues
        (known("Anna Berg", account=FIRM), known("Anna Berg", account=OTHER)),  # a name is not rare
        (known("", "info@x.example"), known("", "info@y.example")),
        (known("Person 12 Smith", account=FIRM), known("Person 13 Smith", account=FIRM)),
        (known("Anna", account=FIRM), known("Anna", account=FIRM)),
        (known(), known()),
    ],
)
def test_what_says_too_little_asks_nobody(one: Known, other: Known) -> None:
    assert compare(one, other) is None


def test_a_switchboard_is_no_reason_to_ask() -> None:
    one, other = known("Anna Berg", phone=BERG, account=FIRM), known("Ben Cole", phone=BERG, account=FIRM)
    assert compare(one, other, sharing=9) is None


@given(st.tuples(*[st.text(max_size=20)] * 4), st.tuples(*[st.text(max_size=20)] * 4))
def test_it_does_not_matter_which_is_compared_with_which(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    a, b = known(*one), known(*other)
    there, back = compare(a, b), compare(b, a)
    assert (there and (there.points, sorted(there.evidence))) == (back and (back.points, sorted(back.evidence)))


def pairs(who: User) -> set[frozenset[str]]:
    return {frozenset([pair.first.name, pair.second.name]) for pair in duplicates.open_pairs(who)}


def test_it_is_found_once_and_forgotten_when_it_no_longer_holds(alice: User, make_lead: MakeLead) -> None:
    one, other = make_lead(alice, name="Jon Smith"), make_lead(alice, name="John Smith")
    assert duplicates.find([one.pk]) == 0, "nobody has looked at the other yet"
    assert duplicates.find([other.pk]) == 1
    assert duplicates.find([one.pk, other.pk]) == 1
    (pair,) = duplicates.of_lead(one, alice)
    assert (pair.first.id, pair.second.id, pair.may_merge) == (one.pk, other.pk, True)
    assert pair.evidence == ["names that differ by a slip", "the same company by its domain northgate.example"]
    actions.edit(other.pk, by(alice), fields={"name": "Mary Poppins"})
    duplicates.find([other.pk])
    assert not PossibleDuplicate.objects.exists()


def test_of_companies_that_are_written_otherwise_it_says_why_they_are_the_same() -> None:
    one = known("Jon Smith", company="Northgate Dental", account=FIRM)
    other = known("John Smith", company="Smiles & Co", account=FIRM)
    by_domain = [replace(each, account_key="d:northgate.example") for each in (one, other)]
    found = compare(*by_domain)
    assert found
    assert found.evidence == ["names that differ by a slip", "the same company by its domain northgate.example"]


def test_that_they_are_two_is_remembered_and_can_be_taken_back(alice: User, make_lead: MakeLead) -> None:
    one, other = make_lead(alice, name="Jon Smith"), make_lead(alice, name="John Smith")
    duplicates.find([one.pk, other.pk])
    for _ in range(2):
        duplicates.dismiss(one_id=other.pk, other_id=one.pk, actor=alice)
    actions.edit(other.pk, by(alice), fields={"name": "John R. Smith"})
    duplicates.find([one.pk, other.pk])
    assert not pairs(alice)
    assert not duplicates.of_lead(one, alice)
    duplicates.ask_again(one_id=one.pk, other_id=other.pk, actor=alice)
    assert len(pairs(alice)) == 1
    with pytest.raises(LeadError):
        duplicates.dismiss(one_id=one.pk, other_id=uuid4(), actor=alice)


def test_each_is_asked_only_what_they_may_decide(
    alice: User, bob: User, carol: User, mallory: User, mona: User, ada: User, make_lead: MakeLead
) -> None:
    hers = [make_lead(alice, name="Jon Smith"), make_lead(alice, name="John Smith")]
    mixed = [make_lead(alice, name="Eva Brandt"), make_lead(bob, name="Eva Brand")]
    duplicates.find([lead.pk for lead in (*hers, *mixed)])
    own, both = frozenset(["Jon Smith", "John Smith"]), frozenset(["Eva Brandt", "Eva Brand"])
    assert pairs(alice) == {own}
    assert pairs(carol) == pairs(ada) == pairs(mona) == {own, both}
    assert pairs(bob) == pairs(mallory) == set()
    assert not any(pair.may_merge for pair in duplicates.open_pairs(mona))
    (pair,) = duplicates.of_lead(mixed[0], alice)
    assert not pair.may_merge, "she sees that it may be Bob's, whom she asks"
    for who in (bob, mallory, mona):
        with pytest.raises(NotAllowed):
            duplicates.dismiss(one_id=mixed[0].pk, other_id=mixed[1].pk, actor=who)


def test_the_filter_of_who_may_merge_agrees_with_the_rule(
    alice: User, bob: User, carol: User, mallory: User, sam: User, mona: User, ada: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice), make_lead(bob), make_lead(mallory), make_lead(), make_lead(sam), make_lead(carol)]
    for who in (alice, bob, carol, mallory, sam, mona, ada):
        allowed = {lead.pk for lead in leads if rules.may(who, rules.Verb.MERGE, lead)}
        assert set(Lead.objects.filter(rules.mergeable(who)).values_list("pk", flat=True)) == allowed, who.name


def test_who_was_merged_is_asked_about_no_more_and_again_when_taken_apart(alice: User, make_lead: MakeLead) -> None:
    one, other = make_lead(alice, name="Jon Smith"), make_lead(alice, name="John Smith")
    duplicates.find([one.pk, other.pk])
    merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=by(alice))
    duplicates.find([one.pk, other.pk])
    assert not pairs(alice)
    merging.unmerge(duplicate_id=other.pk, by=by(alice))
    duplicates.find([one.pk, other.pk])
    assert len(pairs(alice)) == 1


def test_a_crowd_is_not_compared(alice: User, make_lead: MakeLead) -> None:
    one, other = [make_lead(alice, name="", email="", phone=BERG) for _ in range(2)]
    assert duplicates.find([one.pk, other.pk]) == 1
    (block,) = likeness.blocks(Known(one.pk, phone=BERG))
    crowd = [make_lead(alice, name="", email="").pk for _ in range(duplicates.FINDER.crowd)]
    Block.objects.bulk_create([Block(lead_id=pk, key=block) for pk in crowd])
    assert duplicates.find([one.pk]) == 0


def test_who_was_merged_away_does_not_count_as_one_more_with_that_number(alice: User, make_lead: MakeLead) -> None:
    kept, *gone = [make_lead(alice, name="Anna Berg", phone=BERG) for _ in range(likeness.FEW)]
    other = make_lead(alice, name="Ben Cole", phone=BERG)
    duplicates.find([lead.pk for lead in (kept, *gone)])
    for lead in gone:
        merging.merge(survivor_id=kept.pk, duplicate_id=lead.pk, by=by(alice))
    duplicates.find([other.pk])
    (pair,) = duplicates.of_lead(other, alice)
    assert pair.evidence[0] == "the same telephone", "two have it, so it is no switchboard"


@pytest.mark.django_db(transaction=True)
def test_two_that_are_looked_at_in_the_same_moment_are_found(
    alice: User, make_lead: MakeLead, in_threads: Callable[..., list[BaseException]]
) -> None:
    one, other = make_lead(alice, name="Jon Smith"), make_lead(alice, name="John Smith")
    is_seen, other_is_seen = Event(), Event()

    def first() -> None:
        with transaction.atomic():
            duplicates.find([one.pk])
            is_seen.set()
            other_is_seen.wait(timeout=0.5)  # unless it waits for us

    def second() -> None:
        is_seen.wait()
        duplicates.find([other.pk])
        other_is_seen.set()

    assert in_threads(first, second) == []
    assert len(pairs(alice)) == 1


def test_leads_of_before_are_looked_at_too(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Jon Smith")
    make_lead(alice, name="John Smith")
    assert duplicates.catch_up() == 2
    assert duplicates.catch_up() == 0
    assert len(pairs(alice)) == 1


def test_they_are_looked_at_once_also_without_anything_to_share_and_some_in_each_run(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "BATCH", 1)
    monkeypatch.setattr(finder, "A_RUN", 2)
    for _ in range(3):
        make_lead(alice, name="Anna Berg", email="")
    assert [duplicates.catch_up() for _ in range(3)] == [2, 1, 0]
    assert not pairs(alice)
