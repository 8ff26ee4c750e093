"""Capture, Questions: the standard that every door asks by."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture.doors import askers, doors
from ripeline.capture.models import Door
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, Meaning, Question
from ripeline.catalog.phrases import Language
from ripeline.catalog.standard import QuestionError
from ripeline.outbox import queries as outbox
from ripeline.people.rules import require_keeps_catalog
from ripeline.web.frame.forms import Form, posted
from ripeline.web.frame.shell import say, viewer

PARTS = ("label", "help", "options")
OTHERS = [(each.value, each.label) for each in Language if each != Language.ENGLISH]


class QuestionForm(Form):
    label = forms.CharField(label="The question, as it is asked", max_length=200)
    hint = forms.CharField(label="A word of help below it", max_length=300, required=False)
    answer_type = forms.ChoiceField(label="How it is answered", choices=AnswerType.choices)
    options = forms.CharField(
        label="The answers to choose from", max_length=5000, required=False, widget=forms.Textarea({"rows": 5}),
        help_text="One a line.",
    )  # fmt: skip
    purpose = forms.ChoiceField(
        label="What the mail is for", required=False,
        choices=lambda: [("", "Nothing that is mailed"), *((p.code, p.name) for p in outbox.purposes())],
    )  # fmt: skip
    meaning = forms.ChoiceField(
        label="What it tells", choices=Meaning.choices, help_text="Where the answer belongs when a lead is qualified."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].help_text = format_html(
            'The form shows <a href="{}">the words of that purpose</a>, which an administrator writes, and asks for a '
            "confirmation by mail.", reverse("purposes"),
        )  # fmt: skip
        for code, name in OTHERS:
            self.fields[f"label-{code}"] = forms.CharField(
                label=f"The question in {name}", max_length=200, required=False
            )
            self.fields[f"help-{code}"] = forms.CharField(
                label="A word of help below it", max_length=300, required=False
            )
            self.fields[f"options-{code}"] = forms.CharField(
                label="The answers", max_length=5000, required=False, widget=forms.Textarea({"rows": 5}),
                help_text="As many as above, in their order; what is kept of an answer is the one above.",
            )  # fmt: skip

    def others(self) -> list[tuple[str, list[Any], bool]]:
        """Each further language: its name, its fields, and whether it has anything in it."""
        found = [(str(name), [self[f"{part}-{code}"] for part in PARTS]) for code, name in OTHERS]
        return [(name, fields, any(each.value() or each.errors for each in fields)) for name, fields in found]

    def spoken(self) -> dict[str, dict[str, Any]]:
        given = self.cleaned_data
        return {
            code: {"label": given[f"label-{code}"], "help": given[f"help-{code}"],
                   "options": given[f"options-{code}"].splitlines()}
            for code, _ in OTHERS
        }  # fmt: skip


@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    require_keeps_catalog(viewer(request))
    known = doors.standard(retired=True)
    at = askers.askers()
    answer = {
        "here": "questions",
        "asked": [(q, at.get(q.key, ()), askers.counted(at.get(q.key, ()))) for q in known if q.is_active],
        "retired": [q for q in known if not q.is_active],
    }
    return render(request, "capture/questions.html", answer)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, question_id: UUID | None = None) -> HttpResponse:
    """Add a question, or change how one is put."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    found = _find(question_id) if question_id else None
    form = QuestionForm(posted(request), initial=_initial(found))
    is_fixed = found is not None and found.answer_type not in standard.LISTS
    if found and not is_fixed:
        form.fields["answer_type"].choices = [each for each in AnswerType.choices if each[0] in standard.LISTS]  # type: ignore[attr-defined]
    beside = request.POST.get(
        "beside", form.initial.get("options", "")
    )  # the answers that the other words stood beside
    there: Question | None = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            standard.keep(
                actor=actor, question=found, label=given["label"], hint=given["hint"],
                answer_type=given["answer_type"], options=given["options"].splitlines(), meaning=given["meaning"],
                purpose=given["purpose"], spoken=form.spoken(), beside=beside.splitlines(),
            )  # fmt: skip
        except QuestionError as error:
            beside = given["options"] if error.field.startswith("options-") else beside
            form.add_error(error.field if error.field in form.fields else None, str(error))
            there = error.there
        else:
            say(request, "Kept; every door that asks it asks it so." if found else "Kept; now choose where to ask it.")
            return redirect("questions")
    answer = {"here": "questions", "form": form, "question": found, "is_fixed": is_fixed, "beside": beside}
    answer["there"] = there
    return render(request, "capture/question.html", answer, status=422 if form.errors else 200)


@require_POST
def deed(request: HttpRequest, question_id: UUID, what: str) -> HttpResponse:
    """Retire a question, ask it again, or move it."""
    actor, found = viewer(request), _find(question_id)
    if what in ("up", "down"):
        standard.move(actor=actor, question_id=found.pk, up=what == "up")
    else:
        standard.set_active(actor=actor, question_id=found.pk, is_active=what == "ask")
        if what == "ask":
            say(request, f"“{found.label}” is asked again.")
        if what == "retire":
            undo = reverse("question-deed", args=[found.pk, "ask"])
            say(request, _retired(askers.askers().get(found.key, [])), undo=undo)
    return redirect("questions")


def _retired(doors: Sequence[Door]) -> str:
    """What is said of a question that was just retired: who asked it until now."""
    who = f" by {askers.counted(doors)} ({', '.join(door.name for door in doors)})" if doors else ""
    return f"Not asked any more{who}; the answers given stay."


def _find(question_id: UUID) -> Question:
    try:
        return Question.objects.get(pk=question_id)
    except Question.DoesNotExist:
        raise Http404 from None


def _initial(found: Question | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "label": found.label, "hint": found.help, "answer_type": found.answer_type, "meaning": found.meaning,
        "options": "\n".join(found.options), "purpose": found.purpose,
        **{f"{part}-{code}": _spoken(found, code, part) for code, _ in OTHERS for part in PARTS},
    }  # fmt: skip


def _spoken(found: Question, language: str, part: str) -> str:
    words = found.spoken.get(language, {})
    if part != "options":
        return str(words.get(part, ""))
    return "\n".join(words["options"].get(option, "") for option in found.options) if words.get("options") else ""


urlpatterns = [
    path("capture/questions", questions, name="questions"),
    path("capture/questions/new", question, name="question-new"),
    path("capture/questions/<uuid:question_id>", question, name="question"),
    path("capture/questions/<uuid:question_id>/<str:what>", deed, name="question-deed"),
]
