"""What the worker remembers between runs."""

from django.db import models


class Beat(models.Model):
    """When a scheduled task last began and ended; claimed by a conditional UPDATE, so one worker runs it."""

    name = models.CharField(max_length=40, primary_key=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "beat"
