"""Doors: what they ask, and what came through them."""

from uuid import UUID

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.models import Asset, Campaign, Source
from ripeline.catalog.phrases import Language
from ripeline.catalog.tried import Tried
from ripeline.people.models import User


class DoorKind(models.TextChoices):
    FORM = "form", "Form"
    API = "api", "Program"
    HOOK = "hook", "Web hook"
    BOOTH = "booth", "Booth"
    CARD = "card", "Card file"
    SIGNATURE = "signature", "Signature"
    CALL = "call", "Telephone"


class KnownVisitors(models.TextChoices):
    """What a form asks somebody who has said before who they are."""

    SKIP = "skip", "What they have not answered yet"
    MORE = "more", "What they have not answered yet, and the next of your questions instead of the rest"
    ALIKE = "alike", "Everything, like everybody"


class Door(models.Model):
    """A way in that somebody has set up: what it asks, and what everybody who comes through it is credited to."""

    id = primary_key()
    kind = models.CharField(max_length=10, choices=DoorKind.choices)
    name = models.CharField(max_length=120)  # for us
    slug = models.SlugField(max_length=60, unique=True)  # in its address
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, db_index=False)
    title = models.CharField(max_length=160)
    intro = models.CharField(max_length=1000, blank=True, default="")
    verb = models.CharField(max_length=40)  # on its button
    thanks = models.CharField(max_length=1000)
    redirect_url = models.CharField(max_length=500, blank=True, default="")  # instead of the thanks
    fields = models.JSONField(default=dict)  # name, company, phone, title → "required" or "optional"
    questions = models.JSONField(default=list)  # [{"key", "required"}] of the standard, in its own order
    style = models.JSONField(default=dict)  # accent, paper, ink (#rrggbb), font, corners (pixels)
    sites = models.JSONField(default=list)  # origins of pages that may embed it
    mapping = models.JSONField(default=dict)  # of a web hook: field → where it stands in what is sent
    gives = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    known = models.CharField(max_length=8, choices=KnownVisitors.choices, default=KnownVisitors.SKIP)
    language = models.CharField(  # of its fixed words
        max_length=2, choices=Language.choices, default=Language.ENGLISH, db_default=Language.ENGLISH.value
    )
    privacy_url = models.CharField(max_length=500, blank=True, default="", db_default="")  # the company's own notice
    place = models.CharField(max_length=160, blank=True, default="")  # of an event, as everybody met there has it
    first_day = models.DateField(null=True)  # of an event
    last_day = models.DateField(null=True)
    notes = models.JSONField(default=list)  # at a booth: what is often said, one touch each
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "door"
        constraints = [
            one_of("kind", DoorKind, name="door_kind"),
            one_of("known", KnownVisitors, name="door_known"),
            one_of("language", Language, name="door_language"),
        ]

    def __str__(self) -> str:
        return self.name


class SubmissionState(models.TextChoices):
    TAKEN = "taken", "Came in"
    HELD = "held", "Held back"
    DISCARDED = "discarded", "Discarded"


class Submission(models.Model):
    """What somebody sent through a door, as it was sent. Its id is the sender's, so that twice is once."""

    id = models.UUIDField(primary_key=True, editable=False)
    door = models.ForeignKey(Door, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=10, choices=SubmissionState.choices)
    content = models.JSONField()  # person and answers
    trail = models.JSONField(default=dict)  # how they got to the page
    address = models.CharField(max_length=64)  # a keyed hash of where it came from: for limits, says nothing itself
    why = models.CharField(max_length=200, blank=True, default="")  # held
    lead_id = models.UUIDField(null=True)
    captured_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField(default=clock.now)

    before: UUID | None = None  # the id that it would have had a moment ago: if that is here, it is the same; not kept

    class Meta:
        db_table = "submission"
        constraints = [one_of("state", SubmissionState, name="submission_state")]
        indexes = [
            models.Index(fields=["door", "-received_at"], name="submission_of_door"),
            models.Index(fields=["address", "-received_at"], name="submission_from"),
            models.Index(fields=["lead_id"], name="submission_of_lead", condition=models.Q(lead_id__isnull=False)),
        ]


class DoorDay(models.Model):
    """A door's traffic on one day (UTC), counted up: a door that nobody gets through shows."""

    id = models.BigAutoField(primary_key=True)
    door = models.ForeignKey(Door, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    seen = models.PositiveIntegerField(default=0)  # its page was opened
    refused = models.PositiveIntegerField(default=0)  # something was missing or wrong, and was said

    class Meta:
        db_table = "door_day"
        constraints = [models.UniqueConstraint(fields=["door", "day"], name="door_day_once")]


class TriedSite(Tried):
    """A site in whose pages somebody tried to show a form, and that may not show it."""

    door = models.ForeignKey(Door, on_delete=models.CASCADE, db_index=False)
    site = models.CharField(max_length=300)  # its origin, as that of `Door.sites`

    class Meta:
        db_table = "tried_site"
        constraints = [models.UniqueConstraint(fields=["door", "site"], name="tried_site_once")]
