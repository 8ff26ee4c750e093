"""Leads that wait are handed to whoever has time, the best first; and the day stays finite."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.catalog.actions import sources_named
from ripeline.leads.decisions.actions import nurture, set_next, touch
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Role, User
from ripeline.ripeness.models import Score
from ripeline.routing import prices, queries
from ripeline.routing.actions import release, return_due
from ripeline.routing.models import Price, Turn
from ripeline.routing.rules import words
from ripeline.routing.worth import Standing, worth
from ripeline.timeline.models import Activity
from tests.cast import MONDAY, MakeLead, MakeUser, by, soon

pytestmark = pytest.mark.django_db


def rate(lead: Lead, p_30: float) -> None:
    day = date(2026, 6, 1)
    Score.objects.create(
        lead_id=lead.pk, p_ever=0.5, p_ever_low=0.3, p_ever_high=0.7, p_30=p_30, p_30_low=p_30 / 2,
        p_30_high=min(p_30 * 2, 1), p_win=0.15, window_start=day, window_end=day, log_odds=0.0, log_odds_sd=1.0,
        curve="even", is_concentrated=False, model="test", scored_at=MONDAY,
    )  # fmt: skip


def owners() -> Counter[str | None]:
    return Counter(Lead.objects.values_list("owner__name", flat=True))


def test_three_reps_who_were_added_after_an_import_have_something_to_do(
    make_user: MakeUser, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        for ahead in range(60):
            make_lead(due=timedelta(days=ahead), captured=timedelta(days=400))
        for name in ("dora", "emil", "fay"):
            make_user(name, Role.REP)  # 90 minutes each: fifteen contacts
        assert release() == 45
        assert owners() == {"Dora": 15, "Emil": 15, "Fay": 15, None: 15}
        assert release() == 0


def test_the_likeliest_go_first_and_the_reason_says_so(make_user: MakeUser, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        leads = [make_lead(due=timedelta(days=3)) for _ in range(6)]
        for lead, p_30 in zip(leads, (0.02, 0.3, 0.01, 0.2, 0.05, 0.04), strict=True):
            rate(lead, p_30)
        dora = make_user("dora", Role.REP, minutes_per_day=12)
        assert release() == 2
        given = set(Lead.objects.filter(owner=dora))
    assert given == {leads[1], leads[3]}
    entry = Activity.objects.get(lead_id=leads[1].pk, kind="handed")
    assert words(entry.data["why"]) == "Dora has time today, and it was among the most promising that waited."
    assert all(lead.next_at == MONDAY for lead in given)


def test_what_is_due_goes_before_what_could_wait(make_user: MakeUser, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        later, now = make_lead(due=timedelta(days=3)), make_lead()
        rate(later, 0.3)
        rate(now, 0.02)
        dora = make_user("dora", Role.REP, minutes_per_day=6)
        release()
        assert Lead.objects.get(owner=dora) == now


def test_a_full_day_is_left_alone_and_what_is_done_makes_no_room_until_tomorrow(
    alice: User, make_lead: MakeLead
) -> None:
    people_actions.change_user(actor=people.system(), user=alice, minutes_per_day=18)
    with clock.at(MONDAY):
        own = make_lead(alice)
        for _ in range(10):
            make_lead()
        assert release() == 2
        touch(own.pk, by(alice), kind="call", reached=True, next=soon(days=30))
        assert release() == 0
    with clock.at(MONDAY + timedelta(days=1)):
        assert release() == 1  # two of yesterday's are still due


def test_no_more_than_the_cap(make_user: MakeUser, make_lead: MakeLead) -> None:
    make_user("dora", Role.REP, lead_cap=4)
    for _ in range(10):
        make_lead()
    assert release() == 4
    assert release() == 0


def test_what_an_sdr_is_qualifying_stays_with_them_and_a_promised_date_waits_for_its_day(
    alice: User, sam: User, make_lead: MakeLead
) -> None:
    qualifying = make_lead(state=State.QUALIFYING)
    promised = make_lead()
    set_next(promised.pk, by(sam), next=Next(clock.now() + timedelta(days=20), committed=True))
    assert release() == 0
    with clock.at(clock.now() + timedelta(days=21)):
        assert release() == 1
    assert Lead.objects.get(owner=alice) == promised
    assert Lead.objects.get(pk=qualifying.pk).owner is None


def test_inside_sales_looks_at_what_is_new_for_a_working_day_before_a_rep_gets_it(
    alice: User, sam: User, make_lead: MakeLead
) -> None:
    """Sam is here: what came on Monday at ten is Alice's on Tuesday at ten, if nobody has begun with it by then."""
    with clock.at(MONDAY):
        seen, begun = make_lead(), make_lead()
        assert release() == 0
        touch(begun.pk, by(sam), kind="call", reached=False, next=soon(hours=2))
    with clock.at(MONDAY + timedelta(days=1) - timedelta(minutes=1)):
        assert release() == 0
    with clock.at(MONDAY + timedelta(days=1)):
        assert release() == 1
    assert Lead.objects.get(owner=alice) == seen
    begun.refresh_from_db()
    assert begun.state == State.QUALIFYING


def test_a_weekend_is_no_time_to_look(alice: User, sam: User, make_lead: MakeLead) -> None:
    friday = MONDAY + timedelta(days=4)
    with clock.at(friday):
        make_lead()
    for later in (timedelta(days=1), timedelta(days=2), timedelta(days=2, hours=23)):
        with clock.at(friday + later):
            assert release() == 0
    with clock.at(friday + timedelta(days=3)):
        assert release() == 1


def test_who_asked_for_us_waits_an_hour_for_inside_sales_and_no_longer(
    alice: User, sam: User, make_lead: MakeLead
) -> None:
    sources = sources_named(["Quote request", "White paper"])
    with clock.at(MONDAY):
        quote, paper = (make_lead(source_id=sources[name].pk) for name in ("Quote request", "White paper"))
    with clock.at(MONDAY + timedelta(minutes=59)):
        assert release() == 0
    with clock.at(MONDAY + timedelta(hours=1)):
        assert release() == 1
    assert Lead.objects.get(owner=alice) == quote
    assert Lead.objects.get(pk=paper.pk).owner is None


def test_where_inside_sales_is_away_or_left_reps_get_what_is_new_at_once(
    alice: User, sam: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        make_lead()
        assert release() == 0
        today = MONDAY.date()
        away = people_actions.add_absence(actor=sam, user=sam, first_day=today, last_day=today + timedelta(days=2))
        assert release() == 1
        people_actions.remove_absence(actor=sam, absence=away)
        make_lead()
        assert release() == 0
        people_actions.set_active(actor=people.system(), user=sam, active=False)
        assert release() == 1


def test_somebody_else_of_inside_sales_being_here_is_enough(
    alice: User, sam: User, make_user: MakeUser, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        make_user("sid", Role.SDR)
        today = MONDAY.date()
        people_actions.add_absence(actor=sam, user=sam, first_day=today, last_day=today)
        make_lead()
        assert release() == 0


def test_what_a_rep_has_begun_with_needs_no_look(alice: User, sam: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        worked = make_lead(state=State.WORKING)
        assert release() == 1
    assert Lead.objects.get(owner=alice) == worked


def test_where_there_are_no_reps_inside_sales_gets_what_is_new_at_once(sam: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        make_lead()
        assert release() == 1
    assert Lead.objects.filter(owner=sam).exists()


def test_who_looks_after_the_company_gets_its_people_out_of_the_queue(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    lead = make_lead()
    assert lead.account
    lead.account.owner = bob
    lead.account.save()
    assert release() == 1
    assert Lead.objects.get(pk=lead.pk).owner == bob


def test_a_lead_to_qualify_becomes_a_first_contact_in_a_reps_hands(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead()
    Lead.objects.filter(pk=lead.pk).update(next_kind=NextKind.QUALIFY)
    release()
    assert Lead.objects.get(pk=lead.pk).next_kind == NextKind.FIRST_CONTACT


def test_nobody_to_release_to_is_no_trouble(make_lead: MakeLead) -> None:
    make_lead()
    assert release() == 0


def test_keep_in_touch_brings_a_lead_back_to_its_owner_with_the_reason_once(alice: User, lead: Lead) -> None:
    nurture(lead.pk, by(alice), next=Next(clock.now() + timedelta(days=90), note="after the budget round"))
    assert return_due() == 0
    with clock.at(clock.now() + timedelta(days=90)):
        assert return_due() == 1
        assert return_due() == 0
    lead.refresh_from_db()
    assert (lead.responsible.user, lead.state, lead.next_note) == (alice, State.WORKING, "after the budget round")
    assert lead.next_kind == NextKind.KEEP_IN_TOUCH
    entry = Activity.objects.get(lead_id=lead.pk, kind="returned")
    assert words(entry.data["why"]) == "Alice looked after it before."


def test_or_to_the_queue_when_the_owner_has_left(alice: User, lead: Lead) -> None:
    nurture(lead.pk, by(alice), next=soon(days=9))
    people_actions.set_active(actor=people.system(), user=alice, active=False)
    with clock.at(clock.now() + timedelta(days=9)):
        assert return_due() == 1
    lead.refresh_from_db()
    assert (lead.responsible, lead.state) == (people.built_in(people.QUALIFY), State.NEW)


def test_a_minute_that_is_dear_takes_no_lead_that_brings_less(alice: User, make_lead: MakeLead) -> None:
    """Alice has room today, but her minutes are worth more than this lead; a better one comes at once."""
    with clock.at(MONDAY):
        poor, good = (make_lead(due=timedelta(days=2), captured=timedelta(days=60)) for _ in range(2))
        rate(poor, 0.01)
        rate(good, 0.9)
        prices.renew()
        Price.objects.filter(responsible__user=alice).update(per_minute=worth_of(poor) * 1.1)
        assert release() == 1
        assert Lead.objects.get(owner=alice) == good
        poor.refresh_from_db()
        assert poor.next_at == MONDAY + timedelta(days=2)  # waits, with its date
        Price.objects.filter(responsible__user=alice).update(per_minute=worth_of(poor) * 0.9)
        assert release() == 1  # there is room for it now


def worth_of(lead: Lead) -> float:
    score = Score.objects.get(lead_id=lead.pk)
    standing = Standing(
        lead_id=lead.pk, state=lead.state, p_30=score.p_30, curve=score.curve, since=lead.episode_at
    )  # fmt: skip
    return float(worth([standing], now=clock.now())[0])


def test_a_full_day_takes_only_what_is_worth_clearly_more_and_says_so(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for _ in range(15):  # ninety minutes
            rate(make_lead(alice, captured=timedelta(days=60)), 0.04)
        same, better = make_lead(captured=timedelta(days=60)), make_lead(captured=timedelta(days=60))
        rate(same, 0.04)
        rate(better, 0.4)
        assert release() == 1
    assert Lead.objects.filter(owner=alice, pk=better.pk).exists()
    entry = Activity.objects.get(lead_id=better.pk, kind="handed")
    assert words(entry.data["why"]) == "Alice has a full day, and this is worth more than the least of what is on it."


def test_what_fills_a_day_is_looked_at_once_a_day(alice: User, make_lead: MakeLead) -> None:
    def looks() -> int:
        rate(make_lead(captured=timedelta(days=60)), 0.005)
        with CaptureQueriesContext(connection) as asked:
            assert release() == 0
        return sum(queries._LEAST.split("WHERE")[0] in query["sql"] for query in asked)

    with clock.at(MONDAY):
        for _ in range(15):
            rate(make_lead(alice, captured=timedelta(days=60)), 0.04)
        assert [looks(), looks()] == [1, 0]
        least = Turn.objects.get(user=alice).least
    with clock.at(MONDAY + timedelta(days=1)):
        Score.objects.filter(lead_id__in=Lead.objects.filter(owner=alice).values("pk")).update(p_30=0.2)
        assert [looks(), looks()] == [1, 0]
    assert Turn.objects.get(user=alice).least > least


def test_what_was_seen_on_a_day_off_is_looked_at_again_in_the_morning(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY - timedelta(days=2)):
        for _ in range(15):
            rate(make_lead(alice, captured=timedelta(days=60)), 0.04)
        rate(make_lead(captured=timedelta(days=60)), 0.005)
        assert release() == 0
        assert Turn.objects.get(user=alice).least is None
    with clock.at(MONDAY):
        assert release() == 0
        assert Turn.objects.get(user=alice).least_day == MONDAY.date()


def test_whoever_has_minutes_comes_before_whose_day_is_full(alice: User, bob: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for _ in range(15):
            rate(make_lead(alice, captured=timedelta(days=60)), 0.02)
        for _ in range(4):
            rate(make_lead(captured=timedelta(days=60)), 0.4)
        assert release() == 4
    assert Lead.objects.filter(owner=bob).count() == 4


def test_no_more_new_leads_a_week_than_the_intake_cap_and_by_experience(
    make_user: MakeUser, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        dora = make_user("dora", Role.REP, intake_cap=4)
        for _ in range(10):
            make_lead()
        assert release() == 4
    with clock.at(MONDAY + timedelta(days=3)):
        for lead in Lead.objects.filter(owner=dora):
            touch(lead.pk, by(dora), kind="call", reached=True, next=soon(days=60))
        assert release() == 0
    with clock.at(MONDAY + timedelta(days=7)):
        assert release() == 4
    assert [people.intake_cap(User(experience=level)) for level in ("novice", "steady", "veteran")] == [40, 30, 15]


def test_a_veteran_gets_fewer_and_better(make_user: MakeUser, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        vera = make_user("vera", Role.REP, experience="veteran")
        lead = make_lead()
        rate(lead, 0.04)
        prices.renew()
        Price.objects.filter(responsible__user=vera).update(per_minute=worth_of(lead) * 0.9)
        assert release() == 0
        people_actions.change_user(actor=people.system(), user=vera, experience="novice")
        assert release() == 1


def test_keep_in_touch_keeps_whom_a_full_day_has_no_minute_for_and_says_why(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY - timedelta(days=40)):
        green, chosen = make_lead(alice), make_lead(alice)
        nurture(green.pk, by(alice), next=soon(days=40))
        nurture(chosen.pk, by(alice), next=Next(MONDAY, committed=True))
        rate(green, 0.01)
    with clock.at(MONDAY):
        for _ in range(15):
            rate(make_lead(alice, captured=timedelta(days=60)), 0.2)
        assert return_due() == 1
        assert return_due() == 0
    chosen.refresh_from_db()
    green.refresh_from_db()
    assert chosen.responsible.user == alice
    assert (green.responsible, green.state) == (people.built_in(people.KEEP_IN_TOUCH), State.NURTURE)
    assert green.next_at
    assert green.next_at.date() == date(2026, 6, 2)
    entry = Activity.objects.get(lead_id=green.pk, kind="replanned")
    assert words(entry.data["why"]) == "Alice has no minute to spare for it yet: what they have is worth more."


@pytest.mark.django_db(transaction=True)
def test_two_workers_releasing_at_once_hand_each_lead_out_once(
    make_user: MakeUser, make_lead: MakeLead, in_threads: Callable[..., list[BaseException]]
) -> None:
    for name in ("dora", "emil"):
        make_user(name, Role.REP, minutes_per_day=30)
    for _ in range(30):
        make_lead()
    started = Barrier(3)

    def work() -> None:
        started.wait()
        release()

    assert in_threads(work, work, work) == []
    assert owners() == {"Dora": 5, "Emil": 5, None: 20}
    assert Activity.objects.filter(kind="handed").count() == 10
