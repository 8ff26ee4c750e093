"""Keys by which programs sign in: shown once, kept as a digest, good for what they were made for, revoked at once."""

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.settled import Settled
from ripeline.people import actions, rules
from ripeline.people.actions import PeopleError
from ripeline.people.models import ApiKey, User

SCOPES = {"capture": "Bring leads in"}
_holding = Settled(lambda: {key.digest: key for key in ApiKey.objects.filter(revoked_at=None)}, "api_key")
_USED_EVERY = timedelta(hours=1)  # how exactly it is kept when a key was used last: not a write for every request


def issue(*, actor: User, name: str, scopes: Collection[str]) -> tuple[ApiKey, str]:
    """A new key and its secret, which nobody can read again. Raises PeopleError."""
    rules.require_administers(actor)
    name = " ".join(name.split())[:80]
    if not name:
        raise PeopleError("Say which program it is for.", "name")
    if not scopes or set(scopes) - SCOPES.keys():
        raise PeopleError(f"Choose what it may do: {', '.join(SCOPES)}.", "scopes")
    secret = f"rk_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name, start=secret[:9], digest=_digest(secret), scopes=sorted(set(scopes)), created_by=actor
        )
        actions.audit(actor=actor, verb="key.add", target=key.start, name=name, scopes=key.scopes)
    return key, secret


def holder(secret: str) -> ApiKey | None:
    """The key that this is the secret of, if it still holds."""
    digest = _digest(secret)
    key = _holding.now().get(digest)
    now = clock.now()
    if key and (key.used_at is None or now - key.used_at >= _USED_EVERY):
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def revoke(*, actor: User, key_id: UUID) -> None:
    """End a key, now and for ever."""
    rules.require_administers(actor)
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=clock.now()):
            actions.audit(actor=actor, verb="key.revoke", target=ApiKey.objects.get(pk=key_id).start)


def all_keys() -> Sequence[ApiKey]:
    """Every key, those that hold first."""
    return sorted(ApiKey.objects.select_related("created_by").order_by("-created_at"), key=lambda k: bool(k.revoked_at))


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
