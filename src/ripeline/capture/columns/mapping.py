"""Which column of a file is which field: guessed from headings and cells, corrected by a person, kept, checked."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import NamedTuple, Self

from ripeline.capture.cells import codes, values
from ripeline.capture.cells.dates import is_date
from ripeline.capture.cells.fields import ANSWER, CUSTOM, DUE_AT, FIELDS, IGNORE, OTHER_PHONE, Field, Kind, Takes
from ripeline.capture.cells.headings import KNOWN, bare, is_called_name, of_person, within_brackets
from ripeline.capture.cells.text import BadValueError, clean, given, key, words
from ripeline.capture.columns import standing
from ripeline.capture.columns.presets import Preset, recognised
from ripeline.capture.files.dialect import Dialect

ALL_EMPTY = "the cells looked at are all empty"
OWN_COLUMNS = ("Ripeline row", "Ripeline column", "Ripeline reason")  # those of a file of rejected rows
SOMEBODY = frozenset({"email", "phone", "name", "first_name", "last_name", "external_id"})  # tell a person
WITH_IDS = frozenset({"external_id", "company_id", "deal_id"})  # fields whose values only one system's are
_BY_HEADING = 50  # or more: a heading says so, not cells alone
_NAMES = ("first_name", "last_name")
_OF_PERSON = frozenset({"name", "email", "phone", "title", *_NAMES})  # “Person Name” is the name
_OR_ELSE = frozenset({"anlage", "eingang", "erinnerung", "ruckruf"})  # headings of days that may be of something else
_SUBSCRIPTIONS = frozenset(
    """newsletter|newsletter status|marketing status|person marketing status|email status|e mail status
|subscription status|mailing|mailings|status newsletter|newsletterstatus|email marketing""".replace("\n", "").split("|")
)
_WHEN = ("won_at", "lost_at", "closed_at")
_PARTLY = words("email phone company country source campaign landing_page message currency product reason outcome")
_SAME_THING = words(
    "work business main primary 1 address number mobile office geschaftlich beruflich professionnel corporativo"
)
_OTHER_THING = words(  # "Last e-mail sent" is no e-mail address
    "id date time count number of opt in out consent status type opened clicked bounced last next sent secondary other "
    "has is 2 3 alternate previous old parent manager assistant referrer total"
)


class MappingError(ValueError):
    """A mapping that cannot be used; the message says why, and what to do."""


class Guess(NamedTuple):
    """What a column most likely is (a field's name, IGNORE, or CUSTOM and a label), and why, in words."""

    target: str
    because: str


@dataclass(frozen=True, slots=True)
class FieldMap:
    """For each column, its label and its target: a field's name, IGNORE, CUSTOM and a label, or ANSWER and a key."""

    kind: Kind
    targets: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, str]:
        """Target by label."""
        return dict(self.targets)

    @classmethod
    def from_json(cls, kind: Kind, labels: Sequence[str], data: Mapping[str, str]) -> Self:
        """What `to_json` gave, for a file with columns `labels`; a column that is new there is unmapped."""
        return cls(kind, tuple((label, str(data.get(label) or _unmapped(kind, label))) for label in labels))

    def fields(self) -> set[str]:
        """The fields that have a column."""
        return {target for _, target in self.targets if target in FIELDS[self.kind]}

    @property
    def has_companies_alone(self) -> bool:
        """Whether leads would be made of it, and it names companies and nobody at them."""
        return self.kind == "leads" and "company" in self.fields() and not self.fields() & SOMEBODY

    def nameless(self, empty: Collection[str] = ()) -> str:
        """The column, none of the `empty`, that is called like a person's name where no column goes there; else ""."""
        if self.kind != "leads" or self.fields() & {"name", *_NAMES}:
            return ""
        free = (each for each, to in self.targets if to not in FIELDS["leads"] and each not in empty)
        return next(filter(is_called_name, free), "")

    def problems(self) -> list[str]:
        """What must be changed before this can be used, in sentences; none if nothing must."""
        found = []
        preset = recognised([label for label, _ in self.targets])
        for target, count in Counter(target for _, target in self.targets if target != IGNORE).items():
            both = [label for label, each in self.targets if each == target]
            if count > 1 and target != OTHER_PHONE and not (preset and preset.shares(target, both)):
                found.append(f"“{', '.join(both)}” are all mapped to {target}: keep one of them.")
        for label, target in self.targets:
            is_custom = target.startswith(CUSTOM) and bool(target.removeprefix(CUSTOM).strip())
            is_answer = self.kind == "leads" and target.startswith(ANSWER)
            if not (is_custom or is_answer or target == IGNORE or target in FIELDS[self.kind]):
                found.append(f"“{label}” is mapped to “{target}”, which is not a field: choose {_choices(self.kind)}.")
        lacks = {
            "leads": self._nobody, "outcomes": self._no_outcome, "companies": self._no_company,
            "activities": self._no_activity,
        }  # fmt: skip
        return found + lacks[self.kind]()

    def _nobody(self) -> list[str]:
        if self.fields() & SOMEBODY:
            return []
        said = "Nobody could be told from another: map a column to email, phone, name or external_id"
        return [f"{said}, or import the file as companies." if self.has_companies_alone else f"{said}."]

    def _no_company(self) -> list[str]:
        if self.fields() & {"company", "website"}:
            return []
        return ["No company could be told from another: map a column to company or website."]

    def _no_activity(self) -> list[str]:
        mapped, found = self.fields(), []
        if not mapped & {"external_id", "email", "person"}:
            found.append("An activity must find its lead: map a column to external_id, email or person.")
        if not mapped & {"happened_at", DUE_AT}:
            found.append("An activity needs its day: map a column to happened_at.")
        if not mapped & {"subject", "body", "activity"}:
            found.append("An activity needs something to say: map a column to subject, body or activity.")
        return found

    def _no_outcome(self) -> list[str]:
        mapped, found = self.fields(), []
        if not mapped & {"external_id", "email", "person", "company", "company_id", "deal_id"}:
            found.append("An outcome must find its lead: map a column to external_id, email or person.")
        if not mapped & {"outcome", *_WHEN}:  # what is open has no day yet: a row that ended without one says so
            found.append("An outcome needs its day: map a column to won_at, lost_at or closed_at.")
        elif "outcome" not in mapped and not mapped & {"won_at", "lost_at"}:
            found.append("A close date alone does not say who won: map a column to outcome, won_at or lost_at.")
        return found


def _choices(kind: Kind) -> str:
    answers = (f"{ANSWER}KEY",) if kind == "leads" else ()
    return ", ".join((*FIELDS[kind], *answers, f"{CUSTOM}Label", IGNORE))


def _unmapped(kind: Kind, label: str) -> str:
    return CUSTOM + label if kind == "leads" and label not in OWN_COLUMNS else IGNORE


def chosen(kind: Kind, labels: Sequence[str], pairs: Iterable[tuple[str, str]]) -> FieldMap:
    """The mapping that `pairs` of heading and field say; other columns of leads become custom fields.

    MappingError if a heading is not in the file, or the mapping has problems.
    """
    targets = {label: _unmapped(kind, label) for label in labels}
    by_key = {key(label): label for label in reversed(labels)}
    for heading, target in pairs:
        label = heading if heading in targets else by_key.get(key(heading), "")
        if not label:
            listed = ", ".join(labels[:40]) + (" …" if len(labels) > 40 else "")
            raise MappingError(f"There is no column “{heading}”. The file has: {listed}.")
        targets[label] = target.strip()
    mapping = FieldMap(kind, tuple(targets.items()))
    if problems := mapping.problems():
        raise MappingError(" ".join(problems))
    return mapping


def undecided(dialect: Dialect, mapping: FieldMap, dated: Collection[str] = ()) -> list[str]:
    """What a person should decide before an import: which comes first in dates, day or month, where nothing tells.

    `dated`: targets beside the fields that take a date.
    """
    takes = {field.name: field.takes for field in FIELDS[mapping.kind].values()}
    return [
        f"In “{column.label}” a date like {column.unclear} could be day first or month first: say which."
        for column, (_, target) in zip(dialect.columns, mapping.targets, strict=True)
        if column.unclear and (target in dated or takes.get(target) is Takes.MOMENT)
    ]


def signature(labels: Sequence[str]) -> str:
    """Names a heading, whatever the order of its columns, so that its mapping can be found again (64 characters)."""
    names = sorted(label for label in labels if label not in OWN_COLUMNS)
    return sha256("\x1f".join(names).encode()).hexdigest()


def guess(kind: Kind, labels: Sequence[str], samples: Sequence[Sequence[str]]) -> list[Guess]:
    """For each column its likely target; `samples` holds some cells of each column. No field is guessed twice."""
    cells = [[text for cell in column[:200] if (text := given(clean(cell)))] for column in samples]
    found, taken = _as_exported(kind, labels, cells)
    if (ours := recognised(labels)) and ours.is_ours and kind == "leads":
        return [found.get(at) or _left_over(kind, label, cells[at], ours) for at, label in enumerate(labels)]
    candidates = sorted(
        (-score, at, field.name, because)
        for at, label in enumerate(labels)
        for field in FIELDS[kind].values()
        for score, because in [_score(field, label, cells[at])]
        if score
    )
    for _, at, name, because in candidates:
        if at not in found and name not in taken:
            found[at] = Guess(name, because)
            taken.add(name)
    if "external_id" not in taken:
        _first_is_id(labels, cells, found)
    if kind == "leads":
        _name_beside(labels, cells, found)
    if kind == "leads" and "phone" in taken:
        _other_phones(labels, cells, found)
    preset = recognised(labels)
    return [found.get(at) or _left_over(kind, label, cells[at], preset) for at, label in enumerate(labels)]


def _as_exported(kind: Kind, labels: Sequence[str], cells: list[list[str]]) -> tuple[dict[int, Guess], set[str]]:
    """What the columns of another system's export are, if it is one; a column without cells waits for a better one."""
    preset = recognised(labels)
    if preset is None or preset.kind != kind:
        return {}, set()

    def fits(at: int, name: str) -> bool:
        field = FIELDS[kind][name]
        if preset.is_ours:  # be it nearly empty, or of several numbers in a cell
            return True
        return bool(cells[at] or preset.takes_all) and (field.takes not in _READ_STRICTLY or _fits(field, cells[at]))

    targets = preset.targets(labels, fits)
    columns, because = Counter(targets.values()), f"as in an export of {preset.label}"
    one_of = f"{because}; of its {{}} columns the first that has a cell in a row"
    found = {
        at: Guess(name, because if columns[name] == 1 else one_of.format(columns[name])) for at, name in targets.items()
    }
    return found, {each.target for each in found.values()} | {"external_id"}  # another id of theirs is not the person's


_NOT_KEPT: dict[Kind, str] = {  # why a column of no field is left out
    "leads": "",
    "companies": "of a company only its name, site, owner and id are kept",
    "outcomes": "of a deal nothing is kept that is none of the fields here",
    "activities": "of a note or call nothing is kept that is none of the fields here",
}
_READ_STRICTLY = (Takes.EMAIL, Takes.PHONE, Takes.MOMENT, Takes.MONEY)  # another thing under the name would show


def fitting(kind: Kind, labels: Sequence[str], guesses: Sequence[Guess]) -> FieldMap:
    """The mapping that `guesses` make; it may still have problems."""
    return FieldMap(kind, tuple(zip(labels, (each.target for each in guesses), strict=True)))


def _score(field: Field, label: str, cells: list[str]) -> tuple[float, str]:
    """How likely a column is the field, 0 if not, and why."""
    if field.name == "state" and standing.is_its_heading(label):
        found = standing.said(cells)
        return (80, f"its words say where each stands: {standing.listed(found)}") if found else (0, "")
    if field.name == "opt_out" and key(label) in _SUBSCRIPTIONS:
        return _of_subscription(cells)
    name, coin = bare(label), ""
    if name not in KNOWN:  # of the first of several people in a row
        name = " ".join(word for word in name.split() if word != "1") or name
    if field.takes is Takes.MONEY:
        without, coin = codes.currency_of_heading(label)
        name = name if name in field.headings else key(without)
    by_heading = 0.0
    if name == key(field.name) or name in field.headings:
        rank = field.headings.index(name) if name in field.headings else 0
        by_heading = 100 - rank / 10
    elif field.name in _OF_PERSON and of_person(name) in field.headings:
        by_heading = 60 - field.headings.index(of_person(name)) / 10
    elif field.name in _PARTLY and (_is_part(name, field.headings) or _is_before_brackets(label, field.headings)):
        by_heading = 50
    if by_heading:
        because = f"the heading says “{label}”" + (f", so in {coin} where no column says otherwise" if coin else "")
        fits = _fits(field, cells) and not _is_of_else(field, name, cells)
        return (by_heading, because) if fits else (0, "")
    if len(cells) >= 3 and field.name in ("email", "phone", "website"):
        alike = sum(_looks(field.takes, cell) for cell in cells) / len(cells)
        return (10 * alike, f"the cells look like this: {cells[0][:40]}") if alike >= 0.8 else (0, "")
    return 0, ""


def _is_of_else(field: Field, name: str, cells: Sequence[str]) -> bool:
    """Whether a heading that may be of a day is not."""
    return field.takes is Takes.MOMENT and name in _OR_ELSE and not any(map(is_date, cells))


def _of_subscription(cells: Sequence[str]) -> tuple[float, str]:
    """Of a newsletter a column may say who gets it, too: only who has unsubscribed says something for sure."""
    out = next((cell for cell in cells if values.is_unsubscribed(cell)), "")
    if not out or not all(map(values.is_subscription, cells)):
        return 0, ""
    return 80, f"its words say who wants no mail: “{out[:40]}”"


def _is_part(name: str, headings: tuple[str, ...]) -> bool:
    """Whether `name` says one of `headings` and nothing that makes it another thing."""
    for heading in headings:
        before, after = name.removesuffix(" " + heading), name.removeprefix(heading + " ")
        if before != name and not set(before.split()) & _OTHER_THING:
            return True
        if after != name and set(after.split()) <= _SAME_THING:
            return True
    return False


def _is_before_brackets(label: str, headings: tuple[str, ...]) -> bool:
    """Whether a heading is one of `headings`, with words in brackets behind it that make it no other thing."""
    before, within = within_brackets(label)
    is_other = within.isdigit() or within in KNOWN or set(within.split()) & _OTHER_THING
    return before in headings and bool(within) and not is_other


def _fits(field: Field, cells: list[str]) -> bool:
    """Whether most cells are what the field takes; a column of a cell or two fits any. Yes and no is no text."""
    if len(cells) < 3:
        return True
    if field.takes in (Takes.NAME, Takes.LINE) and all(map(values.is_yes_or_no, cells)):
        return False
    if field.name == "state":
        return bool(standing.said(cells))
    if field.name == "deal_id" or field is FIELDS["outcomes"]["external_id"]:  # one has several, either way
        return True
    if field.takes is Takes.ID:
        return len(set(cells)) >= 0.9 * len(cells)
    if field.takes in (Takes.OWNER, Takes.ACTIVITY):
        return True
    if field.takes in (Takes.NAME, Takes.LINE):
        return sum(_looks(Takes.EMAIL, cell) for cell in cells) < len(cells) / 2
    is_word = field.takes in (Takes.YES_NO, Takes.OPT_OUT)
    looks = values.is_yes_or_no if is_word else partial(_looks, field.takes)
    return sum(map(looks, cells)) >= len(cells) / 2


def _looks(takes: Takes, cell: str) -> bool:
    """Whether a cell is what a field takes."""
    try:
        match takes:
            case Takes.EMAIL:
                values.email(cell)
            case Takes.PHONE:
                return (
                    5 <= sum(map(str.isdigit, cell)) <= 18 and not is_date(cell) and not any(c in cell for c in "@,€$:")
                )
            case Takes.DOMAIN:
                values.domain(cell)
                return "@" not in cell
            case Takes.MONEY:
                values.money(cell)
            case Takes.MOMENT:
                return is_date(cell) or cell.replace(".", "").isdecimal()
            case Takes.COUNTRY:
                codes.country(cell)
            case Takes.OUTCOME:
                values.outcome(cell)
            case Takes.STATE:
                values.state(cell)
    except BadValueError:
        return False
    return True


def _name_beside(labels: Sequence[str], cells: list[list[str]], found: dict[int, Guess]) -> None:
    """Beside a first and a last name, a name that says neither is that of something else: the company, or its own."""
    places = {guess.target: at for at, guess in found.items()}
    if not {"name", "first_name", "last_name"} <= places.keys():
        return
    at = places["name"]
    theirs = {word for name in _NAMES for cell in cells[places[name]] for word in key(cell).split()}
    if not cells[at] or sum(bool(theirs & set(key(cell).split())) for cell in cells[at]) * 2 >= len(cells[at]):
        return
    because = "their first and last name stand in columns of their own, so this is "
    if "company" in places:
        found[at] = Guess(CUSTOM + labels[at], f"{because}kept as it is")
    else:
        found[at] = Guess("company", f"{because}taken for the company’s")


def _other_phones(labels: Sequence[str], cells: list[list[str]], found: dict[int, Guess]) -> None:
    """Columns that would be the telephone were there none are others of the same person."""
    known = FIELDS["leads"]["phone"]
    for at, label in enumerate(labels):
        score, because = _score(known, label, cells[at])
        if at not in found and score >= _BY_HEADING and cells[at]:
            found[at] = Guess(OTHER_PHONE, f"{because}, and another column is the telephone")


def _first_is_id(labels: Sequence[str], cells: list[list[str]], found: dict[int, Guess]) -> None:
    """A first column called "… id" whose cells all differ is the id, if nothing else is."""
    is_free = bool(labels) and 0 not in found
    if is_free and key(labels[0]).endswith(" id") and cells[0] and len(set(cells[0])) == len(cells[0]):
        found[0] = Guess("external_id", "the first column, each cell different")


def _left_over(kind: Kind, label: str, cells: list[str], preset: Preset | None) -> Guess:
    target = _unmapped(kind, label)
    if label in OWN_COLUMNS:
        return Guess(IGNORE, "from an earlier import’s rejected rows")
    if preset and preset.is_left(label):
        return Guess(IGNORE, f"of an export of {preset.label} this is for its own use; keep it if you read it")
    if not cells:
        return Guess(IGNORE, ALL_EMPTY)
    return Guess(target, "kept as a custom field" if target != IGNORE else _NOT_KEPT[kind])
