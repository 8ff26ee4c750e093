"""How people came to us, and by what they are known when they come again."""

from typing import Any

from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.models import Campaign, Source
from ripeline.leads.models.leads import Lead
from ripeline.people.models import User


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
    amended = models.JSONField(default=dict)  # since: key → {"answer", "by" whom or by which "run"}
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
