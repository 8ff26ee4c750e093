"""Their words and ours: what states, stages and owners of another system mean here, asked once and remembered."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, Literal, NamedTuple

from django.db.models import QuerySet

from ripeline.base import clock
from ripeline.capture.cells import values
from ripeline.capture.cells.fields import CUSTOM, FIELDS, Kind, Takes
from ripeline.capture.cells.text import BadValueError, clean, given, key
from ripeline.capture.columns.mapping import FieldMap, Guess
from ripeline.capture.columns.whys import UNSTATED, Reasons
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.files.lines import as_text
from ripeline.capture.files.reading import Record, data_rows
from ripeline.capture.files.tables import rows_of
from ripeline.capture.models import ImportWord
from ripeline.catalog.models import CloseState
from ripeline.people.models import User
from ripeline.people.queries import SELLERS

NOBODY = "-"  # instead of an owner's address: whoever the rules say
LOOKED_AT = 50_000  # rows in which words are counted
_MOST = 0.8  # of the cells of a column that name people here
SHOWN = 40  # different words of a kind
ABOUT = {Takes.STATE: "state", Takes.OUTCOME: "outcome", Takes.OWNER: "owner"}
Words = Mapping[str, Mapping[str, str]]


class Word(NamedTuple):
    """A word of theirs, how often it stands in the file, what it is taken for ("": not known), and whether by guess.

    Of one who ended, why: the code of a close reason, and whether somebody chose it or the word says it.
    """

    about: str
    text: str
    times: int
    ours: str
    is_guess: bool
    reason: str = ""
    reason_why: Literal["told", "said", ""] = ""
    columns: tuple[str, ...] = ()  # in which it stands


def remembered() -> dict[str, dict[str, str]]:
    """What people said before, by what it is about and their word."""
    found: dict[str, dict[str, str]] = {}
    for about, word, ours in ImportWord.objects.values_list("about", "word", "ours"):
        found.setdefault(about, {})[word] = ours
    return found


def remember(words: Words) -> None:
    """Keep what a person said, for every later file."""
    said = [
        ImportWord(about=about, word=word[:120], ours=ours, used_at=clock.now())
        for about, each in words.items()
        for word, ours in each.items()
    ]
    ImportWord.objects.bulk_create(
        said, update_conflicts=True, unique_fields=["about", "word"], update_fields=["ours", "used_at"]
    )


def merged(*several: Words) -> dict[str, dict[str, str]]:
    """All of them, the later ones over the earlier."""
    found: dict[str, dict[str, str]] = {}
    for words in several:
        for about, each in words.items():
            found.setdefault(about, {}).update(each)
    return found


def sellers() -> QuerySet[User]:
    """Everybody who can be given leads."""
    return User.objects.filter(is_active=True, is_system=False, role__in=SELLERS).order_by("name", "email")


class Owners:
    """Who is meant by an owner's address or name; looked up once."""

    def __init__(self) -> None:
        people = list(sellers())
        self._by_address = {user.email.casefold(): user for user in people}
        self._by_name = _only_one(people, lambda user: key(user.name))
        self._by_first_name = _only_one(people, lambda user: key(user.name.split()[0] if user.name.split() else ""))

    def find(self, text: str) -> User | None:
        """The one person it can be; nobody by a guess between two."""
        said = text.strip()
        last, _, first = said.partition(",")
        names = (key(said), key(f"{first} {last}") if first else "")
        return self._by_address.get(said.casefold()) or next(
            (known[name] for known in (self._by_name, self._by_first_name) for name in names if name in known), None
        )


def owned(kind: Kind, labels: Sequence[str], guesses: Sequence[Guess], samples: Sequence[Sequence[str]]) -> list[Guess]:
    """`guesses`, where the column of the sales rep is known by its cells: they name people here."""
    found = list(guesses)
    if kind != "leads" or any(each.target == "owner" for each in guesses):
        return found
    owners = Owners()
    for at, (each, cells) in enumerate(zip(guesses, samples, strict=True)):
        filled = [text for cell in cells if (text := clean(cell))]
        named = [text for text in filled if owners.find(text)]
        if each.target == CUSTOM + labels[at] and filled and len(named) >= _MOST * len(filled):
            found[at] = Guess("owner", f"its cells name people here: {named[0][:40]}")
            break
    return found


def _only_one(people: Sequence[User], called: Callable[[User], str]) -> dict[str, User]:
    """Who is called so, of names that are one person's alone."""
    counts = Counter(called(user) for user in people)
    return {name: user for user in people if counts[name := called(user)] == 1 and name}


def listed(file: BinaryIO, dialect: Dialect, mapping: FieldMap) -> list[Word]:
    """The words in the file's columns of states and owners, the most frequent first, each with what it is taken for."""
    known = FIELDS[mapping.kind]
    columns = [
        (at, label, ABOUT[known[target].takes])
        for at, (label, target) in enumerate(mapping.targets)
        if target in known and known[target].takes in ABOUT
    ]
    if not columns:
        return []
    counts: dict[str, Counter[str]] = {about: Counter() for *_, about in columns}
    stands: dict[tuple[str, str], dict[str, None]] = {}  # in which columns
    with as_text(file, dialect.encoding) as text:
        for number, row in enumerate(rows_of(data_rows(text, dialect), dialect.labels, header=dialect.header)):
            if number >= LOOKED_AT:
                break
            if isinstance(row, Record) and not row.is_blank:
                for at, label, about in columns:
                    if said := given(clean(row.cells[at]))[:120]:
                        counts[about][said] += 1
                        stands.setdefault((about, said), {})[label] = None
    owners, reasons = Owners(), Reasons(dialect.words.get("reason", {}))
    found = (
        _word(about, said, count, dialect.words.get(about, {}), owners)
        for about, times in counts.items()
        for said, count in times.most_common(SHOWN)
    )
    return [
        _with_reason(word, reasons)._replace(columns=tuple(stands[word.about, word.text])) for word in found
    ]  # fmt: skip


def _with_reason(word: Word, reasons: Reasons) -> Word:
    """With why who is called so ended, where there is a choice."""
    if word.about == "owner" or len(reasons.choices(word.ours)) < 2:
        return word
    if told := reasons.told(word.ours, word.text):
        return word._replace(reason=told.code, reason_why="told")
    guessed = reasons.guessed(word.ours, word.text)
    why: Literal["said", ""] = "said" if guessed else ""
    return word._replace(reason=guessed.code if guessed else UNSTATED[CloseState(word.ours)], reason_why=why)


def _word(about: str, said: str, count: int, told: Mapping[str, str], owners: Owners) -> Word:
    ours = told.get(key(said), "")
    if ours:
        return Word(about, said, count, ours, is_guess=False)
    return Word(about, said, count, _guessed(about, said, owners), is_guess=True)


def _guessed(about: str, said: str, owners: Owners) -> str:
    try:
        match about:
            case "owner":
                found = owners.find(values.owner(said).value)
                return found.email if found else ""
            case "state":
                return values.state(said).value
    except BadValueError:
        return ""
    try:
        return values.outcome(said).value
    except BadValueError:
        return ""
