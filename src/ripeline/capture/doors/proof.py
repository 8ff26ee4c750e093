"""The proof that a form was looked at before it was sent: signed, for one door, good once and for a day.

Its number becomes the submission's id, so that sending twice counts once. It needs no cookie and no script.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.core import signing

from ripeline.base import clock
from ripeline.capture.models import Door

_SALT = "ripeline.form"
LASTS = timedelta(days=1)


class StaleProofError(ValueError):
    """The page was opened too long ago, or was not one of ours: what was typed is shown again, with a fresh proof."""


@dataclass(frozen=True)
class Proof:
    """Which page was sent, and how long somebody looked at it."""

    id: UUID
    age: timedelta


def issue(door: Door) -> str:
    """A fresh proof for a page of this door."""
    return signing.dumps([str(door.pk), uuid4().hex, clock.now().timestamp()], salt=_SALT, compress=False)


def read(door: Door, text: str) -> Proof:
    """The proof that came back. Raises StaleProofError."""
    try:
        door_id, number, issued = signing.loads(text[:400], salt=_SALT)
        age = timedelta(seconds=clock.now().timestamp() - float(issued))
        proof = Proof(UUID(number), age)
    except (signing.BadSignature, ValueError, TypeError) as wrong:
        raise StaleProofError from wrong
    if door_id != str(door.pk) or not timedelta(minutes=-5) <= age <= LASTS:
        raise StaleProofError
    return proof
