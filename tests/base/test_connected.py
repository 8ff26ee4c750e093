"""A thread's kept connection: where PostgreSQL ended it, the next page opens another and nobody notices."""

import psycopg
import pytest
from django.core.signals import request_started
from django.db import connection
from django.test import Client

from ripeline.base import connected


@pytest.mark.django_db(transaction=True)
def test_a_page_asked_for_after_postgresql_was_started_anew_is_there(client: Client) -> None:
    assert client.get("/-/ready").status_code == 200
    before = connection.connection
    assert before is not None, "it is kept after a page"
    assert not connected.is_ended(before)
    with psycopg.connect(**_parameters(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [before.info.backend_pid])
    assert connected.is_ended(before)
    assert client.get("/-/ready").status_code == 200
    assert connection.connection is not before


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_here_is_known_as_ended_too(client: Client) -> None:
    connection.ensure_connection()
    connection.connection.close()
    request_started.send(sender=None)
    assert client.get("/-/ready").status_code == 200


def _parameters() -> dict[str, object]:
    given = connection.get_connection_params()
    return {name: value for name, value in given.items() if name not in ("cursor_factory", "context")}
