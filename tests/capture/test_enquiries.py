"""What people wrote by a contact form: leads with their enquiry, not notes on leads that are here."""

import pytest

from ripeline.leads.models import Enquiry, Lead
from ripeline.timeline.models import Activity
from tests.capture.importing import counts, csv, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


@pytest.mark.parametrize(
    "heading",
    [
        "Date,Name,E-Mail,Subject,Message", "Datum,Name,E-Mail,Betreff,Nachricht",
        "Datum,Ihr Name,Ihre E-Mail,Betreff,Anfrage",
        "Date,your-name,your-email,your-subject,your-message",
    ],
)  # fmt: skip
def test_a_dump_of_a_contact_form_is_read_as_leads_with_what_they_said(heading: str) -> None:
    content = csv(
        heading, '2026-03-02,Ann Berg,ann@x.example,Offer,"Please send prices, soon."',
        "2026-04-02,Bo Li,bo@x.example,,Call me.",
        "2026-05-02,Cy Ek,cy@x.example,Boats,",
    )  # fmt: skip
    run = imported(content, kind=None)
    assert (run.kind, counts(run)) == ("leads", (3, 0, 0, 0))
    said = dict(Enquiry.objects.values_list("lead__name", "message"))
    assert said == {"Ann Berg": "Offer\nPlease send prices, soon.", "Bo Li": "Call me.", "Cy Ek": "Boats"}
    assert Enquiry.objects.get(lead__name="Ann Berg").captured_at.isoformat()[:10] == "2026-03-02"
    assert Lead.objects.get(name="Ann Berg").custom == {}
    assert counts(imported(content, kind=None)) == (0, 0, 3, 0)


@pytest.mark.parametrize("heading", ["Date,E-Mail,Subject,Text", "Date,E-Mail,Subject,Message,Type"])
def test_notes_and_calls_are_so_still(heading: str) -> None:
    imported(csv("Name,E-Mail", "Ann Berg,ann@x.example"))
    row = "2026-03-02,ann@x.example,Call,She asked for prices" + (",call" if "Type" in heading else "")
    run = imported(csv(heading, row), kind=None)
    assert (run.kind, counts(run)) == ("activities", (1, 0, 0, 0))
    assert Activity.objects.filter(import_run_id=run.pk).count() == 1
