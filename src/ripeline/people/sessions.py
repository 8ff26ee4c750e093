"""Who is signed in, as Django keeps it: what each request asks for is asked by plain statements."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.models import Session
from django.utils import timezone

from ripeline.base.reading import read
from ripeline.people.models import User


class SessionStore(Stored):
    """Django's own sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        given = [self.session_key, timezone.now()]
        found = read(Session, "WHERE session_key = %s AND expire_date > %s", given)
        if not found:
            self._session_key = None
            return None
        return found[0]


class Backend(ModelBackend):
    """Django's own way of signing in, by address and password."""

    def get_user(self, user_id: Any) -> User | None:
        found = read(User, "WHERE id = %s", [user_id])
        return found[0] if found and self.user_can_authenticate(found[0]) else None
