"""Imports (the run, its file in pieces, what did not go in, mappings) and doors (what they ask, what came through)."""

from uuid import UUID

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.models import Asset, Campaign, Source
from ripeline.catalog.phrases import Language
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
    fields_made = models.JSONField(default=list, db_default=[])  # keys of the company's own fields that it made
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
    made = models.JSONField(default=dict)  # sources and campaigns that may have come with it: {"sources": [id], …}
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
    """What a remark is about; `capture.queries.remarks` has the sentences."""

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

    reference = models.CharField(max_length=254, unique=True)  # with its system before it (`leads.systems`)
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


class DoorKind(models.TextChoices):
    FORM = "form", "Form"
    API = "api", "Program"
    HOOK = "hook", "Web hook"
    BOOTH = "booth", "Booth"
    CARD = "card", "Card file"
    SIGNATURE = "signature", "Signature"
    CALL = "call", "Telephone"


class KnownVisitors(models.TextChoices):
    """What a form asks somebody who has said before who they are."""

    SKIP = "skip", "What they have not answered yet"
    MORE = "more", "What they have not answered yet, and the next of your questions instead of the rest"
    ALIKE = "alike", "Everything, like everybody"


class Door(models.Model):
    """A way in that somebody has set up: what it asks, and what everybody who comes through it is credited to."""

    id = primary_key()
    kind = models.CharField(max_length=10, choices=DoorKind.choices)
    name = models.CharField(max_length=120)  # for us
    slug = models.SlugField(max_length=60, unique=True)  # in its address
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, db_index=False)
    title = models.CharField(max_length=160)
    intro = models.CharField(max_length=1000, blank=True, default="")
    verb = models.CharField(max_length=40)  # on its button
    thanks = models.CharField(max_length=1000)
    redirect_url = models.CharField(max_length=500, blank=True, default="")  # instead of the thanks
    fields = models.JSONField(default=dict)  # name, company, phone, title → "required" or "optional"
    questions = models.JSONField(default=list)  # [{"key", "required"}] of the standard, in its own order
    style = models.JSONField(default=dict)  # accent, paper, ink (#rrggbb), font, corners (pixels)
    sites = models.JSONField(default=list)  # origins of pages that may embed it
    mapping = models.JSONField(default=dict)  # of a web hook: field → where it stands in what is sent
    gives = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    known = models.CharField(max_length=8, choices=KnownVisitors.choices, default=KnownVisitors.SKIP)
    language = models.CharField(  # of its fixed words
        max_length=2, choices=Language.choices, default=Language.ENGLISH, db_default=Language.ENGLISH.value
    )
    privacy_url = models.CharField(max_length=500, blank=True, default="", db_default="")  # the company's own notice
    place = models.CharField(max_length=160, blank=True, default="")  # of an event, as everybody met there has it
    first_day = models.DateField(null=True)  # of an event
    last_day = models.DateField(null=True)
    notes = models.JSONField(default=list)  # at a booth: what is often said, one touch each
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "door"
        constraints = [
            one_of("kind", DoorKind, name="door_kind"),
            one_of("known", KnownVisitors, name="door_known"),
            one_of("language", Language, name="door_language"),
        ]

    def __str__(self) -> str:
        return self.name


class SubmissionState(models.TextChoices):
    TAKEN = "taken", "Came in"
    HELD = "held", "Held back"
    DISCARDED = "discarded", "Discarded"


class Submission(models.Model):
    """What somebody sent through a door, as it was sent. Its id is the sender's, so that twice is once."""

    id = models.UUIDField(primary_key=True, editable=False)
    door = models.ForeignKey(Door, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=10, choices=SubmissionState.choices)
    content = models.JSONField()  # person and answers
    trail = models.JSONField(default=dict)  # how they got to the page
    address = models.CharField(max_length=64)  # a keyed hash of where it came from: for limits, says nothing itself
    why = models.CharField(max_length=200, blank=True, default="")  # held
    lead_id = models.UUIDField(null=True)
    captured_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField(default=clock.now)

    before: UUID | None = None  # the id that it would have had a moment ago: if that is here, it is the same; not kept

    class Meta:
        db_table = "submission"
        constraints = [one_of("state", SubmissionState, name="submission_state")]
        indexes = [
            models.Index(fields=["door", "-received_at"], name="submission_of_door"),
            models.Index(fields=["address", "-received_at"], name="submission_from"),
            models.Index(fields=["lead_id"], name="submission_of_lead", condition=models.Q(lead_id__isnull=False)),
        ]


class DoorDay(models.Model):
    """A door's traffic on one day (UTC), counted up: a door that nobody gets through shows."""

    id = models.BigAutoField(primary_key=True)
    door = models.ForeignKey(Door, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    seen = models.PositiveIntegerField(default=0)  # its page was opened
    refused = models.PositiveIntegerField(default=0)  # something was missing or wrong, and was said

    class Meta:
        db_table = "door_day"
        constraints = [models.UniqueConstraint(fields=["door", "day"], name="door_day_once")]


class TriedSite(models.Model):
    """A site in whose pages somebody tried to show a form, and that may not show it."""

    id = models.BigAutoField(primary_key=True)
    door = models.ForeignKey(Door, on_delete=models.CASCADE, db_index=False)
    site = models.CharField(max_length=300)  # its origin, as that of `Door.sites`
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "tried_site"
        constraints = [models.UniqueConstraint(fields=["door", "site"], name="tried_site_once")]


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
