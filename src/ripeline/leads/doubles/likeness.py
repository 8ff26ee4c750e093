"""Whether two records may be one person: what speaks for it, in words and points. Pure; joins nobody.

Points are a judgement, added up: `ENOUGH` of them is worth somebody's look. Measured by what it finds in the tests.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from rapidfuzz import fuzz

from ripeline.base.addresses import email_key
from ripeline.leads.words.names import name_words

ENOUGH, SURE, VERY_SURE = 50, 65, 85  # points
FEW = 3  # people with one telephone number; more, and it is a switchboard
_ALIKE = 86  # of 100, by RapidFuzz: two names that differ by a slip
_ROLES = frozenset(
    ["info", "office", "sales", "contact", "kontakt", "mail", "admin", "support", "hello", "marketing", "einkauf",
     "service", "team", "welcome", "enquiries"]
)  # fmt: skip
_FORMS = frozenset(
    ["gmbh", "ag", "kg", "co", "ltd", "limited", "inc", "llc", "plc", "corp", "company", "sa", "sas", "sarl", "srl",
     "spa", "bv", "nv", "oy", "ab", "as", "aps", "lda", "mbh", "und", "and", "the", "group"]
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What of a record is compared."""

    lead_id: UUID
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    account_id: UUID | None = None
    account_key: str = ""  # by which that account is known: `d:` + its domain, else `n:` + its name


class Likeness(NamedTuple):
    """How much speaks for it, and what, the strongest first."""

    points: int
    evidence: list[str]


def sure(points: int) -> str:
    """The points in a word."""
    return "very likely" if points >= VERY_SURE else "likely" if points >= SURE else "perhaps"


def blocks(who: Known) -> set[int]:
    """What somebody may have in common with the same person again, as numbers."""
    return {number(text) for text in _shared(who)}


def phone_block(who: Known) -> int | None:
    """The block of a telephone number: how many share it says whether it is a switchboard."""
    return number(f"p:{who.phone}") if _is_number(who.phone) else None


def _shared(who: Known) -> Iterator[str]:
    name = name_words(who.name)
    local, _, domain = _untagged(who.email)
    if _is_number(who.phone):
        yield f"p:{who.phone}"
    if name and who.account_id:
        yield f"a:{who.account_id}:{min(name[-1], name[0])[:2]}"
        yield f"a:{who.account_id}:{max(name[-1], name[0])[:2]}"
    firm = _firm(who.company)
    if len(name) > 1 and firm:
        yield f"n:{name[-1]}:{name[0][0]}:{firm[0][0]}"
    if local and local not in _ROLES:
        yield f"m:{local}" if _is_telling(local) else f"m:{local}@{domain}"


def compare(one: Known, other: Known, *, sharing: int = 2) -> Likeness | None:
    """What speaks for two records being one person; None if not enough. `sharing`: how many have that telephone."""
    found = [each for each in (_phones(one, other, sharing), *_names(one, other), *_firms(one, other),
                               _addresses(one, other)) if each]  # fmt: skip
    points = sum(each[0] for each in found)
    if points < ENOUGH or not any(each[0] > 0 for each in found):
        return None
    return Likeness(points, [words for _, words in sorted(found, key=lambda each: -each[0])])


_Said = tuple[int, str]


def _phones(one: Known, other: Known, sharing: int) -> _Said | None:
    if not one.phone or one.phone != other.phone:
        return None
    if sharing > FEW:
        return 20, "the same telephone, which several people share"
    return 60, "the same telephone"


def _names(one: Known, other: Known) -> Iterator[_Said]:
    ours, theirs = name_words(one.name), name_words(other.name)
    if not (ours and theirs):
        return
    if sorted(ours) == sorted(theirs):
        yield (35 if len(ours) > 1 else 15), "the same name"
    elif _fits(ours, theirs):
        yield 15, "names that fit each other"
    elif _differ_by_a_slip(ours, theirs):
        yield 30, "names that differ by a slip"
    else:
        yield -10, "though the names differ"


def _differ_by_a_slip(ours: Collection[str], theirs: Collection[str]) -> bool:
    """Two whole names with a letter or two between them; a number in a name is no slip."""
    if min(len(ours), len(theirs)) < 2 or _numbers(ours) != _numbers(theirs):
        return False
    return fuzz.token_sort_ratio(" ".join(ours), " ".join(theirs)) >= _ALIKE


def _numbers(words: Collection[str]) -> set[str]:
    return {word for word in words if any(map(str.isdigit, word))}


def _fits(ours: Collection[str], theirs: Collection[str]) -> bool:
    """One is the other in short: A. Berg, Berg, Anna."""
    short, full = sorted((list(ours), list(theirs)), key=lambda words: (len(words), sum(map(len, words))))
    left = list(full)
    for word in short:
        found = next((each for each in left if each == word or (len(word) == 1 and each.startswith(word))), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _firms(one: Known, other: Known) -> Iterator[_Said]:
    if one.account_id and one.account_id == other.account_id:
        kind, _, key = one.account_key.partition(":")
        yield 20, f"the same company by its domain {key}" if kind == "d" else "the same company by its name"
    elif _is_one_firm(" ".join(_firm(one.company)), " ".join(_firm(other.company))):
        yield 15, "companies of the same name"


def _is_one_firm(ours: str, theirs: str) -> bool:
    """Names that differ by a slip, or of which the one begins or ends with the other."""
    if not (ours and theirs):
        return False
    shorter = min(len(ours), len(theirs))
    return fuzz.token_sort_ratio(ours, theirs) >= _ALIKE or (shorter > 4 and fuzz.partial_ratio(ours, theirs) == 100)


def _addresses(one: Known, other: Known) -> _Said | None:
    (ours, our_tag, our_domain), (theirs, their_tag, their_domain) = _untagged(one.email), _untagged(other.email)
    if not ours or ours != theirs or ours in _ROLES:
        return None
    if our_domain == their_domain:
        return (60, "the same address but for its tag") if our_tag or their_tag else (60, "the same address")
    return (25, "the same name before the @") if _is_telling(ours) else None


def _untagged(email: str) -> tuple[str, str, str]:
    """An address in its parts, whatever its provider: name without dots, tag, domain."""
    local, _, domain = email_key(email).rpartition("@")
    name, _, tag = local.partition("+")
    return name.replace(".", "").replace("-", "").replace("_", ""), tag, domain


def _is_telling(local: str) -> bool:
    return len(local) >= 6 and not local.isdigit() and local not in _ROLES


def _is_number(phone: str) -> bool:
    return re.fullmatch(r"\+\d{6,15}", phone) is not None


def _firm(company: str) -> list[str]:
    """A company's name without its legal form."""
    return [word for word in name_words(company) if word not in _FORMS]


def number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
