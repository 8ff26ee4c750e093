"""Links that act without a sign-in: signed, each for one purpose. Looking at one changes nothing; posting does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing

from ripeline.base import clock
from ripeline.catalog.phrases import Language

CONFIRM_FOR = timedelta(days=7)
_UNSUBSCRIBE, _CONFIRM = "ripeline.unsubscribe", "ripeline.confirm"


@dataclass(frozen=True)
class Unsubscribing:
    """Whose mail a link lets its reader stop or choose, and by which purpose it came, "" for an answer.

    Such a link does not expire.
    """

    address_hash: str
    purpose: str
    lead_id: UUID | None


def unsubscribe_path(address_hash: str, purpose: str, lead_id: UUID | None) -> str:
    """The path of the link, from `/` on."""
    return f"/unsubscribe/{signing.dumps([address_hash, purpose, lead_id.hex if lead_id else ''], salt=_UNSUBSCRIBE)}"


def unsubscribing(token: str) -> Unsubscribing | None:
    """What a token lets one stop; None if it is not ours."""
    try:
        address_hash, purpose, lead = signing.loads(token, salt=_UNSUBSCRIBE)
        return Unsubscribing(address_hash, purpose, UUID(lead) if lead else None)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def in_language(path: str, language: str) -> str:
    """A path whose page is to be in the language of the mail; without one, the page asks the browser. It needs no
    signature, as it only chooses words.
    """
    return f"{path}?lang={language}" if language in Language else path


def confirm_path(consent_id: UUID, asked_at: datetime) -> str:
    """The path of the link of a double opt-in; it holds for seven days and for this asking."""
    until = int((clock.now() + CONFIRM_FOR).timestamp())
    return f"/confirm/{signing.dumps([consent_id.hex, int(asked_at.timestamp()), until], salt=_CONFIRM)}"


def is_whole_confirming(token: str) -> bool:
    """Whether we made it, be it too old by now; one that a mail program cut short is not."""
    try:
        signing.loads(token, salt=_CONFIRM)
    except (signing.BadSignature, ValueError):
        return False
    return True


def confirming(token: str) -> tuple[UUID, int] | None:
    """Which consent a token confirms, and when that was asked for (seconds); None if it is not ours or too old."""
    try:
        consent, asked_at, until = signing.loads(token, salt=_CONFIRM)
        return (UUID(consent), int(asked_at)) if until >= clock.now().timestamp() else None
    except (signing.BadSignature, ValueError, TypeError):
        return None
