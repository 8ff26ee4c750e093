"""Long work in one process's hands: whoever claims it has it until they are done, or until their process dies."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from django.db import connection


@contextlib.contextmanager
def claimed(what: str, which: object) -> Iterator[bool]:
    """Have this piece of work to oneself inside the block, if nobody else has; whether it is ours.

    An advisory lock on a connection of its own, which PostgreSQL frees when that connection is gone. It is given back
    before that, since a server may be slow to notice that it is.
    """
    params: dict[str, Any] = connection.get_connection_params()
    for name in ("cursor_factory", "context"):  # Django's own, which know of its connection
        params.pop(name, None)
    with contextlib.closing(psycopg.connect(**params, autocommit=True)) as own:
        own.execute("SELECT set_config('tcp_keepalives_idle', '30', false)")  # a machine that died is noticed
        found = own.execute("SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))", [what, str(which)]).fetchone()
        is_ours = bool(found and found[0])
        try:
            yield is_ours
        finally:
            if is_ours:
                with contextlib.suppress(psycopg.Error):  # gone already, and the lock with it
                    own.execute("SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))", [what, str(which)])
