"""What the columns of an export are called: of all there is, of a list's whole, and of one with columns of its own."""

from collections.abc import Sequence

_ID, _ID_BEFORE = "Ripeline id", "Id"  # the second in lists that were exported before

HEADINGS = (
    "Ripeline id", "External id", "Name", "Title", "E-mail", "Phone", "Other telephones", "Company", "Country",
    "Language", "Source", "Campaign", "Captured at", "State", "Closed at", "Reason", "Owner", "With", "Next date",
    "Next step", "Last touch", "Touches", "Amount", "Currency", "Ripe within 30 days", "Buys in the end",
)  # fmt: skip
WHOLE = (
    "Ripeline id", "Name", "Title", "E-mail", "Telephone", "Other telephones", "Company", "Country", "Language",
    "State", "With", "Next date", "Next step", "Source", "Campaign", "Came to us", "Last touch", "Amount", "Currency",
    "Ripe within 30 days", "Buys in the end", "Reason",
)  # fmt: skip
FIRST = (_ID, "Name", "Company")  # before the columns that somebody chose
_TELLING = frozenset(  # no other system calls a column so
    {"Ripe within 30 days", "Buys in the end", "Ripeness", "Came to us", "Last touch", "Other telephones"}
)


def is_ours(labels: Sequence[str]) -> bool:
    """Whether a file with these headings was exported here, whatever fields of the company's own are in it: they may
    be called like the columns of any other system."""
    if not labels or labels[0] not in (_ID, _ID_BEFORE):
        return False
    said = set(labels)
    if labels[0] == _ID and "Name" in said:
        return True
    return said.issuperset(WHOLE[1:]) or (tuple(labels[1:3]) == FIRST[1:] and not said.isdisjoint(_TELLING))
