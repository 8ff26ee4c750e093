"""An import taken back: what it alone brought goes, what it changed is as it was, what people did since stays."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.capture.imports import actions, undoing
from ripeline.capture.imports.actions import UndoError
from ripeline.capture.models import Door, ImportCompany, ImportedFirm, ImportKept, ImportRun, ImportUndo
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import Campaign, CountedLink, Source
from ripeline.cli import undoing as taking_back
from ripeline.cli.output import Failed
from ripeline.leads.decisions import actions as leads
from ripeline.leads.doubles import merging
from ripeline.leads.many import batches
from ripeline.leads.models import Account, Batch, BatchVerb, Enquiry, Identity, Lead, Opportunity
from ripeline.leads.rules import NotAllowed
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import AuditEntry, User
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as ripe
from ripeline.ripeness.models import Claim, Score
from ripeline.timeline.models import Activity, Reaction
from ripeline.worker import reactions
from tests.capture.importing import again, begun, counts, csv, imported, outcomes
from tests.cast import MONDAY, MakeLead, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_it_passes")]


@contextmanager
def passing(moment: datetime) -> Iterator[None]:
    """Time goes on from `moment`: what is done later is seen to be later."""
    milliseconds = itertools.count()
    with clock.at(lambda: moment + timedelta(milliseconds=next(milliseconds))):
        yield


@pytest.fixture
def as_it_passes() -> Iterator[None]:
    """A Monday on which time passes."""
    with passing(MONDAY):
        yield


THREE = csv(
    "Id,E-mail,Name,Company,Created,Source,Campaign,Shoe size",
    "1,a@x.example,Ann,X GmbH,2026-05-10,Fair,Spring,38",
    "2,b@y.example,Bo,Y GmbH,2023-02-10,Fair,Spring,",
    "3,c@z.example,Cy,Z GmbH,2026-04-10,Fair,,44",
)


def undone(run: ImportRun, *, actor: User | None = None, size: int = 500) -> ImportUndo:
    actions.undo(actor=actor or people.system(), run_id=run.pk)
    undoing.go_on(run.pk, lambda _: None, lambda: False, size)
    return ImportUndo.objects.get(run=run)


def told(undo: ImportUndo) -> tuple[int, int, int, int]:
    """(deleted, kept, put back, in part)."""
    return undo.deleted, undo.kept, undo.put_back, undo.partly


def everything() -> dict[str, list[Any]]:
    """What stands in every table that an import of leads or outcomes writes to, but for the import's own."""
    tables = (
        "lead", "identity", "enquiry", "opportunity", "activity", "account", "source", "campaign", "score", "claim",
        "dispute", "perceived",
    )  # fmt: skip
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT to_jsonb({table}) - 'decision_id' - 'scored_at' FROM {table} ORDER BY 1")
            found[table] = [json.loads(row[0]) for row in cursor.fetchall()]
    return found


def without_its_word(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return found | {"activity": [row for row in found["activity"] if "import_undone" not in str(row)]}


def test_an_import_that_nobody_touched_goes_without_a_trace(ada: User) -> None:
    before = everything()
    run = imported(THREE)
    assert everything() != before
    undo = undone(run, actor=ada)
    assert told(undo) == (3, 0, 0, 0)
    assert again(run).state == "undone"
    assert everything() == before
    assert not Reaction.objects.exists()
    entry = AuditEntry.objects.get(verb="import.undo")
    assert (entry.actor, entry.target, entry.data["leads"]) == (ada, str(run.pk), 3)


def test_the_same_file_can_go_in_again_after_it(ada: User) -> None:
    undone(imported(THREE))
    assert counts(imported(THREE)) == (3, 0, 0, 0)


def test_taking_back_twice_is_taking_back_once(ada: User) -> None:
    run = imported(THREE)
    assert undone(run) == undone(run)
    assert told(undone(run)) == (3, 0, 0, 0)


@pytest.mark.parametrize("what", ["note", "touch", "opinion", "edit", "handed", "won"])
def test_a_lead_that_somebody_has_worked_on_stays_and_says_why(ada: User, alice: User, what: str) -> None:
    run = imported(THREE)
    lead = Lead.objects.get(email="a@x.example")
    me = by(ada)
    match what:
        case "note":
            leads.note(lead.pk, me, text="Called back.")
        case "touch":
            leads.touch(lead.pk, me, kind="call", reached=False, next=soon())
        case "opinion":
            ripeness.perceive(lead.pk, me, quality="good")
        case "edit":
            leads.edit(lead.pk, me, fields={"title": "Dentist"})
        case "handed":
            leads.give(lead.pk, me, to=people.responsible_of(alice), why={})
        case "won":
            leads.win(lead.pk, me, reason=catalog.reason("bought_from_us"))
    expected = undoing.expect(run)
    assert (expected.deleted, expected.kept, expected.put_back, expected.partly) == (2, 1, 0, 0)
    assert told(undone(run)) == (2, 1, 0, 0)
    assert Lead.objects.get() == lead
    kept = ImportKept.objects.get()
    assert (kept.lead_id, kept.why, kept.who) == (lead.pk, "worked", ada)
    assert [each.lead_id for each in expected.staying] == [lead.pk]
    assert Identity.objects.filter(lead=lead).count() == 2
    assert Account.objects.get().name == "X GmbH"
    assert (Source.objects.get().name, Campaign.objects.get().name) == ("Fair", "Spring")


def in_bulk(actor: User, lead: Lead) -> Batch:
    """A next date given to one lead as to many."""
    terms = {"moments": [soon().at.isoformat()], "note": ""}
    found = batches.ask(actor=actor, verb=BatchVerb.NEXT, terms=terms, key=uuid4().hex, lead_ids=[lead.pk])
    batches.work(found.pk, tagged=ripe.tagged)
    return found


def taken_back(batch: Batch) -> None:
    batches.undo(actor=batch.asked_by, batch_id=batch.pk)
    batches.work(batch.pk, tagged=ripe.tagged)
    batch.refresh_from_db()
    assert batch.undone == 1


def test_what_somebody_did_and_took_back_is_no_touch(ada: User) -> None:
    before = everything()
    run = imported(THREE)
    ann, bo = Lead.objects.get(email="a@x.example"), Lead.objects.get(email="b@y.example")
    taken_back(in_bulk(ada, ann))
    deed = leads.edit(bo.pk, by(ada), fields={"title": "Dentist"})
    leads.undo(deed.activity_id, by(ada))
    assert undoing.expect(run).kept == 0
    assert told(undone(run)) == (3, 0, 0, 0)
    assert everything() == before


def test_what_one_did_and_did_not_take_back_is_a_touch_beside_what_one_did(ada: User) -> None:
    run = imported(THREE)
    ann = Lead.objects.get(email="a@x.example")
    in_bulk(ada, ann)
    taken_back(in_bulk(ada, ann))
    assert told(undone(run)) == (2, 1, 0, 0)


def test_a_lead_that_was_here_is_as_it_was_when_what_was_done_since_was_taken_back(ada: User, lead: Lead) -> None:
    before = without_its_word(everything())
    run = imported(csv("E-mail,Title", f"{lead.email},Dentist"))
    deed = leads.edit(lead.pk, by(ada), fields={"title": "Surgeon"})
    leads.undo(deed.activity_id, by(ada))
    expected = undoing.expect(run)
    assert (expected.put_back, expected.partly) == (1, 0)
    assert told(undone(run)) == (0, 0, 1, 0)
    after = without_its_word(everything())
    assert after["lead"] == before["lead"]


def test_what_ripeline_itself_does_is_no_touch(ada: User) -> None:
    run = imported(THREE)
    lead = Lead.objects.get(email="a@x.example")
    leads.set_next(lead.pk, by(people.system()), next=soon())
    assert told(undone(run)) == (3, 0, 0, 0)


def test_who_came_by_another_door_or_was_merged_stays(ada: User, make_lead: MakeLead) -> None:
    run = imported(THREE)
    first, second, third = Lead.objects.order_by("email")
    actions.capture_one(actor=ada, name="Ann", email="a@x.example", message="Call me")
    old = make_lead(None, name="Bo", email="bo@y.example")
    merging.merge(survivor_id=old.pk, duplicate_id=second.pk, by=by(ada))
    merging.merge(survivor_id=third.pk, duplicate_id=make_lead(None, email="cy@z.example").pk, by=by(ada))
    expected = undoing.expect(run)
    assert (expected.deleted, expected.kept) == (0, 3)
    assert told(undone(run)) == (0, 3, 0, 0)
    assert dict(ImportKept.objects.values_list("lead_id", "why")) == {
        first.pk: "came", second.pk: "merged", third.pk: "merged",
    }  # fmt: skip


UPDATE = csv("Id,E-mail,Name,Title,Shoe size", "1,a2@x.example,Anna,Dentist,39", "2,b@y.example,Bo,,")


def test_what_it_changed_on_others_is_as_it_was() -> None:
    imported(THREE)
    before = everything()
    run = imported(UPDATE, name="again.csv")
    assert counts(run) == (0, 2, 0, 0)
    assert Lead.objects.get(reference="1").name == "Anna"
    assert Identity.objects.filter(key="a2@x.example").exists()
    expected = undoing.expect(run)
    assert (expected.deleted, expected.kept, expected.put_back, expected.partly) == (0, 0, 2, 0)
    assert told(undone(run)) == (0, 0, 2, 0)
    after = everything()
    assert without_its_word(after) == before
    entries = Activity.objects.filter(kind="import_undone")
    assert {tuple(entry.data["fields"]) for entry in entries} >= {("custom", "name", "search", "title")}
    assert counts(imported(UPDATE, name="again.csv")) == (0, 2, 0, 0)


def test_what_somebody_corrected_since_stays_corrected(ada: User) -> None:
    imported(THREE)
    run = imported(UPDATE, name="again.csv")
    lead = Lead.objects.get(reference="1")
    leads.edit(lead.pk, by(ada), fields={"title": "Orthodontist"})
    expected = undoing.expect(run)
    assert (expected.put_back, expected.partly) == (1, 1)
    assert told(undone(run)) == (0, 0, 1, 1)
    lead.refresh_from_db()
    assert (lead.name, lead.title, lead.custom) == ("Ann", "Orthodontist", {"shoe_size": "38"})
    assert ImportKept.objects.get().lead_id == lead.pk
    assert {"ann", "anna"} & set(lead.search.split()) == {"ann"}


def test_a_later_import_stays_when_the_earlier_one_goes_and_who_came_with_both_goes_with_both() -> None:
    before = everything()
    first = imported(THREE)
    second = imported(UPDATE, name="again.csv")
    assert told(undone(first)) == (1, 2, 0, 0)
    assert set(ImportKept.objects.values_list("why", flat=True)) == {"imported"}
    expected = undoing.expect(second)
    assert (expected.deleted, expected.kept, expected.put_back, expected.partly) == (2, 0, 0, 0)
    assert told(undone(second)) == (2, 0, 0, 0)
    assert everything() == before


def test_a_source_and_a_campaign_that_a_form_or_a_link_names_by_now_stay(ada: User) -> None:
    run = imported(csv("E-mail,Name,Source,Campaign", "a@x.example,Ann,Fair,Spring", "b@y.example,Bo,Web,Summer"))
    asked = {"title": "Ask us", "verb": "Send", "thanks": "Thank you", "created_by": ada}
    Door.objects.create(kind="form", name="Contact", slug="contact", source=Source.objects.get(name="Fair"), **asked)
    spring = Campaign.objects.get(name="Spring")
    CountedLink.objects.create(code="abc", name="Letter", address="https://x.example", campaign=spring, created_by=ada)
    undo = undone(run)
    assert (again(run).state, undo.problem) == ("undone", "")
    assert list(Source.objects.filter(name__in=["Fair", "Web"]).values_list("name", flat=True)) == ["Fair"]
    assert Campaign.objects.get() == spring


def test_who_was_taken_up_again_by_it_is_closed_as_before(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    before = everything()
    with passing(MONDAY + timedelta(days=30)):
        run = imported(csv("E-mail,Date", f"{lead.email},2026-07-01"))
        assert Lead.objects.get(pk=lead.pk).episode == 2
        assert told(undone(run)) == (0, 0, 1, 0)
    closed = Lead.objects.get(pk=lead.pk)
    assert (closed.state, closed.episode, closed.next_at) == ("lost", 1, None)
    assert without_its_word(everything()) == before


def test_who_was_taken_up_and_worked_on_since_stays_open(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    with passing(MONDAY + timedelta(days=30)):
        run = imported(csv("E-mail,Title,Date", f"{lead.email},Dentist,2026-07-01"))
        leads.note(lead.pk, by(alice), text="They mean it.")
        assert told(undone(run)) == (0, 0, 0, 1)
    found = Lead.objects.get(pk=lead.pk)
    assert (found.state, found.episode, found.title) == ("new", 2, "")
    assert Enquiry.objects.filter(lead=lead, import_run_id=run.pk).count() == 1, "it is why they are talked to"


def test_deals_are_taken_back_and_their_leads_are_open_again() -> None:
    imported(THREE)
    reactions.work()
    before = everything()
    run = outcomes(csv("Id,Won date,Amount,Product", "1,2026-05-20,1200,Chair", "2,2024-03-02,,"))
    assert Lead.objects.get(reference="1").state == "won"
    assert told(undone(run)) == (0, 0, 2, 0)
    reactions.work()  # scores follow
    after = without_its_word(everything())
    assert [row["lead_id"] for row in after.pop("score")] == [row["lead_id"] for row in before.pop("score")]
    assert after == before
    assert counts(outcomes(csv("Id,Won date,Amount,Product", "1,2026-05-20,1200,Chair"))) == (0, 1, 0, 0)


def test_what_a_file_added_to_a_deal_is_taken_off_it_again(alice: User, lead: Lead) -> None:
    leads.win(lead.pk, by(alice), reason=catalog.reason("bought_from_us"))
    day = clock.now().date()
    run = outcomes(csv("E-mail,Won date,Amount,Product", f"{lead.email},{day},900,Chair"))
    assert Opportunity.objects.get().product == "Chair"
    undone(run)
    deal = Opportunity.objects.get()
    assert (deal.state, deal.amount, deal.product) == ("won", None, "")


def test_a_deal_that_somebody_built_on_stays(ada: User) -> None:
    imported(THREE)
    run = outcomes(csv("Id,Won date", "1,2026-05-20"))
    leads.note(Lead.objects.get(reference="1").pk, by(ada), text="A happy customer.")
    assert told(undone(run)) == (0, 0, 0, 1)
    assert Lead.objects.get(reference="1").state == "won"


def test_an_open_lead_does_not_go_back_to_somebody_who_has_left(ada: User, alice: User, lead: Lead) -> None:
    run = outcomes(csv("E-mail,Won date", f"{lead.email},{clock.now().date()}"))
    assert Lead.objects.get(pk=lead.pk).state == "won"
    people_actions.set_active(actor=ada, user=alice, active=False)
    undone(run)
    found = Lead.objects.get(pk=lead.pk)
    assert (found.state, found.responsible.code, found.owner) == ("new", "qualify", None)


def test_scores_and_what_was_said_go_with_the_lead() -> None:
    run = imported(THREE)
    assert Score.objects.count() == Claim.objects.count() == 3
    undone(run)
    assert not Score.objects.exists()
    assert not Claim.objects.exists()


def test_it_goes_on_where_it_was_broken_off() -> None:
    run = imported(csv("E-mail", *(f"p{n}@x.example" for n in range(10))))
    actions.undo(actor=people.system(), run_id=run.pk)
    left = iter([False, False, True])
    assert not undoing.go_on(run.pk, lambda _: None, lambda: next(left), 3)
    assert (Lead.objects.count(), ImportUndo.objects.get().done) == (4, 6)
    assert undoing.go_on(run.pk, lambda _: None, lambda: False, 3)
    assert told(ImportUndo.objects.get()) == (10, 0, 0, 0)


def test_it_can_be_stopped_and_gone_on_with(ada: User) -> None:
    run = imported(csv("E-mail", *(f"p{n}@x.example" for n in range(10))))
    actions.undo(actor=ada, run_id=run.pk)
    watched: list[UUID] = []

    def watch(seen: ImportRun) -> None:
        if not watched:
            actions.stop_undo(actor=ada, run_id=run.pk)
        watched.append(seen.pk)

    assert undoing.go_on(run.pk, watch, lambda: False, 3)
    assert (Lead.objects.count(), ImportUndo.objects.get().problem, again(run).state) == (7, "Stopped.", "undoing")
    assert not undoing.is_wanted(run.pk)
    assert told(undone(run, actor=ada)) == (10, 0, 0, 0)


def test_it_is_worked_like_any_other_import() -> None:
    run = imported(THREE)
    actions.undo(actor=people.system(), run_id=run.pk)
    assert actions.work(run.pk)
    assert again(run).state == "undone"
    assert not actions.work(run.pk)


def test_only_who_made_it_or_an_administrator_may(ada: User, mona: User, sam: User, mallory: User) -> None:
    run = imported(THREE, actor=sam)
    for other in (mona, mallory):
        with pytest.raises(NotAllowed):
            actions.undo(actor=other, run_id=run.pk)
    assert actions.undo(actor=sam, run_id=run.pk).state == "undoing"


def test_an_import_that_is_going_in_is_cancelled_first() -> None:
    run = begun(THREE)
    with pytest.raises(actions.UndoError, match="cancel it first"):
        actions.undo(actor=people.system(), run_id=run.pk)


def test_a_cancelled_import_is_taken_back_too() -> None:
    run = begun(csv("E-mail", *(f"p{n}@x.example" for n in range(10))))
    actions.work(
        run.pk, size=4, watch=lambda seen: seen.position == 4 and actions.cancel(actor=people.system(), run_id=run.pk)
    )
    assert again(run).state == "cancelled"
    assert told(undone(run)) == (4, 0, 0, 0)


FIRMS = csv(
    "Record id,Company,Website,Owner",
    "1,Helio GmbH,helio.example,alice@example.com",
    "2,Nordic AS,,",
    "3,,fjord.example,",
)


def companies(content: bytes, **how: Any) -> ImportRun:
    mapping = {"Record id": "external_id", "Company": "company", "Website": "website", "Owner": "owner"}
    return imported(content, kind="companies", name="companies.csv", mapping=mapping, **how)


def firms() -> list[dict[str, Any]]:
    """What stands in the tables that a file of companies writes to."""
    return [*Account.objects.order_by("key").values(), *ImportCompany.objects.order_by("reference").values()]


def test_companies_that_only_the_file_brought_go_and_those_with_people_stay(alice: User, make_lead: MakeLead) -> None:
    run = companies(FIRMS)
    assert run.created == 3
    make_lead(alice, company="Nordic AS", email="")
    expected = undoing.expect(run)
    assert (expected.deleted, expected.kept, expected.put_back) == (2, 1, 0)
    assert told(undone(run, size=1)) == (2, 1, 0, 0)
    assert [account.name for account in Account.objects.all()] == ["Nordic AS"]
    assert not ImportCompany.objects.exists()
    assert companies(FIRMS).created == 2  # the file can be imported again


def test_companies_that_a_file_brought_stay_when_the_people_of_another_go() -> None:
    """Both went in at once, the people's file begun first: its time spans that of the companies."""
    people_of_them = begun(csv("Name,Company", "Ann Berg,Nordic AS"))
    bought = companies(FIRMS)
    actions.work(people_of_them.pk)
    undone(again(people_of_them))
    assert not Lead.objects.exists()
    assert Account.objects.count() == 3
    assert told(undone(bought)) == (3, 0, 0, 0)
    assert not Account.objects.exists()


def test_companies_that_were_here_are_as_they_were(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, email="ann@helio.example")  # brings helio.example, by no name and without an owner
    companies(csv("Record id,Company,Website,Owner", "2,Nordic AS,,"))
    before = firms()
    run = companies(FIRMS)
    assert (run.created, run.updated, run.unchanged) == (1, 1, 1)
    assert firms() != before
    assert told(undone(run)) == (1, 0, 1, 0)
    assert firms() == before


def test_what_others_changed_on_a_company_since_stays(alice: User, bob: User, make_lead: MakeLead) -> None:
    make_lead(alice, email="ann@helio.example")
    run = companies(FIRMS)
    Account.objects.filter(domain="helio.example").update(owner=bob)
    again_named = companies(csv("Record id,Company,Website,Owner", "9,Fjord,fjord.example,"))
    undone(run)
    helio = Account.objects.get(domain="helio.example")
    assert (helio.name, helio.owner) == ("helio.example", bob)
    assert Account.objects.get(domain="fjord.example").name == "Fjord"  # another file names it
    assert told(undone(again_named)) == (0, 0, 1, 0)


def test_an_id_means_again_what_it_meant_before(make_lead: MakeLead) -> None:
    companies(csv("Record id,Company,Website,Owner", "1,Old GmbH,,"))
    run = companies(csv("Record id,Company,Website,Owner", "1,New GmbH,,"))
    assert ImportCompany.objects.get().account.name == "New GmbH"
    undone(run)
    assert ImportCompany.objects.get().account.name == "Old GmbH"


def test_companies_that_went_in_before_it_was_kept_what_they_changed_stay_and_that_is_said() -> None:
    run = companies(FIRMS)
    ImportedFirm.objects.all().delete()  # as it is after an upgrade
    before = firms()
    with pytest.raises(UndoError, match="went in before Ripeline kept what a file of companies changes"):
        undone(run)
    with pytest.raises(Failed, match=r"companies.csv went in before"):
        taking_back.take_back(str(run.pk), is_sure=False)
    with pytest.raises(Failed, match=r"companies.csv went in before"):
        taking_back.take_back(str(run.pk), is_sure=True)
    assert (again(run).state, firms()) == ("done", before)
    nothing = companies(FIRMS)
    assert (nothing.unchanged, undoing.why_not(nothing)) == (3, "")  # it changed nothing: there is nothing to take back


NOTES = csv(
    "E-mail,When,Note",
    "a@x.example,2026-05-01,Called them",
    "a@x.example,2026-05-02,Met them",
    "b@y.example,2026-05-03,Wrote",
)


def test_notes_go_whatever_else_has_happened(alice: User) -> None:
    imported(THREE)
    before = everything() | {"score": None}  # they are a moment older then
    mapping = {"E-mail": "email", "When": "happened_at", "Note": "body"}
    run = imported(NOTES, kind="activities", name="notes.csv", mapping=mapping)
    assert run.created == 3
    lead = Lead.objects.get(email="a@x.example")
    assert undoing.expect(run).put_back == 2
    assert told(undone(run, size=1)) == (0, 0, 2, 0)
    assert everything() | {"score": None} == before
    assert imported(NOTES, kind="activities", name="notes.csv", mapping=mapping).created == 3
    leads.note(lead.pk, by(people.system()), text="Called again.")
    undone(ImportRun.objects.latest("created_at"))
    assert [entry.body for entry in Activity.objects.filter(kind="note")] == ["Called again."]


@pytest.mark.parametrize("lost", [{"role": "rep"}, {"is_active": False}])
def test_who_may_not_any_more_when_its_turn_comes_takes_nothing_back(ada: User, lost: dict[str, Any]) -> None:
    run = imported(THREE)
    actions.undo(actor=ada, run_id=run.pk)
    User.objects.filter(pk=ada.pk).update(**lost)
    undoing.go_on(run.pk, lambda _: None, lambda: False)
    undo = ImportUndo.objects.get(run=run)
    assert "may not any more" in undo.problem
    assert Lead.objects.count() == 3
    undone(again(run))  # by somebody who may
    assert (again(run).state, Lead.objects.count()) == ("undone", 0)
    assert ImportUndo.objects.get(run=run).asked_by == people.system()


def test_who_was_kept_in_touch_with_before_a_file_had_their_deal_is_again(alice: User, lead: Lead) -> None:
    leads.nurture(lead.pk, by(alice), next=soon(days=300))
    before = without_its_word(everything())
    run = outcomes(csv("E-mail,Deal name,Deal stage,Amount", f"{lead.email},Chairs,Proposal,1000"))
    assert Lead.objects.get().responsible == people.responsible_of(alice)
    assert told(undone(run)) == (0, 0, 1, 0)
    assert without_its_word(everything()) == before


def test_an_open_deal_of_a_file_that_was_taken_back_is_opened_by_the_next(lead: Lead) -> None:
    file = csv("E-mail,Deal name,Deal stage,Amount", f"{lead.email},Chairs,Proposal,1000")
    undone(outcomes(file))
    assert not Opportunity.objects.exists()
    outcomes(file + b"\n")
    assert Opportunity.objects.get().amount == 1000
