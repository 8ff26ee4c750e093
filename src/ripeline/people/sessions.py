"""Who is signed in, as Django keeps it: what each request asks for is asked by plain statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.models import Session
from django.utils import timezone

from ripeline.base.reading import made
from ripeline.base.settled import look
from ripeline.base.statements import prepared_rows
from ripeline.people import queries
from ripeline.people.models import User

_KEPT = "SELECT session_data FROM django_session WHERE session_key = %s::text AND expire_date > %s::timestamptz"


class SessionStore(Stored):
    """Django's own sessions in the database."""

    @contextmanager
    def look(self) -> Iterator[None]:
        """Look at what seldom changes (`base.settled`), and at this session with it."""
        with look(_KEPT, self._asked()) as data:
            self._looked_up = data
            yield

    def _get_session_from_db(self) -> Session | None:
        data, self._looked_up = self._looked_up, None
        if data is None:
            data = next((data for (data,) in prepared_rows(_KEPT, self._asked())), None)
        if data is None:
            self._session_key = None
            return None
        return made(Session, {"session_key": self.session_key, "session_data": data})

    def _asked(self) -> list[Any]:
        return [self.session_key, timezone.now()]

    _looked_up: str | None = None  # until it is read


class Backend(ModelBackend):
    """Django's own way of signing in, by address and password."""

    def get_user(self, user_id: Any) -> User | None:
        found = queries.users(()).get(user_id)
        return copy(found) if found and self.user_can_authenticate(found) else None
