"""Each thread keeps its connection to PostgreSQL; one that PostgreSQL has ended is found before a page asks anything.

Django's own check asks PostgreSQL a question for every page, and to take a connection from a pool and give it back took
as long again: together a twentieth of a list. What a backend keeps for itself grows with what it is asked, so after an
hour (`CONN_MAX_AGE`) Django lets each go before or after a page, which costs a look at the clock.
"""

import select
from typing import Any

from django.core.signals import request_started
from django.db import connections


def begin() -> None:
    """From now on, whenever Django is asked for something."""
    request_started.connect(let_go)


def let_go(**_: Any) -> None:
    """Close what was ended from the other side: what asks next opens another."""
    for each in connections.all(initialized_only=True):
        if each.connection is not None and not each.in_atomic_block and is_ended(each.connection):
            each.close()


def is_ended(connection: Any) -> bool:
    """Whether something waits where nothing was asked: the end, or the last words of a server that goes.

    A harmless word, of a setting that was changed, costs no more than another connection.
    """
    if connection.closed:
        return True
    ears = select.poll()
    ears.register(connection.pgconn.socket, select.POLLIN)
    return bool(ears.poll(0))
