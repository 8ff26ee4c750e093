"""Links by which somebody sets a password: signed, expiring (PASSWORD_RESET_TIMEOUT), for one use and one purpose."""

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from ripeline.base import clock
from ripeline.people import queries
from ripeline.people.models import User


class Tokens(PasswordResetTokenGenerator):
    """A token dies with the password it was made under, so that using one link ends all of that person's."""

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.key_salt = f"ripeline.{purpose}"

    def _now(self) -> datetime:
        return clock.now().replace(tzinfo=None)  # Django subtracts naive moments


PURPOSES = {"invitation": Tokens("invitation"), "reset": Tokens("reset")}


def path(user: User) -> str:
    """The path of `user`'s link, from `/` on: an invitation until they have a password, then a reset."""
    purpose = "reset" if user.has_usable_password() else "invitation"
    return f"/{purpose}/{urlsafe_base64_encode(force_bytes(user.pk))}/{PURPOSES[purpose].make_token(user)}"


def holder(purpose: str, who: str, token: str) -> User | None:
    """Whose link this is, if it still holds."""
    try:
        user = queries.people().filter(pk=urlsafe_base64_decode(who).decode(), is_active=True).first()
    except (ValueError, ValidationError):
        return None
    return user if user and PURPOSES[purpose].check_token(user, token) else None
