"""Somebody who stands in one file twice, once open and once won, is won; and what was said of it is read first."""

import pytest

from ripeline.capture.imports import queries
from ripeline.leads.models import Lead, Opportunity
from tests.capture.importing import counts, csv, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-Mail,Firma,Land,Status"


def test_the_win_counts_whichever_row_says_it_and_the_same_file_again_changes_nothing() -> None:
    for first, second in (("offen", "gewonnen"), ("gewonnen", "offen")):
        Lead.objects.all().delete()
        file = csv(
            HEAD,
            f"Ann Berg,ann@x.example,X,,{first}",
            "Bo,bo@x.example,X,,offen",
            f"Ann Berg,ann@x.example,X,,{second}",
        )
        imported(file)
        assert dict(Lead.objects.values_list("name", "state")) == {"Ann Berg": "won", "Bo": "new"}
        assert Opportunity.objects.filter(lead__name="Ann Berg", state="won").count() == 1
        assert counts(imported(file)) == (0, 0, 3, 0)
        assert Lead.objects.get(name="Ann Berg").state == "won"


def test_of_who_is_lost_in_a_later_row_it_is_said_and_they_stay_open_also_when_the_file_comes_again() -> None:
    file = csv(HEAD, "Ann Berg,ann@x.example,X,,offen", "Ann Berg,ann@x.example,X,,verloren")
    for _ in range(2):
        run = imported(file)
        assert Lead.objects.get().state == "new"
        assert any("Says lost; here it is New" in said for _, said in queries.remarks(run))


def test_who_goes_by_another_name_under_one_address_wins_nothing_for_the_first() -> None:
    imported(csv(HEAD, "Ann Berg,office@x.example,X,,offen", "Bo Li,office@x.example,X,,gewonnen"))
    assert Lead.objects.get(name="Ann Berg").state == "new"


def test_what_is_said_of_how_they_stand_comes_before_a_country_that_nobody_knows() -> None:
    rows = [f"No {n},n{n}@x.example,X,{'DE' if n else 'Narnia'},offen" for n in range(6)]
    run = imported(csv(HEAD, *rows, "No 0,n0@x.example,X,DE,gewonnen"))
    said = [sentence for _, sentence in queries.remarks(run, 20)]
    assert "closed as won" in said[0]
    assert "Narnia" in said[-1]
    assert [row for row, _ in queries.remarks(run)] == sorted(row for row, _ in queries.remarks(run))
