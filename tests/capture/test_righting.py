"""What a file says of where somebody stands, and Ripeline says otherwise: somebody lets the file be right about it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from ripeline.base import clock
from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import actions, queries, righting
from ripeline.capture.imports.righting import Done, What
from ripeline.capture.models import ImportRun
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead, Opportunity
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import again, counts, csv, imported, outcomes
from tests.cast import MONDAY, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-mail,Status,Owner"
DEALS = "Deal Id,Deal Name,E-mail,Deal Stage,Opened on,Close Date,Amount,Currency"


def states() -> dict[str, str]:
    return dict(Lead.objects.values_list("name", "state"))


def said(run: ImportRun, actor: User, what: What) -> list[tuple[int, str, str, bool]]:
    return [(each.row, str(each.lead), each.said, each.may) for each in righting.lines(run, actor)[what]]


def put(run: ImportRun, actor: User, what: What, *rows: int) -> Done:
    return righting.put_right(again(run), actor, what, rows, key=uuid4().hex)


@pytest.fixture
def refused(alice: User) -> ImportRun:
    """Deals of Ann, who was won after hers began, and of Cy, who was lost; Bo is open, and his went in."""
    rows = ["Ann,ann@x.example,won,Alice", "Bo,bo@x.example,open,Alice", "Cy,cy@x.example,lost,Alice"]
    imported(csv(HEAD, *rows))
    deals = csv(
        DEALS,
        "71,Boats,ann@x.example,Contract Sent,2026-01-05,2027-04-20,4500,EUR",
        "72,Sails,bo@x.example,Contract Sent,2026-01-05,2027-04-20,300,EUR",
        "73,Oars,cy@x.example,Contract Sent,2026-01-05,2027-04-20,200,EUR",
    )
    with clock.at(MONDAY + timedelta(hours=1)):
        return outcomes(deals)


def test_a_deal_that_was_refused_is_opened_with_its_lead_once_somebody_says_so(refused: ImportRun, alice: User) -> None:
    assert counts(refused) == (0, 1, 0, 2)
    assert said(refused, alice, What.DEALS) == [
        (2, "Ann", "Boats, 4,500 EUR, Contract Sent, opened 5 January 2026", True),
        (4, "Cy", "Oars, 200 EUR, Contract Sent, opened 5 January 2026", True),
    ]
    assert put(refused, alice, What.DEALS, 2).count == 1
    assert counts(again(refused)) == (0, 2, 0, 1)
    assert [each.row for each in queries.rejects(again(refused))] == [4]
    assert states() == {"Ann": "opportunity", "Bo": "opportunity", "Cy": "lost"}
    boats = Opportunity.objects.get(name="Boats")
    assert (boats.state, boats.amount, boats.lead.owner) == ("open", 4500, alice)
    (entry,) = Activity.objects.filter(kind="reopened")
    assert (entry.actor, entry.data["why"]) == (alice, "deal there")
    assert put(refused, alice, What.DEALS, 2) == Done(0), "the same again is nothing more"
    assert Opportunity.objects.filter(name="Boats").count() == 1


def test_the_next_file_has_nothing_new_to_say_of_it(refused: ImportRun, alice: User) -> None:
    put(refused, alice, What.DEALS, 2, 4)
    rows = "71,Boats,ann@x.example,Contract Sent,2026-01-05,2027-04-20,4500,EUR"
    assert counts(outcomes(csv(DEALS, rows))) == (0, 0, 1, 0)
    assert counts(outcomes(csv(DEALS, rows.replace("4500", "5000")))) == (0, 1, 0, 0)


def test_it_comes_out_with_its_import(refused: ImportRun, ada: User, alice: User) -> None:
    with clock.at(MONDAY + timedelta(hours=2)):
        put(refused, alice, What.DEALS, 2, 4)
    with clock.at(MONDAY + timedelta(hours=3)):
        actions.undo(actor=ada, run_id=refused.pk)
        actions.work(refused.pk)
    assert states() == {"Ann": "won", "Bo": "working", "Cy": "lost"}
    assert not Opportunity.objects.filter(state="open").exists()
    assert said(again(refused), alice, What.DEALS) == []


def test_nobody_opens_what_they_may_not_change(refused: ImportRun, mallory: User, mona: User, carol: User) -> None:
    for nobody in (mallory, mona):
        assert not any(may for *_, may in said(refused, nobody, What.DEALS))
        assert put(refused, nobody, What.DEALS, 2, 4) == Done(0)
    assert states()["Ann"] == "won"
    assert put(refused, carol, What.DEALS, 2).count == 1, "who decides whose they are"


def test_who_is_open_there_is_taken_up_again_and_who_ended_there_is_closed(alice: User, bob: User) -> None:
    rows = ["Ann,ann@x.example,new,Alice", "Bo,bo@x.example,open,Alice", "Cy,cy@x.example,open,Alice"]
    imported(csv(HEAD, *rows))
    leads.close(Lead.objects.get(name="Ann").pk, by(alice), reason=catalog.reason("no_budget"))
    later = [
        "Ann,ann@x.example,in progress,Alice", "Bo,bo@x.example,Lost - no budget,Alice", "Cy,cy@x.example,won,Alice"
    ]  # fmt: skip
    run = imported(csv(HEAD, *later), said=Said(closes=False))
    assert said(run, alice, What.OPEN) == [(2, "Ann", "Working", True)]
    assert said(run, alice, What.ENDED) == [(3, "Bo", "Lost", True), (4, "Cy", "Won", True)]
    assert not any(may for *_, may in said(run, bob, What.ENDED)), "they are Alice's"
    assert put(run, bob, What.ENDED, 3, 4).count == 0
    assert put(run, alice, What.OPEN, 2).count == 1
    assert put(run, alice, What.ENDED, 3, 4).count == 2
    assert states() == {"Ann": "new", "Bo": "lost", "Cy": "won"}
    bo = Lead.objects.select_related("close_reason").get(name="Bo")
    assert (bo.close_reason and bo.close_reason.code, bo.closed_by) == ("no_budget", alice)
    assert not any(righting.lines(run, alice).values())
    assert bo.decision_id
    leads.undo(bo.decision_id, by(alice))
    assert [row for row, *_ in said(run, alice, What.ENDED)] == [3], "taken back, it stands so again"


def test_who_has_several_deals_open_is_left_and_named(alice: User) -> None:
    imported(csv(HEAD, "Ann,ann@x.example,open,Alice"))
    for name in ("Boats", "Sails"):
        outcomes(csv("Deal Name,E-mail,Deal Stage,Close Date", f"{name},ann@x.example,Contract Sent,2027-04-20"))
    leads.set_next(Lead.objects.get().pk, by(alice), next=soon(days=9))
    run = imported(csv(HEAD, "Ann,ann@x.example,won,Alice"), said=Said(closes=False))
    done = put(run, alice, What.ENDED, 2)
    assert (done.count, [each.why for each in done.left]) == (0, ["Ann has 2 deals open; say which was won."])


def test_whose_deals_come_after_many_of_other_peoples_finds_them(
    alice: User, mallory: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mallory.team != carol.team
    people = [f"M{n},m{n}@x.example,won,Mallory" for n in range(3)]
    imported(csv(HEAD, *people, "Cy,cy@x.example,lost,Alice"))
    theirs = [f"7{n},Boats,m{n}@x.example,Contract Sent,2026-01-05,2027-04-20,4500,EUR" for n in range(3)]
    with clock.at(MONDAY + timedelta(hours=1)):
        run = outcomes(csv(DEALS, *theirs, "79,Oars,cy@x.example,Contract Sent,2026-01-05,2027-04-20,200,EUR"))
    monkeypatch.setattr(righting, "SHOWN", 2)
    assert [lead for _, lead, *_ in said(run, carol, What.DEALS)] == ["Cy"]
    assert put(run, carol, What.DEALS, 2, 3, 4, 5).count == 1
    assert not said(run, carol, What.DEALS)
