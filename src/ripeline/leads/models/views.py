"""Ways of looking at the list that people keep, and who looked at whose lead."""

from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.leads.models.leads import Lead
from ripeline.people.models import Team, User


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
