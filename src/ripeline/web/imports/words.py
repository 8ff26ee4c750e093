"""Their words and ours on a page: each state, stage and owner of another system, beside what it is here."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ripeline.capture.cells.text import key
from ripeline.capture.columns import wording
from ripeline.capture.columns.wording import NOBODY, Word
from ripeline.capture.models import ImportPolicy
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseState

TITLES = {"state": "Where it stands", "outcome": "How the deal stands", "owner": "Whose it is"}
_STATES = {
    "new": "New, as any other", "working": "Working", "opportunity": "Opportunity: a deal is open",
    "nurture": "Keep in touch", "won": "Won: a customer", "lost": "Lost", "disqualified": "Disqualified",
}  # fmt: skip
_WITHOUT = {"state": "will be New", "outcome": "will stay out"}  # an owner nobody knows goes by the rules
_OUTCOMES = {"open": "Open", "won": "Won", "lost": "Lost", "disqualified": "Disqualified"}
# Short enough to be read whole in a choice on a telephone.
POLICIES = [
    (ImportPolicy.FILE.value, "The file’s, unless corrected here"),
    (ImportPolicy.EMPTY.value, "What is here; gaps are filled"),
    (ImportPolicy.NEWEST.value, "The newer, by the row’s date"),
    (ImportPolicy.ALWAYS.value, "The file’s, always"),
]

_REASON_WHY = {"told": "as you said", "said": "the word says so", "": ""}


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
    without: str = ""  # what becomes of its rows as long as it is nothing here
    reasons: Sequence[Choice] = ()  # why who is called so ended; none where there is no choice
    reason_why: str = ""
    where: str = ""  # the columns in which it stands


def lines(words: Iterable[Word]) -> list[Line]:
    """The words of one file or several, the same word once."""
    found: dict[tuple[str, str], Word] = {}
    for word in words:
        place = (word.about, key(word.text))
        before = found.get(place)
        if before:
            columns = tuple(dict.fromkeys([*before.columns, *word.columns]))
            word = word._replace(times=word.times + before.times, columns=columns)
        found[place] = word
    reasons: dict[str, list[Choice]] = {
        state: [Choice(each.code, each.label, False) for each in catalog.reasons(state)] for state in CloseState
    }
    choices = {"state": _STATES, "outcome": _OUTCOMES, "owner": _owners()}
    return [_line(word, choices[word.about], reasons) for word in found.values()]


def undated(words: Iterable[Word], fields: Collection[str], seen: Sequence[str] = ()) -> str:
    """From when who ended there counts as ended, where no column says; "" where one does, or nobody did.

    `seen`: the columns whose days tell best otherwise.
    """
    ended = {word.ours for word in words if word.about == "state"} & {"won", "lost", "disqualified"}
    if not ended or "state_at" in fields:
        return ""
    found = []
    if "won" in ended:
        day = "the day they came" if "captured_at" in fields else "the day of this import"
        found.append(f"who is won counts from {day}, and is left out of what is learnt")
    if ended - {"won"}:
        days = [f"“{label}”" for label in seen] + (["the day they came"] if "captured_at" in fields else [])
        days.append("the day of this import")
        found.append(f"who is lost or disqualified counts so from {', else '.join(days)}")
    return f"No column says since when: {'; '.join(found)}. If one does, choose “Since when it stands so” for it."


def unknown_arrival(fields: Collection[str], columns: Sequence[str]) -> str:
    """What follows where no column says when people came; "" where one does. `columns`: others that have days."""
    if "captured_at" in fields:
        return ""
    named = ", ".join(f"“{label}”" for label in columns[:3])
    where = f", such as {named}," if named else ","
    return (
        "Each new lead would count from the day of this import: in the intake of this month, in what is expected of "
        f"it, and with a year to ripen ahead. If a column says it{where} choose “When they came to us” for it; "
        "if all came on one day, as at a fair, say it below."
    )


def _owners() -> dict[str, str]:
    return {NOBODY: "Nobody here: by the rules", **{user.email: user.name for user in wording.sellers()}}


def _line(word: Word, choices: Mapping[str, str], reasons: Mapping[str, Sequence[Choice]]) -> Line:
    ours = word.ours if word.ours in choices else ""
    options = [Choice(value, label, value == ours) for value, label in choices.items()]
    unknown = "Not known: by the rules" if word.about == "owner" else "Choose: what is it here?"
    if not ours:
        options = _with_reasons(options, reasons) if word.about != "owner" else options
        options.insert(0, Choice("", unknown, chosen=True))
    because = ("looks like it" if word.is_guess else "as you said") if ours else ""
    if word.about == "state" and ours in ("working", "opportunity"):
        because += "; whoever gets no owner here goes to Qualify as new"
    without = "" if ours else _WITHOUT.get(word.about, "")
    whys = [replace(each, chosen=each.value == word.reason) for each in reasons.get(ours, ())] if word.reason else []
    if whys and not any(each.chosen for each in whys):  # the usual one is not in use any more
        whys.insert(0, Choice("", "No reason given", chosen=True))
    return Line(
        _name(word.about, word.text), TITLES[word.about], word.text, word.times, options, because, without, whys,
        _REASON_WHY[word.reason_why], ", ".join(f"“{label}”" for label in word.columns[:3]),
    )  # fmt: skip


def _with_reasons(options: Iterable[Choice], reasons: Mapping[str, Sequence[Choice]]) -> list[Choice]:
    """Of a word that nobody knows: after each way to end also why, as far as there is a choice."""
    found: list[Choice] = []
    for each in options:
        whys = reasons.get(each.value, ())
        found += [
            each,
            *(Choice(f"{each.value}:{why.value}", f"{each.label}: {why.label}", False) for why in whys[1:] and whys),
        ]
    return found


def unsettled(found: Sequence[Line], form: Mapping[str, str]) -> dict[str, str]:
    """What is asked once before rows go in whose words are nothing here yet; nothing where that was answered."""
    waiting = [line for line in found if line.without]
    if {line.name for line in waiting} <= set(form.get("unsettled", "").split()):
        return {}
    count = "1 word has" if len(waiting) == 1 else f"{len(waiting)} words have"
    ends = {line.without: None for line in waiting}
    return {
        "sentence": f"{count} no meaning yet: their rows {' or '.join(ends)}. "
        "Choose what they are here, or import them so.",
        "names": " ".join(line.name for line in waiting),
    }


def _name(about: str, text: str) -> str:
    return f"word-{about}-{hashlib.sha256(key(text).encode()).hexdigest()[:16]}"


def said(words: Iterable[Word], form: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the form says of them, where that is another thing than what they were taken for."""
    found: dict[str, dict[str, str]] = {}
    for word in words:
        ours, _, why = form.get(_name(word.about, word.text), "").partition(":")
        if why and not word.ours:
            found.setdefault("reason", {})[key(word.text)] = why
        if ours and ours != word.ours:
            found.setdefault(word.about, {})[key(word.text)] = ours
        reason = form.get(f"why-{_name(word.about, word.text)}", "")
        if reason and reason != word.reason and ours == word.ours:
            found.setdefault("reason", {})[key(word.text)] = reason
    return found
