"""Prepared statements: what they return, whatever is sent, and by which connection."""

from uuid import uuid4

import numpy as np
import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from ripeline.base.copying import as_json
from ripeline.base.statements import FEW, prepared_rows


def test_arrays_arrive_as_they_were_sent(db: None) -> None:
    ids, words = [uuid4(), uuid4()], ["plain", "", 'a "b" \\ {c},d', "NULL", "zwölf\n", None, "it's"]
    for _ in range(8):  # then PostgreSQL has it prepared
        assert prepared_rows("SELECT unnest(%s::uuid[])", [ids]) == [(each,) for each in ids]
        assert prepared_rows("SELECT unnest(%(t)s::text[])", {"t": words}) == [(each,) for each in words]
        assert prepared_rows("SELECT unnest(%(t)s::text[])", {"t": words[:5]}) == [(each,) for each in words[:5]]
        assert prepared_rows("SELECT unnest(%s::int[])", [[1, 2]]) == [(1,), (2,)]
        assert prepared_rows("SELECT unnest(%s::uuid[])", [[]]) == []


def test_as_many_rows_as_there_are_and_then_a_few_again(db: None) -> None:
    assert len(prepared_rows("SELECT generate_series(1, %s::int)", [FEW + 1])) == FEW + 1
    assert prepared_rows("SELECT 1") == [(1,)]


def test_who_counts_queries_sees_them(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert prepared_rows("SELECT %s::int", [7]) == [(7,)]
    assert len(asked) == 1


def test_what_fails_is_said_in_djangos_words_and_nothing_is_asked_in_a_broken_transaction(db: None) -> None:
    with pytest.raises(DataError), transaction.atomic():
        prepared_rows("SELECT %s::int / 0", [1])
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            prepared_rows("INSERT INTO reaction (activity_id) VALUES (NULL) RETURNING id")
        with pytest.raises(TransactionManagementError):
            prepared_rows("SELECT 1")
    assert prepared_rows("SELECT 1") == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_is_followed_by_another() -> None:
    assert prepared_rows("SELECT 1") == [(1,)]
    connection.connection.close()  # as a server that begins anew does
    connection.close()
    assert prepared_rows("SELECT 2") == [(2,)]


def test_json_bears_what_postgresql_reads_exactly(db: None) -> None:
    for value in (2**70, 0.1 + 0.2, '\N{GRINNING FACE} \\ " ', True, None, {"a": [1, {"b": "c"}]}, "1.20"):
        assert prepared_rows("SELECT (%s::jsonb)->0->'v' = %s::jsonb", [as_json([{"v": value}]), as_json_of(value)])[0][
            0
        ]


def test_a_number_of_numpys_is_a_number() -> None:
    assert as_json([{"v": np.float64(0.5)}]) == '[{"v":0.5}]'


def as_json_of(value: object) -> str:
    return as_json([value])[1:-1]
