"""A list exported here and imported again: in the same company nothing changes, in another the leads are the same."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ripeline.capture.exports import exporting, exports
from ripeline.capture.files.sheets import write_workbook
from ripeline.capture.imports import trial
from ripeline.catalog.actions import custom_fields, sources_named
from ripeline.leads.finding.rows import other_phones
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead
from ripeline.people.models import User
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
    )  # fmt: skip


def born(people: Sequence[Somebody], make_lead: MakeLead, alice: User) -> None:
    custom_fields({"chairs": ("Chairs", "number"), "renewal": ("Renewal", "date"), "name": ("Name", "text")})
    for at, one in enumerate(people):
        source = sources_named([one.source])[one.source].pk if one.source else None
        lead = make_lead(
            alice if at % 2 else None, name=one.name, title=one.title, company=one.company, country=one.country,
            email=f"p{at}@x{at}.example" if one.email else "", language=one.language, source_id=source,
            phone=one.phones[0] if one.phones else "", captured=timedelta(days=one.days), state=one.state,
            amount=one.amount, currency="EUR" if one.amount else "",
            custom={"chairs": one.chairs, "renewal": one.renewal, "name": one.remark},
        )  # fmt: skip
        keys = [identity.phone(number, one.name, one.company) for number in one.phones]
        identity.claim({key: lead.pk for key in keys if key})


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
    phones = other_phones(here)
    return sorted(
        (
            lead.name, lead.title, lead.email, lead.company, lead.country, lead.language,
            tuple(sorted({lead.phone, *phones.get(lead.pk, "").split("; ")} - {""})),
            str(lead.source or ""), lead.captured_at.replace(second=0, microsecond=0).isoformat(),
            str(lead.amount or ""), lead.currency if lead.amount else "",
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
    @given(st.lists(somebody(), min_size=1, max_size=6))
    def comes_back(people: list[Somebody]) -> None:
        with transaction.atomic():
            born(people, make_lead, alice)
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
