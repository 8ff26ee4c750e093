"""What stands in brackets behind a heading (a time zone, how a date is written) does not hide what the column is."""

import io

import pytest

from ripeline.capture.cells.fields import Kind
from ripeline.capture.columns.detection import detect
from ripeline.capture.columns.mapping import guess
from ripeline.capture.columns.presets import recognised
from ripeline.leads.models import Lead, Opportunity
from ripeline.people.models import User
from tests.capture import exports
from tests.capture.importing import counts, imported, outcomes, rejected

DATES = ("Create Date", "Close Date", "Last Activity Date")


def zoned(text: str, zone: str) -> str:
    """An export whose headings of dates say the time zone."""
    heading, _, rows = text.partition("\n")
    for each in DATES:
        heading = heading.replace(each, f"{each} ({zone})")
    return f"{heading}\n{rows}"


def guessed(kind: Kind, *lines: str) -> list[str]:
    found = detect(io.BytesIO("\n".join(lines).encode()), name="list.csv")
    return [each.target for each in guess(kind, found.dialect.labels, found.samples)]


@pytest.mark.parametrize("zone", ["GMT+1", "GMT-5", "CET", "CEST", "UTC", "Europe/Berlin", "GMT+5:30", "EST"])
@pytest.mark.parametrize("code", ["hubspot_companies", "hubspot_contacts", "hubspot_deals"])
def test_an_export_whose_dates_say_their_time_zone_is_mapped_as_one_without(code: str, zone: str) -> None:
    def mapped(text: str) -> list[str]:
        found = detect(io.BytesIO(text.encode()), name="export.csv")
        preset = recognised(found.dialect.labels)
        assert preset is not None
        assert preset.code == code
        each = guess(preset.kind, found.dialect.labels, found.samples)
        return [one.target for one in each if not one.target.startswith("custom:")]

    assert mapped(zoned(exports.ALL[code], zone)) == mapped(exports.ALL[code])


@pytest.mark.django_db
def test_people_and_deals_of_an_export_with_a_time_zone_have_their_days(mona: User) -> None:
    run = imported(zoned(exports.HUBSPOT_CONTACTS, "GMT+1").encode(), actor=mona)
    assert counts(run)[3] == 0
    assert sorted(lead.captured_at.date().isoformat() for lead in Lead.objects.all()) == [
        "2025-11-01", "2026-03-01", "2026-05-20", "2026-05-21"
    ]  # fmt: skip
    deals = outcomes(zoned(exports.HUBSPOT_DEALS, "GMT+1").encode(), actor=mona)
    assert [row for row, _ in rejected(deals)] == [4, 5], "those that name nobody who is here"
    assert Opportunity.objects.filter(opened_at__isnull=False).count() >= 2


@pytest.mark.parametrize(
    ("heading", "cell", "field"),
    [
        ("Datum (TT.MM.JJJJ)", "04.05.2026", "captured_at"),
        ("Created [UTC]", "2026-05-04", "captured_at"),
        ("Telefon (Zentrale)", "+49 221 4710000", "phone"),
        ("Firma (laut Karte)", "Fjord Kabel", "company"),
        ("Firma (Name)", "Fjord Kabel", "company"),
        ("Land (Sitz)", "Norway", "country"),
        ("E-Mail (geschäftlich)", "x@y.example", "email"),
    ],
)
def test_what_stands_in_brackets_does_not_hide_a_field(heading: str, cell: str, field: str) -> None:
    assert guessed("leads", f"Name;{heading}", f"Ann Lee;{cell}")[1] == field


@pytest.mark.parametrize("heading", ["Company (parent)", "E-Mail (2)", "Date (follow-up)"])
def test_brackets_that_make_it_another_thing_are_heard(heading: str) -> None:
    assert guessed("leads", f"Name;{heading}", "Ann Lee;Fjord")[1].startswith("custom:")
