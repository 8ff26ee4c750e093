"""Two rows of one company: found by what they are called, made one by who may, led to by both, and taken apart."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from ripeline.base.ids import new_id
from ripeline.capture.arriving.admission import admit
from ripeline.cli import invariants
from ripeline.leads.decisions import accounts, actions, birth
from ripeline.leads.decisions.deciding import LeadError, undo
from ripeline.leads.doubles import company_likeness, company_merging, finder, same_company
from ripeline.leads.doubles.company_likeness import Known
from ripeline.leads.finding import companies
from ripeline.leads.models import Account, AccountMerge, Lead, SameCompany
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people.models import AuditEntry, User
from ripeline.timeline.models import Activity
from ripeline.worker import reactions
from tests.capture.importing import csv, imported
from tests.capture.test_admission import arrival
from tests.cast import MakeLead, by
from tests.threads import in_threads, until_somebody_waits

__all__ = ["in_threads"]

InThreads = Callable[..., list[BaseException]]
MakePair = Callable[..., tuple[Account, Account]]


def at(account: Account) -> set[str]:
    return set(Lead.objects.filter(account=account).values_list("name", flat=True))


@pytest.fixture
def pair(make_lead: MakeLead) -> MakePair:
    """Acme at acme.example with two people of somebody's, and “Acme GmbH” at acme.test with one."""

    def make(owner: User, other_owner: User | None = None) -> tuple[Account, Account]:
        one = make_lead(owner, name="Ann", email="ann@acme.example", company="Acme").account
        make_lead(owner, name="Bea", email="bea@acme.example", company="Acme")
        other = make_lead(other_owner or owner, name="Cem", email="cem@acme.test", company="Acme GmbH").account
        assert one
        assert other
        return one, other

    return make


def merged(one: Account, other: Account, actor: User, **how: Any) -> AccountMerge:
    return company_merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=by(actor), **how)


@pytest.mark.parametrize(
    ("one", "other", "evidence"),
    [
        (("Acme", ""), ("Acme GmbH", ""), "the same name but for the legal form"),
        (("Müller-Werke GmbH & Co. KG", ""), ("Mueller Werke", ""), "the same name but for the legal form"),
        (("Acme GmbH", "acme.de"), ("Acme Ltd", "acme.co.uk"), "acme.co.uk and acme.de are of one brand"),
        (("Acme", "acme.de"), ("Acme", "acme-group.com"), "both domains bear it out"),
        (("Acme Deutschland", "acme.de"), ("Acme Inc.", "acme.com"), "both names are, too"),
        (("Acme", ""), ("ACME GmbH", "acme.de"), "acme.de bears it out"),
        (("Self-employed", "jane.example"), ("Self-employed", "joe.example"), None),
        (("Consulting GmbH", ""), ("Consulting AG", ""), None),
        (("Acme", "acme.de"), ("Zenith", "acme.com"), None),
        (("GmbH", ""), ("AG", ""), None),
    ],
)
def test_what_speaks_for_two_rows_of_one_company(
    one: tuple[str, str], other: tuple[str, str], evidence: str | None
) -> None:
    first, second = Known(new_id(), *one), Known(new_id(), *other)
    found = company_likeness.compare(first, second)
    assert (evidence in ", ".join(found.evidence)) if evidence and found else (found is None and evidence is None)
    if found:
        assert company_likeness.blocks(first) & company_likeness.blocks(second)
        assert company_likeness.compare(second, first) is not None


def test_a_pair_is_found_once_somebody_comes_there_and_is_forgotten_when_it_is_called_otherwise(
    alice: User, pair: MakePair
) -> None:
    one, other = pair(alice)
    reactions.work()
    (found,) = same_company.open_pairs(alice)
    assert {has.account for has in found.both} == {one, other}
    assert {has.account.name: (has.people, has.open) for has in found.both} == {"Acme": (2, 2), "Acme GmbH": (1, 1)}
    assert found.sure == "very likely"
    assert same_company.find([one.pk, other.pk]) == 0  # as they were
    Account.objects.filter(pk=other.pk).update(name="Zenith", named="n:zenith", domain="")
    same_company.find([other.pk])
    assert same_company.open_pairs(alice) == []


def test_companies_of_before_are_caught_up_with(alice: User, pair: MakePair) -> None:
    pair(alice)
    assert same_company.catch_up() == 2
    assert same_company.catch_up() == 0
    assert len(same_company.open_pairs(alice)) == 1


def test_that_they_are_two_is_not_asked_again_unless_it_is_taken_back(
    alice: User, mallory: User, pair: MakePair
) -> None:
    one, other = pair(alice)
    same_company.catch_up()
    with pytest.raises(NotAllowed):
        same_company.decide(one_id=one.pk, other_id=other.pk, actor=mallory, are_two=True)
    same_company.decide(one_id=one.pk, other_id=other.pk, actor=alice, are_two=True)
    Account.objects.filter(pk=other.pk).update(name="ACME")
    same_company.find([one.pk, other.pk])
    assert same_company.open_pairs(alice) == []
    same_company.decide(one_id=other.pk, other_id=one.pk, actor=alice, are_two=False)
    assert len(same_company.open_pairs(alice)) == 1


def test_the_people_of_both_are_at_one_and_their_timelines_and_the_audit_log_say_so(
    alice: User, pair: MakePair
) -> None:
    one, other = pair(alice)
    request = by(alice)
    made = company_merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=request)
    assert company_merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=request) == made  # sent twice
    assert at(one) == {"Ann", "Bea", "Cem"}
    assert Lead.objects.get(name="Cem").company == "Acme GmbH"  # as given
    (entry,) = Activity.objects.filter(kind="company_merged")
    assert entry.data == {"company": "Acme GmbH", "into": "Acme", "called": "Acme"}
    assert AuditEntry.objects.get(verb="companies.merge").target == "Acme GmbH into Acme"


def test_both_names_and_both_domains_lead_to_it_from_then_on(alice: User, pair: MakePair) -> None:
    one, other = pair(alice)
    merged(one, other, alice, takes={"name"})
    for email, company in (
        ("", "Acme"), ("", "acme gmbh"), ("dan@acme.test", ""), ("eve@acme.example", "Whoever"),
        ("fay@acme.test", "Acme"),
    ):  # fmt: skip
        (one_more,) = admit(
            [arrival(email, f"id {email}{company}", company=company, name=f"{email}{company}")],
            actor=people.system(), origin="form",
        )  # fmt: skip
        assert Lead.objects.get(pk=one_more.lead_id).account == one, (email, company)
    imported(csv("Company,Website", "ACME GmbH,acme.test", "Acme,acme.example"), kind="companies")
    assert accounts.called({"Acme", "ACME GmbH"}) == {"Acme": [one.pk], "ACME GmbH": [one.pk]}
    assert Account.objects.count() == 2
    assert companies.nobody_at("acme", size=9) == []


def test_a_merge_is_taken_back_whole_with_who_came_since_under_the_other_name(alice: User, pair: MakePair) -> None:
    one, other = pair(alice)
    before = list(Account.objects.order_by("pk").values())
    made = merged(one, other, alice, takes={"name"})
    assert Account.objects.get(pk=one.pk).name == "Acme GmbH"
    admit([arrival("dan@acme.test", name="Dan"), arrival("eve@acme.example", name="Eve")],
          actor=people.system(), origin="import")  # fmt: skip
    assert at(one) == {"Ann", "Bea", "Cem", "Dan", "Eve"}
    request = by(alice)
    company_merging.unmerge(merge_id=made.pk, by=request)
    company_merging.unmerge(merge_id=made.pk, by=request)
    assert list(Account.objects.order_by("pk").values()) == before
    assert (at(one), at(other)) == ({"Ann", "Bea", "Eve"}, {"Cem", "Dan"})
    assert Activity.objects.filter(kind="company_unmerged").count() == 2
    assert AuditEntry.objects.filter(verb="companies.unmerge").count() == 1


def test_what_somebody_has_said_since_stays_when_it_is_taken_back(alice: User, ada: User, pair: MakePair) -> None:
    one, other = pair(alice)
    Account.objects.filter(pk=other.pk).update(owner=alice)
    made = merged(one, other, ada)
    assert Account.objects.get(pk=one.pk).owner == alice  # where nobody did
    Account.objects.filter(pk=one.pk).update(owner=ada, name="Acme Works", named="n:acme works")
    company_merging.unmerge(merge_id=made.pk, by=by(ada))
    now = Account.objects.get(pk=one.pk)
    assert (now.owner, now.name) == (ada, "Acme Works")
    assert Account.objects.get(pk=other.pk).owner == alice


def test_of_several_merges_each_leads_in_one_step_and_the_later_one_is_taken_back_first(
    ada: User, alice: User, pair: MakePair, make_lead: MakeLead
) -> None:
    one, other = pair(alice)
    third = make_lead(alice, name="Gus", email="gus@acme.org.example", company="Acme Group").account
    assert third
    first = merged(one, other, ada)
    second = merged(third, one, ada)
    assert set(Account.objects.filter(merged_into=third)) == {one, other}
    assert at(third) == {"Ann", "Bea", "Cem", "Gus"}
    with pytest.raises(LeadError, match="merged into another company since"):
        company_merging.unmerge(merge_id=first.pk, by=by(ada))
    company_merging.unmerge(merge_id=second.pk, by=by(ada))
    assert Account.objects.get(pk=other.pk).merged_into == one
    assert at(one) == {"Ann", "Bea", "Cem"}
    company_merging.unmerge(merge_id=first.pk, by=by(ada))
    assert (at(one), at(other), at(third)) == ({"Ann", "Bea"}, {"Cem"}, {"Gus"})
    with pytest.raises(LeadError):
        merged(one, one, ada)


def test_mallory_is_refused_and_who_may_agrees_with_what_they_are_shown(
    alice: User, bob: User, carol: User, mallory: User, sam: User, mona: User, ada: User, pair: MakePair,
    make_lead: MakeLead,
) -> None:  # fmt: skip
    one, other = pair(alice, bob)
    same_company.catch_up()
    for owner in (None, alice, mallory):
        Account.objects.filter(pk=one.pk).update(owner=owner)
        one.refresh_from_db()
        for actor in (alice, bob, carol, mallory, sam, mona, ada):
            fresh = User.objects.get(pk=actor.pk)
            shown = bool(same_company.open_pairs(fresh)) and actor is not mona
            assert shown == same_company.may(fresh, one, other), (owner, actor)
            assert same_company.may(fresh, one, other) == (actor is ada or (actor is carol and owner != mallory))
    for actor in (alice, bob, mallory, sam, mona):
        with pytest.raises(NotAllowed):
            merged(one, other, actor)
    assert len(same_company.open_pairs(mona)) == 1  # she looks
    Account.objects.update(owner=None)
    made = merged(one, other, carol)
    with pytest.raises(NotAllowed):
        company_merging.unmerge(merge_id=made.pk, by=by(mallory))
    make_lead(mallory, name="Hal", email="hal@acme.example", company="Acme")
    company_merging.unmerge(merge_id=made.pk, by=by(carol))  # hers to take back, though another's is there by now


def test_alice_merges_where_all_are_hers_and_mallory_cannot_where_nobody_is(
    alice: User, mallory: User, pair: MakePair, make_lead: MakeLead
) -> None:
    one, other = pair(alice)
    merged(one, other, alice)
    empty = [Account.objects.create(key=f"n:{name}", name=name, named=f"n:{name}") for name in ("zen", "zen gmbh")]
    with pytest.raises(NotAllowed):
        merged(*empty, mallory)  # type: ignore[misc]


def test_what_is_taken_back_of_somebody_does_not_put_them_at_a_company_that_is_merged(
    alice: User, pair: MakePair
) -> None:
    one, other = pair(alice)
    cem = Lead.objects.get(name="Cem")
    moved = actions.edit(cem.pk, by(alice), fields={"company": "Zenith"})
    merged(one, other, alice)
    undo(moved.activity_id, by(alice))
    assert Lead.objects.get(pk=cem.pk).account == one


def test_taking_an_import_back_leaves_the_names_that_lead_somewhere(alice: User, pair: MakePair) -> None:
    one, _ = pair(alice)
    run = imported(csv("Company,Website", "Acme Works,acme.works.example"), kind="companies")
    works = Account.objects.get(name="Acme Works")
    merged(one, works, people.system())
    assert not accounts.forget(works.pk)
    assert Account.objects.filter(pk=works.pk).exists()
    assert run.created == 1


def test_pairs_and_companies_are_found_by_indexes(ada: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO account (id, key, name, named, domain, created_at)
            SELECT md5('a' || n)::uuid, 'd:firm' || n || '.example', 'Firm ' || n, 'n:firm ' || n,
                'firm' || n || '.example', now()
            FROM generate_series(1, 30000) AS n
        """)
        cursor.execute(
            "INSERT INTO account_block (account_id, key) SELECT md5('a' || n)::uuid, n / 2 + 1"
            " FROM generate_series(1, 30000) AS n"
        )
        cursor.execute("ANALYZE account, account_block")
        cursor.execute("EXPLAIN " + same_company.FINDER.spelt(finder._SHARING), {"ids": [new_id() for _ in range(20)]})
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
        cursor.execute(
            "EXPLAIN " + birth._FOUND_OR_MADE, {"given": '[{"key": "d:firm7.example"}]', "now": "2026-01-01"}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan on account" not in plan, plan


@pytest.mark.django_db(transaction=True)
def test_who_is_brought_in_while_their_company_is_merged_is_at_the_one_that_stays(
    alice: User, pair: MakePair, in_threads: InThreads
) -> None:
    one, other = pair(alice)
    is_in, is_merged = Event(), Event()

    def bring_in() -> None:
        with transaction.atomic():
            admit([arrival("dan@acme.test", name="Dan")], actor=people.system(), origin="import")
            is_in.set()
            until_somebody_waits()  # the merge

    def merge() -> None:
        is_in.wait()
        merged(one, other, alice)
        is_merged.set()

    assert in_threads(bring_in, merge) == []
    assert at(one) == {"Ann", "Bea", "Cem", "Dan"}

    made = AccountMerge.objects.get()
    company_merging.unmerge(merge_id=made.pk, by=by(alice))
    is_held = Event()

    def merge_slowly() -> None:
        with transaction.atomic():
            merged(one, other, alice)
            is_held.set()
            until_somebody_waits()  # who is brought in

    def bring_in_late() -> None:
        is_held.wait()
        admit([arrival("eve@acme.test", name="Eve")], actor=people.system(), origin="import")

    assert in_threads(merge_slowly, bring_in_late) == []
    assert at(other) == set()
    assert "Eve" in at(one)


@pytest.mark.django_db(transaction=True)
def test_two_who_merge_the_same_two_the_other_way_round_make_one(
    ada: User, alice: User, pair: MakePair, in_threads: InThreads
) -> None:
    one, other = pair(alice)
    raised = in_threads(lambda: merged(one, other, ada), lambda: merged(other, one, alice))
    assert [str(each) for each in raised] == [company_merging.MERGED]
    assert AccountMerge.objects.count() == 1
    assert Account.objects.filter(merged_into__isnull=True).count() == 1
    assert [finding.name for finding in invariants.check() if finding.rows] == []


def test_a_pair_of_which_one_is_merged_is_shown_again_when_that_is_taken_back(alice: User, pair: MakePair) -> None:
    one, other = pair(alice)
    same_company.catch_up()
    made = merged(one, other, alice)
    reactions.work()
    assert same_company.open_pairs(alice) == []
    company_merging.unmerge(merge_id=made.pk, by=by(alice))
    reactions.work()
    assert len(same_company.open_pairs(alice)) == 1
    assert SameCompany.objects.count() == 1
