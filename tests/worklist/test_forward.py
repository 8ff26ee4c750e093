"""A lead that ripens comes forward; where somebody chose the date, they hear of it; and spare minutes are used."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.leads.decisions.actions import nurture, set_next, touch
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Lead, State
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.ripeness.models import Score
from ripeline.routing import prices
from ripeline.timeline.models import Activity
from ripeline.web.record.entries import tell
from ripeline.worklist.actions import bring_forward, likely_ready, plan_for
from ripeline.worklist.forward import ripening_early
from tests.cast import MONDAY, MakeLead, by, soon

pytestmark = pytest.mark.django_db


def rate(lead: Lead, p_30: float) -> None:
    """Came in spring, and is so likely to be ready."""
    Lead.objects.filter(pk=lead.pk).update(episode_at=MONDAY - timedelta(days=60))
    day = date(2026, 6, 1)
    Score.objects.update_or_create(
        lead_id=lead.pk,
        defaults={
            "p_ever": 0.5, "p_ever_low": 0.3, "p_ever_high": 0.7, "p_30": p_30, "p_30_low": p_30 / 2,
            "p_30_high": min(p_30 * 2, 1), "p_win": 0.15, "window_start": day, "window_end": day, "log_odds": 0.0,
            "log_odds_sd": 1.0, "curve": "even", "is_concentrated": False, "model": "test", "scored_at": clock.now(),
        },
    )  # fmt: skip


def green(lead: Lead, user: User, *, committed: bool = False) -> Lead:
    """Spoken to five weeks ago, and left to ripen until spring."""
    with clock.at(MONDAY - timedelta(days=35)):
        touch(lead.pk, by(user), kind="call", reached=True, next=soon(days=30))
        nurture(lead.pk, by(user), next=Next(MONDAY + timedelta(days=120), note="", committed=committed))
    rate(lead, 0.02)
    return Lead.objects.get(pk=lead.pk)


def test_a_lead_in_keep_in_touch_that_ripens_is_on_its_owners_list_the_same_day(alice: User, lead: Lead) -> None:
    green(lead, alice)
    people_actions.change_user(actor=alice, user=alice, minutes_per_day=6)
    with clock.at(MONDAY):
        prices.renew()
        assert bring_forward([lead.pk]) == 0
        rate(lead, 0.34)
        assert bring_forward([lead.pk]) == 1
        assert bring_forward([lead.pk]) == 0
        day = plan_for(alice)
    lead.refresh_from_db()
    assert (lead.responsible.user, lead.state) == (alice, State.WORKING)
    assert [row.lead for row in day.rows] == [lead]
    assert "ikely ready within a month" in day.rows[0].why
    entry = Activity.objects.get(lead_id=lead.pk, kind="replanned")
    (told,) = tell([entry])
    assert told.words.endswith("Likely ready within a month now (34 %), so it comes forward.")


def test_a_date_that_somebody_chose_stays_and_its_owner_hears_of_it(alice: User, bob: User, lead: Lead) -> None:
    at = green(lead, alice, committed=True).next_at
    rate(lead, 0.34)
    with clock.at(MONDAY):
        assert bring_forward() == 0
        assert bring_forward() == 0
        assert ripening_early(alice) == [(lead, "34 %")]
        assert ripening_early(bob) == []
        (told,) = tell(list(Activity.objects.filter(lead_id=lead.pk, kind="ripened")))
        assert told.words == "Likely ready within a month now (34 %); the date that was chosen stays"
    with clock.at(MONDAY + timedelta(hours=1)):
        set_next(lead.pk, by(alice), next=Next(MONDAY + timedelta(days=100), committed=True))
        assert ripening_early(alice) == []  # looked at
    assert Lead.objects.filter(pk=lead.pk).exclude(next_at=at).exists()


def test_who_was_spoken_to_yesterday_has_their_peace(alice: User, lead: Lead) -> None:
    rate(lead, 0.5)
    with clock.at(MONDAY):
        touch(lead.pk, by(alice), kind="call", reached=True, next=soon(days=60))
    with clock.at(MONDAY + timedelta(days=1)):
        assert bring_forward([lead.pk]) == 0
    with clock.at(MONDAY + timedelta(days=9)):
        assert bring_forward([lead.pk]) == 1


def test_spare_minutes_go_to_whoever_is_worth_them_and_not_more_than_fit(alice: User, make_lead: MakeLead) -> None:
    people_actions.change_user(actor=alice, user=alice, minutes_per_day=12)
    leads = [green(make_lead(alice), alice) for _ in range(4)]
    for lead, p_30 in zip(leads, (0.05, 0.1, 0.08, 0.12), strict=True):
        rate(lead, p_30)
    with clock.at(MONDAY):
        prices.renew()
        assert bring_forward() == 2
        assert {row.lead for row in plan_for(alice).rows} == {leads[1], leads[3]}
        for row in plan_for(alice).rows:
            touch(row.lead.pk, by(alice), kind="call", reached=True, next=soon(days=60))
        assert bring_forward() == 0  # done is done
    assert people.built_in(people.KEEP_IN_TOUCH) == Lead.objects.get(pk=leads[0].pk).responsible


def test_inside_sales_with_minutes_to_spare_works_what_waits_in_the_queue_for_later(
    sam: User, make_lead: MakeLead
) -> None:
    # Minutes for two, and she takes no turns.
    people_actions.change_user(actor=people.system(), user=sam, minutes_per_day=16, weight=0)
    waiting = [make_lead(due=timedelta(days=20 + at), name=f"Waits {at}") for at in range(4)]
    for lead, p_30 in zip(waiting, (0.05, 0.1, 0.08, 0.12), strict=True):
        rate(lead, p_30)
    chosen = make_lead(due=timedelta(days=30))
    rate(chosen, 0.3)
    Lead.objects.filter(pk=chosen.pk).update(next_committed=True)
    with clock.at(MONDAY):
        prices.renew()
        assert plan_for(sam).rows == []
        assert bring_forward() == 2
        assert bring_forward() == 0
        assert {row.lead for row in plan_for(sam).rows} == {waiting[1], waiting[3]}
        assert {lead.responsible.code for lead in Lead.objects.select_related("responsible")} == {people.QUALIFY}
        for row in plan_for(sam).rows:
            touch(row.lead.pk, by(sam), kind="call", reached=True, next=soon(days=60))
        assert bring_forward() == 0  # done is done


def test_opportunities_and_promises_are_left_alone(alice: User, make_lead: MakeLead) -> None:
    deal, promised = make_lead(alice), make_lead(alice)
    for lead in (deal, promised):
        rate(lead, 0.9)
    Lead.objects.filter(pk=deal.pk).update(state="opportunity", next_at=MONDAY + timedelta(days=50))
    Lead.objects.filter(pk=promised.pk).update(next_kind="promise", next_at=MONDAY + timedelta(days=50))
    with clock.at(MONDAY):
        assert bring_forward() == 0
        assert ripening_early(alice) == []


@pytest.mark.parametrize(("minutes", "due"), [(32, 4), (64, 8), (24, 6)])
def test_who_turns_hot_is_on_a_list_that_is_full_the_same_day(
    alice: User, make_lead: MakeLead, minutes: int, due: int
) -> None:
    people_actions.change_user(actor=alice, user=alice, minutes_per_day=minutes)
    with clock.at(MONDAY - timedelta(hours=1)):
        for _ in range(due):
            rate(make_lead(alice), 0.02)
        hot, kept = make_lead(alice, due=timedelta(days=40)), make_lead(alice, due=timedelta(days=1))
        rate(hot, 0.02)
        green(kept, alice)
        prices.renew()
        before = [row.lead for row in plan_for(alice).rows]
    with clock.at(MONDAY):
        rate(hot, 0.55)
        rate(kept, 0.4)
        assert bring_forward([hot.pk, kept.pk]) == 2
        day = plan_for(alice)
        assert {row.lead for row in day.rows[:2]} == {hot, kept}
        assert [row.lead for row in day.rows[2:]] == before
        assert "ikely ready within a month" in day.rows[0].why
        assert ripening_early(alice) == []


def test_who_was_due_and_turns_hot_while_the_list_is_worked_comes_in(alice: User, make_lead: MakeLead) -> None:
    people_actions.change_user(actor=alice, user=alice, minutes_per_day=24)
    with clock.at(MONDAY - timedelta(hours=1)):
        for _ in range(6):
            rate(make_lead(alice), 0.02)
        listed = {row.lead.pk for row in plan_for(alice).rows}
    with clock.at(MONDAY):
        left_out = Lead.objects.exclude(pk__in=listed)[0]
        rate(left_out, 0.72)
        assert plan_for(alice).rows[0].lead == left_out
        assert len(plan_for(alice).rows) == len(listed) + 1


def test_where_a_day_of_promises_has_no_place_its_owner_hears_who_ripens(alice: User, make_lead: MakeLead) -> None:
    people_actions.change_user(actor=alice, user=alice, minutes_per_day=24)
    with clock.at(MONDAY):
        Lead.objects.filter(pk__in=[make_lead(alice).pk for _ in range(6)]).update(next_committed=True)
        hot = make_lead(alice, due=timedelta(days=40))
        rate(hot, 0.55)
        assert bring_forward() == 0
        assert bring_forward([hot.pk]) == 0
        assert ripening_early(alice) == [(hot, "55 %")]
        (told,) = tell(list(Activity.objects.filter(lead_id=hot.pk, kind="ripened")))
        assert told.words.endswith("(55 %); the day is full of better ones, so its date stays")


def test_who_was_merged_into_somebody_likely_ready_is_it_too(alice: User, make_lead: MakeLead) -> None:
    hot, cold, merged, unscored = (make_lead(alice) for _ in range(4))
    rate(hot, 0.34)
    rate(cold, 0.14)
    Lead.objects.filter(pk=merged.pk).update(merged_into=hot)
    assert likely_ready([hot.pk, cold.pk, merged.pk, unscored.pk]) == {hot.pk, merged.pk}


def test_a_visit_by_whoever_needs_no_place_locks_nobodys(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        deal, today, chosen = make_lead(alice), make_lead(alice), make_lead(alice, due=timedelta(days=50))
        Lead.objects.filter(pk=deal.pk).update(state="opportunity", next_at=MONDAY + timedelta(days=50))
        Lead.objects.filter(pk=chosen.pk).update(next_committed=True)
        for lead in (deal, today, chosen):
            rate(lead, 0.9)
        with CaptureQueriesContext(connection) as queries:
            assert bring_forward([deal.pk, today.pk, chosen.pk]) == 0
        assert not [q["sql"] for q in queries if '"turn"' in q["sql"] or "INTO turn" in q["sql"]]
        assert ripening_early(alice) == [(chosen, "90 %")]
