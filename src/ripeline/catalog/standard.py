"""The capture standard: the questions of every door, and how an answer is read. Changed by whoever keeps the doors."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.catalog.models import AnswerType, Meaning, Question
from ripeline.catalog.phrases import EN, Phrases
from ripeline.catalog.rules import name_key
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

LONGEST = 5_000  # characters of a longer text
SHORT = 300
OPTIONS_AT_MOST = 40
_NO = frozenset({"no", "false", "0", "off"})
LISTS = frozenset({AnswerType.CHOICE.value, AnswerType.CHOICES.value})

_GERMAN: dict[str, dict[str, Any]] = {
    "need": {"label": "Was möchten Sie erreichen?"},
    "role": {
        "label": "Was ist Ihr Anteil daran?",
        "options": ["Ich entscheide", "Ich bereite die Entscheidung vor", "Ich werde damit arbeiten",
                    "Ich sehe mich nur um"],
    },
    "timeline": {
        "label": "Wann soll es so weit sein?",
        "options": ["Innerhalb eines Monats", "Innerhalb von drei Monaten", "Innerhalb eines halben Jahres", "Später",
                    "Noch keine Pläne"],
    },
    "budget": {"label": "Gibt es dafür ein Budget?", "options": ["Ja", "Es ist beantragt", "Noch nicht"]},
    "product": {"label": "Um welches Produkt geht es?"},
    "may_write": {"help": "Sie können das jederzeit zurücknehmen."},
}  # fmt: skip

# key, as asked, help, type, options, meaning
_STANDARD: tuple[tuple[str, str, str, AnswerType, tuple[str, ...], Meaning], ...] = (
    ("need", "What would you like to achieve?", "", AnswerType.LONG_TEXT, (), Meaning.NEED),
    (
        "role", "What is your part in it?", "", AnswerType.CHOICE,
        ("I decide", "I prepare the decision", "I will work with it", "I am only looking around"), Meaning.AUTHORITY,
    ),
    (
        "timeline", "When should it be in place?", "", AnswerType.CHOICE,
        ("Within a month", "Within three months", "Within half a year", "Later", "No plans yet"), Meaning.TIMELINE,
    ),
    ("budget", "Is there a budget for it?", "", AnswerType.CHOICE, ("Yes", "It is being asked for", "Not yet"),
     Meaning.BUDGET),
    ("product", "Which product is it about?", "", AnswerType.TEXT, (), Meaning.PRODUCT),
    (
        "may_write", "You may write to me about this and similar subjects now and then.",
        "You can take this back at any time.", AnswerType.CONSENT, (), Meaning.CONSENT,
    ),
)  # fmt: skip


class AnswerError(ValueError):
    """An answer that does not fit its question. The message is for whoever gave it; `said` has it in their language.

    `phrase` names what catalog.phrases has for it, `put` what stands in there.
    """

    def __init__(self, message: str = "", phrase: str = "", put: str = "") -> None:
        super().__init__(message or _phrase(EN, phrase, put))
        self._phrase, self._put = phrase, put

    def said(self, phrases: Phrases) -> str:
        return _phrase(phrases, self._phrase, self._put) if self._phrase and phrases is not EN else str(self)


def _phrase(phrases: Phrases, name: str, put: str) -> str:
    return str(getattr(phrases, name)).replace("{}", put)


class QuestionError(ValueError):
    """A question that cannot be asked so; `field` says where to show it, `there` which one has the same words."""

    def __init__(self, message: str, field: str = "", there: Question | None = None) -> None:
        super().__init__(message)
        self.field, self.there = field, there


def seed() -> None:
    """Make the questions to begin with; leaves those already there, and people's changes to them, alone."""
    if Question.objects.exists():
        return
    Question.objects.bulk_create(
        [
            Question(key=key, label=label, help=hint, answer_type=kind, options=list(options), meaning=meaning,
                     purpose="news" if kind == AnswerType.CONSENT else "", position=position * 10,
                     spoken={"de": _german(key, options)} if key in _GERMAN else {})
            for position, (key, label, hint, kind, options, meaning) in enumerate(_STANDARD, start=1)
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _german(key: str, options: Sequence[str]) -> dict[str, Any]:
    words = dict(_GERMAN[key])
    return words | ({"options": dict(zip(options, words["options"], strict=True))} if options else {})


def read(question: Question, given: Sequence[str], *, required: bool = False) -> Any:
    """An answer as it is kept, from what was sent for it: text, number, ISO date, list or bool; None if there is none.

    Raises AnswerError.
    """
    texts = [text.strip() for text in given if text.strip()]
    if not texts or (_is_tick(question) and texts[0].casefold() in _NO):
        if required:
            raise AnswerError(phrase="tick" if _is_tick(question) else "fill_in")
        return None
    kind = question.answer_type
    if kind == AnswerType.CONSENT:
        return {"given": True, "wording": question.label}
    if kind == AnswerType.CHOICES:
        return [_option(question, text) for text in dict.fromkeys(texts)]
    text = texts[0]
    if kind == AnswerType.CHOICE:
        return _option(question, text)
    if kind == AnswerType.YES_NO:
        return _yes_no(text)
    if kind == AnswerType.NUMBER:
        return _number(text)
    if kind == AnswerType.DATE:
        return _day(text)
    most = LONGEST if kind == AnswerType.LONG_TEXT else SHORT
    if len(text) > most:
        raise AnswerError(phrase="too_long", put=str(most))
    return text


def words(value: Any) -> str:
    """A kept answer as a person reads it."""
    if isinstance(value, dict):
        return "agreed" if value.get("given") else "not agreed"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _is_tick(question: Question) -> bool:
    return question.answer_type == AnswerType.CONSENT


def _option(question: Question, text: str) -> str:
    if text not in question.options:
        raise AnswerError(phrase="one_of_these")
    return text


def _yes_no(text: str) -> bool:
    if text.casefold() in ("yes", "true", "1", "on"):
        return True
    if text.casefold() in _NO:
        return False
    raise AnswerError(phrase="yes_or_no")


def _number(text: str) -> int | float:
    try:
        value = float(text.replace(" ", "").replace(",", "."))
    except ValueError:
        raise AnswerError(phrase="number") from None
    if not -1e15 < value < 1e15:
        raise AnswerError(phrase="number")
    return int(value) if value.is_integer() else value


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise AnswerError(phrase="date") from None


def keep(
    *, actor: User, question: Question | None = None, label: str, hint: str = "", answer_type: str,
    options: Sequence[str] = (), meaning: str, purpose: str = "", spoken: Mapping[str, Mapping[str, Any]] | None = None,
    beside: Sequence[str] = (),
) -> Question:  # fmt: skip
    """Add a question, or change how one is put. Its key never changes, so that answers stay comparable.

    `spoken`: by language, its label, help and as many options, for forms in it; None leaves those as they are, where
    they still fit. `beside`: the options beside which whoever wrote those of other languages saw them; else as they
    were. What was asked as a list stays one: an answer that somebody gave keeps its meaning. No two are of the same
    words. Raises QuestionError.
    """
    require_keeps_catalog(actor)
    label, options = " ".join(label.split()), _options(options)
    if not label:
        raise QuestionError("Write the question as it should be asked.", "label")
    if question is None or _same(label) != _same(question.label):
        _require_new(label)
    if answer_type in LISTS and len(options) < 2:
        raise QuestionError("Write at least two answers to choose from, one a line.", "options")
    if question and question.answer_type != answer_type and {question.answer_type, answer_type} - LISTS:
        raise QuestionError("The kind of answer stays, as answers were given in it; retire it and add another.",
                            "answer_type")  # fmt: skip
    with transaction.atomic():
        found = question or Question(key=_new_key(label), position=_last() + 10)
        before = found.options
        found.label, found.help, found.answer_type = label[:200], " ".join(hint.split())[:300], answer_type
        found.options, found.meaning = options if answer_type in LISTS else [], meaning
        found.purpose = purpose if answer_type == AnswerType.CONSENT else ""
        if spoken is not None:
            is_seen = found.options == (_options(beside) or before)
            found.spoken = _spoken(spoken, found.options, before, {} if is_seen else found.spoken)
        found.save()
        people.audit(actor=actor, verb="question.change" if question else "question.add", target=found.key)
    return found


def _same(label: str) -> str:
    """What two questions of the same words have in common."""
    return " ".join(label[:200].split()).casefold()


def _require_new(label: str) -> None:
    for there in Question.objects.order_by("-is_active", "position"):
        if _same(there.label) == _same(label):
            how = "already" if there.is_active else "already, though it is not asked any more"
            raise QuestionError(f"There is this question {how}.", "label", there)


def set_active(*, actor: User, question_id: UUID, is_active: bool) -> Question:
    """Retire a question, which leaves every door; or ask it again."""
    require_keeps_catalog(actor)
    found = Question.objects.get(pk=question_id)
    if found.is_active != is_active:
        found.is_active = is_active
        found.save(update_fields=["is_active"])
        people.audit(actor=actor, verb="question.ask" if is_active else "question.retire", target=found.key)
    return found


def move(*, actor: User, question_id: UUID, up: bool) -> None:
    """Move a question one place in the order in which questions are asked."""
    require_keeps_catalog(actor)
    with transaction.atomic():
        rows = list(Question.objects.select_for_update().filter(is_active=True).order_by("position", "label"))
        at = next((i for i, each in enumerate(rows) if each.pk == question_id), None)
        if at is None or not 0 <= (to := at + (-1 if up else 1)) < len(rows):
            return
        rows[at], rows[to] = rows[to], rows[at]
        for position, each in enumerate(rows, start=1):
            each.position = position * 10
        Question.objects.bulk_update(rows, ["position"])


def _spoken(
    spoken: Mapping[str, Mapping[str, Any]],
    options: Sequence[str],
    before: Sequence[str],
    known: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """What there is of each language; raises QuestionError beside `options-de` where not every answer has its own.

    `known`: what there was beside the options `before`, unless those of now were seen beside these words.
    """
    found: dict[str, dict[str, Any]] = {}
    for language, words in spoken.items():
        said = [" ".join(each.split())[:120] for each in words.get("options", ()) if each.strip()]
        if said and len(said) != len(options):
            raise QuestionError(
                f"Write as many answers as above, in their order: {len(options)}.", f"options-{language}"
            )
        label, hint = (" ".join(str(words.get(name, "")).split()) for name in ("label", "help"))
        shown = _paired(said, options, before, known.get(language, {}).get("options", {}), f"options-{language}")
        kept = {"label": label[:200], "help": hint[:300], "options": shown}
        if any(kept.values()):
            found[language] = {name: value for name, value in kept.items() if value}
    return found


def _paired(
    said: Sequence[str], options: Sequence[str], before: Sequence[str], known: Mapping[str, str], field: str
) -> dict[str, str]:
    """Each option with its words: they go with it where it alone has moved, and never to another one unseen."""
    if sorted(options) == sorted(before) and said == [known.get(option) for option in before]:
        return {option: known[option] for option in options}
    meant = {words: option for option, words in known.items()}
    for option, words in zip(options, said, strict=False):
        if meant.get(words, option) != option:
            raise QuestionError(
                f"The answers above have changed: “{words}” was for “{meant[words]}” and would be for “{option}”. "
                "See that each has its own words, in their order, and keep it again.", field,
            )  # fmt: skip
    return dict(zip(options, said, strict=False))


def _options(options: Sequence[str]) -> list[str]:
    cleaned = list(dict.fromkeys(" ".join(each.split())[:120] for each in options if each.strip()))
    if len(cleaned) > OPTIONS_AT_MOST:
        raise QuestionError(f"Nobody reads more than {OPTIONS_AT_MOST} answers; these are {len(cleaned)}.", "options")
    return cleaned


def _new_key(label: str) -> str:
    base = name_key(label).replace(" ", "_")[:32].strip("_") or "question"
    key, number = base, 2
    while Question.objects.filter(key=key).exists():
        key, number = f"{base}_{number}", number + 1
    return key


def _last() -> int:
    return max(Question.objects.values_list("position", flat=True), default=0)
