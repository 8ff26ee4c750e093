"""The lead and what belongs to it. I1 is spelt out as CHECKs on `Lead`: no code path, import or SQL can break it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Func, Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.models import Campaign, CloseReason, Source
from ripeline.leads.numbers import written
from ripeline.leads.plain import Plain
from ripeline.people.models import Responsible, Team, User

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


CALLED = Func(  # the words of a company's name, O'Neil as one and as two
    Plain("name"), F("name"), arg_joiner=" || ' ' || ",
    template="to_tsvector('simple'::regconfig, %(expressions)s)", output_field=SearchVectorField(),
)  # fmt: skip


class Account(models.Model):
    """A company that people belong to. `key` is `d:` + its domain, else `n:` + its normalised name. `named` is the
    key of its name in either case, by which it is found, however the name is written.

    One that was merged into another keeps its row: whoever comes under its name or domain is at the other.
    """

    id = primary_key()
    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    named = models.CharField(max_length=200, blank=True, default="", db_default="")
    domain = models.CharField(max_length=190, blank=True, default="")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="accounts")
    created_at = models.DateTimeField(default=clock.now)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", db_index=False
    )  # always one step

    class Meta:
        db_table = "account"
        indexes = [
            models.Index(fields=["named"], name="account_named"),
            GinIndex(CALLED, name="account_words"),
            models.Index(fields=["merged_into"], name="account_merged", condition=Q(merged_into__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")), name="account_merged_elsewhere"
            )
        ]

    def __str__(self) -> str:
        return self.name


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
    search = models.TextField(blank=True, default="")  # leads.rules.search_tokens(…)

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
            models.Index(  # who came again: leads.returning
                fields=["owner", "closed_at"],
                name="lead_disqualified",
                condition=Q(state=State.DISQUALIFIED, merged_into__isnull=True),
            ),
            models.Index(  # with whom we had talked, and the open deals: leads.leaks
                fields=["last_touch_at", "state_at"],
                name="lead_talked",
                condition=Q(
                    Q(last_reached_at__isnull=False, state__in=[State.QUALIFYING, State.WORKING])
                    | Q(state=State.OPPORTUNITY),
                    merged_into__isnull=True,
                ),
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


class IdentityKind(models.TextChoices):
    EMAIL = "email", "E-mail"
    EXTERNAL = "external", "External id"
    NATURAL = "natural", "Row of an import"
    PHONE = "phone", "Telephone and name"


class Identity(models.Model):
    """What makes two rows the same person: UNIQUE(kind, key). A person may have several of each: all find them.

    A telephone is here with the name beside it, and gives way to the others. Number, name or cookie alone only suggest.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    key = models.CharField(max_length=254)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="identities")
    created_at = models.DateTimeField(default=clock.now)
    import_run_id = models.UUIDField(null=True)  # the import that added it to somebody who was here already

    class Meta:
        db_table = "identity"
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="identity_one_person"),
            one_of("kind", IdentityKind, name="identity_kind"),
        ]
        indexes = [
            models.Index(
                fields=["import_run_id", "lead"], name="identity_of_import", condition=Q(import_run_id__isnull=False)
            )
        ]


class Block(models.Model):
    """Something that people who may be the same have in common: only who shares a block is compared.

    Derived from the lead (`likeness.blocks`), hashed; can be rebuilt.
    """

    pk = models.CompositePrimaryKey("lead_id", "key")
    lead_id = models.UUIDField()
    key = models.BigIntegerField()

    class Meta:
        db_table = "lead_block"
        indexes = [models.Index(fields=["key", "lead_id"], name="lead_block_shared")]


class PossibleDuplicate(models.Model):
    """Two leads that may be one person, and why. Kept when somebody says that they are two: it is not asked again."""

    id = primary_key()
    lead_id = models.UUIDField()  # the smaller id of the two
    other_id = models.UUIDField()
    points = models.PositiveSmallIntegerField()
    evidence = models.JSONField(default=list)  # in words, the strongest first
    found_at = models.DateTimeField(default=clock.now)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "possible_duplicate"
        constraints = [
            models.UniqueConstraint(fields=["lead_id", "other_id"], name="possible_duplicate_once"),
            models.CheckConstraint(condition=Q(lead_id__lt=F("other_id")), name="possible_duplicate_ordered"),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=True) | Q(dismissed_by__isnull=False),
                name="possible_duplicate_dismissed_by",
            ),
        ]
        indexes = [
            models.Index(fields=["other_id"], name="possible_duplicate_other"),
            models.Index(
                fields=["-points", "id"], name="possible_duplicate_open", condition=Q(dismissed_at__isnull=True)
            ),
        ]


class AccountBlock(models.Model):
    """Something that rows of one company have in common, as `Block` is of people; can be rebuilt."""

    pk = models.CompositePrimaryKey("account_id", "key")
    account_id = models.UUIDField()
    key = models.BigIntegerField()

    class Meta:
        db_table = "account_block"
        indexes = [models.Index(fields=["key", "account_id"], name="account_block_shared")]


class SameCompany(models.Model):
    """Two companies that may be one, and why. Kept when somebody says that they are two: it is not asked again."""

    id = primary_key()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)  # the smaller id
    other = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    points = models.PositiveSmallIntegerField()
    evidence = models.JSONField(default=list)  # in words, the strongest first
    found_at = models.DateTimeField(default=clock.now)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "same_company"
        constraints = [
            models.UniqueConstraint(fields=["account", "other"], name="same_company_once"),
            models.CheckConstraint(condition=Q(account__lt=F("other")), name="same_company_ordered"),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=True) | Q(dismissed_by__isnull=False), name="same_company_dismissed_by"
            ),
        ]
        indexes = [
            models.Index(fields=["other"], name="same_company_other"),
            models.Index(fields=["-points", "id"], name="same_company_open", condition=Q(dismissed_at__isnull=True)),
        ]


class AccountMerge(models.Model):
    """One company merged into another: by whom, and what takes it back whole."""

    id = primary_key()
    key = models.CharField(max_length=80, unique=True)  # of the request: sent again it is the same
    survivor = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    duplicate = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    merged_at = models.DateTimeField(default=clock.now)
    was = models.JSONField(default=dict)  # names and owner of both before
    became = models.JSONField(default=dict)  # and after
    led_there = ArrayField(models.UUIDField(), default=list)  # companies that had been merged into the duplicate
    moved = ArrayField(models.UUIDField(), default=list)  # its people
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_merge"
        indexes = [
            models.Index(fields=["-merged_at", "id"], name="account_merge_last", condition=Q(undone_at__isnull=True))
        ]


class Enquiry(models.Model):
    """One time that they came to us, with its context: the unit of cohorts and of source credit."""

    id = primary_key()
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enquiries", db_index=False)
    episode = models.PositiveSmallIntegerField(default=1)
    door = models.CharField(max_length=20)  # import, demo, by_hand; later form, booth …
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, db_index=False)
    place = models.CharField(max_length=200, blank=True, default="")  # a hall, a page, a line of ours, a file
    landing_page = models.CharField(max_length=500, blank=True, default="")
    message = models.TextField(blank=True, default="")  # what they said
    answers = models.JSONField(default=dict)  # as they were given then; never changed (the model learns from them)
    amended = models.JSONField(default=dict)  # since: key → {"answer", "by" whom or by which "run"} (leads.answers)
    trail = models.JSONField(default=dict)  # how they got to the page: referrer, utm, first
    captured_at = models.DateTimeField()
    captured_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    import_run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "enquiry"
        indexes = [
            models.Index(fields=["lead", "captured_at"], name="enquiry_of_lead"),
            models.Index(fields=["campaign", "lead"], name="enquiry_of_campaign", condition=Q(campaign__isnull=False)),
        ]

    @property
    def said(self) -> dict[str, Any]:
        """Their answers as they stand now."""
        said = {**self.answers, **{key: each["answer"] for key, each in self.amended.items()}}
        return {key: answer for key, answer in said.items() if answer is not None}


class OpportunityState(models.TextChoices):
    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class Opportunity(models.Model):
    """A deal in the making, or made."""

    id = primary_key()
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="opportunities", db_index=False)
    key = models.CharField(max_length=120)  # names it where it came from; makes opening idempotent
    name = models.CharField(max_length=200, blank=True, default="")
    product = models.CharField(max_length=200, blank=True, default="")
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    stage = models.CharField(max_length=40, blank=True, default="")
    expected_close = models.DateField(null=True)
    state = models.CharField(max_length=5, choices=OpportunityState.choices, default=OpportunityState.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "opportunity"
        constraints = [
            models.UniqueConstraint(fields=["lead", "key"], name="opportunity_once"),
            one_of("state", OpportunityState, name="opportunity_state"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="opportunity_closed_when",
            ),
        ]


class DealId(models.Model):
    """A deal by the id that another system gave it: the same one in every later file, whatever that says of it by then.

    `said` is what a file said of it last, and only what it says otherwise is news. No opportunity: a loss without an
    amount and a name, or one that somebody took back here.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=254, unique=True)  # with its system before it (`leads.systems`)
    system = models.CharField(max_length=40, blank=True, default="")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="deal_ids")
    opportunity = models.ForeignKey(
        Opportunity, null=True, on_delete=models.SET_NULL, related_name="deal_ids", db_index=False
    )
    said = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "deal_id"
        constraints = [models.UniqueConstraint(fields=["opportunity", "system"], name="deal_id_once_a_system")]

    @property
    def holder_id(self) -> UUID:
        """The lead that has the deal: by now, where it was merged, another."""
        return self.opportunity.lead_id if self.opportunity else self.lead_id


class RecordView(models.Model):
    """Somebody looked at another's lead: shown to its owner."""

    id = primary_key()
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, db_index=False)
    viewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    viewed_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "record_view"
        indexes = [
            models.Index(fields=["owner", "-viewed_at"], name="record_view_of_owner"),
            models.Index(fields=["lead", "-viewed_at"], name="record_view_of_lead"),
        ]


class Audience(models.TextChoices):
    """Who else sees a view that somebody keeps."""

    MINE = "mine", "Only me"
    TEAM = "team", "One team"
    EVERYBODY = "everybody", "Everybody"


class SavedView(models.Model):
    """A way of looking at the list that somebody keeps under a name: the query of its address, with its columns.

    One that is removed stays until it is tidied away, so that removing can be taken back.
    """

    id = primary_key()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)  # who keeps it
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.MINE)
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "saved_view"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], name="saved_view_once", condition=Q(removed_at__isnull=True)
            ),
            one_of("audience", Audience, name="saved_view_audience"),
            models.CheckConstraint(
                condition=Q(audience="team", team__isnull=False) | (~Q(audience="team") & Q(team__isnull=True)),
                name="saved_view_of_a_team",
            ),
        ]


class DefaultView(models.Model):
    """The view that somebody's list begins with."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "default_view"


class BatchVerb(models.TextChoices):
    """What can be done with many leads at once."""

    GIVE = "give", "Give to somebody"
    NEXT = "next", "Set the next date"
    NURTURE = "nurture", "Leave to Keep in touch"
    CLOSE = "close", "Let go"
    REOPEN = "reopen", "Take up again"


class BatchState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Under way"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Broke off"
    UNDO_QUEUED = "undo_queued", "Waiting to be taken back"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


class Batch(models.Model):
    """One thing done with many leads at once. Each piece commits together with `position`."""

    id = primary_key()
    verb = models.CharField(max_length=10, choices=BatchVerb.choices)
    state = models.CharField(max_length=12, choices=BatchState.choices, default=BatchState.QUEUED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)  # of the request: sent twice it is one
    query = models.CharField(max_length=2000, blank=True, default="")  # the list it was asked on
    is_ticked = models.BooleanField(default=False)  # leads ticked one by one; else all that the query finds
    terms = models.JSONField(default=dict)  # to whom, when, why
    zone = models.CharField(max_length=64, default="UTC")  # whose midnight "today" is in the query
    total = models.PositiveIntegerField(null=True)  # leads, once they are written down
    position = models.PositiveIntegerField(default=0)  # of the items, how far it is
    done = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict)  # reason → how many were left as they are
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lead_batch"
        constraints = [
            models.UniqueConstraint(fields=["asked_by", "key"], name="lead_batch_once"),
            one_of("verb", BatchVerb, name="lead_batch_verb"),
            one_of("state", BatchState, name="lead_batch_state"),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="lead_batch_waiting")]


class BatchItem(models.Model):
    """A lead of a batch: what became of it, and the decision that undo takes back."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", db_index=False)
    number = models.PositiveIntegerField()
    lead_id = models.UUIDField()
    outcome = models.CharField(max_length=10, blank=True, default="")
    activity_id = models.UUIDField(null=True)

    class Meta:
        db_table = "lead_batch_item"
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="lead_batch_item_once")]
