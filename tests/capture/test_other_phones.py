"""Several telephone numbers of one person: in two columns, or in one cell."""

import io
from collections.abc import Iterable
from csv import writer
from datetime import UTC

import pytest
from django.test import Client

from ripeline.capture.columns.looking import Said
from ripeline.capture.exports import exporting, exports
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import actions
from ripeline.leads import queries, record
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import deciding
from ripeline.leads.finding import lists
from ripeline.leads.models import Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from tests.capture.importing import counts, csv, imported
from tests.cast import by

pytestmark = pytest.mark.django_db
TWO_COLUMNS = csv(
    "Name,E-mail,Phone,Mobile,Handy privat",
    "Anna Berg,anna@x.example,+49 30 901820,+49 171 2345678,+49 160 7654321",
    "Bo Ek,bo@x.example,,+46 70 123 45 67,",
)


def numbers(name: str) -> tuple[str, list[str]]:
    lead = Lead.objects.get(name=name)
    return lead.phone, sorted(queries.reached(lead, [lead.pk]).numbers)


def test_a_second_telephone_column_is_kept_and_finds_the_person() -> None:
    run = imported(TWO_COLUMNS)
    assert run.mapping == {
        "Name": "name", "E-mail": "email", "Phone": "phone", "Mobile": "other_phone", "Handy privat": "other_phone"
    }  # fmt: skip
    assert numbers("Anna Berg") == ("+4930901820", ["+491607654321", "+491712345678"])
    assert Lead.objects.get(name="Anna Berg").custom["mobile"] == "+49 171 2345678", "as it was written, to be listed"
    assert numbers("Bo Ek") == ("+46701234567", []), "the only one they have is their telephone"
    again = imported(csv("Name,Phone,Job title", "Anna Berg,+49 171 2345678,CEO", "Bo Ek,+49 171 2345678,CTO"))
    assert counts(again) == (1, 1, 0, 0), "the number with the name is the person; with another name it is not"
    assert Lead.objects.get(name="Anna Berg").title == "CEO"


def found(actor: User, text: str) -> list[str]:
    return [row.name for row in lists.named(actor, text, zone=UTC, size=5)]


def test_who_calls_from_another_number_is_found_by_it_also_after_a_correction(alice: User) -> None:
    imported(csv("Name,E-mail,Phone", "Anna Berg,anna@x.example,+49 30 901820"))
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    for text in ("2345678", "491607654321", "901820"):
        assert found(alice, text) == ["Anna Berg"], text
    assert found(alice, "701234567") == ["Bo Ek"]
    leads.edit(lead.pk, by(people.system()), fields={"name": "Anna Holm", "phone": "+4940123456"})
    assert (found(alice, "2345678"), found(alice, "40123456")) == (["Anna Holm"], ["Anna Holm"])
    assert (found(alice, "berg"), found(alice, "901820")) == ([], []), "what was corrected is gone"


@pytest.mark.parametrize("between", ["; ", " / ", ", ", " oder "])
def test_of_two_numbers_in_a_cell_both_are_kept(between: str) -> None:
    imported(csv("Name,E-mail,Telefon", f'Anna Berg,anna@x.example,"+49 30 901820{between}0171 2345678"'))
    assert numbers("Anna Berg") == ("+4930901820", ["+491712345678"])


def test_two_numbers_below_one_another_in_a_cell_are_both_kept() -> None:
    imported(csv("Name,E-mail,Telefon", 'Anna Berg,anna@x.example,"+49 30 901820\n+49 171 2345678"'))
    assert numbers("Anna Berg") == ("+4930901820", ["+491712345678"])


def test_the_record_shows_the_other_numbers_to_who_may_see_the_first(alice: User, mallory: User) -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    Lead.objects.filter(pk=lead.pk).update(owner=alice)
    client = Client()
    client.force_login(alice)
    assert '<a href="tel:+491712345678">' in client.get(f"/leads/{lead.pk}").text
    client.force_login(mallory)
    assert "+491712345678" not in client.get(f"/leads/{lead.pk}").text


def test_other_numbers_that_an_import_brought_go_when_it_is_taken_back(mona: User) -> None:
    imported(csv("Name,E-mail,Phone", "Anna Berg,anna@x.example,+49 30 901820"))
    run = imported(TWO_COLUMNS, actor=mona)
    assert numbers("Anna Berg")[1] == ["+491607654321", "+491712345678"]
    actions.undo(actor=mona, run_id=run.pk)
    actions.work(run.pk)
    assert numbers("Anna Berg") == ("+4930901820", [])


IN_GERMANY = Said(country="DE")


def test_the_country_that_was_said_holds_where_a_row_leaves_its_own_empty() -> None:
    rows = csv("Name,Phone,Country", "Anna Berg,01 5131234,Austria", "Bo Ek,030 901820,")
    run = imported(rows, said=IN_GERMANY)
    assert [numbers(name)[0] for name in ("Anna Berg", "Bo Ek")] == ["+4315131234", "+4930901820"]
    assert "country" in Dialect.from_json(run.dialect).why, "the page asks, and says so"


def test_the_country_that_was_said_holds_for_numbers_beyond_the_rows_that_were_looked_at() -> None:
    many = (f"P{at} Q{at},p{at}@x.example,+44 20 7183 {at:04}" for at in range(3000))
    imported(csv("Name,E-mail,Phone", *many, "Bo Ek,bo@x.example,030 901820"), said=IN_GERMANY)
    assert numbers("Bo Ek")[0] == "+4930901820"


def test_the_country_that_was_said_holds_for_the_other_telephones() -> None:
    imported(csv("Name,Phone,Mobile", "Anna Berg,+44 20 71838750,", "Bo Ek,,0171 2345678"), said=IN_GERMANY)
    assert numbers("Bo Ek")[0] == "+491712345678"


def test_who_was_renamed_is_known_by_each_number_with_the_new_name_until_that_is_taken_back() -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    leads.edit(lead.pk, by(people.system()), fields={"name": "Anna Holm"})
    again = imported(csv("Name,Phone,Job title", "Anna Holm,+49 171 2345678,CEO"))
    assert counts(again) == (0, 1, 0, 0), "no second lead"
    assert numbers("Anna Holm") == ("+491712345678", ["+491607654321", "+4930901820"])
    other = imported(csv("Name,Phone", "Anna Berg,+49 160 7654321"))
    assert counts(other) == (1, 0, 0, 0), "the name that was wrong finds nobody"


def test_a_correction_taken_back_gives_the_numbers_their_name_back() -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    done = leads.edit(lead.pk, by(people.system()), fields={"name": "Anna Holm"})
    deciding.undo(done.activity_id, by(people.system()))
    assert counts(imported(csv("Name,Phone,Job title", "Anna Berg,+49 171 2345678,CEO"))) == (0, 1, 0, 0)


def test_a_name_of_one_word_leaves_the_other_numbers_with_the_name_they_had() -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    leads.edit(lead.pk, by(people.system()), fields={"name": "Anna"})
    assert numbers("Anna") == ("+4930901820", ["+491607654321", "+491712345678"])


def test_a_number_that_the_record_shows_is_not_among_its_own_fields_too(alice: User) -> None:
    rows = ("Anna Berg,+49 30 901820,0171 / 23456-78,901820", "Bo Ek,+49 30 901821,not known,7")
    imported(csv("Name,Phone,Mobile,Size", *rows))
    shown = {lead.name: dict(record.read(lead.pk, alice).custom) for lead in Lead.objects.all()}
    assert shown == {"Anna Berg": {"Size": "901820"}, "Bo Ek": {"Mobile": "not known", "Size": "7"}}


def test_every_file_of_leads_has_the_other_numbers_and_they_come_back_with_it(alice: User) -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    Lead.objects.update(owner=alice)
    both = "+491607654321; +491712345678"
    for query in ("view=all", "view=all&cols=phones"):
        heading, *rows = exports.lines(alice, query, UTC)
        assert {row[0]: row[heading.index("Other telephones")] for row in rows}[lead.pk] == both
    file = csv_of(exporting.export(actor=alice))
    Lead.objects.all().delete()
    run = imported(file)
    assert run.mapping["Other telephones"] == "other_phone"
    assert numbers("Anna Berg") == ("+4930901820", ["+491607654321", "+491712345678"])


def csv_of(rows: Iterable[list[str]]) -> bytes:
    file = io.StringIO()
    writer(file).writerows(rows)
    return file.getvalue().encode()


def test_a_number_that_is_not_theirs_is_taken_off_the_record_and_that_can_be_taken_back(
    alice: User, mallory: User
) -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    Lead.objects.filter(pk=lead.pk).update(owner=alice, responsible=people.responsible_of(alice))
    wrong = {"number": "+491712345678"}
    client = Client()
    client.force_login(mallory)
    assert "Take +49 171 2345678 off" not in client.get(f"/leads/{lead.pk}").text
    client.post(f"/leads/{lead.pk}/take-off", wrong)
    assert "+491712345678" in numbers("Anna Berg")[1]
    client.force_login(alice)
    assert "Take +49 171 2345678 off" in client.get(f"/leads/{lead.pk}").text
    page = client.post(f"/leads/{lead.pk}/take-off", wrong, follow=True)
    assert "Telephone +49 171 2345678 taken off" in page.text
    assert numbers("Anna Berg") == ("+4930901820", ["+491607654321"])
    assert (found(alice, "0171 2345678"), found(alice, "7654321")) == ([], ["Anna Berg"])
    assert "mobile" not in Lead.objects.get(pk=lead.pk).custom
    page = client.post(f"/leads/{lead.pk}/take-off", {"number": "+4930901820"})
    assert "is not among the other telephones" in page.text
    last = Lead.objects.get(pk=lead.pk).decision_id
    assert last
    deciding.undo(last, by(alice))
    assert numbers("Anna Berg") == ("+4930901820", ["+491607654321", "+491712345678"])
    assert found(alice, "0171 2345678") == ["Anna Berg"]


def test_a_number_that_was_taken_off_by_hand_does_not_come_back_with_the_same_file(alice: User) -> None:
    imported(TWO_COLUMNS)
    lead = Lead.objects.get(name="Anna Berg")
    Lead.objects.filter(pk=lead.pk).update(owner=alice, responsible=people.responsible_of(alice))
    leads.take_off(lead.pk, by(alice), number="+491712345678")
    assert counts(imported(TWO_COLUMNS)) == (0, 0, 2, 0)
    assert numbers("Anna Berg") == ("+4930901820", ["+491607654321"])
    assert "mobile" not in Lead.objects.get(pk=lead.pk).custom
    assert found(alice, "0171 2345678") == []
    one_cell = csv("Name,E-mail,Phone", '"Anna Berg",anna@x.example,"+49 30 901820; +49 171 2345678; +49 170 7654321"')
    imported(one_cell)
    assert numbers("Anna Berg") == ("+4930901820", ["+491607654321", "+491707654321"])
    leads.take_off(lead.pk, by(alice), number="+491707654321")
    last = Lead.objects.get(pk=lead.pk).decision_id
    assert last
    deciding.undo(last, by(alice))
    imported(one_cell)
    assert numbers("Anna Berg")[1] == ["+491607654321", "+491707654321"], "taken back, it is theirs"
    imported(TWO_COLUMNS, policy="always")
    assert numbers("Anna Berg")[1] == ["+491607654321", "+491707654321", "+491712345678"], "the file's word, always"


def test_a_number_that_somebody_emptied_or_corrected_is_none_of_theirs_any_more(alice: User) -> None:
    imported(TWO_COLUMNS)
    Lead.objects.update(owner=alice, responsible=people.responsible_of(alice))
    anna, bo = Lead.objects.get(name="Anna Berg"), Lead.objects.get(name="Bo Ek")
    leads.edit(anna.pk, by(alice), fields={"phone": "+4930111111"})
    leads.edit(bo.pk, by(alice), fields={"phone": ""})
    imported(TWO_COLUMNS)
    assert numbers("Anna Berg") == ("+4930111111", ["+491607654321", "+491712345678"])
    assert numbers("Bo Ek") == ("", [])
