"""An upgrade builds the indexes of lists anew, beside the leads that are there; one that broke off goes on."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ripeline.leads.finding import lists
from ripeline.leads.finding.lists import Filters
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.cast import MakeLead
from tests.leads.test_lists import ZONE


def the_upgrade() -> tuple[Any, Any]:
    """The migration by itself, and how the models were before it: later ones stay as they are."""
    loader = MigrationLoader(connection, replace_migrations=False)
    (key,) = (key for key in loader.disk_migrations if key[1].endswith("_lists_from_indexes"))
    migration = loader.disk_migrations[key]
    return migration, loader.project_state(migration.dependencies)


def undo() -> None:
    migration, before = the_upgrade()
    with connection.schema_editor(atomic=migration.atomic) as editor:
        migration.unapply(before, editor)


def upgrade() -> None:
    migration, before = the_upgrade()
    with connection.schema_editor(atomic=migration.atomic) as editor:
        migration.apply(before, editor)


def indexes() -> dict[str, str]:
    """How each index of leads is made, by its name; those alone that may be used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_get_indexdef(oid) FROM pg_class JOIN pg_index ON indexrelid = oid"
            " WHERE indrelid = 'lead'::regclass AND indisvalid"
        )
        return dict(cursor.fetchall())


@pytest.fixture
def there_now(transactional_db: None) -> Iterator[dict[str, str]]:
    """The indexes of this version, which the database has again afterwards."""
    found = indexes()
    yield found
    if indexes() != found:  # the test broke off
        upgrade()


def names(actor: User, **asked: str) -> list[str]:
    actor = User.objects.get(pk=actor.pk)
    return [row.name for row in lists.page(actor, Filters(**asked), zone=ZONE).rows]


def test_leads_of_before_are_listed_by_the_new_indexes_and_go_on_being_written(
    there_now: dict[str, str], alice: User, ada: User, make_lead: MakeLead
) -> None:
    undo()
    assert {"lead_of_owner", "lead_closed_of_owner", "lead_next", "lead_newest"} <= indexes().keys()
    assert not {name for name in indexes() if "_newest_" in name or "_next_of_" in name}
    kept = make_lead(alice, name="Kept")
    Lead.objects.filter(pk=make_lead(alice, name="Merged").pk).update(merged_into=kept)
    assert names(alice) == ["Kept"]  # the old indexes serve the new lists, too, while others upgrade
    upgrade()
    assert indexes() == there_now
    make_lead(alice, name="Written after", state="working")
    assert names(alice) == ["Written after", "Kept"]
    assert names(ada, view="all", state="working") == ["Written after"]


def test_an_upgrade_that_broke_off_between_two_indexes_goes_on(there_now: dict[str, str], lead: Lead) -> None:
    undo()
    with connection.cursor() as cursor:
        cursor.execute(there_now["lead_newest_of_owner"])  # the first was built, and then the machine went away
    upgrade()
    assert indexes() == there_now


@pytest.mark.django_db
def test_each_index_is_built_in_a_transaction_of_its_own_before_an_old_one_goes() -> None:
    """All are built before the first old one goes, and none shares a transaction: nobody who reads waits for that."""
    migration, _ = the_upgrade()
    assert migration.atomic is False
    kinds = [operation.__class__.__name__ for operation in migration.operations]
    assert kinds == ["AddIndex"] * 7 + ["RemoveIndex"] * 6
