"""What cells hold, in the many ways that people write it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from ripeline.capture.cells import codes, values
from ripeline.capture.cells.dates import day_order, is_date, moment
from ripeline.capture.cells.text import BadValueError, clean, clean_lines, safe_cell
from ripeline.capture.cells.text import given as meant

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PARSERS: list[Callable[[str], Any]] = [
    values.external_id,
    values.email,
    values.phone,
    lambda text: values.phone(text, country="DE"),
    values.person_name,
    values.domain,
    values.money,
    lambda text: values.money(text, decimal_comma=True, usual="SEK"),
    values.yes_or_no,
    values.outcome,
    codes.country,
    codes.language,
    codes.currency,
    lambda text: moment(text, zone=BERLIN, now=NOW),
    lambda text: moment(text, zone=BERLIN, now=NOW, day_first=False),
]


def refusal(parse: Callable[..., Any], text: str, **named: Any) -> str:
    with pytest.raises(BadValueError) as refused:
        parse(text, **named)
    return str(refused.value)


def when(text: str, *, day_first: bool | None = None) -> str:
    """The moment in Berlin, as a person there would write it."""
    found = moment(text, zone=BERLIN, now=NOW, day_first=day_first)
    assert found
    local = found.at.astimezone(BERLIN)
    return f"{local:%Y-%m-%d}" if found.is_day else f"{local:%Y-%m-%d %H:%M:%S}"


# Text


def test_text_is_cleaned_of_what_nobody_sees() -> None:
    assert clean("  Jose\u0301 \u200bMeier\t\u202e\x07 ") == "José Meier"
    assert clean_lines(" Hello,\r\n\r\nyours \x00\n") == "Hello,\n\nyours"


@pytest.mark.parametrize("text", ["-", "n/a", "N/A", "#N/A", "null", "None", "\\N", "(blank)", "unknown"])
def test_words_for_nothing_are_nothing(text: str) -> None:
    assert meant(text) == ""


def test_mr_null_keeps_his_name() -> None:
    assert meant("Null", is_name=True) == "Null"
    assert meant("n/a", is_name=True) == ""


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-cmd|' /C calc'!A0", "+HYPERLINK(1)", "＝1", "=1+1;", " =1"])
def test_no_exported_cell_runs_as_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [("Ann;=HYPERLINK(1)", "Ann;'=HYPERLINK(1)"), ("x; @SUM(1)", "x;' @SUM(1)"), ("Hello\n-cmd|x", "Hello\n'-cmd|x"),
     ("+49 30 1;+49 40 2", "+49 30 1;+49 40 2"), ("=1;=2", "'=1;'=2")],
)  # fmt: skip
def test_nothing_runs_where_a_spreadsheet_begins_another_cell_at_a_semicolon_or_a_line(text: str, safe: str) -> None:
    assert safe_cell(text) == safe
    assert clean_lines(safe) == text


@pytest.mark.parametrize("text", ["-5", "+49 176 1234567", "3.50", "Acme", "", "a=b"])
def test_harmless_cells_are_exported_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


@given(st.text())
def test_what_was_exported_is_imported_the_same(text: str) -> None:
    assert clean(safe_cell(clean(text))) == clean(text)


@given(st.text())
def test_cleaning_is_done_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert "\0" not in clean_lines(text)


@pytest.mark.parametrize("parse", PARSERS)
def test_any_text_is_a_value_or_refused_in_words(parse: Callable[[str], Any]) -> None:
    @settings(deadline=None)  # the first country loads their names
    @given(st.text(min_size=1) | st.from_regex(r"[0-9.,:/@+€$ TZkm-]{1,25}", fullmatch=True))
    def holds(text: str) -> None:
        try:
            parse(text)
        except BadValueError as problem:
            words = str(problem)
        else:
            words = "fine"
        assert words

    holds()


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text", ["a" * 100_000, "1" * 100_000, "1,2." * 25_000, "@" * 100_000, "(" * 100_000, "a@" * 50_000]
)
def test_endless_text_is_refused_or_taken_without_ado(parse: Callable[[str], Any], text: str) -> None:
    try:
        parse(text)
    except BadValueError as problem:
        assert len(str(problem)) < 300  # noqa: PT017


# Dates


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2018-02-13", "2018-02-13"),
        ("2018/2/3", "2018-02-03"),
        ("20180213", "2018-02-13"),
        ("2018-02-13 14:05:06", "2018-02-13 14:05:06"),
        ("2018-02-13T13:05:06Z", "2018-02-13 14:05:06"),
        ("2018-02-13T14:05:06.123456+01:00", "2018-02-13 14:05:06"),
        ("20180213T130506Z", "2018-02-13 14:05:06"),
        ("13.02.2018", "2018-02-13"),
        ("1.2.18", "2018-02-01"),
        ("13/02/2018 14h05", "2018-02-13 14:05:00"),
        ("2/13/2018 2:05 PM", "2018-02-13 14:05:00"),
        ("12/31/99", "1999-12-31"),
        ("13 Feb 2018", "2018-02-13"),
        ("13-Feb-18", "2018-02-13"),
        ("Feb 13, 2018 2:05 p.m.", "2018-02-13 14:05:00"),
        ("February 13th 2018", "2018-02-13"),
        ("Di., 13. Februar 2018 14:05 Uhr", "2018-02-13 14:05:00"),
        ("Dienstag, 13. März 2018", "2018-03-13"),
        ("1er août 2018", "2018-08-01"),
        ("13 de fevereiro de 2018", "2018-02-13"),
        ("13 lutego 2018", "2018-02-13"),
        ("Tue, 13 Feb 2018 14:05:06 +0100", "2018-02-13 14:05:06"),
        ("Tue Feb 13 2018 14:05:06 GMT+0100 (Central European Time)", "2018-02-13 14:05:06"),
        ("43144", "2018-02-13"),
        ("43144.5", "2018-02-13 12:00:00"),
        ("1518526806", "2018-02-13 14:00:06"),
        ("1518526806000", "2018-02-13 14:00:06"),
        ("5/5/2018", "2018-05-05"),
    ],
)
def test_a_date_is_understood(text: str, meant: str) -> None:
    assert when(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("31/02/2018", "not in the calendar"),
        ("2018-02-30", "not in the calendar"),
        ("2018-02-13 25:00", "not in the calendar"),
        ("03/02/2018", "could be day first or month first"),
        ("yesterday", "is not a date"),
        ("Q1 2018", "is not a date"),
        ("13 Foo 2018", "is not a date"),
        ("1900-01-01", "before 1980"),
        ("2/13/2018 14:05 PM", "no such hour"),
    ],
)
def test_what_is_no_date_is_refused_in_words(text: str, said: str) -> None:
    assert said in refusal(moment, text, zone=BERLIN, now=NOW)


def test_day_first_is_what_was_said() -> None:
    assert when("03/02/2018", day_first=True) == "2018-02-03"
    assert when("03/02/2018", day_first=False) == "2018-03-02"
    assert "there is no month 13" in refusal(moment, "02/13/2018", zone=BERLIN, now=NOW, day_first=True)


@pytest.mark.parametrize("text", ["", "0000-00-00", "00/00/0000 00:00:00"])
def test_zero_dates_are_no_dates(text: str) -> None:
    assert moment(text, zone=BERLIN, now=NOW) is None


@given(
    st.dates(date(1980, 1, 2), date(2078, 1, 1)),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %b %Y", "%b %d, %Y"]),
)
def test_any_day_in_any_form_is_that_day(day: date, form: str) -> None:
    found = moment(day.strftime(form), zone=UTC, now=NOW, day_first=form[1] == "d")
    assert found == (datetime.combine(day, time(tzinfo=UTC)), True)


@given(st.lists(st.dates(date(1990, 1, 1)), min_size=1), st.booleans())
def test_the_order_of_day_and_month_is_never_mistaken(days: list[date], day_first: bool) -> None:
    order = day_order([day.strftime("%d/%m/%Y" if day_first else "%m/%d/%Y") for day in days])
    assert order.day_first in (day_first, None)
    assert (order.day_first is not None) == any(day.day > 12 for day in days)
    assert bool(order.unclear) == (order.day_first is None and any(day.day != day.month for day in days))


def test_what_decides_the_order_is_said() -> None:
    assert day_order(["01/02/2018", "13/02/2018"]).why == "“13/02/2018” can only be day first"
    assert day_order(["01.02.2018"]).why == "dates with dots, like “01.02.2018”, put the day first"
    mixed = day_order(["13/02/2018", "02/14/2018"])
    assert mixed.day_first is None
    assert "mixes both" in mixed.why


def test_a_bare_number_is_not_taken_for_a_date() -> None:
    assert not is_date("43144")
    assert is_date("31/02/2018")


def test_a_time_without_a_zone_is_of_the_zone_given() -> None:
    summer = moment("2018-07-01 12:00", zone=BERLIN, now=NOW)
    assert summer
    assert summer.at == datetime(2018, 7, 1, 10, tzinfo=UTC)
    assert summer.at.utcoffset() == timedelta(0)


# Money and numbers


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1234", "1234.00", ""),
        ("1.234,56 €", "1234.56", "EUR"),
        ("EUR 1,234.56", "1234.56", "EUR"),
        ("1 234,56", "1234.56", ""),
        ("CHF 1’234.–", "1234.00", "CHF"),
        ("R$ 1.000", "1000.00", "BRL"),
        ("$5k", "5000.00", "USD"),
        ("1,5 Mio. €", "1500000.00", "EUR"),
        ("5 kr", "5.00", "SEK"),
        ("1,234,567", "1234567.00", ""),
        ("0,125", "0.13", ""),
        ("£1,234.5", "1234.50", "GBP"),
        ("ca. 20.000", "20000.00", ""),
        ("~20k", "20000.00", ""),
        ("rd. 5.000 €", "5000.00", "EUR"),
        ("approx. $5,000", "5000.00", "USD"),
        ("20 T€", "20000.00", "EUR"),
        ("20 TEUR", "20000.00", "EUR"),
        ("TRY 5", "5.00", "TRY"),
    ],
)
def test_an_amount_is_understood(text: str, amount: str, currency: str) -> None:
    assert values.money(text).value == (Decimal(amount), currency)


@pytest.mark.parametrize("text", ["abc", "-5", "(1,200.00)", "5%", "1e5", "1.234.56", "9" * 15, "12-15"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    assert text[:3] in refusal(values.money, text) or "currency" in refusal(values.money, text)


def test_the_columns_decimal_mark_decides() -> None:
    assert values.money("1.234", decimal_comma=True).value.amount == Decimal(1234)
    assert values.money("1.234", decimal_comma=False).value.amount == Decimal("1.23")
    assert "a decimal comma" in refusal(values.money, "12.5", decimal_comma=True)
    assert values.decimal_comma_of(["1.000", "12,50 €"]) == (True, "12,50 €")
    assert values.decimal_comma_of(["1,000", "12.50"]) == (False, "12.50")
    assert values.decimal_comma_of(["1,000", "1.000", "7"]) == (None, "")


def test_a_dollar_is_the_companys_dollar() -> None:
    assert values.money("$ 5", usual="CAD").value.currency == "CAD"
    assert values.money("$ 5", usual="EUR").value.currency == "USD"


@given(st.decimals(0, 10**11, places=2), st.booleans(), st.booleans())
def test_any_amount_is_read_back_as_it_was_written(amount: Decimal, comma: bool, grouped: bool) -> None:
    text = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    assert values.money(text, decimal_comma=comma).value.amount == amount
    assert values.money(text).value.amount == amount


# People


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("alice@acme.com", "alice@acme.com"),
        ("Alice Meier <Alice@ACME.com>", "Alice@acme.com"),
        ("mailto:alice@acme.com", "alice@acme.com"),
        ("alice@acme.com.", "alice@acme.com"),
        ("jörg@bücher.de", "jörg@bücher.de"),
        ("alice@acme.test", "alice@acme.test"),
    ],
)
def test_an_address_is_understood(text: str, address: str) -> None:
    assert values.email(text) == (address, "")


@given(
    st.from_regex(r"[a-zA-Z0-9.!+_'-]{1,66}", fullmatch=True) | st.sampled_from(["Info", "postmaster"]),
    st.from_regex(r"[a-zA-Z0-9.-]{1,60}", fullmatch=True) | st.sampled_from(["Acme.COM", "bücher.de", "acme.test"]),
)
def test_an_address_is_what_the_standards_say(local: str, host: str) -> None:
    try:
        expected = validate_email(f"{local}@{host}", check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        expected = ""
    try:
        found = values._address(f"{local}@{host}")
    except EmailNotValidError:
        found = ""
    assert found == expected


def test_of_several_addresses_the_first_is_taken_and_it_is_said() -> None:
    assert values.email("a@acme.com; b@acme.com") == (
        "a@acme.com",
        "has 2 addresses, maybe of 2 people: the first was taken, all are kept",
    )


@pytest.mark.parametrize("text", ["alice", "alice@", "@acme.com", "a@@acme.com", "alice@acme", "a b@c"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert "is not an e-mail address" in refusal(values.email, text)


@pytest.mark.parametrize(
    ("own", "beside", "read_by"),
    [
        ("FR", ["+49 221 4567890"], "FR"),
        ("", ["0221 1", "", "+49 170 1234567"], "DE"),
        ("", ["0043 1 58858"], "AT"),
        ("", ["+", "+999 1", "call me"], "GB"),
        ("", [], "GB"),
    ],
)
def test_a_number_without_a_country_code_is_of_its_own_country_then_of_the_numbers_beside_it(
    own: str, beside: list[str], read_by: str
) -> None:
    assert values.reading_country(own, beside, "GB") == read_by


def test_of_several_numbers_in_a_cell_one_says_the_country_of_the_others() -> None:
    assert values.phone("0221 4567890; +49 170 1234567", home="GB").value == "+492214567890"


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0664 1234567 or +49 170 1234567", "AT", "+436641234567"),
        ("089 12345678; +41 44 6681800", "DE", "+498912345678"),
    ],
)
def test_another_number_in_the_cell_does_not_say_more_than_their_own_country(
    text: str, country: str, number: str
) -> None:
    assert values.phone(text, country=country, home="GB").value == number


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0176 12345678", "DE", "+4917612345678"),
        ("+49 (0) 176 / 123 456 78", "", "+4917612345678"),
        ("0049 176 12345678", "", "+4917612345678"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("+55 11 98765-4321", "DE", "+5511987654321"),
        ("17612345678.0", "DE", "+4917612345678"),  # a column of numbers with gaps, as programs write it
        ("p:+5511987654321", "", "+5511987654321"),
    ],
)
def test_a_phone_number_becomes_e164(text: str, country: str, number: str) -> None:
    assert values.phone(text, country=country).value == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+49 (0)2151 / 123456-0", "+4921511234560"),
        ("+49 2151 / 123456", "+492151123456"),
        ("0049 8912 / 1234567", "+4989121234567"),
        ("+43 (0)5572 / 1234567", "+4355721234567"),
        ("+43 5572 / 12345 - 67", "+4355721234567"),
        ("02151 / 123456", "+492151123456"),
        ("089 / 12345678", "+498912345678"),
        ("0221 / 1234567, 89", "+492211234567"),
    ],
)
def test_a_slash_after_the_area_code_is_part_of_the_number(text: str, number: str) -> None:
    found = values.phone(text, home="DE")
    assert found.value == number
    assert "numbers" not in found.remark
    assert values.other_phones(text, home="DE") == []


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("+49 30 901820 / +49 170 1234567", "+4930901820", ["+491701234567"]),
        ("+49 30 901820 / 0170 1234567", "+4930901820", ["+491701234567"]),
        ("+43 1 58801 / 01 58802", "+43158801", ["+43158802"]),
        ("Office: +49 30 901820; mobile: +49 170 1234567", "+4930901820", ["+491701234567"]),
        ("+49 30 901820 / private", "+4930901820", []),
        ("+49 (0)2151 / 123456-0; +49 170 1234567", "+4921511234560", ["+491701234567"]),
        ("030 901820; 0170 1234567", "030 901820; 0170 1234567", []),
    ],
)
def test_only_where_each_part_is_a_number_are_there_several(text: str, first: str, others: list[str]) -> None:
    assert (values.phone(text, home="GB").value, values.other_phones(text, home="GB")) == (first, others)


def test_a_phone_number_that_is_not_understood_is_kept_as_it_is() -> None:
    kept = values.phone("0176 12345678")
    assert kept.value == "0176 12345678"
    assert "which country" in kept.remark
    assert values.phone("+1 2345").value == "+1 2345"
    assert "extension 12" in values.phone("(415) 555-2671 ext. 12", country="US").remark


@pytest.mark.parametrize("parse", [values.external_id, values.phone])
def test_numbers_that_a_spreadsheet_rounded_are_refused(parse: Callable[[str], Any]) -> None:
    assert "rounded by a spreadsheet" in refusal(parse, "4.91761E+11")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Meier, Alice", "Alice Meier"),
        ("Alice Meier, PhD", "Alice Meier, PhD"),
        ("Acme, Inc.", "Acme, Inc."),
        ("ALICE", "ALICE"),
    ],
)
def test_names_stand_as_people_say_them(text: str, name: str) -> None:
    assert values.person_name(text).value == name


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://www.Acme.com/contact?x=1", "acme.com"),
        ("acme.co.uk", "acme.co.uk"),
        ("info@acme.de", "acme.de"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("http://user@acme.com:8080", "acme.com"),
    ],
)
def test_a_site_is_its_host(text: str, host: str) -> None:
    assert values.domain(text).value == host


@pytest.mark.parametrize("text", ["acme", "http://localhost", "10.0.0.1", "acme .com"])
def test_what_is_no_site_is_refused(text: str) -> None:
    assert "is not a web site" in refusal(values.domain, text)


def test_a_page_among_others_is_no_companys_site() -> None:
    assert "is a page at de.linkedin.com" in refusal(values.domain, "https://de.linkedin.com/in/alice")


# Codes and words


@pytest.mark.parametrize(
    ("text", "code"),
    [("DE", "DE"), ("de", "DE"), ("Germany", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE"), ("DEU", "DE"),
     ("UK", "GB"), ("U.S.A.", "US"), ("Brasil", "BR"), ("Côte d’Ivoire", "CI"), ("The Netherlands", "NL"),
     ("D", "DE"), ("A", "AT"), ("CH", "CH")],
)  # fmt: skip
def test_a_country_is_known_by_code_and_name(text: str, code: str) -> None:
    assert codes.country(text) == code


@pytest.mark.parametrize(
    ("text", "code"), [("en-GB", "en"), ("de_DE", "de"), ("Deutsch", "de"), ("Português", "pt"), ("uk", "uk")]
)
def test_a_language_is_known_by_code_and_name(text: str, code: str) -> None:
    assert codes.language(text) == code


def test_unknown_codes_are_refused() -> None:
    assert "not a country" in refusal(codes.country, "Narnia")
    assert "not a language" in refusal(codes.language, "Klingon")
    assert "not a currency" in refusal(codes.currency, "doubloons")


def test_yes_and_no_are_known_in_several_languages() -> None:
    assert [values.yes_or_no(text).value for text in ("Yes", "ja", "OUI", "sí", "x", "1")] == [True] * 6
    assert [values.yes_or_no(text).value for text in ("no", "Nein", "não", "0", "false")] == [False] * 5
    assert "neither yes nor no" in refusal(values.yes_or_no, "perhaps")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [("Closed Won", "won"), ("closedwon", "won"), ("Gewonnen", "won"), ("yes", "won"), ("Closed-Lost", "lost"),
     ("Closed Won (Sales Pipeline)", "won"), ("5. Closed Won", "won"), ("Lost to a competitor", "lost"),
     ("Lost, not interested", "lost"), ("Lost - no budget", "lost"),
     ("perdido", "lost"), ("Unqualified", "disqualified"), ("not a fit", "disqualified")],
)  # fmt: skip
def test_an_outcome_is_known_by_the_words_of_others(text: str, outcome: str) -> None:
    assert values.outcome(text).value == outcome


@pytest.mark.parametrize(
    "text",
    ["proposal sent", "no", "maybe", "to be won", "won/lost", "Won't buy", "Won’t do", "Nicht gewonnen", "pas gagné",
     "Não ganho", "Never won", "Won by competitor", "Not lost", "nicht verloren"],
)  # fmt: skip
def test_what_is_not_understood_is_no_outcome(text: str) -> None:
    assert "is not an outcome" in refusal(values.outcome, text)


@pytest.mark.parametrize(
    "text", ["open", "Negotiation/Review", "Appointment Scheduled", "Lead In", "Offen", "appointmentscheduled"]
)
def test_stages_on_the_way_are_open(text: str) -> None:
    assert values.outcome(text).value == "open"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Open - Not Contacted", "new"), ("Marketing Qualified Lead", "new"), ("Working - Contacted", "working"),
        ("Closed - Converted", "working"), ("Bad timing", "nurture"), ("Customer", "won"),
        ("Unqualified", "disqualified"),
        ("Closed - Not Converted", "disqualified"), ("In Bearbeitung", "working"),
        ("No answer", "working"), ("Callback", "working"), ("Interested", "working"), ("Nicht erreicht", "working"),
        ("Rückruf", "working"), ("Interesse", "working"), ("Not interested", "lost"), ("Kein Interesse", "lost"),
    ],
)  # fmt: skip
def test_states_of_other_systems_are_understood(text: str, state: str) -> None:
    assert values.state(text).value == state


@pytest.mark.parametrize(
    ("text", "said"), [("Done", "yes"), ("COMPLETED", "yes"), ("To do", "no"), ("NOT_STARTED", "no")]
)
def test_whether_an_activity_is_done_is_understood(text: str, said: str) -> None:
    assert values.done(text).value == said


def test_an_id_written_as_a_fraction_is_the_number_that_it_was() -> None:
    assert values.external_id("9001.0").value == "9001"
    assert [values.external_id(text).value for text in ("1.0", "9001.05", "v9001.0")] == ["1.0", "9001.05", "v9001.0"]


def test_of_several_numbers_in_a_cell_the_first_is_taken_and_said() -> None:
    found = values.phone("+351 912 345 678; +351 213 456 789", country="")
    assert (found.value, found.remark) == ("+351912345678", "has 2 numbers, the first was taken")


@pytest.mark.parametrize(
    ("text", "found"),
    [("Jane Doe (jane@X.example)", "jane@x.example"), ("Jane Doe", "Jane Doe"), ("J@x.example", "j@x.example")],
)
def test_an_owner_is_an_address_or_a_name(text: str, found: str) -> None:
    assert values.owner(text).value == found


@pytest.mark.parametrize("text", ["0228 11223", "0819 / 507081"])
def test_what_is_no_number_of_the_country_guessed_is_kept_as_it_was_written(text: str) -> None:
    kept = values.phone(text, home="GB")
    assert kept.value == text
    assert "is no number of GB" in kept.remark
    assert values.phone(text, country="DE").value.startswith("+49")


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://evil","x")', "Team 7, Sales", "a@acme.com, Tom", "Acme (UK), Tom"]
)
def test_only_what_looks_like_a_name_is_turned_round(text: str) -> None:
    assert values.person_name(text).value == text


def test_advice_on_an_amount_has_the_decimal_sign_of_its_column() -> None:
    assert refusal(values.money, "a lot", decimal_comma=True).endswith("write it like 1234,56")
    assert refusal(values.money, "1,2,3", decimal_comma=True).endswith("write it like 1234,56")
    assert refusal(values.money, "a lot", decimal_comma=False).endswith("write it like 1234.56")
    assert refusal(values.number, "a lot", decimal_comma=True).endswith("write it like 1234,56")
