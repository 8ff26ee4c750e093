"""Where somebody was met, for which campaign, and what they answered: folded away on the forms by which one of us notes
them, so that a name and a number are still all that it takes.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.request import QueryDict
from django.utils import timezone

from ripeline.base import clock
from ripeline.capture.arriving import asking
from ripeline.catalog.models import AnswerType, Question
from ripeline.web.frame.forms import Form

PREFIX = "q-"
_LASTS = "noted"  # in the session: what was chosen last at each door, for the rest of the day
_KEPT = ("place", "campaign")


def text_field(label: str, length: int, *, widget: forms.Widget | None = None, **attrs: str) -> forms.CharField:
    """A line of text that no browser fills in by itself."""
    widget = widget or forms.TextInput()
    widget.attrs |= {"autocomplete": "off"} | attrs
    return forms.CharField(label=label, max_length=length, required=False, widget=widget)


class Questions(Form):
    """A form that also puts the questions of the capture standard; what is wrong with an answer stands beside it.

    `given`: answers that are there already, be it to a question that is not asked any more.
    """

    def __init__(self, data: QueryDict | None = None, *, given: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._given = dict(given or {})
        self.asked = asking.noted()
        listed = {question.key for question in self.asked}
        if self._given.keys() - listed:
            answered = self._given.keys() - listed
            self.asked += [each for each in asking.answerable(retired=True) if each.key in answered]
        for question in self.asked:
            name = f"{PREFIX}{question.key}"
            there = _texts(_as_typed(self._given.get(question.key)))
            self.fields[name] = _field(question, there if data is None else data.getlist(name), there)
            self.initial.setdefault(name, there if question.answer_type == AnswerType.CHOICES else "".join(there))

    @property
    def questions(self) -> list[tuple[str, forms.BoundField]]:
        """Each question's kind, and its field."""
        return [(question.answer_type, self[f"{PREFIX}{question.key}"]) for question in self.asked]

    @property
    def is_answered(self) -> bool:
        """Whether an answer was given, be it wrong."""
        return any(field.value() for _, field in self.questions)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        texts = {q.key: _texts(self.cleaned_data.get(f"{PREFIX}{q.key}")) for q in self.asked}
        same = {q.key for q in self.asked if texts[q.key] == _texts(_as_typed(self._given.get(q.key)))}
        answers, wrong = asking.taken_all(texts, [each for each in self.asked if each.key not in same])
        cleaned["answers"] = {key: answer for key, answer in self._given.items() if key in same} | answers
        for key, said in wrong.items():
            self.add_error(f"{PREFIX}{key}", said)
        return cleaned


class Noted(Questions):
    """The same with the place and the campaign, which stay as they were chosen last for the rest of the day."""

    place = text_field("Where", 160)
    campaign = text_field("Campaign", 160, list="campaigns")

    @property
    def is_open(self) -> bool:
        """Whether anything of this must be seen: an answer, or something wrong."""
        names = (*_KEPT, *(field.name for _, field in self.questions))
        return self.is_answered or any(name in self.errors for name in names)

    @property
    def stays(self) -> str:
        """What was chosen before and holds for this one too, in words."""
        return ", ".join(text for name in _KEPT if (text := str(self[name].value() or "").strip()))


def chosen_last(request: HttpRequest, door: str) -> dict[str, str]:
    """The place and campaign that somebody chose last at a door, if it was today."""
    kept = request.session.get(_LASTS, {}).get(door, {})
    return {name: kept.get(name, "") for name in _KEPT} if kept.get("day") == _today() else {}


def keep_chosen(request: HttpRequest, door: str, given: Mapping[str, Any]) -> None:
    """Remember what was chosen, if it is another than before."""
    said = {name: str(given.get(name, "")) for name in _KEPT} | {"day": _today()}
    lasts = request.session.get(_LASTS, {})
    if lasts.get(door) != said and (any(said[name] for name in _KEPT) or door in lasts):
        request.session[_LASTS] = lasts | {door: said}


def _today() -> str:
    return timezone.localdate(clock.now()).isoformat()


def _field(question: Question, typed: list[str], there: list[str]) -> forms.Field:
    """The control of a question. What was typed as a date and is none stays there to be mended, so as text; an answer
    that is `there` and cannot be chosen any more stays until another is."""
    options = [(option, option) for option in dict.fromkeys([*question.options, *there])]
    match question.answer_type:
        case AnswerType.CHOICES:
            widget: forms.Widget = forms.CheckboxSelectMultiple(choices=options)
        case AnswerType.CHOICE:
            widget = forms.Select(choices=[("", "Not said"), *options])
        case AnswerType.YES_NO:
            widget = forms.Select(choices=[("", "Not said"), ("yes", "Yes"), ("no", "No")])
        case AnswerType.LONG_TEXT:
            widget = forms.Textarea({"rows": 2})
        case AnswerType.DATE:
            widget = forms.DateInput({"type": "date" if all(map(_is_iso, typed)) else "text"})
        case AnswerType.NUMBER:
            widget = forms.TextInput({"inputmode": "decimal"})
        case _:
            widget = forms.TextInput()
    widget.attrs["autocomplete"] = "off"
    return forms.Field(label=question.label, required=False, help_text=question.help, widget=widget)


def _is_iso(text: str) -> bool:
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value]) if each not in (None, "")]


def _as_typed(answer: Any) -> Any:
    """A kept answer as a control has it."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer if isinstance(answer, list) else None if answer is None else str(answer)
