"""The record shows every deal of somebody, and the timeline says which deal an entry is about."""

import re
from datetime import UTC

import pytest
from django.db import connection
from django.test import Client

from ripeline.capture.exports import exports
from ripeline.leads.finding import rows as lead_rows
from ripeline.leads.models import Lead, Opportunity
from ripeline.people.models import User
from tests.capture.importing import csv, imported, outcomes

pytestmark = pytest.mark.django_db

PEOPLE = csv("Id,Name,E-mail,Owner,Created", "1,Ann Berg,ann@berg.example,Alice,2025-01-10")
DEALS = "Id,Status,Opened at,Closed on,Amount,Currency,Product,Loss reason"


def record_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    page = client.get(f"/leads/{Lead.objects.get().pk}")
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_two_won_deals_are_both_on_the_record_the_latest_first(alice: User) -> None:
    imported(PEOPLE)
    outcomes(
        csv(
            DEALS,
            "1,won,2025-02-01,2025-03-01,1000,EUR,Lathe,",
            "1,won,2025-05-01,2025-08-01,4000,EUR,Press,",
        )
    )
    said = record_of(alice)
    assert "Opportunities" in said
    assert said.index("€4,000 · won · Press") < said.index("€1,000 · won · Lathe")
    assert "Won · Press, €4,000" in said
    assert "Won · Lathe, €1,000" in said


def test_what_is_open_comes_before_what_ended_and_a_loss_says_why_in_their_words(alice: User) -> None:
    imported(PEOPLE)
    outcomes(
        csv(
            DEALS,
            "1,lost,2025-02-01,2025-03-01,1000,EUR,Lathe,Their cousin builds them",
            "1,lost,2025-02-01,2025-04-01,900,EUR,Saw,no budget",
        )
    )
    said = record_of(alice)
    assert "€1,000 · lost · Lathe “Their cousin builds them” opened" in said
    assert "€900 · lost: No budget · Saw" in said
    assert "Lost: “Their cousin builds them” · Lathe, €1,000" in said
    assert "Lost: No budget · Saw, €900" in said


def test_who_has_two_deals_open_is_won_by_one_of_them(alice: User) -> None:
    imported(PEOPLE)
    head, rest = "E-mail,Deal name,Deal stage,Close date,Amount,Currency", "Proposal,2027-05-01"
    outcomes(csv(head, f"ann@berg.example,Lathe,{rest},1000,EUR", f"ann@berg.example,Press,{rest},4000,EUR"))
    client, lead = Client(), Lead.objects.get()
    client.force_login(alice)
    page = client.get(f"/leads/{lead.pk}").content.decode()
    choices = {words: pk for pk, words in re.findall(r'<option value="([0-9a-f-]{36})">([^<]+)<', page)}
    assert choices.keys() >= {"Lathe, €1,000", "Press, €4,000"}
    asked = {"key": "k", "seen": str(lead.decision_id), "amount": ""}
    said = client.post(f"/leads/{lead.pk}/won", asked, follow=True).content.decode()
    assert "has 2 deals open; say which was won" in said
    client.post(f"/leads/{lead.pk}/won", asked | {"deal": choices["Lathe, €1,000"]})
    assert dict(Opportunity.objects.values_list("name", "state")) == {"Lathe": "won", "Press": "open"}
    assert "Won · Lathe, €1,000" in record_of(alice)


def test_a_lists_column_and_its_file_say_what_is_open_else_what_was_won_last(alice: User) -> None:
    names = ("Ann", "Bo", "Cy", "Di")
    imported(csv("E-mail,Name,Created,Owner", *(f"{name}@x.example,{name},2025-01-10,Alice" for name in names)))
    outcomes(
        csv(
            DEALS.replace("Id", "E-mail"),
            "Ann@x.example,won,2025-02-01,2025-03-01,1000,EUR,Lathe,", "Ann@x.example,open,2025-05-01,,4000,EUR,Press,",
            "Ann@x.example,open,2025-05-02,,500,EUR,Saw,", "Bo@x.example,won,2025-02-01,2025-03-01,1000,GBP,Lathe,",
            "Bo@x.example,won,2025-02-01,2025-04-01,2000,GBP,Press,",
            "Cy@x.example,lost,2025-02-01,2025-03-01,900,EUR,Lathe,",
        )
    )  # fmt: skip
    client = Client()
    client.force_login(alice)
    page = client.get("/leads?view=all&cols=amount").content.decode()
    shown = dict(
        re.findall(r'class="row who"[^>]*>(\w+).*?data-label="Amount">([^<]*)</td>', page, flags=re.DOTALL)
    )  # fmt: skip
    assert shown == {"Ann": "€4,500", "Bo": "£2,000", "Cy": "", "Di": ""}
    heading, *rows = exports.lines(alice, "view=all&cols=amount", UTC)
    assert {row[1]: (row[3], row[4]) for row in rows} == {
        "Ann": (4500, "EUR"), "Bo": (2000, "GBP"), "Cy": (None, ""), "Di": (None, ""),
    }  # fmt: skip
    assert heading[3:] == ["Amount", "Currency"]


def test_amounts_of_a_page_are_one_query_that_an_index_serves(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + lead_rows._DEALS, ["{" + str(alice.pk) + "}"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "opportunity_once" in plan
