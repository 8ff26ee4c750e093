"""A list that goes into a file while people merge, and take apart, what is in it: each lead is there once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from ripeline.capture.exports import exports
from ripeline.catalog.actions import campaigns_named
from ripeline.leads.doubles import merging
from ripeline.leads.finding import lists
from ripeline.leads.finding.lists import Filters, Sort
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import User
from ripeline.ripeness.models import Score
from tests.cast import MakeLead, by
from tests.leads.test_lists import ZONE, listed, score
from tests.threads import in_threads

__all__ = ["in_threads"]
ThreadRunner = Callable[..., list[BaseException]]


@pytest.fixture
def three(alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Three of Alice's, the newest first, read one by one."""
    monkeypatch.setattr(lists, "CHUNK", 1)
    found = [make_lead(alice, name=f"Lead {n}", captured=timedelta(days=n), due=timedelta(days=n)) for n in range(1, 4)]
    for n, lead in enumerate(found):
        score(lead, 0.5 - n / 10)
    return found


def read_while(actor: User, sort: Sort, meanwhile: Callable[[], object]) -> list[str]:
    """The names of a whole list, in which something happens once the first row is read."""
    names: list[str] = []
    for chunk in lists.every(actor, Filters(), zone=ZONE, sort=sort, scores=Score.objects.all()):
        names += [row.name for row in chunk]
        if len(names) == 1:
            meanwhile()
    return names


@pytest.mark.django_db
@pytest.mark.parametrize("sort", Sort)
def test_who_is_merged_while_a_list_is_read_comes_once(alice: User, three: list[Lead], sort: Sort) -> None:
    names = [lead.name for lead in three]
    oldest, newest = three[2], three[0]
    read = read_while(
        alice, sort, lambda: merging.merge(survivor_id=newest.pk, duplicate_id=oldest.pk, by=by(alice))
    )  # fmt: skip
    assert sorted(read) == names


@pytest.mark.django_db
@pytest.mark.parametrize("sort", Sort)
def test_who_is_taken_apart_while_a_list_is_read_is_not_left_out(alice: User, three: list[Lead], sort: Sort) -> None:
    merging.merge(survivor_id=three[0].pk, duplicate_id=three[2].pk, by=by(alice))  # so it stands where the other did
    read = read_while(alice, sort, lambda: merging.unmerge(duplicate_id=three[2].pk, by=by(alice)))
    assert sorted(read) == ["Lead 1", "Lead 2"]


@pytest.mark.django_db
def test_whom_one_may_find_no_more_is_left_out(carol: User, alice: User, mallory: User, three: list[Lead]) -> None:
    read = read_while(carol, Sort.NEWEST, lambda: Lead.objects.update(owner=mallory, responsible=mallory.responsible))
    assert read == ["Lead 1"]


@pytest.mark.django_db(transaction=True)
def test_a_file_has_everybody_once_however_much_is_merged_meanwhile(
    alice: User, make_lead: MakeLead, in_threads: ThreadRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "CHUNK", 2)
    leads = [make_lead(alice, name=f"Lead {n:02}", captured=timedelta(days=n)) for n in range(20)]
    pairs = [(leads[n].pk, leads[19 - n].pk) for n in range(10)]
    is_over = Event()
    files: list[Counter[str]] = []

    def merge_and_part() -> None:
        while not is_over.is_set():
            for survivor, duplicate in pairs:
                merging.merge(survivor_id=survivor, duplicate_id=duplicate, by=by(alice))
            for _, duplicate in pairs:
                merging.unmerge(duplicate_id=duplicate, by=by(alice))

    def write() -> None:
        try:
            for _ in range(15):
                rows = list(exports.lines(alice, "view=all", ZONE))[1:]
                files.append(Counter(str(row[0]) for row in rows))
        finally:
            is_over.set()

    assert in_threads(merge_and_part, write) == []
    here = {str(lead.pk) for lead in leads}
    for file in files:
        assert set(file.values()) == {1}
        assert file.keys() <= here
        assert all(str(first) in file or str(second) in file for first, second in pairs)


@pytest.mark.django_db
def test_a_campaign_finds_also_by_whom_the_record_merged_into_them_came(alice: User, make_lead: MakeLead) -> None:
    one, two, three = (make_lead(alice, name="Ann Lee") for _ in range(3))
    spring, autumn = campaigns_named(["Spring", "Autumn"]).values()
    Enquiry.objects.filter(lead=two).update(campaign=spring)
    Enquiry.objects.filter(lead=three).update(campaign=autumn)
    assert len(listed(alice, campaign=spring.pk)) == 1
    merging.merge(survivor_id=two.pk, duplicate_id=three.pk, by=by(alice))
    merging.merge(survivor_id=one.pk, duplicate_id=two.pk, by=by(alice))
    for campaign in (spring, autumn):
        assert len(listed(alice, campaign=campaign.pk)) == 1
    merging.unmerge(duplicate_id=two.pk, by=by(alice))
    (row,) = lists.page(alice, Filters(campaign=autumn.pk), zone=ZONE).rows
    assert row.id == two.pk
