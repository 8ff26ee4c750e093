"""Mailboxes that several people read: info@, einkauf@. Of two names that come with one, each is a person."""

from hashlib import sha256
from pathlib import Path

from ripeline.base.addresses import mailbox_key
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import IdentityKind
from ripeline.leads.words.names import name_words

_ROLES = frozenset(Path(__file__).with_name("role_mailboxes.txt").read_text(encoding="utf-8").split())
_SHORTEST = 4  # letters of what may stand before a place: info.koeln


def is_shared(address: str) -> bool:
    """Whether an address is called by what is done there, be it at some place, and not by whom it reaches."""
    local = address.partition("@")[0].casefold()
    first = local.replace(".", "-").replace("_", "-").partition("-")[0]
    return local in _ROLES or (len(first) >= _SHORTEST and first in _ROLES)


def of_one(address: str, name: str) -> Key:
    """The key of one of those who read a mailbox."""
    text = "\x1f".join(["shared", mailbox_key(address), *sorted(name_words(name))])
    return Key(IdentityKind.NATURAL, sha256(text.encode()).hexdigest()[:40])
