"""Two files that bring the same deal at the same moment make one of it."""

import pytest

from ripeline.capture.imports import actions
from ripeline.leads.models import DealId, Opportunity
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import again, begun, csv, imported
from tests.capture.test_deal_ids import HEAD
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_one_deal_in_two_files_at_the_same_moment_is_one(mona: User) -> None:
    people = csv("Record ID,First Name,Last Name,Email,Lifecycle Stage", "101,Ann,Berg,ann@x.example,Lead")
    imported(people, kind=None, actor=mona)
    rows = [f"{number},Boat {number},Closed Won,2026-05-04,2026-03-20,100,EUR,101," for number in range(9001, 9031)]
    files = [csv(HEAD, *rows), csv(HEAD, *(row.replace("Boat", "Yacht") for row in reversed(rows)))]
    runs = [begun(content, kind=None, actor=mona) for content in files]
    raised = run_in_threads(*(lambda run=run: actions.work(run.pk, size=7) for run in runs))
    assert raised == []
    assert [(again(run).state, again(run).rejected) for run in runs] == [("done", 0), ("done", 0)]
    assert DealId.objects.count() == Opportunity.objects.count() == len(rows)
    assert Activity.objects.filter(kind="won").count() == len(rows)
