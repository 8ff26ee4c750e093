"""Their words and ours on a page: each state, stage and owner of another system, beside what it is here."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ripeline.capture import wording
from ripeline.capture.text import key
from ripeline.capture.wording import NOBODY, Word

TITLES = {"state": "Where it stands", "outcome": "How the deal stands", "owner": "Whose it is"}
_STATES = {
    "new": "New, as any other", "working": "Working", "nurture": "Keep in touch", "won": "Won: a customer",
    "lost": "Lost", "disqualified": "Disqualified",
}  # fmt: skip
_OUTCOMES = {"open": "Open", "won": "Won", "lost": "Lost", "disqualified": "Disqualified"}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Line:
    """A word of theirs, and what it can be here."""

    name: str  # of its form field
    about: str
    text: str
    times: int
    choices: Sequence[Choice]
    because: str


def lines(words: Iterable[Word]) -> list[Line]:
    """The words of one file or several, the same word once."""
    found: dict[tuple[str, str], Word] = {}
    for word in words:
        place = (word.about, key(word.text))
        before = found.get(place)
        found[place] = word._replace(times=word.times + before.times) if before else word
    choices = {"state": _STATES, "outcome": _OUTCOMES, "owner": _owners()}
    return [_line(word, choices[word.about]) for word in found.values()]


def _owners() -> dict[str, str]:
    return {NOBODY: "Nobody here: by the rules", **{user.email: user.name for user in wording.sellers()}}


def _line(word: Word, choices: Mapping[str, str]) -> Line:
    ours = word.ours if word.ours in choices else ""
    options = [Choice(value, label, value == ours) for value, label in choices.items()]
    unknown = "Not known: by the rules" if word.about == "owner" else "Choose: what is it here?"
    if not ours:
        options.insert(0, Choice("", unknown, chosen=True))
    because = ("looks like it" if word.is_guess else "as you said") if ours else ""
    if (word.about, ours) == ("state", "working"):
        because += "; whoever gets no owner here goes to Qualify as new"
    return Line(_name(word.about, word.text), TITLES[word.about], word.text, word.times, options, because)


def _name(about: str, text: str) -> str:
    return f"word-{about}-{hashlib.sha256(key(text).encode()).hexdigest()[:16]}"


def said(words: Iterable[Word], form: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the form says of them, where that is another thing than what they were taken for."""
    found: dict[str, dict[str, str]] = {}
    for word in words:
        ours = form.get(_name(word.about, word.text), "")
        if ours and ours != word.ours:
            found.setdefault(word.about, {})[key(word.text)] = ours
    return found
