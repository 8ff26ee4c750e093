"""Identifiers: UUIDv7, made here and never by the database, so that they sort by birth and any PostgreSQL serves."""

from uuid import UUID

import uuid_utils
import uuid_utils.compat

from ripeline.base import clock


def new_id() -> UUID:
    """A new UUIDv7 of the clock's present moment."""
    if clock.is_real():
        return uuid_utils.compat.uuid7()
    moment = clock.now()
    return UUID(bytes=uuid_utils.uuid7(int(moment.timestamp()), moment.microsecond * 1000).bytes)
