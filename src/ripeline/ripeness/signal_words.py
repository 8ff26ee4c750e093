"""What somebody did lately, in a few words: a reason beside a score."""

SILENCE = "hardly seen on our pages lately"
_NUMBERS = ("no day", "one day", "two days", "three days", "four days", "five days", "six days", "seven days")
_WHAT = {
    "prices": "looked at prices",
    "product": "looked at the product",
    "reading": "read on our pages",
    "download": "downloaded from us",
    "again": "came to us again",
}


def said(kind: str, week: int, month: int) -> str:
    """What was done, on how many days of the last week, or lately.

    >>> said("prices", 3, 3), said("prices", 1, 2), said("product", 0, 1), said("download", 0, 0)
    ('looked at prices on three days this week', 'looked at prices this week', 'looked at the product this month', \
'downloaded from us some weeks ago')
    """
    what = _WHAT[kind]
    if kind == "again":
        return what
    if week > 1:
        return f"{what} on {_NUMBERS[min(week, 7)]} this week"
    return f"{what} {'this week' if week else 'this month' if month else 'some weeks ago'}"


def said_by(how: str, days: float) -> str:
    """That they asked for us, and when.

    >>> said_by("Called us", 2.0)
    'called us this week'
    """
    return f"{how[:1].lower()}{how[1:]} {'this week' if days < 7 else 'this month' if days < 28 else 'some weeks ago'}"
