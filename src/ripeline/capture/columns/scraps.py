"""Columns that would become fields of the company's own for ever though they are none: proposed as left out.

Next to nothing stands in them, or what does is the heading of another table, or they repeat the heading of a column
that is a field already. A field that the company has is filled, however seldom it says anything.
"""

from collections.abc import Sequence

from ripeline.capture.cells.fields import CUSTOM, FIELDS, IGNORE
from ripeline.capture.cells.headings import KNOWN, known
from ripeline.capture.cells.text import key
from ripeline.capture.columns import companions
from ripeline.capture.columns.detection import Detected
from ripeline.capture.columns.mapping import ALL_EMPTY, Guess
from ripeline.catalog import queries as catalog

MANY = "the file has very many columns"
_KEEP = "; keep it if you need it"
_FEWEST = 10  # rows; of fewer a column with one cell may be meant
_FEWEST_UNNAMED = 3  # the same of a column without a heading
MOST_OWN = 60  # columns of a file that become fields of the company's own without anybody's saying so
_SHARE, _MOST = 200, 20  # one cell in so many rows is next to nothing, but never more than this


def left_out(guesses: Sequence[Guess], detected: Detected) -> list[Guess]:
    """`guesses` with the columns that are no field of anybody's left out, each with the reason."""
    labels = detected.dialect.labels
    taken = {key(label): guess.target for label, guess in zip(labels, guesses, strict=True) if _is_field(guess)}
    ours: set[str] | None = None
    others = companions.columns(labels, detected.samples)  # who would be lost with them
    found = list(guesses)
    for at, (label, guess) in enumerate(zip(labels, guesses, strict=True)):
        if not guess.target.startswith(CUSTOM) or label in others:
            continue
        if why := _again(label, taken) or _nothing(at, label, detected):
            ours = {field.key for field in catalog.custom_fields()} if ours is None else ours
            if key(label).replace(" ", "_")[:60] not in ours:
                found[at] = Guess(IGNORE, f"{why}{_KEEP}")
    return _not_too_many(found, detected)


def _not_too_many(guesses: list[Guess], detected: Detected) -> list[Guess]:
    """Of very many columns that would all become fields only those in which most stands, and those that are here."""
    own = [at for at, guess in enumerate(guesses) if guess.target.startswith(CUSTOM)]
    if len(own) <= MOST_OWN:
        return guesses
    ours, labels = {field.key for field in catalog.custom_fields()}, detected.dialect.labels
    others = companions.columns(labels, detected.samples)
    new = [at for at in own if key(labels[at]).replace(" ", "_")[:60] not in ours and labels[at] not in others]
    most = max(MOST_OWN - (len(own) - len(new)), 0)
    why = f"{MANY}: {len(own)} would be fields of your own, and this is none of the {MOST_OWN} in which most stands"
    for at in sorted(new, key=lambda at: (detected.gaps[at], at))[most:]:
        guesses[at] = Guess(IGNORE, f"{why}{_KEEP}")
    return guesses


def many(guesses: Sequence[Guess]) -> int:
    """How many columns are left out only because there are so many."""
    return sum(guess.because.startswith(MANY) for guess in guesses)


def among(labels: Sequence[str], guesses: Sequence[Guess]) -> tuple[str, ...]:
    """The columns that are left out because next to nothing stands in them."""
    return tuple(
        label for label, guess in zip(labels, guesses, strict=True)
        if guess.because == ALL_EMPTY or (guess.target == IGNORE and guess.because.endswith(_KEEP))
    )  # fmt: skip


def _is_field(guess: Guess) -> bool:
    return guess.target in FIELDS["leads"]


def _again(label: str, taken: dict[str, str]) -> str:
    """Why, if the heading is that of another column which is a field."""
    said, _, number = label.rpartition(" (")
    name = key(said) if number.removesuffix(")").isdecimal() else ""
    field = taken.get(name) or taken.get(key(label))
    if not field:
        return ""
    return f"another column with this heading is “{FIELDS['leads'][field].label}” already"


def _nothing(at: int, label: str, detected: Detected) -> str:
    """Why, if next to nothing stands in the column."""
    rows, cells = detected.rows, detected.samples[at]
    filled = rows - detected.gaps[at]
    if filled and len(cells) == filled and len(known(cells)) == filled and key(label) not in KNOWN:
        return f"it says only “{cells[0][:40]}”, which is the heading of another table"
    fewest = _FEWEST_UNNAMED if label == f"Column {at + 1}" else _FEWEST
    if rows < fewest or filled > max(min(rows // _SHARE, _MOST), 1):
        return ""
    return f"only {filled or 'none'} of the {rows:,} rows looked at {'say' if filled != 1 else 'says'} something in it"
