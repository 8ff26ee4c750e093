"""The record shows every deal of somebody, and the timeline says which deal an entry is about."""

import re

import pytest
from django.test import Client

from ripeline.leads.models import Lead
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
