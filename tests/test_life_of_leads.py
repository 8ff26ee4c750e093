"""The life of leads: every public verb, in any order, by anybody; after each step I1, I2, I4 and I8 hold."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ripeline.base import clock
from ripeline.base.addresses import email_key
from ripeline.capture.arriving.admission import Arrival, admit
from ripeline.catalog import queries as catalog
from ripeline.leads import rules
from ripeline.leads.decisions import actions, deciding
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.decisions.deciding import By, Decision, LeadError, Next
from ripeline.leads.doubles import merging
from ripeline.leads.knowing import identity
from ripeline.leads.models import CLOSED_STATES, FARTHEST_NEXT, Lead, State
from ripeline.leads.rules import NotAllowed, Verb
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.actions import PeopleError
from ripeline.people.models import Role, User
from ripeline.routing import actions as routing
from ripeline.timeline.models import Activity
from ripeline.worklist import actions as worklist
from ripeline.worklist.actions import Outcome

NAMES = ("alice", "bob", "carol", "mallory", "sam", "mona", "ada")
ROLES = {"carol": Role.LEADER, "sam": Role.SDR, "mona": Role.MARKETER, "ada": Role.ADMIN}
REFUSED: Any = object()
REFUSALS = (LeadError, NotAllowed, PeopleError)
START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

actors = st.sampled_from(NAMES)
places = st.integers(0, 7)
days = st.integers(-2, 420)
words = st.sampled_from(["", "", "tomorrow", "fri 14:00", "in 3 weeks", "in 13 months", "some day"])
reasons = st.sampled_from(["not_a_fit", "no_budget", "bought_elsewhere", "wrong_person"])


class LifeOfLeads(RuleBasedStateMachine):
    """A small company and up to eight people it pursues."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.moment = START
        self.time = clock.at(lambda: self.moment)
        self.time.__enter__()
        self.decisions: list[UUID] = []
        self.requests = 0

    def teardown(self) -> None:
        self.time.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize()
    def open_shop(self) -> None:
        system = people.system()
        north = people_actions.add_team(actor=system, name="North")
        south = people_actions.add_team(actor=system, name="South")
        for name in NAMES:
            people_actions.add_user(
                actor=system,
                email=f"{name}@example.com",
                name=name.title(),
                role=ROLES.get(name, Role.REP),
                team=south if name == "mallory" else north,
            )

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule(
        person=places,
        external=places,
        both=st.booleans(),
        age=st.integers(0, 800),
        source=st.sampled_from(["Quote", "Fair"]),
    )
    def somebody_comes_to_us(self, person: int, external: int, both: bool, age: int, source: str) -> None:
        keys = [identity.email(f"p{person}@firm{person % 3}.example")]
        if both:
            keys.append(identity.external(f"crm-{external}"))
        who = Person(name=f"Person {person}", email=f"p{person}@firm{person % 3}.example", company=f"Firm {person % 3}")
        arrival = Arrival(
            keys=tuple(k for k in keys if k),
            person=who,
            context=Context(door="import", captured_at=self.moment - timedelta(days=age)),
            source=source,
        )
        admit([arrival], actor=people.system(), origin="import")

    @rule(hours=st.integers(1, 24 * 60))
    def time_passes(self, hours: int) -> None:
        self.moment += timedelta(hours=hours)

    @rule(actor=actors, place=places, ahead=days, reached=st.sampled_from([True, False, None]))
    def a_contact(self, actor: str, place: int, ahead: int, reached: bool | None) -> None:
        self.act(
            actor,
            place,
            Verb.WORK,
            lambda pk, by: actions.touch(pk, by, kind="call", reached=reached, next=self.next(ahead)),
        )

    @rule(actor=actors, place=places, ahead=days)
    def another_date(self, actor: str, place: int, ahead: int) -> None:
        self.act(actor, place, Verb.WORK, lambda pk, by: actions.set_next(pk, by, next=self.next(ahead)))

    @rule(actor=actors, place=places, to=actors)
    def a_lead_is_given(self, actor: str, place: int, to: str) -> None:
        holder = people.responsible_of(self.user(to))
        self.act(actor, place, Verb.REASSIGN, lambda pk, by: actions.give(pk, by, to=holder, why={"rule": "by_hand"}))

    @rule(actor=actors, place=places, ahead=days)
    def green_later(self, actor: str, place: int, ahead: int) -> None:
        self.act(actor, place, Verb.WORK, lambda pk, by: actions.nurture(pk, by, next=self.next(ahead)))

    @rule(actor=actors, place=places, ahead=days)
    def an_opportunity(self, actor: str, place: int, ahead: int) -> None:
        self.act(
            actor, place, Verb.WORK,
            lambda pk, by: actions.open_opportunity(pk, by, next=self.next(ahead), amount=Decimal(100), currency="EUR"),
        )  # fmt: skip

    @rule(actor=actors, place=places)
    def won(self, actor: str, place: int) -> None:
        self.act(actor, place, Verb.WORK, lambda pk, by: actions.win(pk, by, reason=catalog.reason("bought_from_us")))

    @rule(actor=actors, place=places, code=reasons)
    def let_go(self, actor: str, place: int, code: str) -> None:
        self.act(actor, place, Verb.WORK, lambda pk, by: actions.close(pk, by, reason=catalog.reason(code)))

    @rule(actor=actors, place=places, to=actors, ahead=days)
    def taken_up_again(self, actor: str, place: int, to: str, ahead: int) -> None:
        holder = people.responsible_of(self.user(to))
        self.act(actor, place, Verb.WORK, lambda pk, by: actions.reopen(pk, by, to=holder, next=self.next(ahead)))

    @rule(actor=actors, place=places, title=st.sampled_from(["CEO", "Student"]))
    def corrected(self, actor: str, place: int, title: str) -> None:
        self.act(actor, place, Verb.WORK, lambda pk, by: actions.edit(pk, by, fields={"title": title}))

    @rule(actor=actors, place=places, private=st.booleans())
    def a_note(self, actor: str, place: int, private: bool) -> None:
        self.act(
            actor, place, Verb.WORK, lambda pk, by: actions.note(pk, by, text="Asked about chairs", is_private=private)
        )

    @rule(actor=actors, which=st.integers(0, 30))
    def taken_back(self, actor: str, which: int) -> None:
        if not self.decisions:
            return
        decision = self.decisions[-1 - which % min(len(self.decisions), 4)]
        with suppress(*REFUSALS), transaction.atomic():
            actions.undo(decision, self.by(actor))

    @rule(actor=actors, place=places, outcome=st.sampled_from(Outcome), text=words, offer=st.booleans())
    def an_outcome(self, actor: str, place: int, outcome: Outcome, text: str, offer: bool) -> None:
        """What a rep does on Today; `offer`: after many attempts, Keep in touch takes over: a second entry."""

        def record(pk: UUID, by: By) -> Decision:
            done = worklist.record_outcome(pk, by, outcome=outcome, next_text=text, to_keep_in_touch=offer)
            return Decision(done.lead, done.activity_id)

        self.act(actor, place, Verb.WORK, record, entries=2 if offer and outcome is Outcome.NO_ANSWER else 1)

    @rule(actor=actors, which=st.integers(0, 30))
    def an_outcome_taken_back(self, actor: str, which: int) -> None:
        if not self.decisions:
            return
        entry = Activity.objects.get(pk=self.decisions[-1 - which % min(len(self.decisions), 4)])
        lead = deciding.lock(entry.lead_id)
        may = rules.may(self.user(actor), Verb.WORK, lead) or entry.actor == self.user(actor)
        before, entries = snapshot(lead.pk), Activity.objects.count()
        try:
            with transaction.atomic():
                worklist.undo(entry.pk, self.by(actor))
        except REFUSALS:
            assert (snapshot(lead.pk), Activity.objects.count()) == (before, entries), "a refusal left a trace"
            return
        assert may, f"{actor} took back what was neither theirs nor theirs to work"
        assert Activity.objects.count() > entries

    @rule()
    def what_is_overdue_is_planned_anew(self) -> None:
        with self.each_change_recorded():
            worklist.replan_overdue()

    @rule()
    def what_was_let_go_is_taken_up(self) -> None:
        lost = {lead.pk for lead in self.leads() if lead.state == State.LOST}
        closed = {lead.pk for lead in self.leads() if lead.state in CLOSED_STATES}
        with self.each_change_recorded():
            worklist.recycle()
        assert closed - {lead.pk for lead in self.leads() if lead.state in CLOSED_STATES} <= lost

    @rule()
    def keep_in_touch_hands_back(self) -> None:
        with self.each_change_recorded():
            routing.return_due()

    @rule(actor=actors, one=places, other=places)
    def merged(self, actor: str, one: int, other: int) -> None:
        leads = self.leads()
        if len(leads) > 1:
            first, second = leads[one % len(leads)], leads[other % len(leads)]
            with suppress(*REFUSALS), transaction.atomic():
                merging.merge(survivor_id=first.pk, duplicate_id=second.pk, by=self.by(actor))

    @rule(actor=actors, place=places)
    def merge_undone(self, actor: str, place: int) -> None:
        gone = list(Lead.objects.filter(merged_into__isnull=False).order_by("pk"))
        if gone:
            with suppress(*REFUSALS), transaction.atomic():
                merging.unmerge(duplicate_id=gone[place % len(gone)].pk, by=self.by(actor))

    @rule(who=st.sampled_from(["bob", "mallory", "sam"]))
    def somebody_leaves(self, who: str) -> None:
        with suppress(*REFUSALS), transaction.atomic(), self.each_change_recorded():
            routing.deactivate(actor=self.user("ada"), user=self.user(who))

    @rule()
    def leads_are_handed_out(self) -> None:
        with self.each_change_recorded():
            routing.release()

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_in_a_shoebox(self) -> None:
        """I1, and nobody is left with somebody who is gone."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for lead in self.leads():
            if lead.state in CLOSED_STATES:
                assert None not in (lead.close_reason_id, lead.closed_at, lead.closed_by_id)
                assert lead.next_at is None
            else:
                assert lead.next_at is not None
                assert lead.next_set_at is not None
                assert lead.next_at <= lead.next_set_at + FARTHEST_NEXT
                assert lead.responsible.is_active, f"{lead} is left with {lead.responsible}"

    @invariant()
    def every_decision_is_an_entry(self) -> None:
        """I2: what a lead stands by is on its own timeline."""
        for lead in Lead.objects.filter(decision_id__isnull=False):
            assert Activity.objects.filter(pk=lead.decision_id, lead_id=lead.pk).exists()

    @invariant()
    def one_person_is_one_lead(self) -> None:
        """I4: an address leads to one record, and redirects are one step."""
        seen: dict[str, UUID] = {}
        for lead in self.leads():
            key = email_key(lead.email)
            if key:
                assert seen.setdefault(key, lead.pk) == lead.pk
        assert not Lead.objects.filter(merged_into__merged_into__isnull=False).exists()

    @invariant()
    def lists_agree_with_the_table(self) -> None:
        """I8: what a list finds is what the table allows."""
        for name in ("alice", "carol", "mallory", "mona"):
            actor = self.user(name)
            found = set(Lead.objects.filter(rules.findable(actor), merged_into=None).values_list("pk", flat=True))
            assert found == {lead.pk for lead in self.leads() if rules.may(actor, Verb.FIND, lead)}

    # --- how ----------------------------------------------------------------------------------------------------------

    @contextmanager
    def each_change_recorded(self) -> Iterator[None]:
        """I2 for what is done to many: whatever lead is other afterwards stands by a decision with an entry."""
        before = {lead["id"]: lead for lead in Lead.objects.values()}
        entries = set(Activity.objects.values_list("pk", flat=True))
        yield
        for lead in Lead.objects.values():
            if lead != before[lead["id"]]:
                assert lead["decision_id"] not in entries
                assert Activity.objects.filter(pk=lead["decision_id"], lead_id=lead["id"]).exists()

    def act(
        self, actor: str, place: int, verb: Verb, do: Callable[[UUID, By], Decision | None], *, entries: int = 1
    ) -> None:
        """Let `actor` do something to one of the leads, and hold I2 and I8 over what it did, in so many `entries`."""
        leads = self.leads()
        if not leads:
            return
        lead = leads[place % len(leads)]
        may = rules.may(self.user(actor), verb, lead)
        before, written = snapshot(lead.pk), Activity.objects.count()
        try:
            with transaction.atomic():
                decision = do(lead.pk, self.by(actor))
        except NotAllowed:
            assert not may, f"{actor} may {verb}, and was refused"
            decision = REFUSED
        except REFUSALS:
            decision = REFUSED
        if decision is REFUSED:
            assert (snapshot(lead.pk), Activity.objects.count()) == (before, written), "a refusal left a trace"
            return
        assert may, f"{actor} may not {verb}"
        assert Activity.objects.count() == written + entries
        if decision is None:
            assert snapshot(lead.pk) == before
        else:
            self.decisions.append(decision.activity_id)
            assert snapshot(lead.pk)["decision_id"] == decision.activity_id

    def leads(self) -> list[Lead]:
        found = Lead.objects.filter(merged_into__isnull=True).select_related("owner", "responsible__user")
        return list(found.order_by("email", "pk"))  # the same in every run, as Hypothesis needs it

    def user(self, name: str) -> User:
        return User.objects.get(email=f"{name}@example.com")

    def by(self, actor: str) -> By:
        self.requests += 1
        return By(self.user(actor), "test", str(self.requests))

    def next(self, ahead: int) -> Next:
        return Next(self.moment + timedelta(days=ahead))


def snapshot(pk: UUID) -> dict[str, Any]:
    return Lead.objects.filter(pk=pk).values().get()


@pytest.mark.django_db
def test_the_promises_hold_through_the_life_of_leads() -> None:
    run_state_machine_as_test(
        LifeOfLeads,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
