"""Doors that somebody has set up: forms, what they ask and look like, and how they are doing."""

from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, JSONField, Max, Q, Sum

from ripeline.base import clock
from ripeline.base.reading import whole
from ripeline.base.settled import Settled
from ripeline.capture.doors.drafts import DoorError, FormDraft, checked, chosen_slug, free_slug, sound
from ripeline.capture.models import Door, DoorDay, DoorKind, Submission, SubmissionState
from ripeline.catalog import actions as catalog
from ripeline.catalog import assets
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog.models import Question
from ripeline.catalog.phrases import Language
from ripeline.outbox import queries as outbox
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

HEALTH_DAYS = 30


@dataclass(frozen=True)
class Health:
    """How a door is doing, over the last `HEALTH_DAYS` days but for the last time."""

    door: Door
    last_at: datetime | None
    taken: int
    held: int  # still waiting for a look
    seen: int
    refused: int

    @property
    def has_page(self) -> bool:
        """Whether people open it; a tool just sends."""
        return self.door.kind in (DoorKind.FORM, DoorKind.BOOTH)

    @property
    def conversion(self) -> float | None:
        """Of the times that its page was opened, the part that came in. At a booth one page takes many."""
        return min(self.taken / self.seen, 1.0) if self.seen and self.door.kind == DoorKind.FORM else None

    @property
    def looks_shut(self) -> bool:
        """Open to many and through for nobody: something about it may be broken."""
        return self.door.is_active and self.seen >= 50 and not self.taken


def keep_form(*, actor: User, draft: FormDraft, door: Door | None = None) -> Door:
    """Set up a form, or change one; its address stays. Raises DoorError beside the field at fault."""
    require_keeps_catalog(actor)
    kept = checked(draft)
    with transaction.atomic():
        slug = "" if door else chosen_slug(draft.slug) if draft.slug.strip() else free_slug(draft.name)
        found = door or Door(kind=DoorKind.FORM, slug=slug, created_by=actor)
        for name, value in kept.items():
            setattr(found, name, value)
        found.source = catalog.source_for(draft.source.strip() or f"Website: {kept['name']}", draft.source_type)
        found.campaign = catalog.campaigns_named([draft.campaign]).get(draft.campaign)
        found.gives = assets.find(draft.gives) if draft.gives else None
        found.save()
        people.audit(actor=actor, verb="door.change" if door else "door.add", target=found.slug)
    return found


def sketch(*, actor: User, draft: FormDraft, door: Door) -> Door:
    """The form as it would be, kept nowhere. What cannot be so, such as a colour half written, is as if not said."""
    require_keeps_catalog(actor)
    kept, _ = sound(draft, door)
    found = copy(door)
    for name, value in kept.items():
        setattr(found, name, value)
    return found


def faults(draft: FormDraft, door: Door) -> list[DoorError]:
    """All that is wrong with a form as somebody wants it, each beside its field."""
    _, wrong = sound(draft, door)
    return list({str(error): error for error in reversed(wrong)}.values())[::-1]  # the same twice: where it came first


def set_active(*, actor: User, door: Door, is_active: bool) -> None:
    """Shut a door or open it again; what came through it stays."""
    require_keeps_catalog(actor)
    if Door.objects.filter(pk=door.pk, is_active=not is_active).update(is_active=is_active):
        people.audit(actor=actor, verb="door.open" if is_active else "door.shut", target=door.slug)


def speak(*, actor: User, door: Door, language: str) -> None:
    """Choose the language of a door that nobody has to set up, such as a program's."""
    require_keeps_catalog(actor)
    if language in Language and Door.objects.filter(pk=door.pk).exclude(language=language).update(language=language):
        people.audit(actor=actor, verb="door.change", target=door.slug)


_doors = Settled(
    lambda: {(door.kind, door.slug): door for door in whole(Door, "", beside=("source", "campaign", "gives"))},
    "door", "source", "campaign", "asset",
)  # fmt: skip

_SAID = [each.attname for each in Door._meta.concrete_fields if isinstance(each, JSONField)]


def open_door(slug: str, kind: str = DoorKind.FORM) -> Door | None:
    """The form (or other kind of door) at this address, shut or not."""
    kept = _doors.now().get((kind, slug))
    if kept is None:
        return None
    found = copy(kept)
    for name in _SAID:  # what is kept is of all threads, and nobody's to change
        setattr(found, name, deepcopy(getattr(kept, name)))
    return found


def find(door_id: UUID) -> Door | None:
    return Door.objects.select_related("source", "campaign", "gives").filter(pk=door_id).first()


def asks(door: Door) -> list[tuple[Question, bool]]:
    """The questions that a door asks, in its order, with whether they must be answered; without those retired since."""
    listed = {question.key: question for question in standard(language=door.language)}
    return [(listed[each["key"]], bool(each.get("required"))) for each in door.questions if each.get("key") in listed]


def standard(*, retired: bool = False, language: str = "") -> Sequence[Question]:
    """The questions as doors put them, in a language: what is read of an answer is what its page showed.

    Of a consent to mail, the words are those that the mail itself refers to.
    """
    words = {wording.purpose_id: wording.text for wording in outbox.wordings(language=language)}
    found = [each.put(language or Language.ENGLISH) for each in catalog_queries.questions(retired=retired)]
    for question in found:
        question.label = words.get(question.purpose, question.label)
    return found


def health() -> list[Health]:
    """Every door with how it is doing, the open ones first; three queries."""
    since = clock.now() - timedelta(days=HEALTH_DAYS)
    taken, held = Q(state=SubmissionState.TAKEN), Q(state=SubmissionState.HELD)
    sent = {
        row["door"]: row
        for row in Submission.objects.values("door").annotate(
            last=Max("received_at", filter=taken), held=Count("pk", filter=held),
            taken=Count("pk", filter=taken & Q(received_at__gte=since)),
        )
    }  # fmt: skip
    days = {
        row["door"]: row
        for row in DoorDay.objects.filter(day__gte=since.date())
        .values("door")
        .annotate(seen=Sum("seen"), refused=Sum("refused"))
    }
    none: dict[str, Any] = {}
    return [
        Health(
            door, sent.get(door.pk, none).get("last"), sent.get(door.pk, none).get("taken", 0),
            sent.get(door.pk, none).get("held", 0), days.get(door.pk, none).get("seen", 0),
            days.get(door.pk, none).get("refused", 0),
        )
        for door in Door.objects.select_related("source").order_by("-is_active", "name")
    ]  # fmt: skip


def note(door: Door, what: str) -> None:
    """Count one on today's row: `seen` or `refused`."""
    assert what in ("seen", "refused")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO door_day AS d (door_id, day, seen, refused) VALUES (%s, %s, %s, %s)
            ON CONFLICT (door_id, day) DO UPDATE SET {what} = d.{what} + 1""",  # noqa: S608 - one of two words
            [door.pk, clock.now().date(), int(what == "seen"), int(what == "refused")],
        )
