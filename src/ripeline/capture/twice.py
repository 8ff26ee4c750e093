"""Two rows of one file that are one person by address or id, but go by other names: the first row's word stays.

Neither knows better than the other, and were it the later one's, the same file would turn it over each time it comes.
Of a long file only so many rows back are remembered, so that it takes no more memory than a short one.
"""

from ripeline.capture.mistaken import is_one_name
from ripeline.capture.rows import Row
from ripeline.leads import rules
from ripeline.leads.identity import Key

REMEMBERED = 50_000  # addresses and ids, the last that were new


class Names:
    """Which row of a run was the first of each person, and the name it says."""

    def __init__(self) -> None:
        self._first: dict[Key, tuple[int, str]] = {}

    def remark(self, row: Row, keys: tuple[Key, ...]) -> str:
        """What is to be said of a row whose person has another name in an earlier one; "" where it is the same."""
        name = row.text("name")
        if not name:
            return ""
        number, before = next((self._first[key] for key in keys if key in self._first), (row.row, name))
        for key in keys:
            self._first.setdefault(key, (number, before))
        while len(self._first) > REMEMBERED:
            del self._first[next(iter(self._first))]
        if number == row.row or _is_same(name, before):
            return ""
        return f"“{name}” has the address or id of “{before}” in row {number}, whose name stays: are they two people?"


def _is_same(name: str, other: str) -> bool:
    return is_one_name(set(rules.name_words(name)), set(rules.name_words(other)))
