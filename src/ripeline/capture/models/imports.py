"""Imports: the run, its file in pieces, what did not go in, what was remarked; mappings and words, remembered."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.leads.models import Account
from ripeline.people.models import User


class ImportKind(models.TextChoices):
    LEADS = "leads", "Leads"
    OUTCOMES = "outcomes", "Outcomes"
    COMPANIES = "companies", "Companies"
    ACTIVITIES = "activities", "Notes and activities"


class ImportPolicy(models.TextChoices):
    """Whose word stays where a row says something else than the record (`arrivals.Policy` says more)."""

    FILE = "file", "The file’s, but not over what somebody corrected here"
    EMPTY = "empty", "What is here; only empty fields are filled"
    NEWEST = "newest", "Whichever is newer, by the row’s date"
    ALWAYS = "always", "The file’s, always"


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "Waiting for its mapping"
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


def called(filename: str, sheets: Sequence[Sequence[Any]] | None, sheet: str | None) -> str:
    """A file and, where several sheets of it have rows, which of them."""
    several = len([each for each in sheets or () if each[1]]) > 1
    return f"{filename}, sheet “{sheet}”" if several else filename


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
    batch_id = models.UUIDField(null=True)  # of files that go in together, each after those before its place
    place = models.PositiveSmallIntegerField(default=0)
    policy = models.CharField(max_length=10, choices=ImportPolicy.choices, default=ImportPolicy.FILE)
    rows = models.PositiveIntegerField(null=True)  # data rows in the file, once counted
    position = models.PositiveIntegerField(default=0)  # rows accounted for
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    reopened = models.PositiveIntegerField(default=0)  # of the created: past the horizon, a new episode
    further = models.PositiveIntegerField(default=0, db_default=0)  # new leads beside the first person of a row
    fields_made = models.JSONField(default=list, db_default=[])  # keys of the company's own fields that it made
    made = models.JSONField(null=True, default=dict)  # ids of sources and campaigns that it made; null: not kept then
    goes_first = models.BooleanField(default=False, db_default=False)  # a short one: it waits for no long one
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
            one_of("policy", ImportPolicy, name="import_policy"),
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
            models.Index(fields=["batch_id", "place"], name="import_batch", condition=models.Q(batch_id__isnull=False)),
        ]

    @property
    def called(self) -> str:
        """The file, and of a workbook with several sheets which of them this is."""
        return called(self.filename, self.dialect.get("sheets"), self.dialect.get("sheet"))


class ImportUndo(models.Model):
    """How far it is to take an import back, lead by lead in the order of their ids; each batch commits with `after`."""

    run = models.OneToOneField(ImportRun, primary_key=True, on_delete=models.CASCADE, related_name="undo")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=clock.now)
    total = models.PositiveIntegerField(default=0)  # leads that it brought or changed
    after = models.UUIDField(null=True)  # the last lead that was dealt with
    done = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)  # leads that only it brought
    kept = models.PositiveIntegerField(default=0)  # leads it brought that stay
    put_back = models.PositiveIntegerField(default=0)  # leads that were here before: as they were
    partly = models.PositiveIntegerField(default=0)  # of them: only what nobody changed since
    made = models.JSONField(default=dict)  # sources and campaigns that came with it: {"source": [id], …}
    stop_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")  # why it stopped, in words; "" while it goes on
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_undo"


class TrialState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Under way"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be tried"


class ImportTrial(models.Model):
    """A dry run of a file that has not started, by the worker; the last one of each."""

    run = models.OneToOneField(ImportRun, primary_key=True, on_delete=models.CASCADE, related_name="trial")
    state = models.CharField(max_length=7, choices=TrialState.choices, default=TrialState.QUEUED)
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=clock.now)
    mark = models.CharField(max_length=64)  # of how the file was mapped: tried otherwise, it would say otherwise
    rows = models.PositiveIntegerField(null=True)
    position = models.PositiveIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)  # in which it made way for somebody
    made_way_at = models.DateTimeField(null=True)  # the last time
    next_at = models.DateTimeField(null=True)  # it is tried again then; null: at once
    found = models.JSONField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        db_table = "import_trial"
        constraints = [one_of("state", TrialState, name="import_trial_state")]


class WhyKept(models.TextChoices):
    """Why a lead stays as it is though the import that brought or changed it was taken back."""

    WORKED = "worked", "Somebody has worked on it since"
    CAME = "came", "They came to us some other way too"
    IMPORTED = "imported", "Another import has changed it since"
    MERGED = "merged", "It was merged with another record"


class ImportKept(models.Model):
    """A lead that an undo left, in whole or in part, and what happened to it first since the import."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, db_index=False)
    lead_id = models.UUIDField()
    why = models.CharField(max_length=10, choices=WhyKept.choices)
    kind = models.CharField(max_length=40, blank=True, default="")  # of the entry that says so
    who = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_kept"
        constraints = [
            models.UniqueConstraint(fields=["run", "lead_id"], name="import_kept_once"),
            one_of("why", WhyKept, name="import_kept_why"),
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
    """What a remark is about; `capture.imports.queries.remarks` has the sentences."""

    CELL = "cell", "A cell that was not understood, or was mended"
    OWNER = "owner", "An owner who is not here"
    EARLY = "early", "Won before they came to us"
    KEPT_OPEN = "kept_open", "Left open: worked on, or back again, since"
    BY_HAND = "by_hand", "Differs from what somebody corrected here"
    AMOUNT = "amount", "The deal is here with another amount"
    COMPANY = "company", "Joined by its company"
    PERSON = "person", "Joined by the name of its person"
    NAME = "name", "Somebody of another name in an earlier row"
    AGAIN = "again", "An earlier row says something else of the same person"
    ENDED = "ended", "Ended there, and not here"
    UNOWNED = "unowned", "In hand there, with nobody here"
    CLOSED = "closed", "Open here, and ended as the file says"
    DATED = "dated", "Ended there on a day that another column says"
    MOVED = "moved", "The deal was with somebody else here"
    HELD = "held", "Left open: taken back to work here since"
    OWNS = "owns", "Names another owner than the lead has"
    NEXT = "next", "Dated as somebody had chosen there"
    PASSED = "passed", "Due now: the day chosen there has passed"
    DECIDED = "decided", "Dated here otherwise than there"
    NO_NEXT = "no_next", "A day for somebody who is closed here"
    BACK = "back", "Closed here, and came to us again since"
    NEW_DEAL = "new_deal", "Taken up again: a deal was opened since"
    OPEN = "open", "Open there, and ended here"


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


class ImportWord(models.Model):
    """A word of another system (a state, a stage, an owner) and what it means here, as somebody said."""

    about = models.CharField(max_length=10)  # state, outcome, owner; reason: of the word for who was lost or let go
    word = models.CharField(max_length=120)  # reduced by `text.key`
    ours = models.CharField(max_length=254)  # a state's code, an owner's address, a close reason's code
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "import_word"
        constraints = [models.UniqueConstraint(fields=["about", "word"], name="import_word_once")]


class ImportCompany(models.Model):
    """A company by the id that another system gave it, so that people and deals of the same export find it."""

    reference = models.CharField(max_length=254, unique=True)  # with its system before it (`leads.words.systems`)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200, blank=True, default="")  # as their system has it

    class Meta:
        db_table = "import_company"


class ImportedFirm(models.Model):
    """What a row of a file of companies did to one, so that it can be taken back."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, db_index=False)
    account_id = models.UUIDField()
    is_new = models.BooleanField(default=False)
    before = models.JSONField(default=dict)  # of what it changed, and
    after = models.JSONField(default=dict)
    reference = models.CharField(max_length=254, blank=True, default="")  # that it gave to the company,
    was = models.JSONField(default=dict)  # and what that meant before

    class Meta:
        db_table = "imported_firm"
        indexes = [models.Index(fields=["run", "account_id", "id"], name="imported_firm_of_run")]


class ImportMapping(models.Model):
    """How a header was mapped last time, and what a person said of its columns' dates and numbers."""

    signature = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=ImportKind.choices)
    name = models.CharField(max_length=120, blank=True, default="")  # the first such file's, or what somebody calls it
    mapping = models.JSONField()
    told = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "import_mapping"
        constraints = [models.UniqueConstraint(fields=["signature", "kind"], name="import_mapping_once")]
