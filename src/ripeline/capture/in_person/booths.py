"""Booths: a page for the phone at an event, with the event's own questions; set up like any door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count

from ripeline.capture.arriving import languages
from ripeline.capture.doors.drafts import DoorError, free_slug
from ripeline.capture.models import Door, DoorKind, Submission
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog.models import SourceType
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

KINDS = (SourceType.TRADE_SHOW, SourceType.COURSE, SourceType.OTHER)
PERSON = ("name", "company", "email", "phone", "title")
NOTES_AT_MOST, LONGEST_NOTE = 12, 60
NOTES = ("Wants a demonstration", "Wants a price", "Call me", "Send something to read", "Has something like it already")


@dataclass(frozen=True, kw_only=True)
class BoothDraft:
    """A booth as somebody wants it."""

    name: str
    source_type: str = SourceType.TRADE_SHOW
    place: str = ""
    campaign: str = ""
    first_day: date | None = None
    last_day: date | None = None
    fields: Sequence[str] = PERSON
    questions: Sequence[tuple[str, bool]] = ()  # key, whether it must be answered
    notes: Sequence[str] = NOTES
    language: str = ""  # of the mail that follows, and of questions; else as it is, or as a new door begins


def keep_booth(*, actor: User, draft: BoothDraft, door: Door | None = None) -> Door:
    """Set up a booth, or change one; its address stays. Raises DoorError beside the field at fault."""
    require_keeps_catalog(actor)
    checked = _checked(draft) | {"language": languages.chosen(draft.language, door)}
    with transaction.atomic():
        found = door or Door(
            kind=DoorKind.BOOTH, slug=free_slug(draft.name, "booth"), created_by=actor, verb="-", thanks="-"
        )
        for name, value in checked.items():
            setattr(found, name, value)
        found.source = catalog.source_for(checked["name"], draft.source_type)
        found.campaign = catalog.campaigns_named([draft.campaign]).get(draft.campaign)
        found.save()
        people.audit(actor=actor, verb="door.change" if door else "door.add", target=found.slug)
    return found


def open_booths() -> Sequence[Door]:
    """The booths that cards can be taken at, the latest event first."""
    return list(
        Door.objects.filter(kind=DoorKind.BOOTH, is_active=True)
        .select_related("source", "campaign")
        .order_by("-first_day", "-created_at")
    )


def capturers(door: Door) -> Sequence[tuple[str, int]]:
    """Who took how many cards, the most first."""
    found = Submission.objects.filter(door=door, captured_by__isnull=False).values_list("captured_by__name")
    return list(found.annotate(n=Count("pk")).order_by("-n", "captured_by__name"))


def _checked(draft: BoothDraft) -> dict[str, Any]:
    name = " ".join(draft.name.split())[:120]
    if not name:
        raise DoorError("Give the event a name.", "name")
    if draft.source_type not in KINDS:
        raise DoorError("Choose what kind of event it is.", "source_type")
    if draft.first_day and draft.last_day and draft.last_day < draft.first_day:
        raise DoorError("It ends before it begins.", "last_day")
    standard = {question.key for question in catalog_queries.questions()}
    return {
        "name": name, "title": name, "place": " ".join(draft.place.split())[:160], "first_day": draft.first_day,
        "last_day": draft.last_day or draft.first_day,
        "fields": dict.fromkeys((key for key in PERSON if key in draft.fields), "optional"),
        "questions": [{"key": key, "required": must} for key, must in draft.questions if key in standard],
        "notes": _notes(draft.notes),
    }  # fmt: skip


def _notes(lines: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))
    if len(kept) > NOTES_AT_MOST:
        raise DoorError(f"More than {NOTES_AT_MOST} do not fit a phone; these are {len(kept)}.", "notes")
    if long := next((line for line in kept if len(line) > LONGEST_NOTE), ""):
        raise DoorError(f"“{long[:30]}…” is too long to touch; {LONGEST_NOTE} characters fit.", "notes")
    return kept
