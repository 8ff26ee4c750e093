"""Scores into the database: a few by one prepared statement, many by COPY; and what is claimed with them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from ripeline.base.copying import as_json
from ripeline.base.statements import prepared
from ripeline.leads.models import OPEN_STATES
from ripeline.ripeness import claims

COLUMNS = (
    "lead_id", "log_odds", "log_odds_sd", "curve", "p_ever", "p_ever_low", "p_ever_high", "p_30",
    "p_30_low", "p_30_high", "p_win", "window_start", "window_end", "is_concentrated", "reasons", "signals", "stage",
    "stage_p", "model", "scored_at",
)  # fmt: skip
FEW = 200

_TYPES = [
    "uuid", "float8", "float8", "varchar", *["float8"] * 7, "date", "date", "bool", "jsonb", "float8", "varchar",
    "float8", "varchar", "timestamptz",
]  # fmt: skip
_NAMES = ", ".join(COLUMNS)
# A lead that was closed or merged away since its facts were read gets no score again.
_IS_HERE = f"""(
    SELECT lead.merged_into_id IS NULL AND lead.state IN {tuple(map(str, OPEN_STATES))}
    FROM lead WHERE lead.id = scored.lead_id
)"""  # noqa: S608
_MERGE = f"""
INSERT INTO score ({_NAMES}) SELECT {_NAMES} FROM scored WHERE {_IS_HERE} ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}
"""  # noqa: S608
# Made once for each connection: a table for each visit somebody makes would swell the catalogue.
_TABLE = "CREATE TEMP TABLE IF NOT EXISTS scored (LIKE score) ON COMMIT DELETE ROWS"
_COPY = f"COPY scored ({_NAMES}) FROM STDIN"
_A_FEW = f"""
WITH scored AS MATERIALIZED (SELECT * FROM jsonb_populate_recordset(NULL::score, %(scored)s::jsonb)),
     merged AS ({_MERGE})
{claims.KEEP}
"""  # noqa: S608


def store(scored: Sequence[tuple[Any, ...]], *, today: date) -> None:
    """Write scores, each as `COLUMNS` has it, over those that are here, and keep what is claimed by them."""
    if len(scored) <= FEW:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in scored]
        with prepared() as cursor:
            cursor.execute(_A_FEW, {"scored": as_json(rows), **claims.given(today)})
        return
    reasons = COLUMNS.index("reasons")
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in scored:
                copy.write_row((*row[:reasons], Jsonb(row[reasons]), *row[reasons + 1 :]))
        cursor.execute(_MERGE)
        cursor.execute(claims.KEEP, claims.given(today))
        cursor.execute("DELETE FROM scored")  # the next may be in the same transaction
