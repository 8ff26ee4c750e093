"""Mail of Ripeline's own (invitations, resets), where a mail server is set."""

import logging
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest

from ripeline.people import links
from ripeline.people.models import User
from ripeline.people.working_time import company

log = logging.getLogger(__name__)
# One thread: an answer then takes the same time whether or not there was somebody to write to.
post_office = ThreadPoolExecutor(max_workers=1, thread_name_prefix="letters")


def can_send() -> bool:
    """Whether a mail server is set."""
    return settings.HAS_SMTP


def link(request: HttpRequest, user: User) -> str:
    """The absolute link by which `user` sets a password."""
    where = links.path(user)
    return f"{settings.ENV.base_url_given}{where}" if settings.ENV.base_url_given else request.build_absolute_uri(where)


def write(user: User, address: str) -> tuple[str, str]:
    """Subject and text of the letter that carries the link `address`."""
    firm = company().name or "Ripeline"
    if user.has_usable_password():
        return (
            "A new password for Ripeline",
            f"Hello {user.name},\n\nset a new password here (for three days, once):\n\n{address}\n\n"
            "If you did not ask for this, nothing needs to be done; your password stays as it is.\n",
        )
    return (
        f"{firm} invites you to Ripeline",
        f"Hello {user.name},\n\nyou are invited to Ripeline, where {firm} follows up its leads. "
        f"Choose a password here (for three days, once):\n\n{address}\n",
    )


def send(user: User, address: str) -> bool:
    """Send the link now; False where the mail server refused or could not be reached."""
    subject, text = write(user, address)
    try:
        send_mail(subject, text, None, [user.email])
    except (OSError, SMTPException):
        log.exception("a letter to %s could not be handed over", user.email)
        return False
    return True


def send_soon(user: User, address: str) -> None:
    """Send the link without letting the caller wait."""
    subject, text = write(user, address)
    post_office.submit(_deliver, subject, text, user.email)


def _deliver(subject: str, text: str, email: str) -> None:
    try:
        send_mail(subject, text, None, [email])
    except (OSError, SMTPException):
        log.exception("a letter to %s could not be handed over", email)
