"""Whose turn it is, and what a minute of each is worth."""

from django.db import models

from ripeline.base import clock
from ripeline.people.models import Responsible, User


class Turn(models.Model):
    """A seller's place in the rotation: the current weight of smooth weighted round-robin. Its row is also the lock
    under which leads are handed out, so that two batches at once cannot both take a seller's last place."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    credit = models.IntegerField(default=0)
    day = models.DateField(null=True)  # of `filled`
    filled = models.PositiveIntegerField(default=0)  # contacts that day held when leads were first released, and since
    least_day = models.DateField(null=True)  # of `least`
    least = models.JSONField(null=True)  # what a minute brought of those who filled that day, the least first: some
    week = models.DateField(null=True)  # the Monday of the week of `taken`
    taken = models.PositiveIntegerField(default=0)  # new leads that week

    class Meta:
        db_table = "turn"


class Price(models.Model):
    """What a minute of whoever is responsible is worth, by their open leads and the minutes they have: see `prices`.

    Derived, and made anew each night; of a queue or a programme it is the company's as a whole.
    """

    responsible = models.OneToOneField(Responsible, primary_key=True, on_delete=models.CASCADE, related_name="+")
    per_minute = models.FloatField()  # usual wins
    longest_days = models.PositiveSmallIntegerField()  # nobody of theirs waits longer
    pace_days = models.PositiveSmallIntegerField()  # after which an average lead that was spoken to comes again
    leads = models.PositiveIntegerField()
    minutes = models.FloatField()  # for them on an average day, days off included
    planned = models.FloatField()  # minutes that they take on it
    minutes_per_day = models.PositiveSmallIntegerField()  # of a working day, when it was made
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "price"


class TypicalAmount(models.Model):
    """What a deal of the company usually brings, by currency: see `stakes`. Derived, and made anew each night."""

    currency = models.CharField(max_length=3, primary_key=True)  # "" where none was given
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    n = models.PositiveIntegerField()  # deals of which it is the median
    is_won = models.BooleanField()  # of won ones; else, of open ones
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "typical_amount"
