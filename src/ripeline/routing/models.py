"""Whose turn it is."""

from django.db import models

from ripeline.people.models import User


class Turn(models.Model):
    """A seller's place in the rotation: the current weight of smooth weighted round-robin. Its row is also the lock
    under which leads are handed out, so that two batches at once cannot both take a seller's last place."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    credit = models.IntegerField(default=0)
    day = models.DateField(null=True)  # of `filled`
    filled = models.PositiveIntegerField(default=0)  # contacts that day held when leads were first released, and since

    class Meta:
        db_table = "turn"
