"""Who is signed in, as Django keeps it: what each request asks for is asked by plain statements."""

from copy import copy
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.models import Session
from django.utils import timezone

from ripeline.base.reading import made, read
from ripeline.base.settled import Settled
from ripeline.base.statements import prepared_rows
from ripeline.people.models import User

_users = Settled(lambda: {user.pk: user for user in read(User, "")}, "user")
_COLUMNS = ("session_key", "session_data", "expire_date")
_KEPT = (
    "SELECT session_key, session_data, expire_date FROM django_session "
    "WHERE session_key = %s::text AND expire_date > %s::timestamptz"
)


class SessionStore(Stored):
    """Django's own sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        found = prepared_rows(_KEPT, [self.session_key, timezone.now()])
        if not found:
            self._session_key = None
            return None
        return made(Session, dict(zip(_COLUMNS, found[0], strict=True)))


class Backend(ModelBackend):
    """Django's own way of signing in, by address and password."""

    def get_user(self, user_id: Any) -> User | None:
        found = _users.now().get(user_id)
        return copy(found) if found and self.user_can_authenticate(found) else None
