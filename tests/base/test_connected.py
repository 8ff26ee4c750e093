"""A thread's kept connection: where PostgreSQL ended it, the next page opens another and nobody notices."""

import time
from threading import Thread

import psycopg
import pytest
from django.core.signals import request_started
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ripeline.base import connected
from ripeline.config import settings


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


@pytest.mark.django_db(transaction=True)
def test_each_thread_lets_its_connection_go_after_an_hour_at_the_beginning_of_a_page() -> None:
    found: list[tuple[bool, bool]] = []

    def two_pages() -> None:
        request_started.send(sender=None)
        connection.ensure_connection()
        before = connection.connection
        request_started.send(sender=None)
        is_kept = connection.connection is before
        assert connection.close_at is not None
        assert 3_500 < connection.close_at - time.monotonic() <= 3_600
        connection.close_at -= 3_600
        request_started.send(sender=None)
        found.append((is_kept, connection.connection is None and before.closed))
        connection.close()

    mine = connection.connection
    threads = [Thread(target=two_pages) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [(True, True)] * 2
    assert connection.connection is mine


@pytest.mark.django_db(transaction=True)
def test_the_beginning_of_a_page_asks_postgresql_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    connection.ensure_connection()
    with django_assert_num_queries(0):
        request_started.send(sender=None)


def test_a_connection_over_a_network_is_asked_after_and_the_url_may_say_otherwise() -> None:
    options = settings._database("postgresql://me@db.example/x?keepalives_idle=5")["OPTIONS"]
    assert (options["keepalives_idle"], options["keepalives_count"], options["tcp_user_timeout"]) == ("5", 3, 30_000)


@pytest.mark.django_db(transaction=True)
def test_postgresqls_library_takes_what_it_is_given() -> None:
    options = settings._database("postgresql://me@db.example/x")["OPTIONS"]
    with psycopg.connect(**{**_parameters(), **options}) as other:
        given = {each.keyword: each.val for each in other.pgconn.info}
    assert (given[b"keepalives_idle"], given[b"tcp_user_timeout"]) == (b"60", b"30000")
