"""The words of close reasons, as a company says them."""

import re

from django.test import Client

from ripeline.catalog import queries as catalog
from ripeline.people.models import AuditEntry, User


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_mona_calls_a_reason_otherwise_and_it_is_said_so_everywhere(mona: User, alice: User) -> None:
    client = sign_in(mona)
    assert 'value="No budget"' in client.get("/settings/reasons").text
    assert client.post("/settings/reasons", {"reason-no_budget": " Kein  Budget "}).status_code == 302
    assert "1 reason is called otherwise now" in client.get("/settings/reasons").text
    assert catalog.reason("no_budget").label == "Kein Budget"
    assert "Kein Budget" in [reason.label for reason in catalog.reasons("lost")]
    assert AuditEntry.objects.get(verb="catalog.reason").target == "no_budget"
    assert sign_in(alice).post("/settings/reasons", {"reason-no_budget": "x"}).status_code == 403


def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(ada: User) -> None:
    client = sign_in(ada)
    page = client.post(
        "/settings/reasons", {"reason-price": "no BUDGET", "reason-spam": "", "reason-student": "Student"}
    )
    assert page.status_code == 422
    assert re.search(r'id="reason-price-error">Another reason is called so', page.text)
    assert re.search(r'id="reason-spam-error">Between 1 and 80', page.text)
    assert 'value="Student"' in page.text
    assert catalog.reason("student").label == "A student or researcher"
