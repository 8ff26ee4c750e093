"""A company of any size, made in SQL: its leads with all that belongs to them, and each one's timeline.

The rows are made by the statements of `_company.sql`, table by table, with the indexes taken away and built again
afterwards, as a restore does it; the scores are the product's own. `ripeline db check` finds nothing wrong with it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ENTRIES = 20.0  # of a lead's timeline, on the average
LEADS_PER_REP = 5_000
TOGETHER = 2  # statements at a time
_BUILDING = "SET synchronous_commit = off; SET maintenance_work_mem = '768MB'; SET work_mem = '256MB'"


def make(leads: int, *, say: Callable[[str], None], entries: float = ENTRIES, is_scored: bool = True) -> None:
    """Fill an empty installation with so many leads; commits as it goes."""
    from django.db import connection

    from ripeline.leads.models import Account, Enquiry, Identity, Lead, Opportunity
    from ripeline.ripeness import actions as ripeness
    from ripeline.timeline.models import Activity

    statements = _read()
    with connection.cursor() as cursor:
        cursor.execute(statements["tools"])
        cursor.execute(*_given(leads, entries))
        cursor.execute(statements["drawn"])
        cursor.execute("SELECT max(entries) FROM bench.drawn")
        most: int = cursor.fetchone()[0]
    say(f"Making {leads:,} leads …")
    first, second = (Account, Lead), (Enquiry, Identity, Opportunity)
    with _bare([*first, *second, Activity]):
        _run(_insert(table, statements[table._meta.db_table]) for table in first)
        say("Making their timelines …")
        rounds = (_insert(Activity, statements["activity"].replace("{j}", str(j))) for j in range(1, most + 1))
        _run([*(_insert(table, statements[table._meta.db_table]) for table in second), *rounds])
        say("Building the indexes …")
    _run(["DROP SCHEMA bench CASCADE", "VACUUM ANALYZE"])
    if is_scored:
        say("Scoring …")
        ripeness.rescore()
        _run(["VACUUM ANALYZE score", "VACUUM ANALYZE claim"])


def _read() -> dict[str, str]:
    text = (Path(__file__).parent / "_company.sql").read_text("utf-8")
    parts = [part.partition("\n") for part in text.split("-- name: ")[1:]]
    return {name.strip(): body.strip() for name, _, body in parts}


def _given(leads: int, entries: float) -> tuple[str, dict[str, Any]]:
    """What the statements draw from, in a table of one row."""
    from ripeline.base import clock
    from ripeline.catalog import actions as catalog
    from ripeline.catalog import queries as reasons
    from ripeline.catalog.models import FieldType
    from ripeline.people import queries as people
    from ripeline.people.models import Responsible

    names = [
        "Quote request",
        "Webinar",
        "White paper",
        "Referral",
        "Contact form",
        "Google Ads",
        "LinkedIn",
        "Newsletter",
    ]
    names += [f"Trade show {year}" for year in range(2008, 2027)]
    catalog.custom_fields({"seats": ("Seats", FieldType.NUMBER), "region": ("Region", FieldType.TEXT)})
    reps = _people(leads)
    desks = dict(Responsible.objects.filter(user__in=reps).values_list("user", "pk"))
    by_state: dict[str, list[Any]] = {}
    for reason in reasons.reasons():
        by_state.setdefault(reason.state, []).append(reason.pk)
    given = {
        "leads": leads,
        "each_has": entries,
        "moment": clock.now(),
        "sources": [source.pk for source in catalog.sources_named(names).values()],
        "campaigns": [found.pk for found in catalog.campaigns_named([f"Campaign {n}" for n in range(1, 41)]).values()],
        "reps": [rep.pk for rep in reps],
        "desks": [desks[rep.pk] for rep in reps],
        "queue": people.built_in(people.QUALIFY).pk,
        "keep_in_touch": people.built_in(people.KEEP_IN_TOUCH).pk,
        "system": people.system().pk,
        "won_reason": by_state["won"][0],
        "lost_reasons": by_state["lost"],
        "unfit_reasons": by_state["disqualified"],
    }
    types = {"leads": "int", "each_has": "float8", "moment": "timestamptz"}
    columns = ", ".join(
        f"%({name})s::{types.get(name, 'uuid[]' if isinstance(value, list) else 'uuid')} AS {name}"
        for name, value in given.items()
    )
    return f"CREATE TABLE bench.given AS SELECT {columns}", given


def _people(leads: int) -> Sequence[Any]:
    """Teams of ten with their leaders, an administrator, an SDR and a marketer; the reps, the first of them "rep1"."""
    from ripeline.people import actions, queries
    from ripeline.people.models import Role, Team

    def add(name: str, role: str, team: Team | None = None) -> Any:
        return actions.add_user(
            actor=queries.system(), email=f"{name}@ours.example", name=name.title(), role=role, team=team
        )

    add("ada", Role.ADMIN), add("mark", Role.MARKETER)
    reps = []
    for n in range(max(leads // LEADS_PER_REP, 10)):
        if n % 10 == 0:
            team = actions.add_team(actor=queries.system(), name=f"Team {n // 10 + 1}")
            add(f"leader{n // 10 + 1}", Role.LEADER, team)
            add(f"sdr{n // 10 + 1}", Role.SDR, team)
        reps.append(add(f"rep{n + 1}", Role.REP, team))
    return reps


def _insert(table: Any, select: str) -> str:
    """The statement that inserts what `select` gives; columns that it leaves out have their defaults."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({select}) AS made LIMIT 0")
        given = [column.name for column in cursor.description]
    missing = {
        field.column: _default(field) for field in table._meta.concrete_fields
        if field.column not in given and not field.null and not field.get_internal_type().endswith("AutoField")
    }  # fmt: skip
    columns = ", ".join(f'"{name}"' for name in [*given, *missing])
    constants = "".join(f", {value}" for value in missing.values())
    return f'INSERT INTO "{table._meta.db_table}" ({columns}) SELECT made.*{constants} FROM ({select}) AS made'


def _default(field: Any) -> str:
    from django.db import connection
    from psycopg import sql
    from psycopg.types.json import Jsonb

    value = field.get_default()
    return sql.Literal(Jsonb(value) if isinstance(value, dict | list) else value).as_string(connection.connection)


def _run(statements: Iterable[str]) -> None:
    """Run statements some at a time, each on a connection of its own that commits at once."""
    import psycopg
    from django.db import connection

    params: dict[str, Any] = connection.get_connection_params()

    def run(statement: str) -> None:
        with psycopg.connect(**params, autocommit=True) as own:
            own.execute(_BUILDING)
            own.execute(statement)

    with ThreadPoolExecutor(TOGETHER) as pool:
        for _ in pool.map(run, statements):
            pass


_INDEXES = """
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""
_CONSTRAINTS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
       contype = 'f'
FROM pg_constraint WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('p', 'u', 'f')
ORDER BY contype = 'f' DESC
"""


@contextmanager
def _bare(tables: Sequence[Any]) -> Iterator[None]:
    """Inside the block these tables have no index, key or foreign key; afterwards they have them all again."""
    from django.db import connection

    given = {"tables": [f'"{table._meta.db_table}"' for table in tables]}
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, given)
        indexes = cursor.fetchall()
        # Keys of other tables that point here go with the primary keys that they lean on.
        cursor.execute(_CONSTRAINTS.replace("conrelid = ANY", "confrelid = ANY").replace("'p', 'u', 'f'", "'f'"), given)
        pointing = cursor.fetchall()
        cursor.execute(_CONSTRAINTS, given)
        own = [row for row in cursor.fetchall() if row not in pointing]
        for drop, *_ in [*pointing, *own, *indexes]:
            cursor.execute(drop)
    yield
    keys = [add for _, add, is_foreign in own if not is_foreign]
    _run([*(build for _, build in indexes), *keys])
    for add in [add for _, add, is_foreign in [*pointing, *own] if is_foreign]:
        _run([add])
