"""Who may be written to, as a file says it: with file and row as evidence, never by silence, the later word first."""

import pytest

from ripeline.capture.columns.mapping import MappingError
from ripeline.capture.imports import actions
from ripeline.capture.models import ImportRemark, ImportRun
from ripeline.outbox import actions as outbox
from ripeline.outbox import consent, queries
from ripeline.outbox.consent import Evidence
from ripeline.outbox.models import Consent
from ripeline.people.models import User
from tests.capture.importing import again, begun, counts, csv, imported

pytestmark = pytest.mark.django_db
HEAD = "Name,Email,Consent,Consent date,Consent source,Opt out"
NEWS = outbox.NEWS


def address(name: str) -> str:
    return f"{name}@northgate.example"


def line(name: str, said: str = "", at: str = "", how: str = "", out: str = "") -> str:
    return f"{name.title()},{address(name)},{said},{at},{how},{out}"


def may(name: str) -> bool:
    return queries.has_consent(address(name), NEWS)


def remarks(run: ImportRun) -> list[tuple[int, str]]:
    return list(ImportRemark.objects.filter(run=run).order_by("row", "text").values_list("row", "text"))


def test_a_yes_with_its_day_counts_with_file_and_row_as_evidence(mona: User) -> None:
    lines = [line("priya", "yes", "2026-03-02", "box on the order form"), line("otto"), line("nils", out="no")]
    run = imported(csv(HEAD, *lines), actor=mona, name="crm.csv")
    assert counts(run) == (3, 0, 0, 0)
    (found,) = queries.consents(address("priya"))
    event = found.events.get()
    assert (found.state, event.actor, event.import_run_id) == ("given", mona, run.pk)
    assert event.how == "File crm.csv, row 2: box on the order form, on 02 March 2026"
    assert (may("otto"), may("nils")) == (False, False), "who said nothing, and who did not opt out, agreed to nothing"
    assert Consent.objects.count() == 1
    assert not remarks(run)


def test_a_no_is_kept_and_of_two_words_the_later_counts(mona: User) -> None:
    consent.give(to=address("priya"), purpose=NEWS, evidence=Evidence(how="on paper"))
    consent.withdraw(to=address("otto"), purpose=NEWS, evidence=Evidence(how="by telephone"))
    lines = [
        line("priya", "no", "2020-01-01"), line("otto", "yes", "2020-01-01"), line("nils", "no"),
        line("ines", "yes", "2026-02-02"), line("ines", "no", "2026-02-02"), line("omar", "yes", out="x"),
    ]  # fmt: skip
    run = imported(csv(HEAD, *lines), actor=mona)
    assert [may(name) for name in ("priya", "otto", "nils", "ines", "omar")] == [True, False, False, False, False]
    assert [row for row, _ in remarks(run)] == [2, 3]
    assert "they have said otherwise since" in remarks(run)[0][1]
    assert queries.consents(address("nils"))[0].state == "withdrawn"


def test_what_is_no_yes_and_no_address_is_remarked_on_and_nothing_is_noted(mona: User) -> None:
    lines = [line("priya", "maybe"), "Otto,,yes,,,", line("nils", "yes", "in spring")]
    run = imported(csv(HEAD, *lines, line("a", "yes"), line("b", "no"), line("c", "no"), line("d", "no")), actor=mona)
    said = dict(remarks(run))
    assert "neither yes nor no" in said[2]
    assert "no e-mail address" in said[3]
    assert not Consent.objects.filter(address_hash="").exists()
    assert (may("priya"), may("a")) == (False, True)


def test_where_there_are_several_kinds_of_mail_the_file_must_say_which(ada: User, mona: User) -> None:
    outbox.say_purpose(actor=ada, code="events", name="Invitations", text="We invite you.")
    with pytest.raises(MappingError, match="there are several: map a column to consent_purpose"):
        begun(csv(HEAD, line("priya", "yes")), actor=mona)
    lines = ["Email,Consent,Purpose", *(f"{address(n)},{said},{what}" for n, said, what in (
        ("priya", "yes", "Invitations; news"), ("otto", "yes", ""), ("nils", "yes", "Sports"), ("ines", "no", ""),
    ))]  # fmt: skip
    run = imported(csv(*lines), actor=mona)
    assert queries.has_consent(address("priya"), "events")
    assert may("priya")
    assert (may("otto"), may("nils")) == (False, False)
    assert {each.state for each in queries.consents(address("ines"))} == {"withdrawn"}
    assert len(queries.consents(address("ines"))) == 2, "who wants none wants none of them"
    assert [row for row, _ in remarks(run)] == [3, 4]


def test_taken_back_the_import_takes_its_consents_with_it(mona: User) -> None:
    consent.give(to=address("otto"), purpose=NEWS, evidence=Evidence(how="on paper"))
    run = imported(csv(HEAD, line("priya", "yes", "2026-03-02"), line("otto", "no")), actor=mona)
    assert (may("priya"), may("otto")) == (True, False)
    actions.undo(actor=mona, run_id=run.pk)
    actions.work(run.pk)
    assert again(run).state == "undone"
    assert (may("priya"), may("otto")) == (False, True)
    assert not queries.consents(address("priya"))


def test_a_dry_run_notes_nothing_and_the_same_file_again_says_nothing_new(mona: User) -> None:
    content = csv(HEAD, line("priya", "yes", "2026-03-02"))
    imported(content, actor=mona)
    imported(content, actor=mona)
    (found,) = queries.consents(address("priya"))
    assert found.events.count() == 1
