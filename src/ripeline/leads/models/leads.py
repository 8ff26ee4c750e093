"""The lead. I1 is spelt out as CHECKs on `Lead`: no code path, import or SQL can break it."""

from datetime import timedelta

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.models import CloseReason, Source
from ripeline.leads.models.companies import Account
from ripeline.leads.words.numbers import written
from ripeline.people.models import Responsible, User

FARTHEST_NEXT = timedelta(days=400)  # a next moment is at most this long after it was set (I1)


class State(models.TextChoices):
    NEW = "new", "New"
    QUALIFYING = "qualifying", "Qualifying"
    WORKING = "working", "Working"
    OPPORTUNITY = "opportunity", "Opportunity"
    NURTURE = "nurture", "Nurture"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    DISQUALIFIED = "disqualified", "Disqualified"


OPEN_STATES = (State.NEW, State.QUALIFYING, State.WORKING, State.OPPORTUNITY, State.NURTURE)
CLOSED_STATES = (State.WON, State.LOST, State.DISQUALIFIED)
IS_HERE = Q(merged_into__isnull=True)
IS_OPEN = Q(merged_into__isnull=True, state__in=[s.value for s in OPEN_STATES])
# What a list asks of each lead, so that it is answered by the index in which it looks, without the lead's own row.
_WHOSE = ["owner", "responsible"]


class NextKind(models.TextChoices):
    """Why there is a next moment."""

    FIRST_CONTACT = "first_contact", "First contact"
    FOLLOW_UP = "follow_up", "Follow up"
    PROMISE = "promise", "You promised"
    MEETING = "meeting", "Meeting"
    KEEP_IN_TOUCH = "keep_in_touch", "Keep in touch"
    REOPENED = "reopened", "Re-opened"
    QUALIFY = "qualify", "To qualify"


class Lead(models.Model):
    """A person we pursue, and where we stand with them.

    `responsible` acts next; `owner` is the rep who is credited, also while a programme keeps in touch.
    """

    id = primary_key()
    name = models.CharField(max_length=200, blank=True, default="")
    title = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")  # as shown; the identity holds the key
    phone = models.CharField(max_length=40, blank=True, default="")  # E.164 where it could be read
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="leads", db_index=False)
    company = models.CharField(max_length=200, blank=True, default="")  # as given
    reference = models.CharField(max_length=254, blank=True, default="")  # the id another system gave, as shown
    country = models.CharField(max_length=2, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    custom = models.JSONField(default=dict)
    search = models.TextField(blank=True, default="")  # leads.words.searching.search_tokens(…)

    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT, db_index=False)  # the episode's credit
    captured_at = models.DateTimeField()  # when they first came to us
    episode = models.PositiveSmallIntegerField(default=1)
    episode_at = models.DateTimeField()  # the ripening clock's start
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")

    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    state_at = models.DateTimeField(default=clock.now)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="leads", db_index=False)
    responsible = models.ForeignKey(Responsible, on_delete=models.PROTECT, related_name="leads", db_index=False)
    next_at = models.DateTimeField(null=True)
    next_set_at = models.DateTimeField(null=True)
    next_kind = models.CharField(max_length=14, choices=NextKind.choices, blank=True, default="")
    next_note = models.CharField(max_length=300, blank=True, default="")  # "after the budget round"
    next_committed = models.BooleanField(default=False)  # a person chose the date; the planner leaves it alone

    close_reason = models.ForeignKey(CloseReason, null=True, on_delete=models.PROTECT, db_index=False)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    won_before_captured = models.BooleanField(default=False)  # or nobody knows when: kept, left out of every fit

    first_touch_at = models.DateTimeField(null=True)  # our first attempt to reach them
    last_touch_at = models.DateTimeField(null=True)
    last_reached_at = models.DateTimeField(null=True)
    touches = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveSmallIntegerField(default=0)  # attempts since they were last reached

    decision_id = models.UUIDField(null=True)  # the activity of the last decision: what undo takes back
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    created_at = models.DateTimeField(default=clock.now)
    import_run_id = models.UUIDField(null=True)  # the batch that brought them, if one did

    class Meta:
        db_table = "lead"
        constraints = [
            one_of("state", State, name="lead_state"),
            models.CheckConstraint(  # I1, open: somebody, and a next moment
                condition=Q(merged_into__isnull=False)
                | Q(state__in=[s.value for s in CLOSED_STATES])
                | Q(
                    next_at__isnull=False,
                    next_set_at__isnull=False,
                    next_at__lte=F("next_set_at") + FARTHEST_NEXT,
                    close_reason__isnull=True,
                    closed_at__isnull=True,
                    closed_by__isnull=True,
                ),
                name="lead_open_has_next",
            ),
            models.CheckConstraint(  # I1, closed: why, when and who; nothing pending
                condition=Q(merged_into__isnull=False)
                | Q(state__in=[s.value for s in OPEN_STATES])
                | Q(
                    close_reason__isnull=False,
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                    next_at__isnull=True,
                ),
                name="lead_closed_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="lead_not_merged_into_itself"
            ),
            models.CheckConstraint(condition=Q(episode__gte=1), name="lead_episode_counts_from_one"),
        ]
        indexes = [
            models.Index(fields=["responsible", "next_at", "id"], name="lead_due", condition=IS_OPEN),
            models.Index(
                fields=["owner", "-captured_at", "-id"],
                name="lead_newest_of_owner",
                condition=IS_HERE,
                include=["responsible", "source", "state"],
            ),
            models.Index(fields=["owner", "next_at", "id"], name="lead_next_of_owner", condition=IS_OPEN),
            models.Index(fields=["responsible", "owner"], name="lead_with_desk", condition=IS_HERE),
            models.Index(fields=["next_at", "id"], name="lead_next_of_all", condition=IS_OPEN, include=_WHOSE),
            models.Index(
                fields=["-captured_at", "-id"], name="lead_newest_of_all", condition=IS_HERE, include=[*_WHOSE, "state"]
            ),
            models.Index(
                fields=["state", "-captured_at", "-id"], name="lead_newest_in_state", condition=IS_HERE, include=_WHOSE
            ),
            models.Index(
                fields=["source", "-captured_at", "-id"],
                name="lead_newest_from_source",
                condition=IS_HERE,
                include=[*_WHOSE, "state"],
            ),
            models.Index(fields=["account"], name="lead_at_account"),
            models.Index(  # who was worked to an end last: ripeness.yields, worklist.keeping
                fields=["-closed_at"],
                name="lead_ended",
                condition=Q(state__in=[State.WON, State.LOST], merged_into__isnull=True),
            ),
            models.Index(  # who came again: leads.finding.returning
                fields=["owner", "closed_at"],
                name="lead_disqualified",
                condition=Q(state=State.DISQUALIFIED, merged_into__isnull=True),
            ),
            models.Index(  # with whom we had talked, and the open deals: leads.finding.leaks
                fields=["last_touch_at", "state_at"],
                name="lead_talked",
                condition=Q(
                    Q(last_reached_at__isnull=False, state__in=[State.QUALIFYING, State.WORKING])
                    | Q(state=State.OPPORTUNITY),
                    merged_into__isnull=True,
                ),
            ),
            models.Index(  # who came and was not tried yet: leads.finding.leaks
                fields=["source", "episode_at"],
                name="lead_untouched",
                condition=Q(IS_OPEN, touches=0),
            ),
            models.Index(  # who was tried and never reached: leads.finding.leaks
                fields=["last_touch_at"],
                name="lead_unreached",
                condition=Q(
                    merged_into__isnull=True,
                    state__in=[State.NEW, State.QUALIFYING, State.WORKING],
                    touches__gt=0,
                    last_reached_at__isnull=True,
                ),
            ),
            models.Index(  # why they were lost: leads.finding.leaks
                fields=["close_reason"], name="lead_lost", condition=Q(state=State.LOST, merged_into__isnull=True)
            ),
            models.Index(fields=["phone"], name="lead_phone", condition=~Q(phone="")),
            models.Index(
                fields=["import_run_id", "id"], name="lead_of_batch", condition=Q(import_run_id__isnull=False)
            ),
            GinIndex(SearchVector("search", config="simple"), name="lead_search"),
            GinIndex(fields=["custom"], opclasses=["jsonb_path_ops"], name="lead_custom"),
        ]

    def __str__(self) -> str:
        called = self.name or self.email or written(self.phone)
        return called or (f"No. {_short(self.reference)}" if self.reference else "Unnamed lead")


def _short(reference: str) -> str:
    return reference if len(reference) <= 14 else f"{reference[:8]}…"
