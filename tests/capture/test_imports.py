"""A file of leads goes in: every row accounted for, nothing twice, and what cannot go in comes back with its reason."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.arriving.arrivals import Arrival
from ripeline.capture.columns.detection import Told
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.wording import Owners
from ripeline.capture.files import pieces
from ripeline.capture.imports import actions, queries
from ripeline.capture.imports.actions import MappingError, Said, UnreadableFileError
from ripeline.capture.imports.keys_of_fields import field_keys
from ripeline.capture.imports.taking import LeadTaker
from ripeline.capture.imports.tallying import Tally
from ripeline.capture.models import ImportPiece, ImportReject, ImportRemark, ImportRun
from ripeline.catalog import queries as catalog
from ripeline.catalog import standard
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Enquiry, Lead
from ripeline.leads.rules import NotAllowed
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from tests.capture.importing import again, begun, counts, csv, imported
from tests.cast import MONDAY, MakeLead, by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

FILE = csv(
    "Name,E-mail,Phone,Company,Source,Created,Seats",
    "Priya Raman,priya@northgate.example,+44 20 7183 8750,Northgate Dental,Webinar,2026-05-20,12",
    "Jonas Weber,jonas@helio.example,,Helio Optics,Trade show,2026-05-21,",
    "Tomás Oliveira,tomas@casa.example,,Casa Verde,Webinar,2024-02-03,4",
)


def reasons(run: ImportRun) -> dict[int, str]:
    return {reject.row: reject.reason for reject in queries.rejects(run)}


def test_a_file_becomes_leads_with_their_context_somebody_and_a_date(alice: User) -> None:
    run = imported(FILE)
    assert (run.state, run.rows, counts(run), run.reopened) == ("done", 3, (3, 0, 0, 0), 1)
    lead = Lead.objects.get(email="priya@northgate.example")
    assert (lead.name, lead.phone, lead.company) == ("Priya Raman", "+442071838750", "Northgate Dental")
    assert (str(lead.source), lead.owner, lead.custom) == ("Webinar", alice, {"seats": "12"})
    assert (lead.captured_at.date().isoformat(), lead.import_run_id) == ("2026-05-20", run.pk)
    assert lead.pk in ripeness.of([lead.pk])
    assert [field.label for field in catalog.custom_fields()] == ["Seats"]


def test_old_leads_are_taken_up_again_with_dates_spread_over_weeks_and_never_all_today(alice: User) -> None:
    old = csv("E-mail,Created", *(f"p{n}@x.example,2023-01-01" for n in range(60)))
    run = imported(old)
    days = {lead.next_at.date() for lead in Lead.objects.all() if lead.next_at}
    assert run.reopened == 60
    assert len(days) > 5
    ahead = queries.ahead(run)
    assert (ahead.open, ahead.reopened) == (60, 60)
    assert ahead.weeks == -(-(max(days) - MONDAY.date()).days // 7)


def test_the_same_file_again_changes_nothing() -> None:
    imported(FILE)
    before = (Lead.objects.count(), Enquiry.objects.count(), list(Lead.objects.order_by("pk").values()))
    second = imported(FILE)
    assert counts(second) == (0, 0, 3, 0)
    assert (Lead.objects.count(), Enquiry.objects.count(), list(Lead.objects.order_by("pk").values())) == before


def test_every_row_is_accounted_for_and_what_was_refused_comes_back_as_it_was() -> None:
    run = imported(
        csv(
            "E-mail,Created,Amount",
            "a@x.example,13/02/2026,1",
            "b@x.example,31/02/2026,2",
            "c@x.example,14/02/2026,3,4",
            ",15/02/2026,5",
            'd@x.example,"16/02/2026,6',
            f"{'e' * 200_000}@x.example,17/02/2026,7",
            "=cmd()@x.example,18/02/2026,8",
            "f@x.example,19/02/2026,9",
        )
    )
    assert (run.rows, counts(run)) == (8, (2, 0, 0, 6))
    assert {3, 4, 5, 6, 7, 8} == reasons(run).keys()
    assert "not in the calendar" in reasons(run)[3]
    assert "has 4 cells, the heading has 3" in reasons(run)[4]
    assert "nobody to follow up" in reasons(run)[5]
    assert "never closed" in reasons(run)[6]
    assert "shorten it" in reasons(run)[7]
    file = "".join(queries.rejects_csv(run))
    assert "31/02/2026" in file
    assert "\n8,E-mail" in file.replace("\r", "")
    assert ",'=cmd()@x.example," in file


def test_the_rejects_corrected_go_in_and_the_rest_stays_as_it_is() -> None:
    first = imported(csv("E-mail,Created", "a@x.example,2026-05-01", "b@x.example,2026-02-31"))
    corrected = "".join(queries.rejects_csv(first)).replace("2026-02-31", "2026-03-01")
    second = imported(corrected.encode())
    assert counts(second) == (1, 0, 0, 0)
    assert set(Lead.objects.values_list("email", flat=True)) == {"a@x.example", "b@x.example"}
    assert not catalog.custom_fields()


def test_people_without_address_or_id_are_known_again_by_what_their_row_says() -> None:
    rows = csv("Name,Company,Phone", "Ann Lee,Acme,+44 20 7183 8750", "Ann Lee,Acme,+44 20 7183 8751", "Bo Ek,,")
    assert counts(imported(rows)) == (3, 0, 0, 0)
    assert counts(imported(rows + b"Cy Day,Acme,\n")) == (1, 0, 3, 0)


def test_a_list_that_does_not_say_when_is_no_sign_that_they_came_again(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    with clock.at(MONDAY + timedelta(days=30)):
        run = imported(csv("Name,E-mail", f"{lead.name},{lead.email}"))
    assert counts(run) == (0, 1, 0, 0)
    assert Lead.objects.get(pk=lead.pk).state == "lost"


def test_a_row_goes_to_the_owner_it_names_and_owners_who_are_not_here_are_told(alice: User, bob: User) -> None:
    run = imported(
        csv(
            "E-mail,Owner",
            "a@x.example,Bob@Example.com",
            "b@x.example,gone@example.com",
            "c@x.example,gone@example.com",
            "d@x.example,left@example.com",
            "e@x.example,Bob",
            "f@x.example,Robert",
        )
    )
    assert Lead.objects.get(email="a@x.example").owner == bob
    assert Lead.objects.get(email="e@x.example").owner == bob, "by the name that nobody else has"
    assert Lead.objects.filter(owner=None).count() == 0
    (owners,) = queries.remarked(run)
    assert owners.startswith("4 rows name an owner who is not here: gone@example.com, Robert, left@example.com.")
    assert next(iter(queries.remarks(run))) == (3, "The owner “gone@example.com” is not here")
    assert "".join(queries.remarks_csv(run)).count("\n") == 5


def test_an_owner_is_known_by_the_first_name_that_nobody_else_has(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(name="Alice Moreau")
    User.objects.filter(pk=bob.pk).update(name="Bob Alba")
    owners = Owners()
    assert owners.find("alice") == alice
    assert owners.find("Alba, Bob") == bob
    assert owners.find("Alba") is None
    User.objects.filter(pk=bob.pk).update(name="Alice Alba")
    owners = Owners()
    assert owners.find("Alice") is None
    assert owners.find("Alice Moreau") == alice


def test_two_lists_that_both_count_from_one_make_nobody_of_another(alice: User) -> None:
    first = csv("Id,Name,E-mail,Company", "1,Al Fa,al@f.example,Fa", "2,Be Ta,,Ta", "3,Ga Ma,ga@m.example,Ma")
    imported(first, said=Said(system="crm"))
    file = csv(
        "Id,Name,E-mail,Company",
        "1,Xe No,xe@n.example,No",  # somebody else
        "2,Yv Es,,Es",  # so is this one, as far as can be told, and has no other key
        "3,Ga Lo,ga@lo.example,Lo",  # married, and in another company, at an address there: the id knows her
        "4,Zo Ra,zo@r.example,Ra",
    )
    run = imported(file, said=Said(system="crm"))
    assert counts(run) == (3, 1, 0, 0)
    people = {lead.name: (lead.email, lead.reference, lead.custom.get("id")) for lead in Lead.objects.all()}
    assert people == {
        "Al Fa": ("al@f.example", "1", None), "Be Ta": ("", "2", None), "Ga Lo": ("ga@lo.example", "3", None),
        "Xe No": ("xe@n.example", "", "1"), "Yv Es": ("", "", "2"), "Zo Ra": ("zo@r.example", "4", None),
    }  # fmt: skip
    said = [sentence for _, sentence in queries.remarks(run)]
    assert said[0] == "Id: “1” is the id of Al Fa here, who is somebody else, and was left out"
    assert counts(imported(file, said=Said(system="crm"))) == (0, 0, 4, 0)


def test_headings_that_differ_in_little_keep_both_their_fields() -> None:
    imported(csv("E-mail,Seats,seats,№", "a@x.example,1,2,3"))
    assert Lead.objects.get().custom == {"seats": "1", "seats_2": "2", "no": "3"}
    assert list(field_keys(["Seats", "seats", "%", "&"]).values()) == ["seats", "seats_2", "field", "field_2"]


def test_rows_that_name_no_source_have_the_one_that_was_said() -> None:
    imported(csv("E-mail,Source", "a@x.example,Webinar", "b@x.example,"), source="  Expo   2026 ")
    assert str(Lead.objects.get(email="a@x.example").source) == "Webinar"
    assert str(Lead.objects.get(email="b@x.example").source) == "Expo 2026"


def test_a_mapping_is_remembered_for_the_same_heading_with_what_was_said_of_its_dates() -> None:
    mapping = {"Who": "name", "Where": "email", "When": "captured_at"}
    imported(csv("Who,Where,When", "Ann,a@x.example,03/04/2026"), mapping=mapping, said=Said(day_first={"When": True}))
    run = actions.begin(
        actor=ripeline(), kind="leads", filename="next.csv",
        file=io.BytesIO(csv("When,Who,Where", "05/04/2026,Bo,b@x.example")),
    )  # fmt: skip
    assert run.mapping == mapping
    assert actions.prepare(actor=ripeline(), run_id=run.pk).is_remembered
    actions.confirm(actor=ripeline(), run_id=run.pk)
    actions.work(run.pk)
    assert Lead.objects.get(email="b@x.example").captured_at.date().isoformat() == "2026-04-05"


def ripeline() -> User:
    """Ripeline itself, as on the command line."""
    return User.objects.get(is_system=True)


def test_dates_that_could_be_either_are_asked_about_and_nothing_starts() -> None:
    with pytest.raises(MappingError, match="could be day first or month first: say which"):
        begun(csv("E-mail,Created", "a@x.example,03/04/2026"))
    assert ImportRun.objects.get().state == "uploaded"


def test_a_mapping_that_identifies_nobody_does_not_start() -> None:
    with pytest.raises(MappingError, match="Nobody could be told from another"):
        begun(csv("Company,Country", "Acme,GB"))


def test_what_a_person_says_of_the_file_is_heard() -> None:
    run = imported("E-mail|Company\na@x.example|Café\n".encode("cp1252"), said=Said(Told(encoding="cp850")))
    assert counts(run)[0] == 1
    assert Lead.objects.get().company != "Café"
    with pytest.raises(UnreadableFileError, match="is not an encoding we know"):
        begun(FILE, said=Said(Told(encoding="klingon")))


def test_the_same_file_that_has_not_ended_is_the_same_import() -> None:
    first = begun(FILE)
    again_begun = actions.begin(actor=ripeline(), kind="leads", filename="other.csv", file=io.BytesIO(FILE))
    assert again_begun.pk == first.pk
    actions.work(first.pk)
    assert actions.begin(actor=ripeline(), kind="leads", filename="o.csv", file=io.BytesIO(FILE)).pk != first.pk


def test_a_cancelled_import_keeps_what_went_in_and_can_go_on() -> None:
    run = begun(csv("E-mail", *(f"p{n}@x.example" for n in range(10))))

    def watch(now: ImportRun) -> None:
        if now.position == 4:
            actions.cancel(actor=ripeline(), run_id=run.pk)

    assert actions.work(run.pk, watch=watch, size=2)
    stopped = again(run)
    assert (stopped.state, stopped.position, Lead.objects.count()) == ("cancelled", 4, 4)
    assert queries.waiting() == []
    actions.go_on(actor=ripeline(), run_id=run.pk)
    assert queries.waiting() == [run.pk]
    actions.work(run.pk, size=2)
    assert (again(run).state, counts(again(run))) == ("done", (10, 0, 0, 0))


def test_a_worker_that_is_stopping_leaves_the_rest_to_the_next() -> None:
    run = begun(csv("E-mail", *(f"p{n}@x.example" for n in range(6))))
    assert not actions.work(run.pk, is_stopping=lambda: Lead.objects.count() >= 2, size=2)
    assert (again(run).state, again(run).position) == ("running", 2)
    assert actions.work(run.pk, size=2)
    assert counts(again(run)) == (6, 0, 0, 0)
    assert not actions.work(run.pk), "it has ended"


def test_a_row_that_the_database_refuses_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    read = LeadTaker._arrival

    def arrival(taker: LeadTaker, row: Row, tally: Tally) -> Arrival:
        found = read(taker, row, tally)
        return replace(found, person=replace(found.person, country="Atlantis")) if row.row == 7 else found

    monkeypatch.setattr(LeadTaker, "_arrival", arrival)
    run = imported(csv("E-mail", *(f"p{n}@x.example" for n in range(9))))
    assert counts(run) == (8, 0, 0, 1)
    assert "the database does not take one of its values" in reasons(run)[7]


def test_what_breaks_on_our_side_is_said_and_can_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(FILE)
    with monkeypatch.context() as broken:
        broken.setattr("ripeline.capture.imports.taking.admit", lambda *_, **__: 1 / 0)
        assert actions.work(run.pk)
    assert again(run).state == "failed"
    assert "Something broke on our side" in again(run).problem
    actions.go_on(actor=ripeline(), run_id=run.pk)
    actions.work(run.pk)
    assert (again(run).state, again(run).problem, counts(again(run))) == ("done", "", (3, 0, 0, 0))


def test_a_file_too_large_or_with_too_many_rows_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ripeline.capture.imports.runs.MOST_ROWS", 2)
    assert "leads.csv has 3 rows, at most 2 can be imported at once" in imported(FILE).problem
    monkeypatch.setattr(pieces, "LARGEST", 10)
    with pytest.raises(UnreadableFileError, match=r"leads\.csv is larger than"):
        begun(FILE + b"x@x.example\n")


def test_the_file_is_kept_until_every_row_is_in_and_a_forgotten_upload_for_a_month() -> None:
    run = begun(FILE)
    with pieces.opened(run) as file:
        assert file.read() == FILE
        assert file.seek(-5, io.SEEK_END) == len(FILE) - 5
        assert file.read() == FILE[-5:]
    actions.work(run.pk)
    assert not ImportPiece.objects.exists()
    actions.begin(actor=ripeline(), kind="leads", filename="x.csv", file=io.BytesIO(b"E-mail\nq@x.example\n"))
    with clock.at(MONDAY + timedelta(days=40)):
        begun(csv("E-mail", "z@x.example"))
    assert set(ImportRun.objects.values_list("filename", flat=True)) == {"leads.csv"}


def test_a_large_file_is_read_back_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 1000)
    content = csv("E-mail,Message", *(f"p{n}@x.example,{'so much to say ' * 9}" for n in range(120)))
    run = imported(content, size=50)
    assert counts(run) == (120, 0, 0, 0)
    assert ImportReject.objects.count() == 0


def test_who_may_import_and_who_sees_whose(
    alice: User, carol: User, sam: User, mona: User, ada: User, mallory: User
) -> None:
    runs = {who: begun(csv("E-mail", f"{who.name}@x.example"), actor=who) for who in (carol, sam, mona, ada)}
    for rep in (alice, mallory):
        with pytest.raises(NotAllowed, match="Imports are made by"):
            begun(FILE, actor=rep)
        assert not queries.runs(rep).exists()
    assert set(queries.runs(ada)) == set(queries.runs(mona)) == set(runs.values())
    assert set(queries.runs(sam)) == {runs[sam]}
    assert set(queries.runs(carol)) == {runs[carol], runs[sam]}
    assert queries.run(sam, runs[mona].pk) is None
    for verb in (actions.cancel, actions.go_on, actions.discard, actions.confirm, actions.prepare):
        with pytest.raises(NotAllowed, match="somebody else's"):
            verb(actor=sam, run_id=runs[mona].pk)


def test_an_upload_can_be_discarded_until_it_starts(make_lead: MakeLead) -> None:
    run = actions.begin(actor=ripeline(), kind="leads", filename="x.csv", file=io.BytesIO(FILE))
    actions.discard(actor=ripeline(), run_id=run.pk)
    assert not ImportRun.objects.exists()
    started = begun(FILE)
    actions.discard(actor=ripeline(), run_id=started.pk)
    with pytest.raises(MappingError, match="has started already"):
        actions.prepare(actor=ripeline(), run_id=started.pk)
    assert again(started).state == "queued"


def test_a_column_that_is_a_question_of_ours_answers_it_and_what_does_not_fit_stays_in_its_words() -> None:
    lines = ["Email,When should it be in place?,Need,Product", "priya@northgate.example,LATER,A new press,Press 4",
             "otto@northgate.example,soonish,n/a,"]  # fmt: skip
    run = imported(csv(*lines))
    assert run.mapping == {
        "Email": "email", "When should it be in place?": "answer:timeline", "Need": "answer:need",
        "Product": "answer:product",
    }  # fmt: skip
    said = {each.lead.email: each for each in Enquiry.objects.select_related("lead")}
    priya, otto = said["priya@northgate.example"], said["otto@northgate.example"]
    assert priya.answers == {"timeline": "Later", "need": "A new press", "product": "Press 4"}
    assert otto.answers == {}
    assert otto.lead.custom == {"when_should_it_be_in_place": "soonish"}
    (remark,) = ImportRemark.objects.filter(run=run)
    assert (remark.row, "“soonish” does not fit" in remark.text) == (3, True)


def test_several_answers_in_one_cell_are_several_answers(ada: User) -> None:
    standard.keep(
        actor=ada, label="Which sites?", answer_type="choices", options=("North", "South, old", "East"), meaning="other"
    )
    run = imported(csv("Email,Which sites", "a@x.example,north; East", "b@x.example,'South, old'".replace("'", '"'),
                       "c@x.example,\"North, east\"", "d@x.example,North; West"))  # fmt: skip
    assert [each.answers.get("which_sites") for each in Enquiry.objects.order_by("lead__email")] == [
        ["North", "East"], ["South, old"], ["North", "East"], None,
    ]  # fmt: skip
    assert ImportRemark.objects.filter(run=run).count() == 1


@pytest.mark.parametrize(("target", "said"), [("answer:nix", "no such question"), ("answer:may_write", "a consent")])
def test_a_column_cannot_answer_what_nobody_asks_nor_agree_for_somebody(target: str, said: str) -> None:
    with pytest.raises(MappingError, match=said):
        begun(csv("Email,Other", "a@x.example,yes"), mapping={"Email": "email", "Other": target})
