"""Keys by which a person or a company is known, made of what is written of them."""

import re
from pathlib import Path

from ripeline.base.addresses import email_key
from ripeline.leads.words.names import name_words, words_of

# Addresses at these belong to a person, not to a company.
FREE_MAIL = frozenset((Path(__file__).parent / "free_mail.txt").read_text("utf-8").split())


def domain_of(email: str) -> str:
    """The company domain of an address; "" for free mail."""
    domain = email_key(email).rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain


def account_key(company: str, email: str = "", website: str = "") -> str:
    """`d:` + the company's domain, else `n:` + its normalised name; "" where neither is known."""
    site = re.sub(r"^(?:https?://)?(?:www\.)?", "", website.strip().casefold()).split("/")[0]
    domain = site if "." in site and site not in FREE_MAIL else domain_of(email)
    if domain:
        return f"d:{domain}"[:200]
    name = " ".join(words_of(company))
    return f"n:{name}"[:200] if name else ""


def phone_key(phone: str, name: str, company: str = "") -> str:
    """A telephone number together with whose it is: the same number and name is the same person.

    A number alone is not, since people share switchboards; nor is a single word of a name. Where nobody says a name,
    the company stands for it. "" where that is not known, or the number is not one that can be dialled from anywhere.
    """
    if not re.fullmatch(r"\+\d{6,15}", phone):
        return ""
    who = name_words(name)
    if len(who) > 1:
        return f"{phone} {' '.join(sorted(who))}"[:254]
    at = "" if name.strip() else " ".join(words_of(company))
    return f"{phone} @{at}"[:254] if at else ""


def number_of(key: str) -> str:
    """The telephone number of a `phone_key`."""
    return key.partition(" ")[0]
