"""A list exported here and imported again: in the same company nothing changes, in another the leads are the same."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.columns import own_labels
from ripeline.capture.exports import exporting, exports
from ripeline.capture.files.sheets import write_workbook
from ripeline.capture.imports import trial
from ripeline.capture.imports.keys_of_fields import field_keys
from ripeline.capture.imports.remarking import sentence
from ripeline.capture.models import ImportRemark
from ripeline.catalog.actions import custom_fields, sources_named
from ripeline.leads.finding.rows import amounts, other_phones
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead, Opportunity
from ripeline.people.models import User
from tests.capture.exports import ALL, HEADINGS
from tests.capture.importing import begun, imported
from tests.cast import MakeLead
from tests.thoroughness import thorough

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

LETTERS = st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo", "Nd"], include_characters=" -'.,;\"&=+@#/\n|")
WORDS = (
    st.text(LETTERS, min_size=1, max_size=24)
    .map(lambda text: " ".join(unicodedata.normalize("NFC", text).split()))  # as every door writes it down
    .filter(lambda text: any(map(str.isalpha, text)))
)
NUMBERS = st.integers(0, 9_999).map(lambda n: f"+4420718{n:05}")

DEALS = st.tuples(
    st.sampled_from(["open", "won", "lost"]), st.one_of(st.none(), st.decimals(1, 99_999, places=2)),
    st.sampled_from(["EUR", "USD"]),
)  # fmt: skip


# How other systems call the columns of their exports: any of them may be a field of the company's own here.
FOREIGN = sorted(
    {
        label
        for head in [*(text.partition("\n")[0] for text in ALL.values()), *chain.from_iterable(HEADINGS.values())]
        for label in head.split(",")
        if own_labels.apart(label) == label
    }
)
SAID = st.sampled_from(["", "Open", "Won", "Customer", "2026-05-20", "yes", "1200.50", "101", "x@y.example"])


@dataclass(frozen=True)
class Somebody:
    """Somebody as a record has them."""

    name: str
    title: str
    email: str
    phones: Sequence[str]
    company: str
    country: str
    language: str
    source: str
    days: int
    amount: Decimal | None
    chairs: int | None
    renewal: str
    remark: str
    state: str
    said: Sequence[str]  # in fields of the company's own that are called like columns of other systems
    deals: Sequence[tuple[str, Decimal | None, str]]  # the state, amount and currency of each


@st.composite
def somebody(draw: st.DrawFn) -> Somebody:
    name = draw(st.one_of(WORDS, st.sampled_from(["=SUM(A1)", "O'Neil, Ann", "Null", "Total", "Anna, Dr.", "-Bo"])))
    return Somebody(
        name=name, title=draw(st.one_of(st.just(""), WORDS)), email=draw(st.sampled_from(["", "x"])),
        phones=draw(st.lists(NUMBERS, max_size=3, unique=True)), company=draw(st.one_of(st.just(""), WORDS)),
        country=draw(st.sampled_from(["", "GB", "DE"])), language=draw(st.sampled_from(["", "de", "en"])),
        source=draw(st.sampled_from(["", "Webinar", "Trade show", "Contact form"])), days=draw(st.integers(1, 900)),
        amount=draw(st.one_of(st.none(), st.decimals(1, 99_999, places=2))),
        chairs=draw(st.one_of(st.none(), st.integers(0, 500))),
        renewal=draw(st.sampled_from(["", "2027-03-01", "2025-12-31"])), remark=draw(st.one_of(st.just(""), WORDS)),
        state=draw(st.sampled_from(["new", "working", "qualifying", "nurture"])),
        said=draw(st.lists(SAID, min_size=1, max_size=5)), deals=draw(st.lists(DEALS, max_size=3)),
    )  # fmt: skip


SOMEBODY = Somebody(
    "Ann Berg", "", "x", [], "North", "", "", "", 3, None, None, "", "", "working", ["Open"], []
)  # fmt: skip


def born(people: Sequence[Somebody], labels: Sequence[str], make_lead: MakeLead, alice: User) -> None:
    own = {key: label for label, key in field_keys(labels).items()}
    custom_fields({key: (label, "text") for key, label in own.items()})
    custom_fields({"chairs": ("Chairs", "number"), "renewal": ("Renewal", "date"), "name": ("Name", "text")})
    for at, one in enumerate(people):
        source = sources_named([one.source])[one.source].pk if one.source else None
        lead = make_lead(
            alice if at % 2 else None, name=one.name, title=one.title, company=one.company, country=one.country,
            email=f"p{at}@x{at}.example" if one.email else "", language=one.language, source_id=source,
            phone=one.phones[0] if one.phones else "", captured=timedelta(days=one.days), state=one.state,
            amount=one.amount, currency="EUR" if one.amount else "",
            custom={
                "chairs": one.chairs, "renewal": one.renewal, "name": one.remark,
                **{key: one.said[nth % len(one.said)] for nth, key in enumerate(own)},
            },
        )  # fmt: skip
        keys = [identity.phone(number, one.name, one.company) for number in one.phones]
        identity.claim({key: lead.pk for key in keys if key})
        for nth, (state, amount, currency) in enumerate(one.deals):
            Opportunity.objects.create(
                lead=lead, key=f"hand:{nth}", name="Boat", amount=amount, currency=currency if amount else "",
                state=state, opened_at=lead.captured_at, closed_at=None if state == "open" else clock.now(),
            )  # fmt: skip


def files(actor: User) -> list[tuple[str, bytes]]:
    """The list with all that is there and as it is shown with columns of its own, in both formats; and everything."""
    found = []
    for query in ("view=all", "view=all&cols=state,came,email,phone,phones,source,amount,touches,f.chairs,f.name"):
        lines = [list(line) for line in exports.lines(actor, query, UTC)]
        found.append(("leads.csv", "".join(exports.as_csv(lines, UTC)).encode()))
        with io.BytesIO() as file:
            write_workbook(file, lines, UTC)
            found.append(("leads.xlsx", file.getvalue()))
    text = io.StringIO()
    csv.writer(text).writerows(exporting.export(actor=actor))
    return [*found, ("everything.csv", text.getvalue().encode())]


def as_they_are() -> list[tuple[Any, ...]]:
    """What is kept of everybody, whatever their records are called."""
    here = list(Lead.objects.filter(merged_into=None).select_related("source"))
    phones, worth = other_phones(here), amounts([lead.pk for lead in here])
    return sorted(
        (
            lead.name, lead.title, lead.email, lead.company, lead.country, lead.language,
            tuple(sorted({lead.phone, *phones.get(lead.pk, "").split("; ")} - {""})),
            str(lead.source or ""), lead.captured_at.replace(second=0, microsecond=0).isoformat(),
            *map(plain, worth.get(lead.pk) or (lead.amount, lead.currency if lead.amount else "")),
            *(plain(lead.custom.get(key)) for key in ("chairs", "renewal", "name")),
        )
        for lead in here
    )  # fmt: skip


def plain(value: Any) -> str:
    return "" if value is None else str(value)


def elsewhere() -> None:
    """Another company: nobody and nothing of theirs is here."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE lead, account, custom_field, source, campaign, import_mapping CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_a_list_comes_back_as_it_went(alice: User, ada: User, make_lead: MakeLead) -> None:
    @settings(
        max_examples=thorough(6, 60), deadline=None, phases=[Phase.explicit, Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(somebody(), min_size=1, max_size=6), st.lists(st.sampled_from(FOREIGN), max_size=8, unique=True))
    def comes_back(people: list[Somebody], labels: list[str]) -> None:
        with transaction.atomic():
            born(people, labels, make_lead, alice)
            was = as_they_are()
            for name, content in files(ada):
                found = trial.attempt(partial(begun, content, name=name, kind=None, actor=ada), actor=ada)
                assert (found.created, found.updated, found.rejected, found.changed) == (0, 0, 0, 0), (
                    name, found.rejects, found.changes,
                )  # fmt: skip
                assert found.unchanged == len(people)
            whole = files(ada)[:2]
            for name, content in whole:
                with transaction.atomic():
                    elsewhere()
                    run = imported(content, name=name, kind=None, actor=ada)
                    now = as_they_are()
                    assert ([one for one in now if one not in was], len(now)) == ([], len(was)), run.rejected
                    transaction.set_rollback(True)
            transaction.set_rollback(True)

    comes_back()


@pytest.mark.parametrize("label", ["Lead Status", "Lifecycle Stage", "Deal Name", "Lead Owner", "Contact ID"])
def test_a_list_of_ours_is_known_whatever_the_companys_own_fields_are_called(
    alice: User, ada: User, make_lead: MakeLead, label: str
) -> None:
    born([SOMEBODY], [label, "Company / Account", "Last Name"], make_lead, alice)
    for name, content in files(ada):
        found = trial.attempt(partial(begun, content, name=name, kind=None, actor=ada), actor=ada)
        assert (found.unchanged, found.changed) == (1, 0), (name, found.changes)


def test_what_deals_are_worth_comes_back_as_no_amount_of_the_record(
    alice: User, ada: User, make_lead: MakeLead
) -> None:
    deals = [("open", Decimal(4_000), "EUR"), ("open", Decimal(6_000), "EUR"), ("won", Decimal(1), "EUR")]
    born([replace(SOMEBODY, deals=deals), replace(SOMEBODY, name="Bo Li", deals=deals[2:])], [], make_lead, alice)
    for name, content in files(ada):
        run = imported(content, name=name, kind=None, actor=ada)
        assert (run.unchanged, run.updated) == (2, 0)
    assert set(Lead.objects.values_list("amount", "currency")) == {(None, "")}
    content = files(ada)[0][1].replace(b"10000.00", b"12000.00")
    run = imported(content, name=name, kind=None, actor=ada)
    assert run.unchanged == 2
    said = ImportRemark.objects.get(run=run)
    assert sentence(said.about, said.text) == (
        "their deals here are worth 10000.00, the row says 12000.00: change it on them"
    )
