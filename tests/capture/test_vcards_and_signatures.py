"""Card files of every age, and what stands at the end of an e-mail."""

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.capture.in_person import signatures, vcards
from ripeline.capture.in_person.vcards import UnreadableCardsError

OLD = (  # as telephones of fifteen years ago write it
    "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;Dr.;\r\n"
    "ORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zahn=C3=A4rzte am=\r\n Markt;Praxis\r\n"
    "TEL;CELL;VOICE:+49 170 1234567\r\nTEL;WORK;FAX:+49 30 1234568\r\nEMAIL;PREF;INTERNET:joerg@markt.example\r\n"
    "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD\r\n /2wBDAAYEBQYFBAYGBQYHBwYIChAK\r\n\r\nEND:VCARD\r\n"
)
THREE = (
    "BEGIN:VCARD\nVERSION:3.0\nPRODID:-//Apple Inc.//iOS 17.0//EN\nN:Raman;Priya;;;\nFN:Priya Raman\n"
    "ORG:Northgate Dental\\, Ltd;Sales\nTITLE:Owner\nitem1.EMAIL;type=INTERNET;type=HOME:priya@home.example\n"
    "item2.EMAIL;type=INTERNET;type=WORK:priya@northgate.example\nTEL;type=CELL;type=VOICE;type=pref:+44 20 7183 8750\n"
    "ADR;type=WORK:;;1 High St;London;;N1;United Kingdom\nURL:https://www.northgate.example/team\n"
    "NOTE:Met in hall 7.\\nWants two chai\n rs.\nEND:VCARD\n"
)
FOUR = (
    'BEGIN:VCARD\nVERSION:4.0\nFN:Ana Sousa\nTEL;VALUE=uri;TYPE="work,voice":tel:+351-21-123-4567;ext=3\n'
    "EMAIL:mailto:ana@clinica.example\nORG:Clínica Sousa\nURL:https://www.linkedin.com/in/ana\nEND:VCARD\n"
)


def test_every_version_is_read_with_the_best_address_and_number() -> None:
    old, three, four = vcards.read((OLD + THREE + FOUR).encode())
    assert old.fields == {
        "name": "Jörg Müller", "company": "Zahnärzte am Markt", "phone": "+49 170 1234567",
        "email": "joerg@markt.example",
    }  # fmt: skip
    assert three.fields == {
        "name": "Priya Raman", "company": "Northgate Dental, Ltd", "title": "Owner", "country": "GB",
        "email": "priya@northgate.example", "phone": "+44 20 7183 8750", "website": "northgate.example",
    }  # fmt: skip
    assert three.note == "Met in hall 7.\nWants two chairs."
    assert four.fields == {
        "name": "Ana Sousa", "company": "Clínica Sousa", "email": "ana@clinica.example", "phone": "+351-21-123-4567",
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_whatever_encoding_it_was_written(encoding: str) -> None:
    (found,) = vcards.read("BEGIN:VCARD\r\nFN:Jörg Müller\r\nEND:VCARD".encode(encoding))
    assert found.fields["name"] == "Jörg Müller"


def test_a_broken_line_or_a_card_without_an_end_costs_only_itself() -> None:
    text = 'BEGIN:VCARD\nFN:Ann\nnonsense\n;;;:\nTEL;X="a:+44 20\nBEGIN:VCARD\nFN:Tom\nEMAIL:tom@x.example'
    assert [card.fields["name"] for card in vcards.read(text.encode())] == ["Ann", "Tom"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name;email\nAnn;a@x.example", "no vCard file"),
        (b"", "no vCard file"),
        (b"BEGIN:VCARD\nEND:VCARD", "Nobody is named"),
        (b"BEGIN:VCARD\nFN:A\nEND:VCARD\n" * 201, "201 people"),
        (b"BEGIN:VCARD\n" + b"x" * (5 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableCardsError, match=said):
        vcards.read(content)


@given(name=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), min_size=1, max_size=30))
def test_a_name_written_quoted_printable_comes_back_as_it_was(name: str) -> None:
    coded = quopri.encodestring(name.replace(";", "").encode() or b"A", quotetabs=True).decode().strip()
    text = f"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:{coded}\r\nTEL:12345\r\nEND:VCARD"
    assert vcards.read(text.encode())[0].fields["phone"] == "12345"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    content = b"BEGIN:VCARD\nFN:Ann\n" + noise + b"\nEND:VCARD"
    assert vcards.read(content)[0].fields


SIGNATURES = [
    (
        "Can we talk on Monday?\n\nBest regards,\n\nPriya Raman\nOwner\nNorthgate Dental Ltd\n1 High Street, London\n"
        "T +44 20 7183 8750\nF: +44 20 7183 8751\nM: +44 7700 900123\npriya.raman@northgate.example\n"
        "www.northgate.example",
        {"name": "Priya Raman", "title": "Owner", "company": "Northgate Dental Ltd", "phone": "+442071838750",
         "other_phones": "+447700900123", "email": "priya.raman@northgate.example", "website": "northgate.example"},
        {"title", "company"},
    ),
    (
        "--\nDr. Jörg Müller | Geschäftsführer | Zahntechnik Müller GmbH\nTel.: 030 1234567 | Fax: 030 1234568\n"
        "j.mueller@zahntechnik.example",
        {"name": "Dr. Jörg Müller", "title": "Geschäftsführer", "company": "Zahntechnik Müller GmbH",
         "phone": "+49301234567", "email": "j.mueller@zahntechnik.example"},
        {"title", "company", "name"},
    ),
    (
        "> Thanks!\n> Ana Sousa\n> Head of Purchasing at Clinica Sousa\n> ana@clinicasousa.example",
        {"name": "Ana Sousa", "title": "Head of Purchasing", "company": "Clinica Sousa",
         "email": "ana@clinicasousa.example"},
        {"title", "company"},
    ),
    (
        "Tom Reyes, MBA\nVP Sales, EMEA\nBrightwater\ntom@brightwater.example\nSent from my iPhone",
        {"name": "Tom Reyes", "title": "VP Sales, EMEA", "company": "Brightwater", "email": "tom@brightwater.example"},
        {"title", "company"},
    ),
    ("see you then", {}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fields", "guessed"), SIGNATURES)
def test_a_signature_is_taken_apart_and_says_what_it_guessed(
    text: str, fields: dict[str, str], guessed: set[str]
) -> None:
    found = signatures.read(text, country="DE")
    assert (found.fields, found.guessed) == (fields, guessed)


@pytest.mark.parametrize(
    ("before", "line", "name"),
    [
        ("Mit freundlichen Grüßen", "i. A. Dr. Petra Lindner", "Dr. Petra Lindner"),
        ("Mit freundlichen Grüßen aus Köln", "i.V. Petra Lindner", "Petra Lindner"),
        ("Mit besten Grüßen / Best regards", "ppa. Prof. Dr. med. Petra Lindner", "Prof. Dr. med. Petra Lindner"),
        ("Freundliche Grüsse", "i. V.\nPetra von der Lindner-Groß", "Petra von der Lindner-Groß"),
        ("Kind regards,", "Dipl.-Ing. (FH) Petra Lindner", "Petra Lindner"),
        ("Best,", "Petra Lindner MBA", "Petra Lindner"),
        ("Yours sincerely", "Petra Lindner, M.Sc.", "Petra Lindner"),
        ("See you.", "Best regards, Petra Lindner", "Petra Lindner"),
        ("Bis bald", "Viele Grüße Petra Lindner", "Petra Lindner"),
    ],
)  # fmt: skip
def test_a_name_is_found_behind_closing_words_proxies_and_titles(before: str, line: str, name: str) -> None:
    text = f"Could you send a quote?\n\n{before}\n\n{line}\nLeiterin Einkauf\nLindner GmbH\noffice@lindner.example"
    fields = {"name": name, "title": "Leiterin Einkauf", "company": "Lindner GmbH", "email": "office@lindner.example"}
    assert signatures.read(text).fields == fields


@pytest.mark.parametrize(
    "beside",
    [
        "Mobil +49 170 1234567", "Fax +49 221 4567899", "Domstr. 1, 50667 Köln, Deutschland", "D-50667 Köln",
        "Domstr. 1 D-50667 Köln", "50667 Köln\nDeutschland",
    ],
)  # fmt: skip
def test_a_number_in_a_signature_is_of_the_country_that_the_rest_of_it_says(beside: str) -> None:
    found = signatures.read(f"Petra Lindner\nTel. 0221 4567890\n{beside}\npetra@lindner.example", country="GB")
    assert found.fields["phone"] == "+492214567890"


@pytest.mark.parametrize(
    ("beside", "number", "home", "read"),
    [
        *[
            (line, "(404) 658-7100", "US", "+14046587100")
            for line in (
                "Jordan", "Chad", "Georgia", "Atlanta, Georgia", "1 Peachtree St, Atlanta, Georgia", "Suite B-1200",
                "Room D-1234", "See you at 10:30.\nJordan",
            )
        ],
        ("Hall A-1200", "0221 4567890", "DE", "+492214567890"),
        ("Halle A-1200 Nord", "0221 4567890", "DE", "+492214567890"),
        ("A-1010 Wien", "01 588580", "DE", "+431588580"),
        ("Ring 1, A-1010 Wien", "01 588580", "DE", "+431588580"),
        ("NL-1012 AB Amsterdam", "020 6242424", "DE", "+31206242424"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_country_does_not_take_the_number_away(
    beside: str, number: str, home: str, read: str
) -> None:
    text = f"Anna Berg\n{beside}\nTel. {number}\nanna@berg.example"
    assert signatures.read(text, country=home).fields["phone"] == read


def test_a_number_on_a_card_is_of_the_country_of_its_other_number() -> None:
    text = "BEGIN:VCARD\nFN:Petra Lindner\nTEL;WORK:0221 4567890\nTEL;CELL:+49 170 1234567\nEND:VCARD"
    assert vcards.read(text.encode())[0].fields["phone"] == "+492214567890"


def test_a_company_whose_name_begins_as_a_greeting_does_is_none() -> None:
    found = signatures.read("Tom Reyes\nLG Electronics GmbH\ntom.reyes@lg.example")
    assert (found.fields["name"], found.fields["company"]) == ("Tom Reyes", "LG Electronics GmbH")


def test_a_second_number_is_kept_and_a_fax_is_none() -> None:
    found = signatures.read(SIGNATURES[0][0], country="GB")
    assert found.fields["other_phones"] == "+447700900123"


@pytest.mark.parametrize(
    "firm",
    ["MVZ Köhler & Partner PartG", "Köhler & Partner PartGmbB", "Köhler e.K.", "Köhler e. K.", "Volksbank Süd eG",
     "Zukunft gGmbH", "Köhler KG", "Köhler OHG", "Praxis Dr. Köhler", "Zahnarztpraxis Köhler und Partner", "MVZ Süd"],
)  # fmt: skip
def test_what_companies_are_called_is_a_company(firm: str) -> None:
    text = f"Sabine Krüger\nPraxismanagerin\n{firm}\nTel 0221 4567890\nsabine@post.example"
    found = signatures.read(text, country="DE")
    assert (found.fields["name"], found.fields["company"]) == ("Sabine Krüger", firm)


@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = signatures.read(text, country="GB")
    assert set(found.fields) >= found.guessed


@pytest.mark.parametrize(
    ("country", "numbers"), [("", ("0221 4567890", "0171 1234567")), ("DE", ("+492214567890", "+491711234567"))]
)
def test_two_numbers_on_one_line_are_two_also_where_nobody_says_the_country(
    country: str, numbers: tuple[str, str]
) -> None:
    text = "Vera Köhler\nT 0221 4567890 / M 0171 1234567 / Fax 0221 4567891\nvera@mvz.example"
    found = signatures.read(text, country=country).fields
    assert (found["phone"], found["other_phones"]) == numbers
