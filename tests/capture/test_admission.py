"""Arrivals become leads: one person once, whatever the door and however many at the same moment (I3, I4, I7)."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ripeline.base import clock
from ripeline.capture.arriving.admission import Admitted, Arrival, Result, admit, natural_key
from ripeline.catalog import actions as sources
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import Source, SourceType
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.doubles import merging
from ripeline.leads.knowing import identity
from ripeline.leads.models import Account, Enquiry, Identity, Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.routing import queries as routing
from ripeline.routing import turns
from ripeline.timeline.models import Activity
from tests.cast import MakeLead, by


def arrival(
    email: str = "", external: str = "", *, days_ago: float = 1, source: str = "Webinar", **person: Any
) -> Arrival:
    who = Person(**({"name": "Priya Raman", "email": email} | person))
    when = clock.now() - timedelta(days=days_ago)
    keys = tuple(k for k in (identity.email(email), identity.external(external)) if k) or (natural_key("h", who, when),)
    return Arrival(keys=keys, person=who, context=Context(door="import", captured_at=when), source=source)


def admitted(*arrivals: Arrival) -> list[Admitted]:
    return admit(arrivals, actor=people.system(), origin="import")


def results(*arrivals: Arrival) -> list[Result]:
    return [one.result for one in admitted(*arrivals)]


def test_a_new_person_is_born_with_somebody_a_date_and_a_reason(alice: User) -> None:
    (one,) = admitted(arrival("priya@northgate.example", company="Northgate Dental"))
    lead = Lead.objects.get(pk=one.lead_id)
    assert (lead.owner, lead.account.name, lead.source.name) == (alice, "Northgate Dental", "Webinar")
    assert lead.next_at is not None
    assert Enquiry.objects.get(lead=lead).source == lead.source
    why = Activity.objects.get(lead_id=lead.pk, kind="captured").data["why"]
    assert why["rule"] == "round_robin"


def test_the_same_row_again_changes_nothing(db: None) -> None:
    row = arrival("priya@northgate.example")
    assert results(row) == [Result.CREATED]
    before = (Lead.objects.count(), Enquiry.objects.count(), Activity.objects.count())
    assert results(row) == [Result.UNCHANGED]
    assert (Lead.objects.count(), Enquiry.objects.count(), Activity.objects.count()) == before


def test_an_address_is_the_same_in_any_case_and_spelling_of_its_domain(db: None) -> None:
    assert (
        results(arrival("Priya@Northgate.example"), arrival("priya@NORTHGATE.example"))
        == [
            Result.CREATED,
            Result.UPDATED,  # the second came a moment later: a second enquiry
        ]
        or Lead.objects.count() == 1
    )
    assert Lead.objects.count() == 1


def test_a_source_is_the_one_that_is_here_whatever_its_plural_spaces_hyphens_and_case(db: None) -> None:
    results(arrival("a@x.example", source="Inbound call"))
    results(
        *(arrival(f"{n}@x.example", source=name) for n, name in enumerate(["Inbound calls", "inbound-call", "News"]))
    )
    results(arrival("b@x.example", source="E-mail"), arrival("c@x.example", source="Emails"))
    results(arrival("d@x.example", source="OFFLINE"), arrival("e@x.example", source="ORGANIC_SEARCH"))
    assert sources.source_of("Inbound Calls", SourceType.OTHER).name == "Inbound call"
    names = sorted(Source.objects.values_list("name", flat=True))
    assert names == ["E-mail", "Inbound call", "News", "Offline", "Organic search"]
    assert Lead.objects.filter(source__name="Inbound call").count() == 3


@pytest.mark.parametrize(
    ("here", "another"),
    [("Webinar 1-12", "Webinar 11-2"), ("Expo 1 1", "Expo 11"), ("New", "News"), ("Q1 2025", "Q12 025")],
)
def test_sources_with_other_numbers_or_of_short_words_are_two(db: None, here: str, another: str) -> None:
    results(arrival("a@x.example", source=here), arrival("b@x.example", source=another))
    results(arrival("c@x.example", source=another.replace(" ", "-")))
    assert sources.source_of(another, SourceType.OTHER).name == another
    assert sorted(Source.objects.values_list("name", flat=True)) == sorted([here, another])


def test_two_very_long_ids_that_differ_only_at_their_end_are_two_people(db: None) -> None:
    first, second = arrival("", "x" * 300 + "1"), arrival("", "x" * 300 + "2")
    assert results(first, second, first) == [Result.CREATED, Result.CREATED, Result.UNCHANGED]
    assert all(len(key) <= 254 for key in Identity.objects.values_list("key", flat=True))


def test_two_rows_that_share_only_a_telephone_are_two_people(db: None) -> None:
    first = arrival("a@northgate.example", phone="+442071838750")
    second = arrival("b@northgate.example", phone="+442071838750")
    assert results(first, second) == [Result.CREATED, Result.CREATED]


def test_a_mailbox_is_one_person_however_it_is_spelt(db: None) -> None:
    spelt = ("Anna.Berg@gmail.com", "annaberg@gmail.com", "anna.berg+fair@googlemail.com")
    found = {one.lead_id for address in spelt for one in admitted(arrival(address, name="Anna Berg"))}
    assert len(found) == 1
    assert Lead.objects.get().email == "Anna.Berg@gmail.com", "the one given first is shown"


def test_the_same_telephone_and_name_is_the_same_person_with_one_more_address(db: None) -> None:
    known = {"name": "Anna Berg", "phone": "+49301234567"}
    first, second = admitted(arrival("anna@northgate.example", **known), arrival("a.berg@gmail.com", **known))
    (third,) = admitted(arrival(name="Dr. Anna Berg", phone="+49301234567"))
    (fourth,) = admitted(arrival("aberg@gmail.com", name="A."))
    assert {first.lead_id, second.lead_id, third.lead_id, fourth.lead_id} == {first.lead_id}
    assert Lead.objects.get().email == "anna@northgate.example"


def test_a_switchboard_makes_no_two_people_one(db: None) -> None:
    switchboard = {"phone": "+49301234567", "company": "Northgate"}
    names = ("Anna Berg", "Ben Cole", "", "Anna")
    assert len({one.lead_id for one in admitted(*(arrival(name=name, **switchboard) for name in names))}) == 4


def test_two_ids_or_two_addresses_of_one_company_say_that_they_are_two(db: None) -> None:
    same = {"name": "Anna Berg", "phone": "+49301234567"}
    rows = [arrival("", "1", **same), arrival("", "2", **same), arrival("a@x.example", **same)]
    first, second, third = admitted(*rows)
    (fourth,) = admitted(arrival("b@x.example", **same))
    assert [one.result for one in (first, second, fourth)] == [Result.CREATED] * 3
    assert third.lead_id == first.lead_id


def test_a_telephone_gives_way_to_the_address(db: None) -> None:
    same = {"name": "Anna Berg", "phone": "+49301234567"}
    _, other = admitted(arrival("a@x.example", **same), arrival("b@y.example", name="Ben Cole"))
    (again,) = admitted(arrival("b@y.example", **same))
    assert (again.lead_id, again.result) == (other.lead_id, Result.UPDATED)


def test_a_row_can_join_an_address_to_an_id_known_alone(db: None) -> None:
    admitted(arrival("", "crm-7"))
    admitted(arrival("priya@northgate.example", "crm-7"))
    admitted(arrival("priya@northgate.example"))
    lead = Lead.objects.get()
    assert set(Identity.objects.filter(lead=lead).values_list("kind", flat=True)) == {"email", "external"}
    assert lead.email == "priya@northgate.example"


def test_a_row_whose_address_and_id_belong_to_two_people_is_refused_in_words(db: None) -> None:
    admitted(arrival("a@northgate.example"), arrival("", "crm-7"))
    (one,) = admitted(arrival("a@northgate.example", "crm-7"))
    assert one.result is Result.REJECTED
    assert "two different people" in one.reason
    assert Lead.objects.count() == 2


def test_rows_of_one_file_that_share_a_key_are_one_person(db: None) -> None:
    assert results(
        arrival("a@x.example", "1"), arrival("", "2"), arrival("a@x.example"), arrival("b@x.example", "2")
    ) == [Result.CREATED, Result.CREATED, Result.UPDATED, Result.UPDATED]
    assert Lead.objects.count() == 2


def test_an_address_that_two_rows_give_to_two_people_belongs_to_the_first(db: None) -> None:
    first, second = admitted(arrival("", "1"), arrival("", "2"))
    rows = admitted(arrival("a@x.example"), arrival("a@x.example", "1"), arrival("a@x.example", "2"))
    assert [row.lead_id for row in rows] == [first.lead_id, first.lead_id, None]
    assert "two different people" in rows[2].reason
    assert Lead.objects.count() == 2
    assert second.lead_id != first.lead_id


def test_a_row_brings_what_is_new_and_empties_nothing(db: None) -> None:
    row = arrival("priya@northgate.example", title="Director", custom={"seats": "12"})
    admitted(row)
    again = replace(row, person=Person(email="priya@northgate.example", phone="+442071838750", custom={"chairs": "3"}))
    assert results(again) == [Result.UPDATED]
    lead = Lead.objects.get()
    assert (lead.name, lead.title, lead.phone) == ("Priya Raman", "Director", "+442071838750")
    assert lead.custom == {"seats": "12", "chairs": "3"}
    assert "442071838750" in lead.search


def test_a_lead_past_its_year_starts_a_new_episode_and_waits_for_its_turn(alice: User) -> None:
    (one,) = admitted(arrival("old@x.example", days_ago=900))
    lead = Lead.objects.get(pk=one.lead_id)
    assert one.reopened
    assert (lead.episode, lead.next_kind, lead.responsible.code) == (2, "reopened", people.QUALIFY)
    assert Enquiry.objects.get(lead=lead).episode == 1


def test_who_comes_again_is_looked_at_now(alice: User, lead: Lead) -> None:
    assert results(arrival(lead.email, days_ago=0, source="Quote request")) == [Result.UPDATED]
    assert Lead.objects.get(pk=lead.pk).next_note == "Asked for a quote."
    assert results(arrival(lead.email, days_ago=0, source="White paper")) == [Result.UPDATED]
    assert Lead.objects.get(pk=lead.pk).next_note == "They came to us again."


def test_who_asked_for_us_waits_for_a_first_contact_still_when_they_come_again(alice: User) -> None:
    (one,) = admitted(arrival("new@x.example", days_ago=0, source="Quote request"))
    was = Lead.objects.get(pk=one.lead_id).next_kind
    assert was in ("first_contact", "qualify")
    admitted(arrival("new@x.example", days_ago=0, source="White paper"))
    assert Lead.objects.get(pk=one.lead_id).next_kind == was


def test_who_comes_again_after_being_let_go_is_taken_up(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    with clock.at(clock.now() + timedelta(days=30)):
        (one,) = admitted(arrival(lead.email, days_ago=1))
    again = Lead.objects.get(pk=lead.pk)
    assert one.reopened
    assert (again.state, again.episode, again.owner) == ("new", 2, alice)


def test_an_old_row_does_not_take_up_what_was_let_go_since(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    admitted(arrival(lead.email, days_ago=60))
    assert Lead.objects.get(pk=lead.pk).state == "lost"


def test_a_row_of_somebody_merged_away_reaches_the_survivor(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    (one,) = admitted(arrival(gone.email, title="Director"))
    assert one.lead_id == kept.pk


@pytest.mark.django_db(transaction=True)
def test_a_file_that_meets_a_lead_of_somebody_who_is_leaving_waits_for_them_without_a_circle(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    """Who leaves has their leads locked, then asks for their turn: a batch must not hold turns while it waits."""
    lead = make_lead(alice, email="known@x.example")
    batch = (arrival("new@x.example"), arrival("known@x.example", title="Director"))

    def arrive() -> None:
        admitted(*batch)
        connection.close()

    thread = threading.Thread(target=arrive)
    with transaction.atomic():
        bulk.hold([lead.pk])
        thread.start()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '10s'")
            waits = False
            while not waits:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
                (waits,) = cursor.fetchone()
        seller = routing.sellers()[alice.pk]
        with turns.taken([seller]):
            pass
    thread.join()
    assert Lead.objects.count() == 2


def test_people_of_one_company_share_its_account(db: None) -> None:
    admitted(
        arrival("a@northgate.example", company="Northgate Dental"), arrival("b@northgate.example", company="NORTHGATE")
    )
    admitted(arrival("x@gmail.com", company="Fjord Klinikk"), arrival("y@gmail.com", company="fjord  klinikk"))
    assert sorted(Account.objects.values_list("key", flat=True)) == ["d:northgate.example", "n:fjord klinikk"]


@pytest.mark.django_db(transaction=True)
def test_overlapping_files_at_the_same_moment_make_no_duplicate() -> None:
    def file(start: int) -> list[Arrival]:
        return [arrival(f"p{n}@x.example", f"crm-{n}") for n in range(start, start + 60)]

    files = [file(0), file(20), file(40)[::-1]]
    barrier = threading.Barrier(len(files))
    counts: list[dict[UUID | None, Result]] = []
    problems: list[Exception] = []

    def work(rows: list[Arrival]) -> None:
        try:
            barrier.wait()
            for start in range(0, len(rows), 15):
                counts.append({one.lead_id: one.result for one in admitted(*rows[start : start + 15])})
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(rows,)) for rows in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Lead.objects.count() == 100
    assert Identity.objects.count() == 200
    assert sum(result is Result.CREATED for chunk in counts for result in chunk.values()) == 100


class OnePersonOneLead(TestCase):
    """I4 for any rows in any order and any batches."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans(), st.booleans()), min_size=1, max_size=12
        ),
        st.integers(1, 12),
    )
    def test_no_key_ever_belongs_to_two_leads_and_every_row_is_accounted_for(
        self, rows: list[tuple[int, int, bool, bool]], size: int
    ) -> None:
        arrivals = [
            arrival(f"p{mail}@x.example" if has_mail else "", f"crm-{ident}" if has_id or not has_mail else "")
            for mail, ident, has_mail, has_id in rows
        ]
        counted = [one for at in range(0, len(arrivals), size) for one in admitted(*arrivals[at : at + size])]
        assert len(counted) == len(rows)
        born = {one.lead_id for one in counted if one.result is Result.CREATED}
        assert set(Lead.objects.values_list("pk", flat=True)) == born
        for one, row in zip(counted, arrivals, strict=True):
            if one.result is not Result.REJECTED:
                assert set(identity.resolve(row.keys).values()) == {one.lead_id}


def test_somebody_known_only_by_an_id_is_called_and_found_by_it(db: None) -> None:
    row = arrival("", "dac32acd4db4c29c", name="")
    admitted(replace(row, person=replace(row.person, reference="dac32acd4db4c29c")))
    lead = Lead.objects.get()
    assert str(lead) == "No. dac32acd…"
    assert "dac32acd4db4c29c" in lead.search


def named_at(company: str, email: str = "", name: str = "") -> Lead:
    who = name or email or company
    keys = (found,) if (found := identity.email(email)) else (natural_key("card", Person(name=who), None),)
    person = Person(name=who, email=email, company=company)
    (done,) = admitted(replace(arrival("x@x.example", days_ago=0), keys=keys, person=person))
    return Lead.objects.select_related("account").get(pk=done.lead_id)


def test_a_company_known_by_its_name_is_the_one_that_a_colleagues_address_says_the_domain_of(db: None) -> None:
    by_card = named_at("Northgate Dental", name="Priya Raman")
    assert by_card.account
    assert by_card.account.key == "n:northgate dental"
    colleague = named_at("Northgate Dental", "tom@northgate.example")
    by_name = named_at("Northgate Dental", name="Ann Lee")
    assert {by_card.account_id, colleague.account_id, by_name.account_id} == {by_card.account_id}
    assert Account.objects.values_list("key", "domain").get() == ("d:northgate.example", "northgate.example")


def test_a_later_address_of_the_same_person_says_the_domain_of_their_company_too(alice: User) -> None:
    person = Person(name="Priya Raman", phone="+442071838750", company="Northgate Dental")
    card = replace(arrival(days_ago=0), keys=(natural_key("card", person, None),), person=person)
    named = replace(person, email="priya@northgate.example")
    address = identity.email(named.email)
    assert address
    (one,), (two,) = admitted(card), admitted(replace(arrival(days_ago=0), keys=(address,), person=named))
    assert one.lead_id == two.lead_id
    assert Account.objects.get().key == "d:northgate.example"


def test_a_name_alone_makes_no_two_companies_one(db: None) -> None:
    apart = [
        named_at("Self-employed", name="Jo Park"), named_at("Self-employed", "jane@doe.example"),
        named_at("Smile Dental", "a@smile-leeds.example"), named_at("Smile Dental", "b@smile-york.example"),
        named_at("Smile Dental", name="Sam Ray"), named_at("", "c@northgate.example"),
        named_at("Northgate Dental", name="Priya Raman"),
    ]  # fmt: skip
    assert len({lead.account_id for lead in apart}) == len(apart)
