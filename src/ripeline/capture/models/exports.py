"""Lists of leads on their way into files."""

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.people.models import User


class FileFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel"


class ExportState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Being written"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Broke off"


class Export(models.Model):
    """A list of leads on its way into a file, and the file until it expires."""

    id = primary_key()
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_as = models.JSONField(null=True)  # their role and team then; null: before that was kept
    query = models.CharField(max_length=2000, blank=True, default="")  # the list, with its columns
    lead_ids = models.JSONField(null=True)  # leads ticked one by one; null: all that the query finds
    file_format = models.CharField(max_length=4, choices=FileFormat.choices, default=FileFormat.CSV)
    filename = models.CharField(max_length=80)
    zone = models.CharField(max_length=64, default="UTC")
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.QUEUED)
    rows = models.PositiveIntegerField(null=True)  # leads, as counted (at most 10,001) or as written
    position = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lead_export"
        constraints = [
            one_of("file_format", FileFormat, name="lead_export_format"),
            one_of("state", ExportState, name="lead_export_state"),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="lead_export_waiting")]


class ExportPiece(models.Model):
    """A slice of a written file."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "lead_export_piece"
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="lead_export_piece_once")]
