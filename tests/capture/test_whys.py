"""Why somebody was lost elsewhere: their word says it, or somebody chooses it once for all files."""

import pytest

from ripeline.capture.columns import looking, wording
from ripeline.capture.columns.looking import Said
from ripeline.capture.files import pieces
from ripeline.capture.imports import actions
from ripeline.capture.models import ImportRun
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads.models import Lead
from ripeline.timeline.models import Activity
from tests.capture.importing import begun, csv, imported, outcomes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

LEADS = csv(
    "Name,E-mail,Status",
    "Ann,ann@x.example,Lost - no budget", "Bo,bo@x.example,kein Bedarf", "Cy,cy@x.example,Lost to a competitor",
    "Di,di@x.example,lost", "Ed,ed@x.example,won", "Flo,flo@x.example,Spam",
)  # fmt: skip


def reasons() -> dict[str, str]:
    return {name: code for name, code in Lead.objects.values_list("name", "close_reason__code") if code}


def words(run: ImportRun) -> dict[str, tuple[str, str]]:
    looked = looking.at(run, Said.from_json(run.told), run.mapping)
    found = wording.listed(pieces.opened(run), looked.dialect, looked.mapping)
    return {word.text: (word.reason, word.reason_why) for word in found}


def test_a_word_that_says_why_is_taken_at_its_word() -> None:
    imported(LEADS)
    assert reasons() == {
        "Ann": "no_budget", "Bo": "no_project", "Cy": "bought_elsewhere", "Di": "lost_unstated",
        "Ed": "bought_from_us", "Flo": "spam",
    }  # fmt: skip


def test_a_reason_of_the_companys_own_is_known_by_its_name_and_one_out_of_use_is_not_proposed() -> None:
    CloseReason.objects.create(code="own", label="Frozen", state=CloseState.LOST)
    CloseReason.objects.filter(code="no_budget").update(is_active=False)
    imported(csv("Name,E-mail,Status", "Ann,ann@x.example,Lost: frozen", "Bo,bo@x.example,Lost: budget",
                 "Cy,cy@x.example,lost"))  # fmt: skip
    assert reasons() == {"Ann": "own", "Bo": "lost_unstated", "Cy": "lost_unstated"}


def test_what_somebody_chose_for_a_word_holds_for_this_file_and_later_ones() -> None:
    run = begun(LEADS, said=Said(words={"reason": {"lost": "price", "kein bedarf": "asked_to_stop"}}))
    actions.work(run.pk)
    assert (reasons()["Di"], reasons()["Bo"], reasons()["Ann"]) == ("price", "asked_to_stop", "no_budget")
    later = begun(csv("Name,E-mail,Stand", "Gil,gil@x.example,lost", "Ida,ida@x.example,won"))
    assert words(later) == {"lost": ("price", "told"), "won": ("", "")}
    actions.work(later.pk)
    assert reasons()["Gil"] == "price"


def test_a_choice_for_lost_is_none_for_who_was_disqualified() -> None:
    said = Said(words={"reason": {"no go": "price"}, "state": {"no go": "disqualified"}})
    imported(csv("Name,E-mail,Status", "Ann,ann@x.example,no go", "Bo,bo@x.example,won"), said=said)
    assert reasons()["Ann"] == "not_a_fit"


def test_the_reason_of_a_deal_is_what_its_row_names_else_what_its_word_says() -> None:
    imported(csv("Name,E-mail,Created", "Ann,ann@x.example,2026-01-10", "Bo,bo@x.example,2026-01-10"))
    outcomes(csv(
        "E-mail,Deal Stage,Close Date,Closed Lost Reason",
        "ann@x.example,Lost to competitor,2026-03-01,", "bo@x.example,Lost to competitor,2026-03-01,No budget",
    ))  # fmt: skip
    assert reasons() == {"Ann": "bought_elsewhere", "Bo": "no_budget"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Too expensive", "price"), ("Price too high", "price"), ("zu teuer", "price"), ("Preis", "price"),
        ("Went with competitor", "bought_elsewhere"), ("Wettbewerber", "bought_elsewhere"),
        ("kein Budget", "no_budget"), ("Projekt gestoppt", "no_project"), ("Kein Bedarf mehr", "no_project"),
        ("Their cousin builds them", "lost_unstated"),
        ("They have the budget and the need, but not this year", "lost_unstated"),
    ],
)  # fmt: skip
def test_the_reason_of_a_deal_is_known_by_what_it_means_and_their_words_stay_on_it(said: str, code: str) -> None:
    imported(csv("Name,E-mail,Created", "Ann,ann@x.example,2026-01-10"))
    outcomes(csv("E-mail;Status;Close Date;Lost reason;Deal name", f"ann@x.example;lost;2026-03-01;{said};Lathe"))
    assert reasons() == {"Ann": code}
    assert Activity.objects.get(kind="lost").data["said"] == said


def test_what_somebody_chose_for_a_word_holds_in_a_column_of_reasons_too() -> None:
    imported(csv("Name,E-mail,Created", "Ann,ann@x.example,2026-01-10"))
    file = csv("E-mail,Status,Close Date,Lost reason", "ann@x.example,lost,2026-03-01,Cousin")
    outcomes(file, said=Said(words={"reason": {"cousin": "bought_elsewhere"}}))
    assert reasons() == {"Ann": "bought_elsewhere"}
