"""Several people in one row: each who can be reached is a lead, and the rows are counted as they stand in the file."""

import io

import pytest

from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import actions, trial
from ripeline.capture.models import ImportRun
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import again, begun, counts, csv, imported
from tests.web.test_imports import SignIn, signed_in, text, upload  # noqa: F401

pytestmark = pytest.mark.django_db

HEAD = "Firma,Ansprechpartner 1,E-Mail 1,Ansprechpartner 2,E-Mail 2,Telefon 2,Quelle,Datum"
ROWS = (
    "Helio GmbH,Jonas Weber,jonas@helio.example,Ina Roth,ina@helio.example,+49 30 901821,Messe,2026-05-04",
    "Fjord AS,Ole Berg,ole@fjord.example,Kari Lund,,,Messe,2026-05-04",
)


def names() -> set[str]:
    return set(Lead.objects.values_list("name", flat=True))


def test_the_second_contact_of_a_row_is_a_lead_at_the_same_company(mona: User) -> None:
    run = imported(csv(HEAD, *ROWS), actor=mona)
    assert (counts(run), run.further) == ((2, 0, 0, 0), 1)
    jonas, ina = (Lead.objects.get(name=name) for name in ("Jonas Weber", "Ina Roth"))
    assert (ina.email, ina.phone) == ("ina@helio.example", "+4930901821")
    assert (ina.company, ina.account_id, ina.captured_at) == (jonas.company, jonas.account_id, jonas.captured_at)
    assert not jonas.custom, "she does not stand on his record, too"
    assert Lead.objects.get(name="Ole Berg").custom == {"ansprechpartner_2": "Kari Lund"}, "who cannot be reached stays"


def test_the_same_file_again_changes_nothing(mona: User) -> None:
    imported(csv(HEAD, *ROWS), actor=mona)
    again_ = imported(csv(HEAD, *ROWS), actor=mona)
    assert (counts(again_), again_.further) == ((0, 0, 2, 0), 0)
    assert Lead.objects.count() == 3


def test_somebody_may_have_them_stay_on_the_first_ones_record_and_that_is_remembered(mona: User) -> None:
    run = imported(csv(HEAD, *ROWS), actor=mona, said=Said(others=False))
    assert run.further == 0
    assert names() == {"Jonas Weber", "Ole Berg"}
    other = ROWS[0].replace("helio", "solar").replace("Jonas Weber", "Bo Li").replace("Ina Roth", "Cy Orn")
    assert imported(csv(HEAD, other), actor=mona).further == 0
    assert "Cy Orn" not in names()


def test_who_is_in_a_row_of_their_own_as_well_is_one_lead(mona: User) -> None:
    own = "Helio GmbH,Ina Roth,ina@helio.example,,,,Messe,2026-05-04"
    run = imported(csv(HEAD, *ROWS, own), actor=mona)
    assert Lead.objects.filter(email="ina@helio.example").count() == 1
    assert counts(run)[3] == 0


def test_nobody_is_followed_up_at_a_company_that_has_ended(mona: User) -> None:
    head = "Name,E-Mail,Ansprechpartner 2,E-Mail 2,Status"
    rows = [
        f"P{n} Berg,p{n}@x{n}.example,Q{n} Lund,q{n}@x{n}.example,{w}" for n, w in enumerate(["lost", "new", "won"])
    ]
    run = imported(csv(head, *rows), actor=mona)
    assert run.further == 1
    assert "Q1 Lund" in names()
    assert not names() & {"Q0 Lund", "Q2 Lund"}


def test_a_dry_run_says_how_many_they_would_be_and_taking_the_import_back_takes_them(mona: User) -> None:
    waiting = actions.begin(actor=mona, kind="leads", filename="f.csv", file=io.BytesIO(csv(HEAD, *ROWS)))
    found = trial.attempt(lambda: actions.confirm(actor=mona, run_id=waiting.pk), actor=mona)
    assert (found.created, found.further) == (2, 1)
    actions.confirm(actor=mona, run_id=waiting.pk)
    actions.work(waiting.pk)
    actions.undo(actor=mona, run_id=waiting.pk)
    actions.work(waiting.pk)
    assert not Lead.objects.exists()


def test_an_import_that_was_broken_off_knows_the_people_beside_the_first(mona: User) -> None:
    rows = [f"F{n} AG,A{n} Berg,a{n}@f{n}.example,B{n} Lund,b@f.example,,Messe,2026-05-04" for n in range(4)]
    run = begun(csv(HEAD, *rows), actor=mona)
    for n in range(3):
        actions.work(run.pk, size=1, is_stopping=lambda n=n: again(run).position > n)
    actions.work(run.pk, size=1)
    found = again(run)
    assert (found.created, found.further) == (4, 1)


def test_the_page_offers_both_and_the_result_says_how_many(signed_in: SignIn, mona: User) -> None:  # noqa: F811
    client = signed_in(mona)
    where = upload(client, csv(HEAD, *ROWS)).url
    page = client.get(where)
    assert "Each becomes a lead, too; who has neither an address nor a telephone stays" in text(page)
    assert "the others stand on its record" in text(client.post(f"{where}/mapping", {"others": "no"}))
    client.post(f"{where}/mapping", {"others": "yes", "start": "1"})
    actions.work(ImportRun.objects.get().pk)
    assert "and 1 further person of the same rows" in text(client.get(where))


def test_what_somebody_maps_otherwise_is_nobody_elses(mona: User) -> None:
    mapping = {"E-Mail 1": "email", "Ansprechpartner 1": "name", "E-Mail 2": "ignore", "Telefon 2": "other_phone"}
    run = imported(csv(HEAD, *ROWS), actor=mona, mapping=mapping)
    assert run.further == 0


@pytest.mark.parametrize(("mailbox", "people"), [("jonas", {"Jonas Weber"}), ("info", {"Jonas Weber", "Ina Roth"})])
def test_who_has_the_address_of_the_first_stays_on_their_record_as_well(
    mona: User, mailbox: str, people: set[str]
) -> None:
    imported(csv(HEAD, ROWS[0].replace("jonas@", f"{mailbox}@").replace("ina@", f"{mailbox}@")), actor=mona)
    assert names() == people
    kept = Lead.objects.get(name="Jonas Weber").custom
    assert (kept["ansprechpartner_2"], kept["telefon_2"]) == ("Ina Roth", "+49 30 901821")
