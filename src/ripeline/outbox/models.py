"""Messages and what became of them; consent for each purpose with its evidence; who is to get no mail."""

from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.people.models import User


class MessageState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being handed over"  # recorded before the server hears of it
    SENT = "sent", "Sent"
    DOUBT = "doubt", "In doubt"  # the hand-over was broken off: it may have gone out, so it is never repeated by itself
    BOUNCED = "bounced", "Bounced"  # the address is none
    FAILED = "failed", "Not sent"  # refused for good, or tried for too long
    STOPPED = "stopped", "Held back"  # not to be sent: `reason` says why


HANDED_OVER = (MessageState.SENDING, MessageState.SENT, MessageState.DOUBT, MessageState.BOUNCED)


class Message(models.Model):
    """One mail to one address. UNIQUE(lead_id, kind, key): what causes it may happen twice, the mail does not (I5).

    Its text is not kept: it is written from `context` at the moment of sending, and `context` is emptied afterwards.
    """

    id = primary_key()
    kind = models.CharField(max_length=20)  # outbox.kinds
    key = models.CharField(max_length=120)
    lead_id = models.UUIDField(null=True)  # none: to somebody who works here
    to_address = models.CharField(max_length=254)
    to_name = models.CharField(max_length=200, blank=True, default="")
    address_hash = models.CharField(max_length=64)
    purpose = models.CharField(max_length=40, blank=True, default="")  # empty: transactional, needs no consent
    context = models.JSONField(default=dict)
    stops_when_answered = models.BooleanField(default=False)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)
    wanted_at = models.DateTimeField(default=clock.now)  # not before this moment, and not for days after it

    state = models.CharField(max_length=8, choices=MessageState.choices, default=MessageState.WAITING)
    due_at = models.DateTimeField(default=clock.now)  # the next try; moved ahead by whoever claims it
    claimed_by = models.CharField(max_length=32, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    message_id = models.CharField(max_length=200, blank=True, default="")
    provider_id = models.CharField(max_length=200, blank=True, default="")  # what a provider calls it
    handed_at = models.DateTimeField(null=True)  # when the last hand-over began
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=20, blank=True, default="")  # outbox.rules.REASONS, where it was not sent
    reply = models.CharField(max_length=300, blank=True, default="")  # the server's last words

    class Meta:
        db_table = "message"
        constraints = [
            one_of("state", MessageState, name="message_state"),
            models.UniqueConstraint(fields=["lead_id", "kind", "key"], name="message_once", nulls_distinct=False),
            models.CheckConstraint(  # I5: recorded before the hand-over, with its Message-ID
                condition=~Q(state__in=[state.value for state in HANDED_OVER])
                | (Q(handed_at__isnull=False) & ~Q(message_id="")),
                name="message_recorded_first",
            ),
            models.CheckConstraint(
                condition=~Q(state="stopped") | ~Q(reason=""),
                name="message_stopped_why",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="message_due", condition=Q(state="waiting")),
            models.Index(fields=["handed_at"], name="message_under_way", condition=Q(state="sending")),
            models.Index(fields=["state", "-created_at", "-id"], name="message_in_state"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            models.Index(fields=["address_hash", "-created_at"], name="message_to_address"),
            models.Index(fields=["provider_id"], name="message_at_provider", condition=~Q(provider_id="")),
        ]


class Purpose(models.Model):
    """What people can agree to get mail for. Its wording is versioned: consent is to words that were shown."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=120)

    class Meta:
        db_table = "purpose"

    def __str__(self) -> str:
        return self.name


class Wording(models.Model):
    """The words by which somebody was asked, in one version; never changed."""

    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="wordings", db_index=False)
    language = models.CharField(
        max_length=2, blank=True, default="", db_default=""
    )  # "" where one has no words of its own
    version = models.PositiveIntegerField()  # of those in its language
    name = models.CharField(max_length=120, blank=True, default="", db_default="")  # of the purpose, in its language
    text = models.TextField()
    created_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "purpose_wording"
        constraints = [models.UniqueConstraint(fields=["purpose", "language", "version"], name="purpose_wording_once")]

    @property
    def called(self) -> str:
        """The purpose, as people who were asked in these words know it."""
        return self.name or self.purpose.name


class ConsentState(models.TextChoices):
    PENDING = "pending", "Asked, not confirmed yet"
    GIVEN = "given", "Given"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DECLINED = "declined", "Asked, did not agree"


class Consent(models.Model):
    """Where an address stands with a purpose. What led there is in `ConsentEvent`."""

    id = primary_key()
    address_hash = models.CharField(max_length=64)
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=9, choices=ConsentState.choices)
    since = models.DateTimeField()
    said_at = models.DateTimeField(null=True)  # when they said so; none: a yes of nobody knows when
    lead_id = models.UUIDField(null=True)
    language = models.CharField(
        max_length=2, blank=True, default="", db_default=""
    )  # in which they agreed; "": unknown
    is_unasked = False  # whether no mail could ask them to confirm it (`queries`); not kept

    class Meta:
        db_table = "consent"
        constraints = [
            one_of("state", ConsentState, name="consent_state"),
            models.UniqueConstraint(fields=["address_hash", "purpose"], name="consent_once"),
        ]

    @property
    def is_declined(self) -> bool:
        """Whether they were asked and did not agree: no consent, and none taken back."""
        return self.state == ConsentState.DECLINED

    @property
    def is_given(self) -> bool:
        """Whether they agreed, and confirmed it."""
        return self.state == ConsentState.GIVEN


class ConsentEvent(models.Model):
    """The evidence, append-only: who said what about which words, when, how and whence."""

    id = primary_key()
    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="events", db_index=False)
    state = models.CharField(max_length=9, choices=ConsentState.choices)
    at = models.DateTimeField(default=clock.now)
    said_at = models.DateTimeField(null=True)  # as in `Consent`
    how = models.CharField(max_length=120)  # "form Newsletter", "link in a mail", "one click", "said so by telephone"
    wording = models.ForeignKey(Wording, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, default="")
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)  # else: they
    import_run_id = models.UUIDField(null=True)  # of the import that brought it, so that it goes with it

    class Meta:
        db_table = "consent_event"
        indexes = [
            models.Index(fields=["consent", "at"], name="consent_event_of"),
            models.Index(
                fields=["import_run_id"], name="consent_event_import", condition=Q(import_run_id__isnull=False)
            ),
        ]


class Scope(models.TextChoices):
    EVERYTHING = "everything", "No mail at all"
    PURPOSES = "purposes", "Only mail that answers them"  # nothing that is sent for a purpose


class SuppressionReason(models.TextChoices):
    BOUNCED = "bounced", "Mail came back"
    COMPLAINED = "complained", "They complained"
    UNSUBSCRIBED = "unsubscribed", "They unsubscribed from everything"
    BY_HAND = "by_hand", "Entered here"


class Suppression(models.Model):
    """An address, known by its hash alone, that gets no mail until somebody lifts it with a reason."""

    id = primary_key()
    address_hash = models.CharField(max_length=64)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    reason = models.CharField(max_length=12, choices=SuppressionReason.choices)
    note = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    lifted_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "suppression"
        constraints = [
            one_of("scope", Scope, name="suppression_scope"),
            one_of("reason", SuppressionReason, name="suppression_reason"),
            models.UniqueConstraint(
                fields=["address_hash", "scope"], condition=Q(lifted_at__isnull=True), name="suppression_once"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | ~Q(lifted_why=""), name="suppression_lifted_why"
            ),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="suppression_newest"),
            models.Index(fields=["address_hash", "-at"], name="suppression_of"),
        ]


class MailServer(models.Model):
    """How the way out is: a table of one row. `key_check` tells that hashes were made under the present key."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    key_check = models.CharField(max_length=64)
    worked_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "mail_server"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="mail_server_is_one")]


class BounceBox(models.Model):
    """The mailbox to which mail comes back, and how far it is read: a table of one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=300, blank=True, default="")
    validity = models.BigIntegerField(default=0)  # under which its messages are numbered
    uid = models.BigIntegerField(default=0)  # the last that was read
    looked_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "bounce_box"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="bounce_box_is_one")]
