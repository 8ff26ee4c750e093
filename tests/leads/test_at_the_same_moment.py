"""Several people, files and clocks at one lead in the same moment: nobody waits in a circle, and nothing is lost."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from threading import Barrier, Event
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.capture.arriving.admission import admit
from ripeline.capture.imports import actions as imports
from ripeline.capture.imports import settling
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import Campaign
from ripeline.leads import forgetting
from ripeline.leads.decisions import actions, bulk, deciding
from ripeline.leads.decisions.deciding import LeadError, once_more
from ripeline.leads.doubles import merging
from ripeline.leads.many import batches
from ripeline.leads.models import Account, Enquiry, Lead, State
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from tests.capture.importing import again, begun, counts, csv
from tests.capture.test_admission import arrival
from tests.cast import MakeLead, by, soon
from tests.leads.test_batches import ask, give, worked
from tests.threads import in_threads, until_somebody_waits

__all__ = ["in_threads"]

pytestmark = pytest.mark.django_db(transaction=True)
InThreads = Callable[..., list[BaseException]]


def test_deciding_about_a_merged_record_while_its_merge_is_taken_back(
    alice: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    next_step, is_held = soon(days=9), Event()

    def take_back() -> None:
        with transaction.atomic():
            bulk.hold([kept.pk])
            is_held.set()
            until_somebody_waits()
            merging.unmerge(duplicate_id=gone.pk, by=by(alice))

    def decide() -> None:
        is_held.wait()
        actions.set_next(gone.pk, by(alice), next=next_step)

    assert in_threads(take_back, decide) == []
    assert Lead.objects.get(pk=gone.pk).next_at == next_step.at, "on its own again, so the date is its own"
    assert Lead.objects.get(pk=kept.pk).next_at == kept.next_at


def test_a_row_about_somebody_who_is_being_merged_reaches_the_survivor_whole(
    alice: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    is_merged = Event()

    def merge() -> None:
        with transaction.atomic():
            merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
            is_merged.set()
            until_somebody_waits()

    def file() -> None:
        is_merged.wait()
        admit([arrival(gone.email, title="Director", days_ago=0)], actor=people.system(), origin="import")

    assert in_threads(merge, file) == []
    assert Lead.objects.get(pk=kept.pk).title == "Director"
    assert Lead.objects.get(pk=kept.pk).next_note == "They came to us again."
    assert Enquiry.objects.filter(lead=kept).count() == 2


def test_a_row_about_somebody_whose_merge_is_being_taken_back_reaches_them(
    alice: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    kept, gone = make_lead(alice), make_lead(alice)
    merging.merge(survivor_id=kept.pk, duplicate_id=gone.pk, by=by(alice))
    is_alone = Event()

    def take_back() -> None:
        with transaction.atomic():
            merging.unmerge(duplicate_id=gone.pk, by=by(alice))
            is_alone.set()
            until_somebody_waits()

    def file() -> None:
        is_alone.wait()
        admit([arrival(gone.email, title="Director", days_ago=0)], actor=people.system(), origin="import")

    assert in_threads(take_back, file) == []
    assert [Lead.objects.get(pk=pk).title for pk in (kept.pk, gone.pk)] == ["", "Director"]


def at_once(in_threads: InThreads, first: Callable[[], object], second: Callable[[], object]) -> list[BaseException]:
    """Both in the same moment: the second waits for what the first holds until that is done; whatever they raised."""
    is_done = Event()

    def one() -> None:
        with transaction.atomic():
            try:
                first()
            finally:
                is_done.set()
            until_somebody_waits()

    def other() -> None:
        is_done.wait()
        second()

    return in_threads(one, other)


@pytest.fixture
def handed_over(lead: Lead, carol: User, bob: User) -> Callable[[], object]:
    """Carol gives Alice's lead to Bob."""
    return lambda: bulk.give_many({lead.pk: bulk.Gift(people.responsible_of(bob), {})}, by(carol))


HandedOver = Callable[[], object]


def test_a_note_about_who_is_handed_over_in_that_moment_is_kept(
    lead: Lead, bob: User, handed_over: HandedOver, in_threads: InThreads
) -> None:
    seen: list[User | None] = []

    def note() -> None:
        with transaction.atomic():
            seen.append(deciding.lock(lead.pk).owner)
            actions.note(lead.pk, by(people.system()), text="They called.")

    assert at_once(in_threads, handed_over, note) == []
    assert seen == [bob], "whose it is now, not before"


def test_who_is_handed_over_in_that_moment_can_be_merged(
    lead: Lead, alice: User, carol: User, make_lead: MakeLead, handed_over: HandedOver, in_threads: InThreads
) -> None:
    other = make_lead(alice)

    def merge() -> None:
        merging.merge(survivor_id=lead.pk, duplicate_id=other.pk, by=by(carol))

    assert at_once(in_threads, handed_over, merge) == []
    assert Lead.objects.get(pk=other.pk).merged_into == lead


def test_a_row_about_who_is_handed_over_in_that_moment_is_taken(
    lead: Lead, handed_over: HandedOver, in_threads: InThreads
) -> None:
    deals = begun(csv("E-mail,Won date,Amount", f"{lead.email},2026-01-20,1200"), kind="outcomes", name="deals.csv")
    assert at_once(in_threads, handed_over, lambda: imports.work(deals.pk)) == []
    assert counts(again(deals)) == (0, 1, 0, 0), "updated"


def test_a_list_with_who_is_handed_over_in_that_moment_is_done_whole(
    lead: Lead, carol: User, handed_over: HandedOver, in_threads: InThreads
) -> None:
    batch = give(carol, carol, ids=[lead.pk])
    assert at_once(in_threads, handed_over, lambda: worked(batch)) == []
    batch.refresh_from_db()
    assert (batch.done, batch.left) == (1, {})


def test_who_leaves_the_list_in_that_moment_is_left_as_they_are(
    carol: User, alice: User, bob: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    lead = make_lead(alice, state="working")
    batch = give(carol, bob, query="state=working")
    batches._step(batch.pk, ripeness.tagged, 500)  # the list is written down
    green = lambda: actions.nurture(lead.pk, by(alice), next=soon(days=90))  # noqa: E731
    assert at_once(in_threads, green, lambda: worked(batch)) == []
    batch.refresh_from_db()
    assert (batch.done, batch.left) == (0, {"left": 1})
    assert Lead.objects.get().state == State.NURTURE


def test_a_deal_opened_in_that_moment_is_not_left_on_a_lost_lead(
    lead: Lead, alice: User, in_threads: InThreads
) -> None:
    batch = ask(alice, "close", ids=[lead.pk], reason="no_budget")
    deal = lambda: actions.open_opportunity(lead.pk, by(alice), next=soon())  # noqa: E731
    assert at_once(in_threads, deal, lambda: worked(batch)) == []
    batch.refresh_from_db()
    assert (batch.done, batch.left) == (0, {"deal": 1})
    assert Lead.objects.get().state == State.OPPORTUNITY


def test_a_company_stays_at_which_somebody_is_put_in_that_moment(
    alice: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    began = clock.now()
    left = make_lead(alice, company="Helio", email="")
    Lead.objects.filter(pk=left.pk).delete()

    def put() -> None:
        make_lead(alice, name="Ann Lee", company="Helio", email="")
        connection.check_constraints()  # as its end does: the company's row is held

    def undo() -> None:
        with transaction.atomic():
            forgetting.unused({"source": [], "campaign": []}, accounts_of=[(began, clock.now())])

    assert at_once(in_threads, put, undo) == []
    assert Lead.objects.get().account == Account.objects.get()


def test_a_source_stays_by_which_a_row_comes_in_that_moment(
    monkeypatch: pytest.MonkeyPatch, in_threads: InThreads
) -> None:
    run = begun(csv("E-mail,Lead source,Campaign", "ann@x.example,Fair 2026,Spring"))
    fair, spring = catalog.sources_named(["Fair 2026"])["Fair 2026"], catalog.campaigns_named(["Spring"])["Spring"]
    named, asked = catalog.campaigns_named, []

    def undo() -> None:
        with transaction.atomic():
            forgetting.unused({"source": [str(fair.pk)], "campaign": [str(spring.pk)]}, accounts_of=[])

    def meddled(names: Iterable[str], made: list[UUID] | None = None) -> dict[str, Campaign]:
        asked.append(names)
        if len(asked) == 2:  # its rows are about to be placed
            assert in_threads(undo) == []
        return named(names, made)

    monkeypatch.setattr(catalog, "campaigns_named", meddled)
    imports.work(run.pk)
    assert len(asked) == 2
    assert counts(again(run)) == (1, 0, 0, 0)
    assert Enquiry.objects.get().source == fair
    assert Enquiry.objects.get().campaign == spring


def test_what_postgresql_breaks_off_as_a_circle_is_made_once_more(
    alice: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    one, other = make_lead(alice), make_lead(alice)
    both_hold_one, tries = Barrier(2), []

    @once_more
    def crosswise(first: Lead, second: Lead) -> None:
        is_first_try = len(tries) < 2
        tries.append(first)
        with transaction.atomic():
            bulk.hold([first.pk])
            if is_first_try:
                both_hold_one.wait()
            bulk.hold([second.pk])

    assert in_threads(lambda: crosswise(one, other), lambda: crosswise(other, one)) == []
    assert len(tries) == 3


def test_a_circle_that_comes_back_is_said_in_words(db: None) -> None:
    @once_more
    def unlucky() -> None:
        raise OperationalError from DeadlockDetected()

    @once_more
    def without_a_database() -> None:
        raise OperationalError("gone")

    with pytest.raises(LeadError, match="Please try again"):
        unlucky()
    with pytest.raises(OperationalError, match="gone"):
        without_a_database()


def test_the_leads_of_a_batch_get_their_dates_in_the_order_of_their_ids(
    alice: User, make_lead: MakeLead, in_threads: InThreads
) -> None:
    leads = [make_lead(alice, due=timedelta(days=30 - n)) for n in range(20)]
    run = new_id()
    for lead in reversed(leads):  # on disk, and by their dates, the other way round
        Lead.objects.filter(pk=lead.pk).update(import_run_id=run)
    is_held = Event()

    def decide() -> None:
        with transaction.atomic():
            bulk.hold([leads[0].pk])
            is_held.set()
            until_somebody_waits()
            list(Lead.objects.select_for_update(nowait=True).filter(import_run_id=run))

    def settle() -> None:
        is_held.wait()
        settling.settle(run)

    assert in_threads(decide, settle) == []
