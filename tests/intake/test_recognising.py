"""Whose a visit is: before and after somebody said who they are, from any device, in any order, exactly once."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import uuid_utils.compat
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.catalog import tracking
from ripeline.cli import invariants
from ripeline.leads import record
from ripeline.leads.decisions.recognising import identify
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.timeline import partitions, storing, visits
from ripeline.timeline.hits import Hit as RawHit
from ripeline.timeline.hits import classify
from ripeline.timeline.models import Activity, Engagement, Hit, Reaction
from ripeline.worker import reactions
from tests.cast import MakeLead, by

BASE = datetime(2026, 6, 1, 12, tzinfo=UTC)


def raw(visitor: UUID, minute: float = 0, **more: Any) -> RawHit:
    """A hit so many minutes after BASE."""
    moment = int((BASE + timedelta(minutes=minute)).timestamp() * 1_000_000)
    given = {
        "visitor_id": visitor, "event_id": uuid_utils.compat.uuid7(), "site_id": 1, "kind": "view",
        "page_kind": "pricing", "who": "human", "has_consent": True, "occurred": moment, "received": moment,
        "lead_id": None, "host": "www.casaverde.example", "path": "/pricing", "network": "203.0.113.0/24",
        "agent": "Firefox", "marks": "", "data": {"title": "Prices"},
    }  # fmt: skip
    return RawHit(**{**given, **more})


def store(*hits: RawHit) -> None:
    """As the intake does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(storing.STORE, {"hits": storing.as_json(hits), "now": clock.now()})


def seen(lead: Lead) -> list[str]:
    """The events on a lead's timeline, in their order."""
    found = Activity.objects.filter(lead_id=lead.pk, origin=storing.ORIGIN).order_by("occurred_at", "event_key")
    return [key[32:] for key in found.values_list("event_key", flat=True)]


def differing() -> list[UUID]:
    """Leads of whom something else is kept than their timeline says."""
    (sql,) = [sql for name, _, sql in invariants.INVARIANTS if name == "signals_equal_their_replay"]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [pk for (pk,) in cursor.fetchall()]


def names(*hits: RawHit) -> list[str]:
    return [hit.event_id.hex for hit in hits]


def said(visitor: UUID, lead: Lead, minute: float, by_whom: User) -> bool:
    return identify(
        visitor_id=visitor, lead_id=lead.pk, by=by(by_whom), since=BASE + timedelta(minutes=minute), how="form"
    )


def test_what_they_did_before_and_after_and_on_two_devices_is_theirs(lead: Lead, alice: User) -> None:
    laptop, phone = uuid4(), uuid4()
    before, other, machine = raw(laptop, 0), raw(uuid4(), 1), raw(laptop, 2, who="bot")
    store(before, other, machine)
    assert said(laptop, lead, 5, alice)
    reactions.work()
    after, on_phone = raw(laptop, 10), raw(phone, 11)
    store(after, on_phone)
    assert seen(lead) == names(before, after), "what comes after is there at once"
    assert said(phone, lead, 12, alice)
    reactions.work()
    assert seen(lead) == names(before, after, on_phone)
    assert not said(laptop, lead, 20, alice), "that was known"
    store(before, after, on_phone)
    visits.settle_leads([lead.pk])
    assert seen(lead) == names(before, after, on_phone), "and once"
    entry = Activity.objects.get(event_key__endswith=before.event_id.hex)
    assert entry.data == {"host": "www.casaverde.example", "path": "/pricing", "page": "pricing", "title": "Prices"}


def test_a_hit_that_crossed_with_the_recognition_is_found_a_minute_later(lead: Lead, alice: User) -> None:
    visitor = uuid4()
    said(visitor, lead, 0, alice)
    reactions.work()
    crossed = raw(visitor, 1)
    with connection.cursor() as cursor:  # stored by a transaction that did not see who it is
        cursor.execute(storing.STORE, {"hits": storing.as_json([raw(uuid4())]), "now": clock.now()})
    Hit.objects.update(visitor_id=visitor, event_id=crossed.event_id)
    assert seen(lead) == []
    visits.settle_recent()
    assert seen(lead) == names(crossed)


def test_two_people_at_one_browser_are_not_one(alice: User, make_lead: MakeLead) -> None:
    priya, jonas, visitor = make_lead(alice), make_lead(alice), uuid4()
    first, second, third = raw(visitor, 0), raw(visitor, 10), raw(visitor, 20)
    store(first, second, third)
    said(visitor, priya, 5, alice)
    reactions.work()
    assert seen(priya) == names(first, second, third)
    said(visitor, jonas, 15, alice)
    reactions.work()
    assert (seen(priya), seen(jonas)) == (names(first, second), names(third))


def test_a_merged_record_shows_the_visits_of_both_and_gives_them_back(lead: Lead, alice: User, make_lead: Any) -> None:
    twin = make_lead(alice)
    laptop, phone = uuid4(), uuid4()
    said(laptop, lead, 0, alice)
    said(phone, twin, 0, alice)
    merging.merge(survivor_id=lead.pk, duplicate_id=twin.pk, by=by(alice))
    reactions.work()
    store(raw(laptop, 1), raw(phone, 2))
    shown, _ = record.entries(lead, alice, family="visits")
    assert len(shown) == 2
    merging.unmerge(duplicate_id=twin.pk, by=by(alice))
    assert len(record.entries(lead, alice, family="visits")[0]) == 1
    assert len(seen(twin)) == 1, "later events follow the identity that brought them"


def test_rules_that_change_decide_what_is_kept_anew(lead: Lead, alice: User, ada: User) -> None:
    visitor = uuid4()
    said(visitor, lead, 0, alice)
    hit = raw(visitor, 1)
    store(hit)
    assert seen(lead) == names(hit)
    tracking.set_own_networks(actor=ada, text="203.0.113.9")
    visits.reclassify_if_changed()
    assert (Hit.objects.get().who, seen(lead)) == ("staff", []), "those were our own"
    tracking.set_own_networks(actor=ada, text="")
    tracking.set_page_rules(actor=ada, given=[("/pric*", "legal")])
    visits.reclassify_if_changed()
    found = Hit.objects.get()
    assert (found.who, found.page_kind, seen(lead)) == ("human", "legal", names(hit)), "nothing was lost"
    entry = Activity.objects.get(origin=storing.ORIGIN)
    assert entry.data["page"] == "legal"
    assert not Engagement.objects.exists(), "who reads the small print is not looking at prices"
    assert not differing()
    assert visits.reclassify_if_changed() == 0
    tracking.set_page_rules(actor=ada, given=[("/pric*", "pricing")])
    visits.reclassify_if_changed()
    assert Engagement.objects.get().prices == 1
    assert Reaction.objects.filter(lead_id=lead.pk, kind="visited").exists(), "and it is scored anew"


@pytest.mark.django_db(transaction=True)
def test_deciding_anew_holds_up_the_intake_for_a_portion_only_and_goes_on_where_it_broke_off(
    alice: User, make_lead: MakeLead, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_ = [make_lead(alice) for _ in range(3)]
    for lead in leads_:
        store(raw(uuid4(), lead_id=lead.pk))
    tracking.set_own_networks(actor=ada, text="203.0.113.9")
    monkeypatch.setattr(visits, "PORTION", 1)
    settle, done = visits._settle, []

    def breaks_off(some: Any) -> int:
        if done:
            raise KeyboardInterrupt
        done.append(some)
        return settle(some)

    with monkeypatch.context() as broken:
        broken.setattr(visits, "_settle", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            visits.reclassify_if_changed()
    assert sorted(len(seen(lead)) for lead in leads_) == [0, 1, 1], "what was done is done"
    assert visits.reclassify_if_changed() == 2
    assert [seen(lead) for lead in leads_] == [[], [], []]
    assert not differing()


@pytest.mark.django_db(transaction=True)
def test_a_visitor_who_turns_out_to_be_another_and_the_intake_do_not_wait_for_each_other_in_a_ring(
    alice: User, make_lead: MakeLead
) -> None:
    """The lost one's row is the later in order: held first, it would close the ring with a group of the intake."""
    first, last = sorted((make_lead(alice), make_lead(alice)), key=lambda lead: lead.pk)
    visitor = uuid4()
    said(visitor, last, 0, alice)
    store(raw(visitor, 5), raw(uuid4(), lead_id=first.pk), raw(uuid4(), lead_id=last.pk))
    with transaction.atomic():
        visits.link(visitor_id=visitor, lead_id=first.pk, how="form", since=BASE + timedelta(minutes=1))
    with psycopg.connect(**connection.get_connection_params()) as intake:
        intake.execute("SELECT FROM engagement WHERE lead_id = %s FOR UPDATE", [first.pk])

        def recognise() -> None:
            try:
                visits.settle([visitor])
            finally:
                connection.close()

        worker = threading.Thread(target=recognise)
        worker.start()
        for _ in range(200):
            if intake.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              " AND datname = current_database()").fetchone() != (0,):  # fmt: skip
                break
            time.sleep(0.02)
            intake.execute("SELECT pg_stat_clear_snapshot()")
        intake.execute("SELECT FROM engagement WHERE lead_id = %s FOR UPDATE NOWAIT", [last.pk])
    worker.join()
    assert (len(seen(first)), len(seen(last))) == (2, 1)
    assert not differing()


def test_links_of_a_mail_that_are_all_followed_at_once_were_not_read(lead: Lead) -> None:
    gateway = [raw(UUID(int=1), n / 100, kind="click", lead_id=lead.pk, data={"link": n}) for n in range(4)]
    later = raw(UUID(int=1), 3, kind="click", lead_id=lead.pk, data={"link": 1})
    store(*gateway, later)
    visits.find_scanners(since=BASE)
    assert seen(lead) == names(later), "who reads it later is heard"
    assert Hit.objects.filter(who="scanner").count() == 4
    assert visits.find_scanners(since=BASE) == 0
    assert all(classify(*row, frozenset()) == "scanner" for row in
               Hit.objects.filter(who="scanner").values_list("agent", "network", "marks"))  # fmt: skip


def test_a_link_for_a_lead_that_is_not_there_changes_nothing(lead: Lead) -> None:
    store(raw(uuid4(), 0, kind="click", lead_id=uuid4()))
    assert Hit.objects.count() == 1
    assert not Activity.objects.filter(origin=storing.ORIGIN).exists()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hits"), st.lists(st.integers(0, 11), min_size=1, max_size=4)),
        st.tuples(st.just("said"), st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 11))),
        st.tuples(st.just("work"), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_order_and_repetition_change_nothing(steps: Any, alice: User, make_lead: MakeLead) -> None:
    """Three devices, two people, twelve hits a minute apart; sent, said and settled in any order, again and again."""
    with transaction.atomic():
        people_ = [make_lead(alice), make_lead(alice)]
        devices = [uuid4() for _ in range(3)]
        hits = [raw(devices[n % 3], n) for n in range(12)]
        given_hits: set[int] = set()
        given_said: dict[int, dict[int, int]] = {0: {}, 1: {}, 2: {}}  # device → minute → person
        for what, more in steps:
            if what == "hits":
                store(*{hits[n].event_id: hits[n] for n in more}.values())
                given_hits |= set(more)
            elif what == "said":
                device, person, minute = more
                if minute in given_said[device]:
                    continue
                said(devices[device], people_[person], minute, alice)
                given_said[device][minute] = person
            else:
                reactions.work()
        reactions.work()
        visits.settle(devices)
        expected: dict[int, list[str]] = {0: [], 1: []}
        for n in sorted(given_hits):
            told = given_said[n % 3]
            if told:
                minute = max((m for m in told if m <= n), default=min(told))
                expected[told[minute]].append(hits[n].event_id.hex)
        assert [sorted(seen(each)) for each in people_] == [sorted(expected[0]), sorted(expected[1])]
        while reactions.work():
            pass
        assert not Reaction.objects.exists()
        assert not differing(), "and what is kept of them is what stands there"
        transaction.set_rollback(True)


def test_the_months_are_made_ahead_and_past_ones_go(db: None) -> None:
    now = clock.now()
    assert partitions.month(now, 3) in partitions.existing()
    far = partitions.month(now, 8)
    early = raw(uuid4(), event_id=UUID(int=(int(far.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62)))
    kept, recent = raw(uuid4()), raw(uuid4(), occurred=time.time_ns() // 1000, received=time.time_ns() // 1000)
    store(early, kept, recent)
    with clock.at(partitions.month(now, 6)):
        partitions.prepare()
        assert far in partitions.existing(), "what had come too early for its month lies in it now"
        assert Hit.objects.filter(event_id=early.event_id).exists()
        assert Hit.objects.count() == 3
    with clock.at(partitions.month(now, 15)):
        assert partitions.forget(13) > 0
        left = set(Hit.objects.values_list("event_id", flat=True))
    assert left == {early.event_id}, "a month goes when it is over for so long"


def test_the_rules_are_for_marketing_and_administrators(mona: User, mallory: User) -> None:
    tracking.add_site(actor=mona, address="https://www.casaverde.example/")
    for call in (
        lambda: tracking.add_site(actor=mallory, address="x.example"),
        lambda: tracking.set_page_rules(actor=mallory, given=[]),
        lambda: tracking.set_own_networks(actor=mallory, text=""),
    ):
        with pytest.raises(NotAllowed):
            call()
