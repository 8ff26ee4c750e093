"""The database's shape and built-in rows, brought up to date by whichever command comes first."""

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from ripeline.catalog import actions as catalog
from ripeline.catalog import tracking
from ripeline.outbox import actions as outbox
from ripeline.people import actions as people
from ripeline.ripeness import actions as ripeness
from ripeline.timeline import partitions

_LOCK = 0x5249504C  # an advisory lock of our own: two commands do not migrate at once


def is_behind() -> bool:
    """Whether migrations wait to be applied."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def prepare() -> None:
    """Migrate if behind, then make the built-in rows. Idempotent; safe for two commands at once."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            if is_behind():
                call_command("migrate", verbosity=0, interactive=False)
            seed()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def seed() -> None:
    """Make the built-in rows that are missing; leaves people's changes to them alone."""
    people.seed()
    catalog.seed()
    ripeness.seed()
    tracking.seed()
    partitions.prepare()
    outbox.seed()
