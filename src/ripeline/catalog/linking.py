"""Links that marketing makes for a post, a newsletter or a poster: short, counted, and free to lead elsewhere later."""

import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db import transaction
from django.utils.encoding import iri_to_uri, punycode

from ripeline.catalog.actions import campaigns_named
from ripeline.catalog.assets import is_address
from ripeline.catalog.models import Campaign, CountedLink
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another, as on a poster
_LENGTH = 7
LONGEST = 1500  # characters that a signed link carries


class LinkError(ValueError):
    """A link that cannot be so; `field` says where to show it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def keep(
    *, actor: User, name: str, address: str, campaign: str = "", tells: bool = True, code: str = "", key: str = ""
) -> CountedLink:
    """Make a link, or lead the one of this code elsewhere. Raises LinkError beside the field at fault.

    `key` names the request: the same again makes no other link. `tells`: whether the page hears by utm_… where they
    came from; what its address says already stays.
    """
    require_keeps_catalog(actor)
    name, address = " ".join(name.split())[:120], _tidy(address)
    if not name:
        raise LinkError("Say where it will stand.", "name")
    if not is_address(address):
        raise LinkError("Write a whole address, such as https://www.example.com/offer.", "address")
    with transaction.atomic():
        known = _campaign(campaign)
        values = {"name": name, "address": address, "campaign": known, "tells": tells}
        if code:
            link = CountedLink.objects.select_for_update().get(code=code)
            for field, value in values.items():
                setattr(link, field, value)
            link.save()
        else:
            link = _made(key or secrets.token_hex(), values | {"created_by": actor})
        host = urlsplit(address).hostname or ""
        people.audit(actor=actor, verb="link.change" if code else "link.make", target=link.code, host=host)
    return link


def _made(key: str, values: Mapping[str, Any]) -> CountedLink:
    """The link that a request makes, or has made; where another has its code already, the next one."""
    for place in count():
        digits = int.from_bytes(blake2b(f"{place} {key}".encode(), digest_size=8).digest())
        code = "".join(_LETTERS[digits // len(_LETTERS) ** at % len(_LETTERS)] for at in range(_LENGTH))
        link, is_new = CountedLink.objects.get_or_create(code=code, defaults=values)
        if is_new or (link.name, link.address) == (values["name"], values["address"]):
            return link
    raise AssertionError("there are more codes than links")


def set_active(*, actor: User, code: str, is_active: bool) -> None:
    """Let it lead nowhere, or again where it did."""
    require_keeps_catalog(actor)
    with transaction.atomic():
        if CountedLink.objects.filter(code=code, is_active=not is_active).update(is_active=is_active):
            people.audit(actor=actor, verb="link.open" if is_active else "link.shut", target=code)


def find(code: str) -> CountedLink | None:
    return CountedLink.objects.select_related("campaign").filter(code=code).first()


def links() -> Sequence[CountedLink]:
    """Every link, the newest first; those that lead nowhere last."""
    return list(CountedLink.objects.select_related("campaign").order_by("-is_active", "-created_at", "code"))


def target(link: CountedLink) -> str:
    """Where whoever follows it comes out; where `tells`, with what the address does not say of itself."""
    if not link.tells:
        return link.address
    head, mark, fragment = link.address.partition("#")
    said = {name for name, _ in parse_qsl(urlsplit(head).query, keep_blank_values=True)}
    told = {"utm_source": link.name, "utm_campaign": link.campaign.name if link.campaign else ""}
    more = urlencode({name: text for name, text in told.items() if text and name not in said})
    whole = head + ("&" if "?" in head else "?") + more + mark + fragment
    return whole if more and len(whole) <= LONGEST else link.address


def _tidy(address: str) -> str:
    """As it stands in a header, and as a signed link knows it: keyboards of phones write Https://, and hosts have ü."""
    scheme, mark, rest = address.strip().partition("://")
    host, *more = re.split(r"(?=[/?#])", rest, maxsplit=1)
    with suppress(UnicodeError):
        host = punycode(host)
    return iri_to_uri(f"{scheme.lower()}{mark}{host}{''.join(more)}")


def _campaign(name: str) -> Campaign | None:
    return next(iter(campaigns_named([name]).values()), None)
