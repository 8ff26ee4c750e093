"""What a lead does is counted once, in any order, and raises its score for as long as it says something."""

from datetime import timedelta
from importlib import import_module
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.arriving.admission import admit
from ripeline.catalog.actions import source_of
from ripeline.catalog.models import SourceType
from ripeline.cli import invariants
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions, rules
from ripeline.ripeness.engagement import read
from ripeline.ripeness.models import Score, Stage
from ripeline.science import engagement as days
from ripeline.science.stages import STAGES
from ripeline.timeline import counting, engagement, visits
from ripeline.timeline.models import Activity, Engagement
from ripeline.timeline.models import Hit as StoredHit
from ripeline.worker import reactions
from ripeline.worklist import actions as worklist
from tests.capture.test_admission import arrival
from tests.cast import MakeLead, by, soon
from tests.hits import hit, store

KINDS = [
    ("view", "pricing"), ("view", "contact"), ("view", "product"), ("view", "blog"), ("view", "careers"),
    ("download", "other"), ("event", "other"), ("click", "other"), ("open", "other"),
]  # fmt: skip
WHAT = {
    ("view", "pricing"): "prices", ("view", "contact"): "prices", ("view", "product"): "product",
    ("view", "blog"): "reading", ("download", "other"): "download", ("event", "other"): "product",
    ("click", "other"): "reading",
}  # fmt: skip


@pytest.fixture
def old(alice: User, make_lead: MakeLead) -> Lead:
    """Alice's lead of two months ago."""
    return make_lead(alice, captured=timedelta(days=60))


def score(lead: Lead) -> Score:
    while reactions.work():
        pass
    return Score.objects.get(pk=lead.pk)


def visit(lead: Lead, *ago: float, page: str = "pricing", **more: Any) -> None:
    for each in ago:
        store(hit(lead.pk, clock.now() - timedelta(days=each), page, **more))


def kept(lead: Lead) -> dict[str, int] | None:
    return Engagement.objects.filter(pk=lead.pk).values("day", *counting.COLUMNS).first()


def differing() -> list[UUID]:
    """The leads whose row is not what their timeline says, as `ripeline db check` finds them."""
    (sql,) = [sql for name, _, sql in invariants.INVARIANTS if name == "signals_equal_their_replay"]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [pk for (pk,) in cursor.fetchall()]


def test_what_is_kept_is_what_the_mathematics_reads() -> None:
    assert counting.COLUMNS == days.MASKS
    assert counting.WINDOW == days.WINDOW
    assert tuple(Stage.values) == STAGES


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.floats(0, 130), st.sampled_from(KINDS)), min_size=1, max_size=14),
    st.integers(1, 5), st.randoms(use_true_random=False),
)  # fmt: skip
def test_in_any_order_and_sent_twice_it_equals_what_is_counted_anew(
    old: Lead, done: list[tuple[float, tuple[str, str]]], groups: int, random: Random
) -> None:
    """I3: what was counted as events came, in groups and more than once, and the replay of the timeline."""
    sid = transaction.savepoint()
    now = clock.now()
    hits = [hit(old.pk, now - timedelta(days=ago), page, kind=kind) for ago, (kind, page) in done]
    sent = [*hits, *random.sample(hits, len(hits) // 2)]
    random.shuffle(sent)
    for part in range(groups):
        store(*sent[part::groups])
    came = kept(old)
    by_hand: dict[str, tuple[int, int]] = dict.fromkeys(days.MASKS, (0, 0))
    on = {(int(one.occurred / 86_400_000_000), WHAT.get(what)) for one, (_, what) in zip(hits, done, strict=True)}
    latest = max((day for day, what in on if what), default=None)
    for day, what in on:
        if what:
            by_hand[what] = days.add(*by_hand[what], day)
    if latest is None or came is None:
        assert latest is None
        assert came is None
    else:
        assert came["day"] == latest
        for name, (mask, at) in by_hand.items():
            assert (
                came[name] == (mask << latest - at) & ((1 << days.WINDOW) - 1) if latest - at < 63 else not came[name]
            )
    assert differing() == []
    engagement.recount([old.pk])
    assert kept(old) == came
    transaction.savepoint_rollback(sid)


def test_a_score_after_events_one_by_one_equals_the_one_of_the_replay(old: Lead) -> None:
    with clock.at(clock.now() + timedelta(minutes=1)):
        for ago in (40, 3, 12, 3, 1):
            visit(old, ago)
            one_by_one = score(old)
        engagement.recount([old.pk])
        again = score(old)
    assert again.p_30 == pytest.approx(one_by_one.p_30, abs=1e-9)
    assert again.reasons == one_by_one.reasons


def test_prices_looked_at_again_and_again_make_a_lead_ripe_and_say_why(old: Lead) -> None:
    before = score(old)
    assert rules.tag(before.p_30) is rules.Tag.GREEN
    visit(old, 4, 2, 0)
    after = score(old)
    assert after.p_30 > 4 * before.p_30
    assert rules.tag(after.p_30) is rules.Tag.RIPE
    assert after.p_30_low < after.p_30 < after.p_30_high <= after.p_ever_high
    assert after.p_30 <= after.p_ever
    assert before.p_ever < after.p_ever
    assert after.p_win / after.p_ever == pytest.approx(before.p_win / before.p_ever)
    reason = rules.reasons(after.reasons)[0]
    assert reason.words == "looked at prices on three days this week"
    assert reason.weight > 1
    assert after.stage == Stage.DECISION
    assert before.stage == Stage.AWARENESS
    assert after.log_odds == before.log_odds, "what is known of them from the beginning is what it was"


def test_who_asks_for_a_quote_is_no_longer_merely_aware_when_they_came_and_when_they_came_again(
    alice: User, make_lead: MakeLead, old: Lead
) -> None:
    quote = source_of("Quote request", SourceType.QUOTE_REQUEST)
    paper = source_of("White paper", SourceType.CONTENT_DOWNLOAD)
    came = make_lead(alice, captured=timedelta(days=2), source_id=quote.pk)
    read = make_lead(alice, captured=timedelta(days=2), source_id=paper.pk)
    assert score(came).stage == Stage.DECISION
    assert score(read).stage == score(old).stage == Stage.AWARENESS
    twin = make_lead(alice, captured=timedelta(days=60))
    for lead, source in ((old, "Quote request"), (twin, "White paper")):
        admit([arrival(lead.email, days_ago=0, source=source)], actor=alice, origin="import")
    with clock.at(clock.now()):
        asked, took = score(old), score(twin)
        assert (asked.stage, asked.stage_p > took.stage_p + 0.1) == (Stage.DECISION, True)
        actions.rescore([old.pk])
        one_by_one = Score.objects.get(pk=old.pk).stage_p
        actions.rescore(None)
        assert Score.objects.get(pk=old.pk).stage_p == pytest.approx(one_by_one, abs=1e-9), (
            "scored anew, it is the same"
        )


def test_who_came_by_an_unknown_way_and_calls_for_an_offer_is_likely_ready_and_it_says_why(
    alice: User, make_lead: MakeLead
) -> None:
    """Once: a call counts as one, and not as coming again besides; and less with the weeks."""
    lead = make_lead(alice, captured=timedelta(hours=1))
    before = score(lead)
    admit([arrival(lead.email, days_ago=0, source="Telephone")], actor=alice, origin="import")
    called = score(lead)
    assert called.p_30 > 4 * before.p_30
    assert rules.tag(called.p_30) is rules.Tag.RIPE
    said = [reason.words for reason in rules.reasons(called.reasons)]
    assert said[0] == "called us this week"
    assert "came to us again" not in said
    assert called.log_odds == before.log_odds
    with clock.at(clock.now() + timedelta(days=40)):
        actions.rescore([lead.pk])
        later = Score.objects.get(pk=lead.pk)
    assert before.p_30 < later.p_30 < called.p_30
    assert "called us some weeks ago" in [reason.words for reason in rules.reasons(later.reasons)]


def test_who_asks_twice_on_one_day_has_asked_once(alice: User, make_lead: MakeLead) -> None:
    quote = source_of("Quote request", SourceType.QUOTE_REQUEST)
    lead = make_lead(alice, captured=timedelta(hours=1), source_id=quote.pk)
    before = score(lead)
    admit([arrival(lead.email, days_ago=0, source="Quote request")], actor=alice, origin="import")
    assert score(lead).p_30 == pytest.approx(before.p_30)


def test_what_was_done_weeks_ago_says_less_and_less(old: Lead) -> None:
    visit(old, 1, 0)
    fresh = score(old).p_30
    chances = []
    for later in (10, 30, 80):
        with clock.at(clock.now() + timedelta(days=later)):
            actions.rescore([old.pk])
            chances.append(Score.objects.get(pk=old.pk).p_30)
    assert fresh > chances[0] > chances[1] > chances[2]


def test_who_applies_for_a_job_is_no_buyer_and_a_program_that_opens_mails_is_nobody(old: Lead) -> None:
    before = score(old)
    visit(old, 2, 1, page="careers")
    visit(old, 2, 1, page="pricing", kind="open")
    after = score(old)
    assert after.p_30 == pytest.approx(before.p_30, rel=0.01)
    assert kept(old) is None


@pytest.mark.parametrize("came", [(9, 0), (15, 30), (23, 30)], ids=["morning", "afternoon in London", "over midnight"])
def test_how_they_came_to_us_is_no_sign_that_they_came_again(
    alice: User, make_lead: MakeLead, came: tuple[int, int]
) -> None:
    """Days are counted in UTC, whose midnight is an afternoon in California."""
    start = (clock.now() - timedelta(days=1)).replace(hour=came[0], minute=came[1])
    with clock.at(start + timedelta(hours=1)):
        new = make_lead(alice, captured=timedelta(hours=1))
        before = score(new)
        visit(new, *(minutes / 1440 for minutes in (43, 30, 14)))
        after = score(new)
    assert after.p_30 == pytest.approx(before.p_30, rel=0.01)
    assert not [why for why in rules.reasons(after.reasons) if "prices" in why.words]
    with clock.at(start + timedelta(days=2, hours=1)):
        visit(new, 0)
        assert score(new).p_30 > 1.5 * before.p_30, "two days later is another time"


def test_who_was_never_seen_is_not_held_to_be_silent(alice: User, make_lead: MakeLead) -> None:
    never, once = make_lead(alice, captured=timedelta(days=70)), make_lead(alice, captured=timedelta(days=70))
    before = score(never).p_30
    visit(once, 60)
    assert score(once).signals < 0
    reason = [each.words for each in rules.reasons(score(once).reasons)]
    assert "hardly seen on our pages lately" in reason
    actions.rescore([never.pk])
    assert Score.objects.get(pk=never.pk).p_30 == pytest.approx(before, rel=0.01)


def test_a_machine_found_out_is_taken_back(old: Lead) -> None:
    before = score(old).p_30
    visit(old, 2, 1, agent="Linkcheck")
    real = hit(old.pk, clock.now() - timedelta(days=1), "blog")
    store(real)
    assert score(old).p_30 > 2 * before
    wrong = StoredHit.objects.filter(agent="Linkcheck")
    wrong.update(who="bot")
    visits.settle(set(wrong.values_list("visitor_id", flat=True)))
    assert not Activity.objects.filter(lead_id=old.pk, kind="visited", data__page="pricing").exists()
    (now,) = Engagement.objects.filter(pk=old.pk).values_list("prices", "reading")
    assert now == (0, 1)
    assert score(old).p_30 < 2 * before


def test_whoever_was_merged_counts_with_whom_they_are(old: Lead, alice: User, make_lead: MakeLead) -> None:
    twin = make_lead(alice, captured=timedelta(days=60))
    visit(old, 9)
    visit(twin, 2, 1)
    alone = score(old).p_30
    merging.merge(survivor_id=old.pk, duplicate_id=twin.pk, by=by(alice))
    both = score(old)
    assert both.p_30 > alone
    (mask,) = read([old.pk], clock.now()).masks[:, days.MASKS.index("prices")]
    assert int(mask).bit_count() == 3
    visit(twin, 0)
    assert score(old).p_30 > both.p_30, "a link that was made for the other still counts"
    merging.unmerge(duplicate_id=twin.pk, by=by(alice))
    assert score(old).p_30 == pytest.approx(alone, rel=1e-4)


def test_who_called_as_somebody_else_has_asked_for_us_once_they_are_found_to_be_one(
    old: Lead, alice: User, make_lead: MakeLead
) -> None:
    called = source_of("Telephone", SourceType.INBOUND_CALL)
    twin = make_lead(alice, captured=timedelta(days=1), source_id=called.pk)
    alone = score(old).p_30
    merging.merge(survivor_id=old.pk, duplicate_id=twin.pk, by=by(alice))
    both = score(old)
    assert both.p_30 > 3 * alone
    assert "called us this week" in [why.words for why in rules.reasons(both.reasons)]
    merging.unmerge(duplicate_id=twin.pk, by=by(alice))
    assert score(old).p_30 == pytest.approx(alone, rel=1e-4)


def test_who_looks_at_prices_comes_forward_to_today_with_the_reason(old: Lead, alice: User) -> None:
    ahead = soon(days=40)
    Lead.objects.filter(pk=old.pk).update(next_at=ahead.at, next_committed=False)
    score(old)
    assert not [row for row in worklist.plan_for(alice).rows if row.lead.pk == old.pk]
    visit(old, 4, 2, 0)
    score(old)
    (row,) = [row for row in worklist.plan_for(alice).rows if row.lead.pk == old.pk]
    assert "looked at prices on three days this week" in row.why


def test_a_row_that_differs_from_its_timeline_is_found(old: Lead) -> None:
    visit(old, 2)
    Engagement.objects.filter(pk=old.pk).update(prices=0b11)
    assert differing() == [old.pk]


def test_what_was_done_before_it_was_counted_is_counted_by_the_upgrade(alice: User, make_lead: MakeLead) -> None:
    migration = import_module("ripeline.migrations.0029_engagement_of_before")
    leads = [make_lead(alice) for _ in range(3)]
    for lead in leads:
        visit(lead, 70, 40, 3)
        visit(lead, 2, page="blog")
        visit(lead, 1, page="careers")
        visit(lead, 5, page="other", kind="download")
    Engagement.objects.all().delete()
    visit(leads[0], 0)  # since the upgrade
    with patch.object(migration, "_BLOCK", 2):
        for _ in range(2):
            migration.count(None, SimpleNamespace(connection=connection))
            assert differing() == []
    assert Engagement.objects.count() == 3


def test_nobody_asked_about_is_nobody(db: None) -> None:
    assert read([], clock.now()).is_seen.shape == (0,)
