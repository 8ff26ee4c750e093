"""Imports: the run, the file in pieces, rejected rows and remarks, and mappings remembered by their header."""

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.people.models import User


class ImportKind(models.TextChoices):
    LEADS = "leads", "Leads"
    OUTCOMES = "outcomes", "Outcomes"


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "Waiting for its mapping"
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class ImportRun(models.Model):
    """One file on its way in. Each chunk of rows commits together with `position`: a broken-off run goes on there.

    The process that works a run holds a session advisory lock on it, which PostgreSQL drops when that process dies.
    """

    id = primary_key()
    kind = models.CharField(max_length=10, choices=ImportKind.choices)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    filename = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    sheet_size = models.BigIntegerField(null=True)  # of a workbook: of its sheet as text, which is what is read
    signature = models.CharField(max_length=64, blank=True, default="")  # of its header
    dialect = models.JSONField(default=dict)
    told = models.JSONField(default=dict)  # what a person said of the dialect, kept with the mapping
    mapping = models.JSONField(default=dict)  # header → field
    source = models.CharField(max_length=160, blank=True, default="")  # of rows that name none
    rows = models.PositiveIntegerField(null=True)  # data rows in the file, once counted
    position = models.PositiveIntegerField(default=0)  # rows accounted for
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    reopened = models.PositiveIntegerField(default=0)  # of the created: past the horizon, a new episode
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")  # why it failed, in words
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    began_at = models.DateTimeField(null=True)  # when its rows began to go in, this time
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_run"
        constraints = [
            one_of("kind", ImportKind, name="import_kind"),
            one_of("state", ImportState, name="import_state"),
            models.CheckConstraint(
                condition=models.Q(
                    position=models.F("created") + models.F("updated") + models.F("unchanged") + models.F("rejected")
                ),
                name="import_accounts_for_every_row",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="import_latest"),
            models.Index(fields=["digest"], name="import_digest"),
        ]


class ImportPiece(models.Model):
    """A slice of the uploaded file; kept in the database so that any worker on any machine can go on with it.

    Of a workbook the sheet that is read is kept as text, and beside it the workbook itself until the import starts.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, db_index=False)
    is_workbook = models.BooleanField(default=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "import_piece"
        constraints = [models.UniqueConstraint(fields=["run", "is_workbook", "number"], name="import_piece_once")]


class ImportReject(models.Model):
    """A row that did not go in, as it was, and why."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, db_index=False)
    row = models.PositiveIntegerField()
    cells = models.JSONField()
    column = models.CharField(max_length=255, blank=True, default="")
    reason = models.TextField()

    class Meta:
        db_table = "import_reject"
        constraints = [models.UniqueConstraint(fields=["run", "row"], name="import_reject_once")]


class Remark(models.TextChoices):
    """What a remark is about; `capture.queries.remarks` has the sentences."""

    CELL = "cell", "A cell that was not understood, or was mended"
    OWNER = "owner", "An owner who is not here"
    EARLY = "early", "Won before they came to us"
    KEPT_OPEN = "kept_open", "Left open: worked on, or back again, since"
    AMOUNT = "amount", "The deal is here with another amount"


class ImportRemark(models.Model):
    """Something about a row that went in, for a person to look at."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, db_index=False)
    row = models.PositiveIntegerField()
    about = models.CharField(max_length=10, choices=Remark.choices)
    text = models.TextField()

    class Meta:
        db_table = "import_remark"
        constraints = [one_of("about", Remark, name="import_remark_about")]
        indexes = [models.Index(fields=["run", "about", "row"], name="import_remark_of_run")]


class ImportMapping(models.Model):
    """How a header was mapped last time, and what a person said of its columns' dates and numbers."""

    signature = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=ImportKind.choices)
    mapping = models.JSONField()
    told = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "import_mapping"
        constraints = [models.UniqueConstraint(fields=["signature", "kind"], name="import_mapping_once")]
