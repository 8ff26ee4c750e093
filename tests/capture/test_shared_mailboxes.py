"""info@ is no person: of two names that come with one mailbox, each is somebody."""

import pytest

from ripeline.leads.knowing.shared_mailboxes import is_shared
from ripeline.leads.models import Lead
from tests.capture.importing import counts, csv, imported

HEAD = "Name;Firma;E-Mail;Telefon"
KARL = "Karl Chef;Eisen GmbH;info@eisen.example;+49 711 400400"
KATI = "Kati Einkauf;Eisen GmbH;info@eisen.example;+49 711 400400"
KUNO = "Kuno Lager;Eisen GmbH;info@eisen.example;+49 711 400401"


def people() -> dict[str, tuple[str, str]]:
    return {lead.name: (lead.email, lead.phone) for lead in Lead.objects.order_by("name")}


@pytest.mark.parametrize(
    ("address", "shared"),
    [("info@x.example", True), ("Einkauf@x.example", True), ("info.koeln@x.example", True),
     ("karl@x.example", False), ("infield@x.example", False), ("hr.meyer@x.example", False)],
)  # fmt: skip
def test_a_mailbox_is_shared_if_it_is_called_by_what_is_done_there(address: str, shared: bool) -> None:
    assert is_shared(address) is shared


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_each_name_of_one_mailbox_is_somebody_and_the_same_file_changes_nothing(size: int) -> None:
    run = imported(csv(HEAD, KARL, KATI, KUNO), size=size)
    assert counts(run) == (3, 0, 0, 0)
    assert people() == {
        "Karl Chef": ("info@eisen.example", "+49711400400"),
        "Kati Einkauf": ("info@eisen.example", "+49711400400"),
        "Kuno Lager": ("info@eisen.example", "+49711400401"),
    }
    assert counts(imported(csv(HEAD, KARL, KATI, KUNO), size=size, name="again.csv")) == (0, 0, 3, 0)


@pytest.mark.django_db
def test_who_comes_alone_in_another_file_is_known_again_or_is_new() -> None:
    imported(csv(HEAD, KARL, KATI))
    assert counts(imported(csv(HEAD, KATI.replace("400400", "999999")), name="kati.csv")) == (0, 1, 0, 0)
    assert people()["Kati Einkauf"][1] == "+49711999999"
    assert counts(imported(csv(HEAD, KUNO), name="kuno.csv")) == (1, 0, 0, 0)
    assert people()["Karl Chef"] == ("info@eisen.example", "+49711400400")


@pytest.mark.django_db
def test_a_name_cut_short_or_missing_is_whoever_had_the_mailbox_first() -> None:
    imported(csv(HEAD, KARL, KATI))
    later = csv(HEAD, "K. Chef;Eisen GmbH;info@eisen.example;", ";Eisen GmbH;info@eisen.example;")
    assert counts(imported(later, name="later.csv"))[0] == 0
    assert len(people()) == 2
