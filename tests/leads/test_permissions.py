"""I8: who may see or change a lead is the table of the design, and lists agree with it lead by lead."""

import itertools
from datetime import timedelta

import pytest
from django.db.models import Q

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Absence, User
from tests.cast import MakeLead

SEES = {
    Verb.FIND,
    Verb.SEE_STATE,
    Verb.SEE_CONTEXT,
    Verb.SEE_NEXT,
    Verb.SEE_OUTCOMES,
    Verb.SEE_TIMELINE,
    Verb.READ_TEXT,
}
EVERYTHING = SEES | {Verb.WORK, Verb.REASSIGN, Verb.MERGE, Verb.NOTE_CONSENT}


@pytest.fixture
def everybody(alice: User, bob: User, carol: User, mallory: User, sam: User, mona: User, ada: User) -> dict[str, User]:
    return {u.email.split("@")[0]: u for u in (alice, bob, carol, mallory, sam, mona, ada)}


TABLE = {
    "alice": EVERYTHING,
    "bob": {Verb.FIND, Verb.SEE_STATE},
    "carol": {Verb.FIND, Verb.SEE_STATE, Verb.SEE_CONTEXT, Verb.SEE_NEXT, Verb.SEE_OUTCOMES, Verb.REASSIGN, Verb.MERGE},
    "mallory": {Verb.FIND, Verb.SEE_STATE},
    "sam": {Verb.FIND, Verb.SEE_STATE, Verb.SEE_CONTEXT, Verb.SEE_NEXT},
    "mona": {Verb.FIND, Verb.SEE_STATE, Verb.SEE_CONTEXT, Verb.SEE_OUTCOMES, Verb.NOTE_CONSENT},
    "ada": EVERYTHING - {Verb.READ_TEXT},
}


@pytest.mark.parametrize("who", TABLE)
def test_what_each_may_do_with_alices_lead(who: str, everybody: dict[str, User], lead: Lead) -> None:
    assert rules.verbs(everybody[who], lead) == TABLE[who]


def test_carol_sees_the_timeline_of_a_rep_who_chose_guidance(lead: Lead, alice: User, carol: User) -> None:
    people_actions.change_user(actor=carol, user=alice, tracking="guided")
    again = Lead.objects.select_related("owner", "responsible__user").get(pk=lead.pk)
    assert rules.may(carol, Verb.SEE_TIMELINE, again)
    assert not rules.may(carol, Verb.READ_TEXT, again)


def test_sam_works_the_queue_and_bob_only_sees_that_it_is_there(sam: User, bob: User, make_lead: MakeLead) -> None:
    queued = make_lead()
    assert rules.verbs(sam, queued) == EVERYTHING
    assert rules.verbs(bob, queued) == {Verb.FIND, Verb.SEE_STATE}


def test_whoever_left_may_do_nothing(lead: Lead, alice: User) -> None:
    alice.is_active = False
    assert rules.verbs(alice, lead) == set()


def test_bob_may_work_alices_leads_while_he_covers_for_her(lead: Lead, alice: User, bob: User) -> None:
    today = clock.now().date()
    Absence.objects.create(user=alice, first_day=today, last_day=today + timedelta(days=5), cover=bob)
    bob = User.objects.get(pk=bob.pk)
    assert rules.verbs(bob, lead) == EVERYTHING
    with clock.at(clock.now() + timedelta(days=8)):
        assert rules.verbs(User.objects.get(pk=bob.pk), lead) == {Verb.FIND, Verb.SEE_STATE}


def test_lists_and_single_leads_agree_for_everybody(
    everybody: dict[str, User], make_user: object, make_lead: MakeLead, mallory: User
) -> None:
    kept = people.built_in(people.KEEP_IN_TOUCH)
    loner = people_actions.add_user(actor=people.system(), email="lone@example.com", role="rep", password=None)
    owners = [None, *everybody.values(), loner]
    leads = [
        make_lead(owner, responsible=holder)
        for owner, holder in itertools.product(owners, (None, kept, people.responsible_of(mallory)))
    ]
    for actor in [*everybody.values(), loner]:
        fresh = User.objects.get(pk=actor.pk)
        listed = set(Lead.objects.filter(rules.findable(fresh) & Q(merged_into=None)).values_list("pk", flat=True))
        single = {lead.pk for lead in leads if rules.may(fresh, Verb.FIND, lead)}
        assert listed == single, actor.email
