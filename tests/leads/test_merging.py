"""Merging two records of one person: what is chosen stays, what counts is of both, and undo restores every row."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.capture.arriving.admission import admit
from ripeline.capture.imports import actions as imports
from ripeline.catalog import queries as catalog
from ripeline.leads import record
from ripeline.leads.decisions import actions, bulk
from ripeline.leads.decisions.deciding import By, LeadError, Next
from ripeline.leads.doubles import joining, merging
from ripeline.leads.knowing import identity
from ripeline.leads.models import Account, Lead, Opportunity, State
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as scores
from ripeline.timeline import visits
from ripeline.timeline.models import Activity
from ripeline.worker import reactions
from tests.capture.importing import csv, imported
from tests.capture.test_admission import arrival
from tests.cast import MakeLead, by, soon

TABLES = ("lead", "identity", "enquiry", "opportunity", "visitor", "consent", "account")


def rows() -> dict[str, list[str]]:
    """Every row of what belongs to leads, as it stands."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} AS t ORDER BY 1")
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


def figures() -> dict[Any, Any]:
    """What is said of each open lead."""
    ids = list(Lead.objects.values_list("pk", flat=True))
    return {pk: (score.p_ever, score.p_30, score.log_odds, score.p_win) for pk, score in scores.of(ids).items()}


def fresh(lead: Lead) -> Lead:
    return Lead.objects.select_related("owner", "responsible__user").get(pk=lead.pk)


def react() -> None:
    while reactions.work():
        pass


def test_what_is_chosen_stays_and_what_is_missing_is_filled(alice: User, make_lead: MakeLead) -> None:
    kept = make_lead(alice, name="Anna", title="CEO", phone="", company="Northgate")
    gone = make_lead(
        alice, name="Anna Berg", title="Owner", phone="+49301", company="Northgate Dental", amount=Decimal(9)
    )
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice), takes={"company", "phone"})
    after = fresh(kept)
    assert (after.name, after.title, after.phone, after.company) == ("Anna", "CEO", "+49301", "Northgate Dental")
    assert after.account_id == gone.account_id
    assert "berg" in after.search, "found by what either of them was called"


def test_without_a_choice_nothing_is_overwritten_and_nothing_is_left_empty(alice: User, make_lead: MakeLead) -> None:
    kept = make_lead(alice, name="A.", title="CEO", phone="", custom={"chairs": "3"})
    gone = make_lead(alice, name="Anna Berg", title="Owner", phone="+49301", custom={"chairs": "4", "floor": "2"})
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    after = fresh(kept)
    assert (after.name, after.title, after.phone) == ("Anna Berg", "CEO", "+49301")
    assert after.custom == {"chairs": "3", "floor": "2"}


def test_what_counts_is_of_both(alice: User, make_lead: MakeLead) -> None:
    kept = make_lead(alice, captured=timedelta(days=10))
    gone = make_lead(alice, captured=timedelta(days=40))
    for lead, times in ((kept, 1), (gone, 2)):
        for _ in range(times):
            actions.touch(lead.pk, by(alice), kind="call", reached=False, next=soon(days=9))
    before = (fresh(kept), fresh(gone))
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    after = fresh(kept)
    assert (after.touches, after.unanswered) == (3, 2)
    assert after.first_touch_at == before[0].first_touch_at
    assert after.last_touch_at == before[1].last_touch_at
    assert (after.captured_at, after.episode_at) == (gone.captured_at, gone.episode_at)


def test_the_date_that_somebody_chose_stays_else_the_earlier(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice, due=timedelta(days=3)), make_lead(alice, due=timedelta(days=1))
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    assert fresh(kept).next_at == gone.next_at
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    chosen = Next(clock.now() + timedelta(days=20), committed=True)
    actions.set_next(kept.pk, by(alice), next=chosen)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    assert fresh(kept).next_at == chosen.at


def test_an_owner_is_kept_and_of_two_the_chosen_one(alice: User, bob: User, carol: User, make_lead: MakeLead) -> None:
    queued, owned, hers = make_lead(), make_lead(alice, state=State.WORKING), make_lead(bob)
    merging.merge(survivor_id=queued.pk, duplicate_id=owned.pk, by=by(carol))
    after = fresh(queued)
    assert (after.owner, after.responsible.user, after.state) == (alice, alice, State.WORKING)
    merging.merge(survivor_id=queued.pk, duplicate_id=hers.pk, by=by(carol), takes={"owner"})
    assert (fresh(queued).owner, fresh(queued).responsible.user) == (bob, bob)


def test_a_programme_lets_go_of_who_is_further(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    actions.nurture(kept.pk, by(alice), next=soon(days=90))
    actions.open_opportunity(gone.pk, by(alice), next=soon(days=3))
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    after = fresh(kept)
    assert (after.state, after.responsible.user) == (State.OPPORTUNITY, alice)


def test_a_deal_of_the_one_is_won_on_the_other_and_goes_back_with_it(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    actions.open_opportunity(gone.pk, by(alice), next=soon(days=3), amount=Decimal(500), currency="EUR")
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    shown = record.read(gone.pk, alice)
    assert (shown.lead.pk, shown.deals[0].opportunity.amount) == (kept.pk, Decimal(500))
    actions.win(kept.pk, by(alice), reason=catalog.reasons()[0])
    assert Opportunity.objects.get().state == "won"
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    assert Opportunity.objects.get().lead == fresh(gone)
    assert fresh(kept).state == State.WON, "what was decided since stays"


@pytest.mark.parametrize("ends", ["won", "lost"])
def test_a_deal_that_both_had_open_ends_with_them_once(alice: User, make_lead: MakeLead, ends: str) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    for lead in (kept, gone):
        actions.open_opportunity(lead.pk, by(alice), next=soon(days=3))
    Opportunity.objects.update(key="chairs")
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    if ends == "won":
        done = actions.win(kept.pk, by(alice), reason=catalog.reason("bought_from_us"))
    else:
        done = actions.close(kept.pk, by(alice), reason=catalog.reason("no_budget"))
    stands = dict(Opportunity.objects.values_list("lead", "state"))
    assert stands == {kept.pk: ends, gone.pk: "lost"}, "one deal counts as one win"
    actions.undo(done.activity_id, by(alice))
    assert set(Opportunity.objects.values_list("state", flat=True)) == {"open"}


def test_of_several_merges_the_last_is_taken_back_first_and_all_of_them_whole(alice: User, make_lead: MakeLead) -> None:
    ages = (10, 40, 20, 70)
    kept, first, second, inner = (make_lead(alice, captured=timedelta(days=age), title=f"T{age}") for age in ages)
    for lead in (first, second):
        actions.touch(lead.pk, by(alice), kind="call", reached=False, next=soon(days=5))
    before = rows()
    merging.merge(survivor_id=second.pk, duplicate_id=inner.pk, by=by(alice), takes={"title"})
    merging.merge(survivor_id=kept.pk, duplicate_id=first.pk, by=by(alice), takes={"title"})
    merging.merge(survivor_id=kept.pk, duplicate_id=second.pk, by=by(alice))
    assert (fresh(kept).touches, fresh(kept).captured_at) == (2, fresh(inner).captured_at)
    for lead in (first, inner):
        with pytest.raises(LeadError, match=f"Take the merge with {second.name} back first"):
            merging.unmerge(duplicate_id=lead.pk, by=by(alice))
    for lead in (second, first, inner):
        merging.unmerge(duplicate_id=lead.pk, by=by(alice))
    assert rows() == before


def test_what_somebody_changed_since_stays_when_a_merge_is_taken_back(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice, title="", phone=""), make_lead(alice, title="CEO", phone="+49301")
    actions.touch(gone.pk, by(alice), kind="call", reached=False, next=soon())
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    actions.edit(kept.pk, by(alice), fields={"title": "Owner"})
    actions.touch(kept.pk, by(alice), kind="call", reached=True, next=soon(days=4))
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    after = fresh(kept)
    assert (after.title, after.phone, after.touches) == ("Owner", "", 1)
    assert (fresh(gone).title, fresh(gone).touches) == ("CEO", 1)


def test_what_came_in_since_stays_when_a_merge_is_taken_back(alice: User, make_lead: MakeLead) -> None:
    kept = make_lead(alice, name="Anna Berg", title="", phone="", due=timedelta(days=5))
    gone = make_lead(alice, name="Anna Berg", phone="+49301", custom={"chairs": "1"}, due=timedelta(days=2))
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    again = arrival(kept.email, name="Anna Berg", days_ago=0, title="CEO", custom={"floor": "2"})
    admit([again], actor=people.system(), origin="import")
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    after = fresh(kept)
    assert (after.title, after.custom, after.phone) == ("CEO", {"floor": "2"}, "")
    assert "ceo" in after.search.split()
    assert "49301" not in after.search.split()
    assert after.next_note == "They came to us again."


def test_a_merge_can_be_taken_back_of_who_was_won_by_a_file_since(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice, state=State.WORKING)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    actions.win(kept.pk, by(people.system()), reason=catalog.reasons()[0])
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    assert (fresh(kept).state, fresh(gone).state) == (State.WON, State.WORKING)


def test_the_date_that_the_planner_moved_is_put_back_also_where_somebody_changed_else(
    alice: User, make_lead: MakeLead
) -> None:
    kept, gone = make_lead(alice, due=timedelta(days=3)), make_lead(alice, due=timedelta(days=1))
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    bulk.replan_many({kept.pk: soon(days=2)}, by(people.system()))
    actions.edit(kept.pk, by(alice), fields={"title": "Owner"})
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    after = fresh(kept)
    assert (after.next_at, after.next_kind, after.title) == (kept.next_at, kept.next_kind, "Owner")


def test_a_merge_can_be_taken_back_of_whose_company_went_with_an_import(alice: User, make_lead: MakeLead) -> None:
    run = imported(csv("E-mail,Name,Company", "ann@gmail.com,Ann Lee,Old Firm"))
    kept, gone = Lead.objects.get(), make_lead(alice, name="Ann Lee", company="New Firm")
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(people.system()), takes={"company"})
    imports.undo(actor=people.system(), run_id=run.pk)
    imports.work(run.pk)
    assert not Account.objects.filter(name="Old Firm").exists()
    merging.unmerge(duplicate_id=gone.pk, by=by(people.system()))
    assert (fresh(kept).company, Account.objects.get(name="Old Firm")) == ("Old Firm", fresh(kept).account)


def test_who_is_alone_again_is_found_by_another_number_and_by_no_word_of_the_other(
    alice: User, make_lead: MakeLead
) -> None:
    kept, gone = make_lead(alice, name="Ann Lee"), make_lead(alice, name="Ann Maidenname", phone="+493077")
    actions.put_on(kept.pk, by(alice), number="+49170555555")
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    actions.put_on(kept.pk, by(alice), number="+49160444444")
    actions.edit(kept.pk, by(alice), fields={"title": "CEO"})
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    words = fresh(kept).search.split()
    assert {"49170555555", "49160444444", "ceo"} <= set(words)
    assert not {"maidenname", "493077"} & set(words)


def test_an_amount_that_somebody_corrected_since_keeps_its_currency(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice, amount=Decimal(9), currency="EUR")
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    actions.edit(kept.pk, by(alice), fields={"amount": Decimal(12)})
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    assert (fresh(kept).amount, fresh(kept).currency) == (Decimal(12), "EUR")


def test_who_got_the_record_since_keeps_it_and_its_credit(
    alice: User, bob: User, ada: User, make_lead: MakeLead
) -> None:
    kept, gone, third = make_lead(alice), make_lead(bob), make_lead(alice)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(ada), takes={"owner"})
    actions.give(kept.pk, by(ada), to=people.responsible_of(ada), why={})
    merging.unmerge(duplicate_id=gone.pk, by=by(ada))
    assert (fresh(kept).owner, fresh(kept).responsible.user) == (ada, ada)
    merging.merge(survivor_id=third.pk, duplicate_id=gone.pk, by=by(ada), takes={"owner"})
    actions.nurture(third.pk, by(bob), next=soon(days=60))
    merging.unmerge(duplicate_id=gone.pk, by=by(ada))
    assert (fresh(third).owner, fresh(third).state) == (alice, State.NURTURE), "the credit goes back"


def test_who_left_meanwhile_gets_nothing_back(alice: User, bob: User, ada: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(bob)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(ada), takes={"owner"})
    people.responsible_of(alice)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    kept.responsible.__class__.objects.filter(user=alice).update(is_active=False)
    merging.unmerge(duplicate_id=gone.pk, by=by(ada))
    assert fresh(kept).responsible == people.built_in(people.QUALIFY)


def test_the_score_of_who_was_merged_away_goes_and_comes_back(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    react()
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    react()
    assert set(figures()) == {kept.pk}
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    react()
    assert set(figures()) == {kept.pk, gone.pk}


def test_the_same_request_again_does_not_merge_what_was_taken_apart_since(alice: User, make_lead: MakeLead) -> None:
    kept, gone, request = make_lead(alice), make_lead(alice), by(alice)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=request)
    merging.unmerge(duplicate_id=gone.pk, by=by(alice))
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=request)
    assert fresh(gone).merged_into_id is None


def test_who_may_not_change_both_may_not_merge_them(
    alice: User, bob: User, carol: User, mallory: User, mona: User, make_lead: MakeLead
) -> None:
    hers, his = make_lead(alice), make_lead(bob)
    for who in (alice, bob, mallory, mona):
        with pytest.raises(NotAllowed):
            merging.merge(survivor_id=hers.pk, duplicate_id=his.pk, by=by(who))
    merging.merge(survivor_id=hers.pk, duplicate_id=his.pk, by=by(carol))
    with pytest.raises(NotAllowed):
        merging.unmerge(duplicate_id=his.pk, by=by(mallory))


def test_two_closed_records_are_one_closed_record(alice: User, make_lead: MakeLead) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    lost = next(reason for reason in catalog.reasons() if reason.state == "lost")
    for lead in (kept, gone):
        actions.close(lead.pk, by(alice), reason=lost)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    assert fresh(kept).state == State.LOST
    with pytest.raises(LeadError, match="already"):
        merging.merge(survivor_id=gone.pk, duplicate_id=kept.pk, by=by(alice))


def lost(lead: Lead, request: By) -> None:
    reason = next(reason for reason in catalog.reasons() if reason.state == "lost")
    actions.close(lead.pk, request, reason=reason)


STEPS: dict[str, Callable[[Lead, By], object]] = {
    "no answer": lambda lead, request: actions.touch(lead.pk, request, kind="call", reached=False, next=soon(days=3)),
    "reached": lambda lead, request: actions.touch(lead.pk, request, kind="call", reached=True, next=soon(days=9)),
    "nurtured": lambda lead, request: actions.nurture(lead.pk, request, next=soon(days=60)),
    "deal": lambda lead, request: actions.open_opportunity(
        lead.pk, request, next=soon(days=5), amount=Decimal(100), currency="EUR"
    ),
    "edited": lambda lead, request: actions.edit(
        lead.pk, request, fields={"title": "Head", "amount": Decimal("12.50")}
    ),
    "again": lambda lead, _: admit(
        [arrival(lead.email, name=lead.name, days_ago=0)], actor=people.system(), origin="form"
    ),
    "lost": lost,
    "visited": lambda lead, _: visits.link(visitor_id=new_id(), lead_id=lead.pk, how="form", since=clock.now()),
    "dated": lambda lead, request: actions.set_next(
        lead.pk, request, next=Next(clock.now() + timedelta(days=8), committed=True)
    ),
}


def lived(lead: Lead, who: User, steps: list[str]) -> None:
    """Some of what happens to a lead, until it is closed."""
    for step in steps:
        if not fresh(lead).closed_at:
            STEPS[step](lead, by(who))


@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    first=st.lists(st.sampled_from(sorted(STEPS)), max_size=4),
    second=st.lists(st.sampled_from(sorted(STEPS)), max_size=4),
    owners=st.tuples(st.booleans(), st.booleans()), ages=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    data=st.data(),
)  # fmt: skip
def test_merge_then_undo_restores_every_row_and_the_score(
    alice: User, bob: User, ada: User, make_lead: MakeLead, first: list[str], second: list[str],
    owners: tuple[bool, bool], ages: tuple[int, int], data: Any,
) -> None:  # fmt: skip
    token = uuid4().hex
    details: list[dict[str, Any]] = [
        {"title": "CEO", "custom": {"chairs": "3"}},
        {"phone": f"+4930{uuid4().int % 10**7}", "custom": {"floor": "2"}},
    ]
    pair = [
        make_lead(who if owned else None, captured=timedelta(days=age), name=f"Anna {n} {token}", **details[n])
        for n, (who, owned, age) in enumerate(zip((alice, bob), owners, ages, strict=True))
    ]
    for lead, steps, who in zip(pair, (first, second), (alice, bob), strict=True):
        lived(lead, who if fresh(lead).owner else ada, steps)
    react()
    ripeness.rescore([lead.pk for lead in pair])
    pair = [fresh(lead) for lead in pair]
    survivor, duplicate = sorted(pair, key=lambda lead: lead.closed_at is not None)
    takes = set(data.draw(st.lists(st.sampled_from(joining.CHOSEN)))) & set(joining.differing(survivor, duplicate))
    before, scored = rows(), figures()
    merging.merge(survivor_id=survivor.pk, duplicate_id=duplicate.pk, by=by(ada), takes=takes)
    react()
    assert not set(figures()) & {duplicate.pk}
    both = {key.key for key in identity.keys_of([survivor.pk])[survivor.pk]}
    assert {survivor.email, duplicate.email} <= both, "known by either address"
    merging.unmerge(duplicate_id=duplicate.pk, by=by(ada))
    react()
    assert rows() == before
    again = figures()
    assert again.keys() == scored.keys()
    for pk, was in scored.items():
        assert again[pk] == pytest.approx(was, abs=1e-6), "but for the seconds that have passed"
    assert Activity.objects.filter(kind="unmerged", lead_id__in=[survivor.pk, duplicate.pk]).count() == 2


def told(lead: Lead, _: By) -> None:
    """A file or a form says something more about them."""
    said = {"title": f"Head {uuid4().hex}", "custom": {"floor": uuid4().hex}}
    admit([arrival(lead.email, name=lead.name, **said)], actor=people.system(), origin="form")


def planned(lead: Lead, _: By) -> None:
    bulk.replan_many({lead.pk: soon(days=4)}, by(people.system()))


def won_by_a_file(lead: Lead, _: By) -> None:
    if not fresh(lead).closed_at:
        actions.win(lead.pk, by(people.system()), reason=catalog.reasons()[0])


SINCE: dict[str, Callable[[Lead, By], object]] = {
    "told": told, "again": STEPS["again"], "planned": planned, "won": won_by_a_file,
    "edited": lambda lead, request: actions.edit(lead.pk, request, fields={"title": uuid4().hex}),
    "reached": lambda lead, request: lived(lead, request.actor, ["reached"]),
}  # fmt: skip


@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    second=st.lists(st.sampled_from(sorted(STEPS)), max_size=3),
    since=st.lists(st.sampled_from(sorted(SINCE)), min_size=1, max_size=4),
)
def test_whatever_comes_in_between_a_merge_and_its_undo_is_kept(
    alice: User, ada: User, make_lead: MakeLead, second: list[str], since: list[str]
) -> None:
    details: dict[str, Any] = {"title": "", "phone": "+49301", "custom": {"chairs": "3", "floor": "0"}}
    kept, gone = make_lead(alice, name=f"Anna {uuid4().hex}"), make_lead(alice, name=f"Berg {uuid4().hex}", **details)
    lived(gone, alice, [step for step in second if step != "lost"])
    before = Lead.objects.values().get(pk=gone.pk)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(ada))
    merged = fresh(kept)
    for step in since:
        SINCE[step](kept, by(ada))
    left = fresh(kept)
    merging.unmerge(duplicate_id=gone.pk, by=by(ada))
    after = fresh(kept)
    assert Lead.objects.values().get(pk=gone.pk) == before, "the other stands as it did"
    assert after.title == (kept.title if left.title == merged.title else left.title)
    said = {key: value for key, value in left.custom.items() if value != merged.custom.get(key)}
    assert after.custom == kept.custom | said
    assert after.phone == "", "nobody said since that it is theirs, too"
    assert set(after.title.casefold().split()) <= set(after.search.split())
    assert after.state == (left.state if set(since) & {"won", "reached"} else kept.state)
    if set(since) <= {"edited", "planned"}:
        assert after.next_at == kept.next_at
