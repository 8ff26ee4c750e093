"""By what the person of a row is known; where the mailbox is one that several read, also by the name."""

from collections.abc import Sequence

from ripeline.capture.columns.row import Row
from ripeline.capture.columns.twice import Seen, is_another
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.knowing.shared_mailboxes import is_shared, of_one
from ripeline.leads.models import Lead


def keys_of(row: Row) -> tuple[Key, ...]:
    """By what a row's person is known: e-mail address and id."""
    found = (identity.email(row.text("email")), identity.external(row.text("external_id"), row.system))
    return tuple(one for one in found if one)


class Mailboxes:
    """Whose the shared mailboxes are, of some rows and by those before them: the first name that comes with one has it,
    and whoever else reads it is known by mailbox and name.
    """

    def __init__(self) -> None:
        self._names: dict[Key, str] = {}  # whom a mailbox's lead is called
        self._apart: set[Key] = set()  # of others who read one, and are here

    def look(self, rows: Sequence[Row]) -> None:
        """Find out who of those in these rows are here; two queries where a mailbox is shared, else none."""
        shared = [row for row in rows if _is_of_several(row)]
        if not shared:
            return
        mailboxes = {key for row in shared if (key := identity.email(row.text("email")))}
        others = {_of_one(row) for row in shared}
        found = identity.resolve(mailboxes | others)
        named = dict(Lead.objects.filter(pk__in=set(found.values())).values_list("pk", "name"))
        self._names = {key: named.get(lead_id, "") for key, lead_id in found.items() if key in mailboxes}
        self._apart = others & found.keys()

    def keys(self, row: Row, seen: Seen) -> tuple[Key, ...]:
        """By what the row's person is known, after the rows that were `seen`."""
        keys = keys_of(row)
        if not _is_of_several(row):
            return keys
        mailbox, own, name = identity.email(row.text("email")), _of_one(row), row.text("name")
        before = seen.name_of(keys) or (self._names.get(mailbox, "") if mailbox else "")
        if own not in self._apart and not is_another(name, before):
            return keys
        return tuple(key for key in keys if key != mailbox) or (own,)


def _is_of_several(row: Row) -> bool:
    return bool(row.text("name")) and is_shared(row.text("email"))


def _of_one(row: Row) -> Key:
    return of_one(row.text("email"), row.text("name"))
