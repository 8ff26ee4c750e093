"""Tracked links: signed, so that they lead nowhere but where we said, and can be made for no person but by us.

A link in a mail knows a person only weakly: mails are forwarded. See docs/explanation/tracking.md. Pure.
"""

import base64
import hashlib
import hmac
from uuid import UUID, uuid4

import msgspec

from ripeline.timeline.hits import HitKind

_SIGNATURE = 16  # bytes
LONGEST = 3000  # characters of a token
LONGEST_TARGET = 1500
PARAMETER = "ripeline"  # carries a person's token to a page of ours


class Link(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What a token says. `target` is empty for a pixel, and for the token that a page hands on."""

    kind: str  # click, open, person
    target: str = ""
    lead_id: UUID | None = None
    message: str = ""  # names the mail, so that its links are told from another's
    place: int = 0  # the link's place in the mail
    sent: int = 0  # seconds since 1970
    asset: str = ""  # the asset's key, where the target is one
    code: str = ""  # of a link that marketing made for everybody


class BadLink(ValueError):
    """The token is not one of ours, or was changed."""


_decoder = msgspec.msgpack.Decoder(Link)


def make(link: Link, secret: str) -> str:
    """A token for an address."""
    if link.kind == HitKind.CLICK and not is_web_address(link.target):
        raise BadLink("A tracked link leads to an address that begins with http:// or https://.")
    body = msgspec.msgpack.encode(link)
    return base64.urlsafe_b64encode(_sign(body, secret) + body).rstrip(b"=").decode()


def read(token: str, secret: str, kind: str) -> Link:
    """What a token says. Raises BadLink for anything we did not make, and for one made for something else."""
    try:
        if len(token) > LONGEST:
            raise ValueError
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not hmac.compare_digest(signature, _sign(body, secret)):
            raise ValueError
        link = _decoder.decode(body)
        if link.kind != kind:
            raise ValueError
    except (ValueError, msgspec.MsgspecError) as problem:
        raise BadLink("This link is not complete, or not one of ours.") from problem
    return link


def is_web_address(text: str) -> bool:
    """Whether a browser can be sent there: http or https, one line, with a host."""
    head, _, rest = text.partition("://")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' "<>\\')
    return head in ("http", "https") and rest[:1] not in ("", "/", "?", "#") and plain and len(text) <= LONGEST_TARGET


def nobodys(link: Link) -> Link:
    """The same link without whom it was made for: who asks not to be tracked is led on, and counted, as anybody."""
    return msgspec.structs.replace(link, lead_id=None, message="")


def visitor_of(link: Link) -> UUID:
    """Who follows the links of one mail, as a visitor of their own: the mail's, not a browser's."""
    if not (link.lead_id or link.message):
        return uuid4()  # made for nobody: each who follows it is somebody else
    name = f"{link.lead_id or ''}|{link.message}|{'' if link.message else link.target}"
    return UUID(bytes=hashlib.blake2b(name.encode(), digest_size=16, person=b"ripeline link").digest(), version=4)


def _sign(body: bytes, secret: str) -> bytes:
    return hmac.new(b"ripeline tracked link" + secret.encode(), body, hashlib.sha256).digest()[:_SIGNATURE]
