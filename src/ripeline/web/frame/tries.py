"""How often somebody may try a password: failed tries are noted in the audit log, and counted there by its index.

A person is counted at the place they try from, so that a stranger elsewhere locks nobody out; a place as a whole is let
try more often, since an office or a proxy has many people behind it who mistype.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from ripeline.base import clock
from ripeline.people import actions as people
from ripeline.people import queries

WINDOW = timedelta(minutes=15)
FOR_ONE_PERSON = 10  # from one address
FROM_ONE_ADDRESS = 200


def address(request: HttpRequest) -> str:
    """Where a request comes from; behind a trusted proxy, what the proxy saw (the last entry, which it wrote)."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.ENV.trusted_proxy else ""
    return forwarded.split(",")[-1].strip() or str(request.META.get("REMOTE_ADDR", "?"))


def count(verb: str, target: str) -> int:
    """How often this was noted lately."""
    return queries.audited_since(verb, target, clock.now() - WINDOW)


def too_many(request: HttpRequest, verb: str, email: str) -> bool:
    """Whether this person at this address, or the address as a whole, has failed too often lately."""
    return (
        count(verb, _person_there(request, email)) >= FOR_ONE_PERSON
        or count(f"{verb}_from", address(request)) >= FROM_ONE_ADDRESS
    )


def note(request: HttpRequest, verb: str, email: str) -> None:
    """A failed try, under the person at their address and under the address."""
    people.audit(actor=None, verb=verb, target=_person_there(request, email), email=email, address=address(request))
    people.audit(actor=None, verb=f"{verb}_from", target=address(request))


def _person_there(request: HttpRequest, email: str) -> str:
    return f"{address(request)} {email}"
