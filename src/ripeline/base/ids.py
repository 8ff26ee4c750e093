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
    seconds, microseconds = int(moment.timestamp()), moment.microsecond
    return UUID(bytes=uuid_utils.uuid7(nanoseconds=(seconds * 1_000_000 + microseconds) * 1000).bytes)
