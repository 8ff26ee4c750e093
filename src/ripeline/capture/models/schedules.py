"""Files that are imported again and again, and each time that was looked."""

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.capture.models.imports import ImportKind, ImportPolicy, ImportRun
from ripeline.people.models import User


class Rhythm(models.TextChoices):
    HOURLY = "hourly", "Every hour"
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"


class ImportSchedule(models.Model):
    """A file that is imported again and again by itself, where it has changed."""

    id = primary_key()
    place = models.CharField(max_length=1000)  # an address, or a file in the inbox
    kind = models.CharField(max_length=10, choices=ImportKind.choices, blank=True, default="")  # "": by its headings
    policy = models.CharField(max_length=10, choices=ImportPolicy.choices, default=ImportPolicy.FILE)
    closes = models.BooleanField(default=True)  # who is open here ends as a row says, if what is remembered allows it
    rhythm = models.CharField(max_length=6, choices=Rhythm.choices)
    at = models.TimeField()  # by the company's clock; of every hour its minute
    weekday = models.PositiveSmallIntegerField(default=0)  # of a weekly one, Monday is 0
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")  # as whom it is imported
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(null=True)  # null: paused
    wanted_at = models.DateTimeField(null=True)  # somebody asked for it to be looked at now
    again_at = models.DateTimeField(null=True)  # before its next time, after a failure that may pass
    tries = models.PositiveSmallIntegerField(default=0)  # such ones since its time came
    is_told = models.BooleanField(default=False)  # that it fails, until it has gone well again
    tag = models.CharField(max_length=200, blank=True, default="")  # of the file that was looked at last, its ETag
    changed = models.CharField(max_length=60, blank=True, default="")  # its Last-Modified
    digest = models.CharField(max_length=64, blank=True, default="")  # its SHA-256

    class Meta:
        db_table = "import_schedule"
        constraints = [
            one_of("policy", ImportPolicy, name="import_schedule_policy"),
            one_of("rhythm", Rhythm, name="import_schedule_rhythm"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="import_schedule_weekday"),
        ]


class CheckResult(models.TextChoices):
    """What came of looking at a scheduled file once."""

    TAKEN = "taken", "Went in"
    SAME = "same", "Unchanged"
    WAITS = "waits", "Waits for its mapping"
    FAILED = "failed", "Failed"


class ImportCheck(models.Model):
    """One time that a scheduled file was looked at."""

    id = primary_key()
    schedule = models.ForeignKey(ImportSchedule, on_delete=models.CASCADE, db_index=False)
    at = models.DateTimeField(default=clock.now)
    result = models.CharField(max_length=6, choices=CheckResult.choices)
    run = models.ForeignKey(ImportRun, null=True, on_delete=models.SET_NULL, related_name="+")
    is_open = models.BooleanField(default=False)  # its run has not ended, or nobody has looked at how
    problem = models.TextField(blank=True, default="")

    class Meta:
        db_table = "import_check"
        constraints = [one_of("result", CheckResult, name="import_check_result")]
        indexes = [models.Index(fields=["schedule", "-at"], name="import_check_latest")]
