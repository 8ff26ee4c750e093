"""What people think of a lead's ripeness, beside what the model says. It never changes a score by itself."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.deciding import By, LeadError, NotUndoable, lock, once_more
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people.models import Role, User
from ripeline.ripeness.models import Direction, Dispute, Perceived, Quality, Score
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity


@once_more
def dispute(lead_id: UUID, by: By, *, direction: str, words: str) -> UUID:
    """Say that one sees it differently, and why: kept with what was shown, on the timeline and in marketing's list."""
    words = " ".join(words.split())[:500]
    if direction not in Direction.values:
        raise LeadError("Say whether they are riper or greener than that.")
    if not words:
        raise LeadError("Say why, in a few words; it is what others learn from.")
    with transaction.atomic():
        lead = lock(lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        score = Score.objects.filter(pk=lead.pk).first()
        shown = {"p_30": score.p_30, "model": score.model} if score else {}
        entry = _entry(lead, "disputed", by, {"direction": direction, "words": words, **shown})
        if timeline.record(entry):
            Dispute.objects.create(
                lead_id=lead.pk, user=by.actor, direction=direction, words=words, said_at=clock.now(), **shown
            )
        return entry.id


@once_more
def perceive(lead_id: UUID, by: By, *, quality: str) -> UUID | None:
    """Note how good a lead seems to whoever works it ("": no opinion); the entry's id, None where nothing changed."""
    if quality and quality not in Quality.values:
        raise LeadError("A lead is good, fair or poor.")
    with transaction.atomic():
        lead = lock(lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        before = Perceived.objects.filter(pk=lead.pk).values_list("quality", flat=True).first() or ""
        if before == quality:
            return None
        entry = _entry(lead, "perceived", by, {"quality": quality, "was": before})
        if not timeline.record(entry):
            return None
        _put(lead, by.actor, quality)
        return entry.id


@once_more
def take_back_perceived(activity_id: UUID, by: By) -> Lead:
    """Take an opinion back, if it is the last one about this lead: what was noted before it holds again."""
    with transaction.atomic():
        found = Activity.objects.filter(pk=activity_id, kind="perceived").first()
        if found is None:
            raise NotUndoable("There is nothing to take back.")
        lead = lock(found.lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        last = Activity.objects.filter(lead_id=found.lead_id, kind="perceived").order_by("-recorded_at", "-id").first()
        taken = Activity.objects.filter(lead_id=found.lead_id, kind="undone", data__of=str(found.pk)).exists()
        if taken:
            return lead
        if last is None or last.pk != found.pk:
            raise NotUndoable("Something else has been noted since, so it cannot be taken back.")
        if timeline.record(_entry(lead, "undone", by, {"of": str(found.pk), "kind": found.kind})):
            _put(lead, by.actor, found.data["was"])
        return lead


def _put(lead: Lead, user: User, quality: str) -> None:
    if not quality:
        Perceived.objects.filter(pk=lead.pk).delete()
        return
    Perceived.objects.update_or_create(
        lead_id=lead.pk, defaults={"quality": quality, "user": user, "set_at": clock.now()}
    )


def perceived(lead_id: UUID) -> str:
    """How good the lead seems to whoever works it; "" where nobody has said."""
    return Perceived.objects.filter(pk=lead_id).values_list("quality", flat=True).first() or ""


def disputes(reader: User) -> QuerySet[Dispute]:
    """What people see differently, newest first, as far as somebody may read it: all of it in marketing and for
    administrators, of one's own team for a leader, one's own for everybody."""
    found = Dispute.objects.select_related("user").order_by("-said_at", "-id")
    if reader.role in (Role.ADMIN, Role.MARKETER):
        return found
    if reader.role == Role.LEADER and reader.team_id:
        return found.filter(user__team=reader.team_id)
    return found.filter(user=reader)


def _entry(lead: Lead, kind: str, by: By, data: dict[str, object]) -> timeline.Entry:
    return timeline.Entry(
        lead_id=lead.pk, kind=kind, actor_id=by.actor.pk, origin=by.origin, event_key=by.key, occurred_at=clock.now(),
        data=data,
    )  # fmt: skip
