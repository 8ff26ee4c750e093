"""What looks like an e-mail address, when two are the same one, and when they are the same mailbox."""

import re
import unicodedata

# What looks like an address. In a cell or a field, where others may stand beside it, between signs that no address has
# (as `booth-reading.js` has it); in running text, where a colon or a bracket may touch it.
IN_CELL = re.compile(r"[^\s<>,;\"()\[\]@]{1,100}@[^\s<>,;\"()\[\]@]{1,255}")
IN_TEXT = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")

_LONGEST_ADDRESS = 254  # characters that an address can have, and an identity's key

# Providers that deliver name+anything@ to name@, by what they say of themselves. Elsewhere a tag may be somebody else.
_TAGGED = frozenset(
    [
        "gmail.com",
        "outlook.com",
        "outlook.de",
        "outlook.fr",
        "outlook.es",
        "outlook.it",
        "outlook.pt",
        "hotmail.com",
        "hotmail.co.uk",
        "hotmail.de",
        "hotmail.fr",
        "hotmail.es",
        "hotmail.it",
        "live.com",
        "live.de",
        "live.fr",
        "live.co.uk",
        "live.nl",
        "msn.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "proton.me",
        "protonmail.com",
        "protonmail.ch",
        "pm.me",
        "fastmail.com",
        "fastmail.fm",
        "mailbox.org",
        "posteo.de",
        "zoho.com",
        "hey.com",
    ]
)
_DOTLESS = frozenset(["gmail.com"])  # a.b@ is ab@
_SAME = {"googlemail.com": "gmail.com"}
PROVIDERS = _TAGGED | _SAME.keys()  # where a mailbox has several spellings


def email_key(email: str) -> str:
    """An address in one spelling: NFKC, case folded, the domain in its ASCII form; "" if it is none."""
    text = unicodedata.normalize("NFKC", email).strip().casefold()
    local, at, domain = text.rpartition("@")
    if not (local and at and domain):
        return ""
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    key = f"{local}@{domain}"
    return key if len(key) <= _LONGEST_ADDRESS else ""  # cut, two of them could become one


def mailbox_key(email: str) -> str:
    """The mailbox that an address reaches: without tag and dots where its provider ignores them; "" if it is none.

    Who somebody is, by mail. Not for consent or suppression, which are about the very address that was given.
    """
    key = email_key(email)
    local, _, domain = key.rpartition("@")
    domain = _SAME.get(domain, domain)
    if domain not in _TAGGED or local.startswith('"'):
        return key
    name = local.partition("+")[0]
    if domain in _DOTLESS:
        name = name.replace(".", "")
    return f"{name or local}@{domain}"
