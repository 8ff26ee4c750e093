"""Mail of Ripeline's own (invitations, resets): through the outbox where there is a way out, else links to copy."""

from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest

from ripeline.base import clock
from ripeline.outbox import actions as outbox
from ripeline.outbox import queries
from ripeline.outbox.models import Message, MessageState
from ripeline.people import links
from ripeline.people.models import User

KINDS = ("invitation", "reset")
HOLDS = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def can_send() -> bool:
    """Whether a mail server or a provider is set."""
    return queries.can_send()


def root(request: HttpRequest) -> str:
    """The address of the pages, for links: as set, or as whoever looks has opened it."""
    return str(settings.ENV.base_url_given or request.build_absolute_uri("/").rstrip("/"))


def link(request: HttpRequest, user: User) -> str:
    """The absolute link by which `user` sets a password."""
    return f"{root(request)}{links.path(user)}"


def send(request: HttpRequest, user: User, *, actor: User) -> Message:
    """Mail them the link by which they set a password; one that still waits is not sent twice."""
    kind = "reset" if user.has_usable_password() else "invitation"
    last = queries.latest([kind], user.email)
    if last and last.state == MessageState.WAITING:
        return last
    context = {"base_url": root(request)}
    return outbox.send(kind=kind, to=user.email, name=user.name, key=uuid4().hex, context=context, actor=actor)


def send_reset(request: HttpRequest, email: str) -> None:
    """Whoever has forgotten a password; an address that nobody here has takes the same time, and gets nothing."""
    if outbox.is_address(email):
        outbox.send(kind="reset", to=email, key=uuid4().hex, context={"base_url": root(request)})


def last(user: User) -> Message | None:
    """The last letter of ours to somebody who works here, as long as its link may hold."""
    found = queries.latest(KINDS, user.email)
    return found if found and found.created_at > clock.now() - HOLDS else None
