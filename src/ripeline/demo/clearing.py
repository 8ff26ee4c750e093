"""What a build that was broken off has left is cleared away, so that the demo company is whole or not there."""

from datetime import UTC, datetime

from django.apps import apps
from django.db import connection, transaction

from ripeline.catalog import actions as catalog
from ripeline.demo.company import DOMAIN
from ripeline.people import actions as people
from ripeline.people import queries
from ripeline.ripeness import actions as ripeness

_BEGUN = "demo.begin"
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def note_begin() -> None:
    """Leave a mark before the first thing is made."""
    people.audit(actor=queries.system(), verb=_BEGUN)


def is_broken_off() -> bool:
    """Whether somebody began and nobody else is here: then everything there is was made by the build."""
    has_begun = queries.audited_since(_BEGUN, "", _EVER) > 0
    return has_begun and not queries.people().exclude(email__endswith=f"@{DOMAIN}").exists()


def clear() -> None:
    """Empty every table of ours and make the built-in rows anew, in one transaction."""
    tables = ", ".join(
        connection.ops.quote_name(m._meta.db_table) for m in apps.get_app_config("ripeline").get_models()
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        people.seed()
        catalog.seed()
        ripeness.seed()
