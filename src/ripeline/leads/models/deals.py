"""Deals in the making, or made."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.leads.models.leads import Lead


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
    key = models.CharField(max_length=254, unique=True)  # with its system before it (`leads.words.systems`)
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
