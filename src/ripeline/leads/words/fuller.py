"""Which of two names of one person says more."""

import re

from ripeline.leads.words.plain import unaccented

_CUT = 2  # letters of a word that stand for it: V., Th.


def abbreviates(name: str, fuller: str) -> bool:
    """Whether a name says less than the other, and nothing else: Vito V., V. Visitor or Vito, of Vito Visitor."""
    short, left = _words(name), _words(fuller)
    if not short or sum(map(len, short)) >= sum(map(len, left)):
        return False
    for word in sorted(short, key=len, reverse=True):
        stands_for = [one for one in left if one == word or (len(word) <= _CUT and one.startswith(word))]
        if not stands_for:
            return False
        left.remove(word if word in stands_for else stands_for[0])
    return True


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", unaccented(name).casefold())
