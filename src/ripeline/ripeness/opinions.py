"""What people think of a lead's ripeness, beside what the model says. It never changes a score by itself."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.decisions.deciding import By, LeadError, NotUndoable, lock, once_more
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people.models import Role, User
from ripeline.ripeness.models import Direction, Dispute, Perceived, Quality, Score, Stage, StageSaid
from ripeline.ripeness.scoring import rescore
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
def say_stage(lead_id: UUID, by: By, *, stage: str) -> UUID | None:
    """Say which buying stage a lead is in ("": let it be inferred again); the entry's id, None where nothing changed.

    Holds for as long as signals are remembered, unless what they do afterwards clearly says otherwise.
    """
    if stage and stage not in Stage.values:
        raise LeadError("A buying stage is awareness, interest, consideration or decision.")
    with transaction.atomic():
        lead = lock(lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        before = StageSaid.objects.filter(pk=lead.pk).first()
        if stage == (before.stage if before else "") and not (before and stage):
            return None
        was = {"was": before.stage, "was_by": str(before.user_id), "was_at": before.said_at} if before else {"was": ""}
        inferred = Score.objects.filter(pk=lead.pk).values_list("stage", flat=True).first() or ""
        entry = _entry(lead, "staged", by, {"stage": stage, "inferred": inferred, **was})
        if not timeline.record(entry):
            return None
        _put_stage(lead.pk, stage, by.actor.pk, clock.now())
        return entry.id


@once_more
def take_back(activity_id: UUID, by: By) -> Lead:
    """Take an opinion back (how good it seems, which stage), if it is the last of its kind about this lead: what was
    noted before it holds again."""
    with transaction.atomic():
        found = Activity.objects.filter(pk=activity_id, kind__in=("perceived", "staged")).first()
        if found is None:
            raise NotUndoable("There is nothing to take back.")
        lead = lock(found.lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        last = Activity.objects.filter(lead_id=found.lead_id, kind=found.kind).order_by("-recorded_at", "-id").first()
        taken = Activity.objects.filter(lead_id=found.lead_id, kind="undone", data__of=str(found.pk)).exists()
        if taken:
            return lead
        if last is None or last.pk != found.pk:
            raise NotUndoable("Something else has been noted since, so it cannot be taken back.")
        if timeline.record(_entry(lead, "undone", by, {"of": str(found.pk), "kind": found.kind})):
            was = found.data["was"]
            if found.kind == "perceived":
                _put(lead, by.actor, was)
            else:
                at = datetime.fromisoformat(found.data["was_at"]) if was else clock.now()
                _put_stage(lead.pk, was, UUID(found.data["was_by"]) if was else by.actor.pk, at)
        return lead


def _put_stage(lead_id: UUID, stage: str, user_id: UUID, at: datetime) -> None:
    if stage:
        StageSaid.objects.update_or_create(
            lead_id=lead_id, defaults={"stage": stage, "user_id": user_id, "said_at": at}
        )  # fmt: skip
    else:
        StageSaid.objects.filter(pk=lead_id).delete()
    rescore([lead_id])


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
