"""What kind of page an address is, by rules that people edit. Pure: the intake uses it without Django."""

import re
from collections.abc import Sequence
from enum import StrEnum


class PageKind(StrEnum):
    PRICING = "pricing"
    CONTACT = "contact"
    PRODUCT = "product"
    PROOF = "proof"
    BLOG = "blog"
    SUPPORT = "support"
    CAREERS = "careers"
    LEGAL = "legal"
    HOME = "home"
    OTHER = "other"


LABELS = {
    PageKind.PRICING: "Prices",
    PageKind.CONTACT: "Contact or demo",
    PageKind.PRODUCT: "Product",
    PageKind.PROOF: "Customers' stories",
    PageKind.BLOG: "Blog and guides",
    PageKind.SUPPORT: "Help and documentation",
    PageKind.CAREERS: "Careers",
    PageKind.LEGAL: "Legal",
    PageKind.HOME: "Home page",
    PageKind.OTHER: "Other",
}

# What a new installation begins with: (pattern, kind), the first that fits counts. A pattern is a path; * is anything.
DEFAULT_RULES: tuple[tuple[str, PageKind], ...] = (
    ("/", PageKind.HOME),
    ("*/pricing*", PageKind.PRICING),
    ("*/prices*", PageKind.PRICING),
    ("*/plans*", PageKind.PRICING),
    ("*/preise*", PageKind.PRICING),
    ("*/preisliste*", PageKind.PRICING),
    ("*/quote*", PageKind.CONTACT),
    ("*/demo*", PageKind.CONTACT),
    ("*/contact*", PageKind.CONTACT),
    ("*/kontakt*", PageKind.CONTACT),
    ("*/careers*", PageKind.CAREERS),
    ("*/jobs*", PageKind.CAREERS),
    ("*/karriere*", PageKind.CAREERS),
    ("*/customers*", PageKind.PROOF),
    ("*/case-stud*", PageKind.PROOF),
    ("*/blog*", PageKind.BLOG),
    ("*/news*", PageKind.BLOG),
    ("*/resources*", PageKind.BLOG),
    ("*/docs*", PageKind.SUPPORT),
    ("*/help*", PageKind.SUPPORT),
    ("*/support*", PageKind.SUPPORT),
    ("*/privacy*", PageKind.LEGAL),
    ("*/imprint*", PageKind.LEGAL),
    ("*/impressum*", PageKind.LEGAL),
    ("*/terms*", PageKind.LEGAL),
    ("*/legal*", PageKind.LEGAL),
    ("*/datenschutz*", PageKind.LEGAL),
    ("*/agb*", PageKind.LEGAL),
    ("*/rechtliche*", PageKind.LEGAL),
    ("*/nutzungsbedingungen*", PageKind.LEGAL),
    ("*/widerruf*", PageKind.LEGAL),
    ("*/product*", PageKind.PRODUCT),
    ("*/produkt*", PageKind.PRODUCT),
    ("*/features*", PageKind.PRODUCT),
    ("*/solutions*", PageKind.PRODUCT),
    ("*/loesungen*", PageKind.PRODUCT),
    ("*/leistungen*", PageKind.PRODUCT),
)
LONGEST_PATTERN = 200
_REMEMBERED = 20_000  # paths


class PageRules:
    """Rules in their order, asked path by path.

    >>> PageRules([("*/pricing*", "pricing"), ("/", "home")]).kind("/de/Pricing/teams")
    'pricing'
    >>> PageRules([("/", "home")]).kind("/anything")
    'other'
    """

    def __init__(self, rules: Sequence[tuple[str, str]]) -> None:
        self._rules = [(_compiled(pattern), kind) for pattern, kind in rules]
        self._known: dict[str, str] = {}

    def kind(self, path: str) -> str:
        """The kind of the first rule that fits, else `other`."""
        found = self._known.get(path)
        if found is None:
            found = next((kind for pattern, kind in self._rules if pattern.fullmatch(path)), PageKind.OTHER.value)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[path] = found
        return found


def _compiled(pattern: str) -> re.Pattern[str]:
    """Each * is matched as little as needed and never tried again, so that no pattern takes long."""
    head, *rest = [re.escape(part) for part in re.split(r"\*+", pattern)]
    if not rest:
        return re.compile(head, re.IGNORECASE)
    *middle, tail = rest
    inner = "".join(f"(?>.*?{part})" for part in middle if part)
    return re.compile(f"{head}{inner}.*{tail}", re.IGNORECASE | re.DOTALL)


def complaint(pattern: str) -> str:
    """What is wrong with a pattern, in words; "" if nothing."""
    if not pattern:
        return "Give the path of a page, such as /pricing*."
    if len(pattern) > LONGEST_PATTERN:
        return f"A pattern has at most {LONGEST_PATTERN} characters."
    if not pattern.startswith(("/", "*")):
        return "A pattern begins with / or *: /pricing*, or */pricing* for that part in any language."
    return ""
