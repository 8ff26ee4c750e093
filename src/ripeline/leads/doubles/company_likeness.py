"""Whether two rows may be one company: what speaks for it, in words and points. Pure; joins nobody.

A name says it where the two differ by a legal form alone, or where the domains of both bear the name out:
“Self-employed” at two domains are two. A domain says it where both are of one brand, and both names are, too.
"""

import re
from typing import NamedTuple
from uuid import UUID

from ripeline.leads.doubles.likeness import Likeness, number
from ripeline.leads.knowing import same_name
from ripeline.leads.words.plain import unaccented

ENOUGH = 50  # points; as of people


class Known(NamedTuple):
    """What of a company is compared."""

    id: UUID
    name: str
    domain: str


def blocks(who: Known) -> set[int]:
    """What a company may have in common with another row of it, as numbers."""
    shared = [f"name:{_run_on(who.name)}" if tells(core(who.name)) else "", f"brand:{brand(who.domain)}"]
    return {number(text) for text in shared if text.partition(":")[2]}


def core(name: str) -> str:
    """A company's name without its legal form, however it is spelt.

    >>> core("Müller & Söhne GmbH"), core("MUELLER und Soehne"), core("AG")
    ('mueller soehne', 'mueller soehne', 'ag')
    """
    words = _words(name)
    return " ".join([word for word in words if word not in same_name._LEGAL] or words)


def _run_on(name: str) -> str:
    return core(name).replace(" ", "")  # Müller-Werke, Müller Werke


def tells(core: str) -> bool:
    """Whether a name without its legal form says which company it is: not "Consulting", nor "X"."""
    return any(len(word) > 2 and word not in same_name._COMMON for word in core.split())


def brand(domain: str) -> str:
    """The part of a domain that a company has beside other endings; "" where it says too little.

    >>> brand("acme.de"), brand("www.acme.co.uk"), brand("ab.example"), brand("")
    ('acme', 'acme', '', '')
    """
    parts = [part for part in domain.split(".")[:-1] if part not in same_name._ABOVE]
    found = re.sub(r"[^a-z0-9]", "", parts[-1]) if parts else ""
    return found if len(found) >= same_name._TELLING and found not in same_name._COMMON else ""


def compare(one: Known, other: Known) -> Likeness | None:
    """What speaks for it, if that is worth somebody's look."""
    is_brand = bool(brand(one.domain)) and brand(one.domain) == brand(other.domain)
    both = " and ".join(sorted(filter(None, (one.domain, other.domain))))
    borne_out = [same_name.bears_out(each.domain, each.name) for each in (one, other) if each.domain]
    if _run_on(one.name) == _run_on(other.name) and tells(core(one.name)):
        points, evidence = _named_alike(one, other)
        if len(borne_out) == 2:
            if not (is_brand or all(borne_out)):
                return None
            points += 15 if is_brand else 0
            evidence.append(f"{both} are of one brand" if is_brand else "both domains bear it out")
        elif any(borne_out):
            points += 15
            evidence.append(f"{both} bears it out")
        return Likeness(points, evidence)
    if is_brand and len(borne_out) == 2 and all(borne_out):
        return Likeness(60, [f"{both} are of one brand, and both names are, too"])
    return None


def _named_alike(one: Known, other: Known) -> Likeness:
    if _words(one.name) == _words(other.name):
        return Likeness(75, ["the same name"])
    forms = [{word for word in _words(each.name) if word in same_name._LEGAL} for each in (one, other)]
    if all(forms):
        return Likeness(50, ["the same name with another legal form"])
    return Likeness(70, ["the same name but for the legal form"])


def _words(name: str) -> list[str]:
    plain = unaccented(name.casefold().translate(same_name._UMLAUTS))
    return [word for each in plain.split() if (word := re.sub(r"[^a-z0-9]", "", each))]
