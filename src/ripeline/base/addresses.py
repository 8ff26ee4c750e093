"""When two e-mail addresses are the same one."""

import unicodedata

_LONGEST_ADDRESS = 254  # characters that an address can have, and an identity's key


def email_key(email: str) -> str:
    """The identity key of an address: NFKC, case folded, the domain in its ASCII form; "" if it is none."""
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
