"""The settings of a form as they are typed: what it says, asks and looks like. What may be so its door decides."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms

from ripeline.capture.doors import doors, drafts
from ripeline.capture.doors.drafts import DoorError, FormDraft
from ripeline.capture.models import Door, KnownVisitors
from ripeline.catalog import assets, phrases
from ripeline.catalog.models import AnswerType, Question, SourceType
from ripeline.catalog.phrases import Language
from ripeline.web.frame.forms import Form, its_language

ASKED = (("", "Not asked"), ("optional", "Asked"), ("required", "Must be answered"))
MOVE = "move"  # up or down, and which question: the page comes back so, and nothing is kept yet
PERSON = {"name": "Name", "company": "Company", "phone": "Telephone", "title": "What they do there"}
TITLES = {  # with which a form begins, in its language
    Language.ENGLISH: {
        SourceType.QUOTE_REQUEST: "Ask for a quote", SourceType.DEMO_REQUEST: "See a demonstration",
        SourceType.CONTACT_FORM: "Talk to us", SourceType.TRIAL: "Try it for free",
        SourceType.CONTENT_DOWNLOAD: "Get the paper", SourceType.WEBINAR: "Come to the webinar",
        SourceType.COURSE: "Join the course", SourceType.OTHER: "Stay in touch",
    },
    Language.GERMAN: {
        SourceType.QUOTE_REQUEST: "Angebot anfordern", SourceType.DEMO_REQUEST: "Vorführung ansehen",
        SourceType.CONTACT_FORM: "Mit uns sprechen", SourceType.TRIAL: "Kostenlos testen",
        SourceType.CONTENT_DOWNLOAD: "Unterlagen anfordern", SourceType.WEBINAR: "Am Webinar teilnehmen",
        SourceType.COURSE: "Am Kurs teilnehmen", SourceType.OTHER: "In Verbindung bleiben",
    },
}  # fmt: skip


def _text(label: str, length: int, *, rows: int = 0, such_as: str = "", **more: Any) -> forms.CharField:
    said = {"autocomplete": "off"} | ({"placeholder": such_as} if such_as else {})
    widget = forms.Textarea({"rows": rows}) if rows else forms.TextInput(said)
    return forms.CharField(label=label, max_length=length, widget=widget, **more)


class FormBeginning(Form):
    """What a form begins with."""

    name = _text("Its name, for you", 120)
    source_type = forms.ChoiceField(
        label="What do people ask for with it?",
        choices=[
            ("They want to talk", [(kind.value, kind.label) for kind in drafts.HAND_RAISING]),
            ("They want to read, or to learn", [(kind.value, kind.label) for kind in drafts.READING]),
        ],
        help_text="It decides how ripe they are, and how soon somebody should call.",
    )
    language = its_language("Of its fixed words, its errors, its mail, and of each question that has words in it.")


class NewForm(FormBeginning):
    slug = _text("Its address", 60, such_as="call-me-back", required=False,
                 help_text="After /f/, and for good. Left empty it is made of the name.")  # fmt: skip


class FormSettings(FormBeginning):
    field_order = ("name", "source_type", "language")
    title = _text("Heading", 160)
    intro = _text("What stands below it", 1000, rows=3, required=False)
    verb = _text("On its button", 40)
    thanks = _text("What is said afterwards", 1000, rows=2)
    redirect_url = _text(
        "Or a page of yours afterwards", 500, required=False, help_text="A whole address; instead of the words above."
    )
    privacy_url = _text(
        "Your privacy notice", 500, required=False,
        help_text="A whole address; a link stands beside the question whether you may write, else above the button.",
    )  # fmt: skip
    campaign = forms.CharField(
        label="Campaign", max_length=160, required=False, widget=forms.TextInput({"list": "campaigns"}),
        help_text="Otherwise the one that the link they came by names (utm_campaign).",
    )  # fmt: skip
    gives = forms.ChoiceField(label="What they get for it", required=False)
    known = forms.ChoiceField(
        label="Who is known here already is asked", choices=KnownVisitors.choices, required=False,
        help_text="Those who said before who they are, on a site that tracks them with their consent.",
    )  # fmt: skip
    accent = _text("Colour of its button", 30, such_as="#1f6f54", required=False)  # as it is without one
    paper = _text("Colour of its ground", 30, such_as="#ffffff", required=False)
    ink = _text("Colour of its letters", 30, such_as="#1c2321", required=False)
    font = forms.ChoiceField(
        label="Letters", choices=[("system-ui", "Plain"), ("serif", "With serifs"), ("monospace", "Typewriter")]
    )
    corners = forms.IntegerField(label="Round corners", min_value=0, max_value=30)
    sites = _text(
        "Sites that may show it in a page of theirs", 2000, rows=2, required=False,
        help_text="One a line, such as https://www.example.com. Without any, it has its own page only.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in PERSON.items():
            self.fields[f"ask-{name}"] = forms.ChoiceField(label=label, choices=ASKED, required=False)
        kept = [each for each in assets.all_assets() if each.is_active or str(each.pk) == self.initial.get("gives")]
        self.fields["gives"].choices = [("", "Nothing but the words below"), *((str(a.pk), a.title) for a in kept)]  # type: ignore[attr-defined]
        self.standard = self._in_order(doors.standard())
        for question in self.standard:
            self.fields[f"ask-q-{question.key}"] = forms.ChoiceField(
                label=question.label, choices=ASKED, required=False
            )

    def _in_order(self, standard: Sequence[Question]) -> list[Question]:
        """The questions in the order of this form, then those it does not ask; consents come last, as a form asks them.

        What is sent names them as they stood, and what is to change places.
        """
        keys = [each.key for each in standard]
        given = self.data.getlist("order") if self.is_bound else []  # type: ignore[attr-defined]
        order = [key for key in dict.fromkeys([*given, *self.initial.get("order", ())]) if key in keys]
        consents = {each.key for each in standard if each.answer_type == AnswerType.CONSENT}
        order = sorted([*order, *(key for key in keys if key not in order)], key=lambda key: key in consents)
        way, _, moved = str(self.data.get(MOVE, "")).partition(" ")
        if moved in order:
            to = order.index(moved) + (-1 if way == "up" else 1)
            if 0 <= to < len(order) and (order[to] in consents) == (moved in consents):
                order.remove(moved)
                order.insert(to, moved)
        return sorted(standard, key=lambda each: order.index(each.key))

    def colours(self) -> list[Any]:
        return [self[name] for name in drafts.COLOURS]

    def person(self) -> list[Any]:
        return [self[f"ask-{name}"] for name in PERSON]

    def questions(self) -> list[tuple[Question, Any]]:
        return [(each, self[f"ask-q-{each.key}"]) for each in self.standard if each.answer_type != AnswerType.CONSENT]

    def consents(self) -> list[tuple[Question, Any]]:
        return [(each, self[f"ask-q-{each.key}"]) for each in self.standard if each.answer_type == AnswerType.CONSENT]

    def show_door(self, error: DoorError) -> None:
        """Beside its field, unless something is said there already."""
        if error.field not in self.errors:
            self.add_error(error.field if error.field in self.fields else None, str(error))

    def draft_beside(self, door: Door) -> FormDraft:
        """What is typed; what is not valid is as the door has it."""
        given = dict.fromkeys(self.fields, "") | initial(door) | self.cleaned_data
        asked = [(q.key, given[f"ask-q-{q.key}"]) for q in self.standard]
        return FormDraft(
            name=given["name"], source_type=given["source_type"], campaign=given["campaign"], title=given["title"],
            intro=given["intro"], verb=given["verb"], thanks=given["thanks"], redirect_url=given["redirect_url"],
            fields={name: given[f"ask-{name}"] for name in PERSON},
            questions=[(key, how == "required") for key, how in asked if how],
            style={name: given[name] for name in ("accent", "paper", "ink", "font", "corners")},
            sites=given["sites"].splitlines(), known=given["known"],
            gives=UUID(given["gives"]) if given["gives"] else None, language=given["language"],
            privacy_url=given["privacy_url"],
        )  # fmt: skip


GROUPS = {  # of the settings; what is asked, by `ask-…`, stands under asks and agree
    "aim": ("name", "source_type", "campaign"),
    "says": ("language", "title", "intro", "verb"),
    "asks": ("known",),
    "agree": ("privacy_url",),
    "after": ("gives", "thanks", "redirect_url"),
    "looks": (*drafts.COLOURS, "font", "corners"),
    "stands": ("sites",),
}


def opened(form: FormSettings, move: str) -> set[str]:
    """The groups in which something is wrong, or was moved just now."""
    wrong = {group for group, names in GROUPS.items() if any(name in form.errors for name in names)}
    if move:
        is_consent = any(question.key == move.partition(" ")[2] for question, _ in form.consents())
        wrong.add("agree" if is_consent else "asks")
    return wrong


def states(door: Door) -> dict[str, str]:
    """How each group of a form's settings is, in a few words."""
    asked = [question for question, _ in doors.asks(door)]
    consents = sum(question.answer_type == AnswerType.CONSENT for question in asked)
    questions, notice = len(asked) - consents, "with a privacy notice" if door.privacy_url else "no privacy notice"
    asks = ["E-mail", *(label.lower() for name, label in PERSON.items() if name in door.fields)]
    after = door.gives.title if door.gives else "A page of yours" if door.redirect_url else "Words of thanks"
    return {
        "aim": f"{door.source.get_source_type_display()}{f' · {door.campaign.name}' if door.campaign else ''}",
        "says": f"{door.get_language_display()} · “{door.title}”",
        "asks": ", ".join(asks) + (f" · {_count(questions, 'question')}" if questions else ""),
        "agree": f"{_count(consents, 'consent') if consents else 'No consent'} · {notice}",
        "after": after,
        "looks": "Your own" if any(name in door.style for name in drafts.COLOURS) else "As they come",
        "stands": _count(len(door.sites), "site") if door.sites else "Its own page only",
    }  # fmt: skip


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def initial(door: Door) -> dict[str, Any]:
    """A form's settings as its fields begin."""
    asked = {f"ask-q-{each['key']}": "required" if each["required"] else "optional" for each in door.questions}
    return {
        "name": door.name, "source_type": door.source.source_type, "title": door.title, "intro": door.intro,
        "verb": door.verb, "thanks": door.thanks, "redirect_url": door.redirect_url,
        "campaign": door.campaign.name if door.campaign else "", "sites": "\n".join(door.sites),
        "language": door.language, "privacy_url": door.privacy_url,
        "order": [each["key"] for each in door.questions],
        "known": door.known, "gives": str(door.gives_id or ""), "font": "system-ui", "corners": 8,
        **door.style, **asked,
        **{f"ask-{name}": how for name, how in door.fields.items()},
    }  # fmt: skip


def in_its_language(draft: FormDraft, door: Door) -> FormDraft:
    """Where the language changes, the words that a form began with and nobody has changed follow it."""
    if draft.language == door.language or draft.language not in Language:
        return draft
    kind = SourceType(draft.source_type)
    had, has = (TITLES[Language(each)][kind] for each in (door.language, draft.language))
    old, new = phrases.of(door.language), phrases.of(draft.language)
    follows = {had: has, old.verb: new.verb, old.thanks: new.thanks}
    return replace(
        draft, title=follows.get(draft.title, draft.title), verb=follows.get(draft.verb, draft.verb),
        thanks=follows.get(draft.thanks, draft.thanks),
    )  # fmt: skip
