"""A deal that came with its system's id is the same deal in any later file, whatever that says of it by then."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.imports import actions, queries, runs, trial, undoing
from ripeline.capture.models import ImportRun
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import deciding
from ripeline.leads.doubles import merging
from ripeline.leads.models import DealId, Identity, Lead, Opportunity
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import again, begun, counts, csv, imported, outcomes
from tests.capture.test_undoing import passing
from tests.cast import MONDAY, by, soon
from tests.thoroughness import thorough

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

ANN = "101,Ann,Berg,ann@x.example,Lead,Rhein GmbH,2026-03-10 09:00"
BO = "102,Bo,Li,bo@x.example,Lead,Rhein GmbH,2026-03-11 09:00"
HEAD = "Record ID,Deal Name,Deal Stage,Close Date,Create Date,Amount,Currency,Associated Contact IDs,Associated Company"


def contacts(*rows: str) -> ImportRun:
    return imported(
        csv("Record ID,First Name,Last Name,Email,Lifecycle Stage,Associated Company,Create Date", *rows), kind=None
    )


def deals(*rows: str, hours: int = 0, **how: Any) -> ImportRun:
    with passing(MONDAY + timedelta(hours=hours)):
        run = imported(csv(HEAD, *rows), kind=None, **how)
    assert run.kind == "outcomes"
    assert "deal_id" in run.mapping.values()
    return run


def stands() -> list[tuple[str, str, str, Decimal | None]]:
    """(whose, name, state, amount) of all deals."""
    found = Opportunity.objects.select_related("lead").order_by("lead__name", "product", "pk")
    return [(one.lead.name, one.product, one.state, one.amount) for one in found]


def lead(name: str) -> Lead:
    return Lead.objects.get(name=name, merged_into=None)


def everything() -> list[Any]:
    return [
        list(Lead.objects.order_by("pk").values()), list(Opportunity.objects.order_by("pk").values()),
        list(DealId.objects.order_by("pk").values()), set(Activity.objects.values_list("pk", flat=True)),
    ]  # fmt: skip


def taken_back(run: ImportRun) -> None:
    undoing.ask(actor=people.system(), run_id=run.pk)
    actions.work(run.pk)


PIPEDRIVE = "Deal - ID,Deal - Title,Deal - Status,Deal - Won time,Deal - Contact person,Person - ID"
SALESFORCE = "Opportunity ID,Opportunity Name,Stage,Close Date,Account Name,Contact ID"
HUBSPOT = "Record ID,Deal Name,Deal Stage,Close Date,Associated Contact IDs"


@pytest.mark.parametrize(
    ("system", "head", "row", "key"),
    [
        ("pipedrive", PIPEDRIVE, "7,Boat,Won,2026-04-01,Ann Berg,101", "pipedrive:7"),
        ("salesforce", SALESFORCE, "006A1,Boat,Closed Won,2026-04-01,,101", "salesforce:006A1"),
        ("hubspot", HUBSPOT, "9001,Boat,Closed Won,2026-04-01,101", "hubspot:9001"),
    ],
)
def test_exports_bring_the_ids_of_their_deals(system: str, head: str, row: str, key: str) -> None:
    ann = imported(csv("Id,Name,E-mail", "101,Ann Berg,ann@x.example"))
    Identity.objects.filter(kind="external").update(key=f"{system}:101")
    run = imported(csv(head, row), kind=None)
    assert (run.kind, counts(run), ann.created) == ("outcomes", (0, 1, 0, 0), 1)
    assert [(one.key, one.system) for one in DealId.objects.all()] == [(key, system)]


def test_a_deal_keeps_its_id_through_another_name_stage_and_amount() -> None:
    contacts(ANN)
    deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101,")
    assert stands() == [("Ann Berg", "Boat", "open", Decimal(100))]
    run = deals("9001,Big boat,Negotiation,2026-09-01,2026-03-20,250,EUR,101,", hours=1)
    assert counts(run) == (0, 1, 0, 0)
    assert stands() == [("Ann Berg", "Big boat", "open", Decimal(250))]
    won = deals("9001,The big boat,Closed Won,2026-05-04,2026-03-20,260,EUR,101,", hours=2)
    assert (counts(won), lead("Ann Berg").state) == ((0, 1, 0, 0), "won")
    assert stands() == [("Ann Berg", "The big boat", "won", Decimal(260))]
    renamed = "9001,Yacht,Closed Won,2026-05-04,2026-03-20,270,EUR,101,"
    assert counts(deals(renamed, hours=3)) == (0, 1, 0, 0)
    assert counts(deals(renamed, hours=4)) == (0, 0, 1, 0)
    assert stands() == [("Ann Berg", "Yacht", "won", Decimal(270))]
    assert Activity.objects.filter(kind="won").count() == 1


def test_two_open_deals_of_one_name_with_different_ids_are_two_and_without_ids_one() -> None:
    contacts(ANN)
    two = [f"{id},Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101," for id in (9001, 9002)]
    assert counts(deals(*two)) == (0, 2, 0, 0)
    assert len(stands()) == 2
    assert counts(deals(*two, hours=1)) == (0, 0, 2, 0)
    won = deals("9002,Boat,Closed Won,2026-05-04,2026-03-20,100,EUR,101,", hours=2)
    assert sorted(state for *_, state, _ in stands()) == ["open", "won"]
    assert (lead("Ann Berg").state, counts(won)) == ("opportunity", (0, 1, 0, 0))  # the other is still open
    assert "stays open" in " ".join(queries.remarked(won))


def test_without_ids_two_rows_of_one_name_are_one_as_ever() -> None:
    contacts(ANN)
    head = "Id,Deal name,Status,Closed on"
    imported(csv(head, "101,Boat,Open,2026-08-01", "101,Boat,Open,2026-08-01"), kind="outcomes")
    assert len(stands()) <= 1


def test_a_won_deal_of_another_name_does_not_take_an_open_deals_place() -> None:
    contacts(ANN)
    deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101,")
    deals("9002,Sails,Closed Won,2026-05-04,2026-03-20,30,EUR,101,", hours=1)
    assert stands() == [("Ann Berg", "Boat", "open", Decimal(100)), ("Ann Berg", "Sails", "won", Decimal(30))]
    assert lead("Ann Berg").state == "opportunity"
    deals("9001,Boat,Closed Lost,2026-05-05,2026-03-20,100,EUR,101,", hours=26)
    ann = lead("Ann Berg")
    assert (ann.state, str(ann.closed_at)[:10]) == ("won", "2026-05-04")  # who bought one and not the other has bought


def test_a_deal_placed_by_its_company_goes_to_its_contact_when_they_come_in() -> None:
    contacts(ANN)
    row = "9001,Boat,Closed Won,2026-05-04,2026-03-20,100,EUR,102,Rhein GmbH"
    before_won = Lead.objects.values("state", "next_at", "responsible").get(name="Ann Berg")
    deals(row)
    assert (stands(), lead("Ann Berg").state) == ([("Ann Berg", "Boat", "won", Decimal(100))], "won")
    with clock.at(MONDAY + timedelta(minutes=30)):
        contacts(BO)
    before = everything()
    run = deals(row, hours=1)
    assert counts(run) == (0, 1, 0, 0)
    assert stands() == [("Bo Li", "Boat", "won", Decimal(100))]
    ann = lead("Ann Berg")
    assert (lead("Bo Li").state, ann.state, ann.responsible_id) == (
        "won",
        before_won["state"],
        before_won["responsible"],
    )
    assert "names another person for its deal" in " ".join(queries.remarked(run))
    assert counts(deals(row, hours=2)) == (0, 0, 1, 0)
    with passing(MONDAY + timedelta(hours=3)):
        taken_back(run)
    assert everything()[1] == before[1]
    assert [(one["key"], one["lead_id"], one["said"]) for one in everything()[2]] == [
        (one["key"], one["lead_id"], one["said"]) for one in before[2]
    ]
    assert (lead("Ann Berg").state, lead("Bo Li").state) == ("won", "new")


def test_an_open_deal_goes_to_its_contact_too_and_one_of_several_people_stays() -> None:
    contacts(ANN)
    row = "9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,{},Rhein GmbH"
    deals(row.format("102"))
    contacts(BO)
    deals(row.format("102"), hours=1)
    assert (stands()[0][0], lead("Ann Berg").state, lead("Bo Li").state) == ("Bo Li", "working", "opportunity")
    assert counts(deals(row.format("101;102"), hours=2)) == (0, 0, 1, 0)
    several = [row.format("102"), row.format("101")]  # one row for each of its people
    assert counts(deals(*several, hours=3)) == (0, 0, 2, 0)
    assert counts(deals(*reversed(several), hours=4)) == (0, 0, 2, 0)
    assert stands() == [("Bo Li", "Boat", "open", Decimal(100))]


def test_what_the_file_takes_back_is_taken_back_here_but_nobody_is_re_opened_by_it() -> None:
    contacts(ANN)
    deals("9001,Boat,Closed Won,2026-05-04,2026-03-20,100,EUR,101,")
    deals("9001,Boat,Closed Lost,2026-05-04,2026-03-20,100,EUR,101,", hours=1)
    assert (stands()[0][2], lead("Ann Berg").state) == ("lost", "lost")
    run = deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101,", hours=2)
    assert (counts(run), stands()[0][2]) == ((0, 0, 0, 1), "lost")
    alice = people.system()
    with clock.at(MONDAY + timedelta(hours=3)):
        leads.reopen(lead("Ann Berg").pk, by(alice), to=lead("Ann Berg").responsible, next=soon(days=2))
    later = deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101,", hours=4)
    assert (counts(later), stands()[0][2], lead("Ann Berg").state) == ((0, 1, 0, 0), "open", "opportunity")


def test_what_somebody_decided_here_stays_until_the_file_says_something_else(alice: User) -> None:
    contacts(ANN)
    Lead.objects.update(owner=alice, responsible=people.responsible_of(alice))
    deals("9001,Boat,Closed Lost,2026-05-04,2026-03-20,100,EUR,101,")
    ann = lead("Ann Berg")
    with clock.at(MONDAY + timedelta(hours=1)):
        assert ann.decision_id
        deciding.undo(ann.decision_id, by(alice))
    assert lead("Ann Berg").state == "new"
    for hours, name in enumerate(("Boat", "Yacht"), 2):
        deals(f"9001,{name},Closed Lost,2026-05-04,2026-03-20,120,EUR,101,", hours=hours)
        assert lead("Ann Berg").state == "new"
    deals("9001,Yacht,Closed Won,2026-05-05,2026-03-20,120,EUR,101,", hours=30)
    assert lead("Ann Berg").state == "won"


def test_a_deal_is_found_by_its_id_though_the_row_names_nobody_and_its_lead_was_merged_twice() -> None:
    contacts(ANN, BO, "103,Cy,Orn,cy@x.example,Lead,Rhein GmbH,2026-03-12 09:00")
    deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101,")
    ann, bo, cy = (lead(name) for name in ("Ann Berg", "Bo Li", "Cy Orn"))
    merging.merge(survivor_id=bo.pk, duplicate_id=ann.pk, by=by(people.system()), takes=())
    merging.merge(survivor_id=cy.pk, duplicate_id=bo.pk, by=by(people.system()), takes=())
    run = deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,150,EUR,,", hours=1)
    assert (counts(run), stands()) == ((0, 1, 0, 0), [("Cy Orn", "Boat", "open", Decimal(150))])
    unknown = deals("9009,Boat,Contract Sent,2026-08-01,2026-03-20,150,EUR,,", hours=2)
    (reject,) = queries.rejects(unknown)
    assert "no deal here has this id" in reject.reason


def test_a_deal_is_where_it_was_after_a_merge_is_taken_back() -> None:
    contacts(ANN, BO)
    deals("9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,101,")
    ann, bo = lead("Ann Berg"), lead("Bo Li")
    merging.merge(survivor_id=bo.pk, duplicate_id=ann.pk, by=by(people.system()), takes=())
    deals("9001,Boat,Negotiation,2026-08-01,2026-03-20,150,EUR,101,", hours=1)
    assert stands() == [("Bo Li", "Boat", "open", Decimal(150))]
    merging.unmerge(duplicate_id=ann.pk, by=by(people.system()))
    run = deals("9001,Boat,Negotiation,2026-08-01,2026-03-20,170,EUR,,", hours=2)
    assert (counts(run), stands()) == ((0, 1, 0, 0), [("Ann Berg", "Boat", "open", Decimal(170))])


def test_what_came_without_an_id_takes_the_one_that_its_file_brings() -> None:
    contacts(ANN)
    imported(csv("E-mail,Product,Status,Closed on,Amount", "ann@x.example,Boat,won,2026-05-04,100"), kind="outcomes")
    before = everything()
    run = deals("9001,Boat,Closed Won,2026-05-04,2026-03-20,100,EUR,101,", hours=1)
    assert (len(stands()), DealId.objects.get().opportunity) == (1, Opportunity.objects.get())
    deals("9001,Yacht,Closed Won,2026-05-04,2026-03-20,100,EUR,101,", hours=2)
    assert [name for _, name, *_ in stands()] == ["Yacht"]
    assert Activity.objects.filter(kind="won").count() == 1
    assert before[1][0]["key"] == "won:2026-05-04:boat"
    assert run.updated == 1


def test_a_short_number_of_no_named_system_is_no_other_deal() -> None:
    contacts(ANN, BO)
    head = "Deal ID,E-mail,Product,Status,Closed on"
    imported(csv(head, "1,ann@x.example,Boat,won,2026-05-01"), kind="outcomes")
    run = imported(csv(head, "1,bo@x.example,Sails,won,2026-05-02"), kind="outcomes")
    assert {name for name, *_ in stands()} == {"Ann Berg", "Bo Li"}
    assert any("is the id of another deal here" in text for _, text in queries.remarks(run))


def test_an_import_that_was_broken_off_knows_which_deals_stood_in_the_rows_before() -> None:
    contacts(ANN, BO)
    row = "9001,Boat,Contract Sent,2026-08-01,2026-03-20,100,EUR,{},Rhein GmbH"
    run = begun(csv(HEAD, row.format("102"), row.format("101")), kind=None)
    chunks = iter([False, True])
    assert not runs.work(run.pk, size=1, is_stopping=lambda: next(chunks))
    assert (again(run).position, stands()[0][0]) == (1, "Bo Li")
    actions.work(run.pk, size=1)
    assert (counts(again(run)), stands()[0][0]) == ((0, 1, 1, 0), "Bo Li")


def differing(now: list[Any], before: list[Any], *, but: Sequence[str]) -> list[Any]:
    """(which, field, now, before) of rows that are not as they were."""
    ours, theirs = ({one["id"]: one for one in each} for each in (now, before))
    return [
        (pk, name, ours.get(pk, {}).get(name), theirs.get(pk, {}).get(name))
        for pk in ours.keys() | theirs.keys()
        for name in ours.get(pk, {}).keys() | theirs.get(pk, {}).keys()
        if name not in but and ours.get(pk, {}).get(name) != theirs.get(pk, {}).get(name)
    ]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["9001", "9002", "9003"]), st.sampled_from(["Boat", "Sails"]),
        st.sampled_from(["Contract Sent", "Closed Won", "Closed Lost"]), st.sampled_from(["2026-05-01", "2026-05-04"]),
        st.sampled_from(["10", "20", ""]), st.sampled_from(["101", "102", "101;102", "999", ""]),
    ),
    min_size=1, max_size=4, unique_by=lambda row: row[0],
)  # fmt: skip


@settings(
    max_examples=thorough(6, 40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example takes a second or two: none is made smaller
)  # fmt: skip
@given(files=st.lists(ROWS, min_size=2, max_size=3))
def test_whatever_files_say_each_id_is_one_deal_and_the_last_file_can_be_taken_back(files: list[list[Any]]) -> None:
    Lead.objects.all().delete()
    Activity.objects.all().delete()
    contacts(ANN, BO)
    for hours, rows in enumerate(files, 1):
        lines = [
            f"{id},{name},{stage},{day},2026-03-20,{amount},EUR,{who},Rhein GmbH"
            for id, name, stage, day, amount, who in rows
        ]
        before = everything()
        with clock.at(MONDAY + timedelta(hours=hours)):
            tried = trial.attempt(lambda lines=lines: begun(csv(HEAD, *lines), kind=None), actor=people.system())
        assert everything() == before
        run = deals(*lines, hours=hours)
        assert (tried.updated, tried.unchanged, tried.rejected) == (run.updated, run.unchanged, run.rejected)
        known = DealId.objects.filter(opportunity__isnull=False)
        assert known.count() == Opportunity.objects.count() == len(set(known.values_list("opportunity", flat=True)))
        repeated = deals(*lines, hours=hours)
        assert (repeated.updated, repeated.rejected) == (0, run.rejected)
    with passing(MONDAY + timedelta(hours=9)):
        taken_back(repeated)
        taken_back(run)
    now = everything()
    but = (
        "decision_id",
        "next_at",
        "next_set_at",
        "next_kind",
        "key",
        "said",
    )  # planned anew, or follows from the rest
    assert [differing(*both, but=but) for both in zip(now[:3], before[:3], strict=True)] == [[], [], []]


def test_a_mapping_of_before_that_left_the_deals_id_out_takes_it_by_now(alice: User) -> None:
    imported(csv("Name,E-mail", "Ann,ann@x.example"))
    head = "Deal id,Deal name,E-mail,Stage,Close date"
    labels = ["Deal id", "Deal name", "E-mail", "Stage", "Close date"]
    before = dict(zip(labels, ["ignore", "product", "email", "outcome", "closed_at"], strict=True))
    outcomes(csv(head, "D-1001,Chairs,ann@x.example,won,2026-05-20"), mapping=before)
    later = outcomes(csv(head, "D-1002,Tables,ann@x.example,won,2026-05-21"))
    assert later.mapping["Deal id"] == "deal_id"
