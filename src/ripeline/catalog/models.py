"""Sources and campaigns (with cost), close reasons, custom fields and the capture standard: tables that people edit."""

from collections.abc import Mapping
from copy import copy
from types import MappingProxyType

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.pages import LABELS, PageKind
from ripeline.catalog.phrases import Language
from ripeline.catalog.tried import Tried
from ripeline.people.models import User


class SourceType(models.TextChoices):
    """Kinds of source; the ripening prior has a mean for each."""

    QUOTE_REQUEST = "quote_request", "Quote request"
    DEMO_REQUEST = "demo_request", "Demo request"
    CONTACT_FORM = "contact_form", "Contact form"
    TRIAL = "trial", "Trial"
    INBOUND_CALL = "inbound_call", "Inbound call"
    REFERRAL = "referral", "Referral"
    PARTNER = "partner", "Partner"
    WEBINAR = "webinar", "Webinar"
    TRADE_SHOW = "trade_show", "Trade show"
    COURSE = "course", "Course"
    CONTENT_DOWNLOAD = "content_download", "Content download"
    ORGANIC_SEARCH = "organic_search", "Organic search"
    PAID_SEARCH = "paid_search", "Paid search"
    DISPLAY = "display", "Display advertising"
    SOCIAL = "social", "Social media"
    EMAIL = "email", "E-mail"
    DIRECT = "direct", "Direct traffic"
    PURCHASED_LIST = "purchased_list", "Bought list"
    OTHER = "other", "Other or unknown"


class Source(models.Model):
    id = primary_key()
    key = models.CharField(max_length=160, unique=True)  # catalog.rules.name_key(name)
    name = models.CharField(max_length=160)
    source_type = models.CharField(max_length=20, choices=SourceType.choices, default=SourceType.OTHER)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "source"
        constraints = [one_of("source_type", SourceType, name="source_type_known")]

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    id = primary_key()
    key = models.CharField(max_length=160, unique=True)
    name = models.CharField(max_length=160)
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "campaign"

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    """Of buying, as `science.stages.STAGES` has them (a test)."""

    AWARENESS = "awareness", "Awareness"
    INTEREST = "interest", "Interest"
    CONSIDERATION = "consideration", "Consideration"
    DECISION = "decision", "Decision"


class Asset(models.Model):
    """Something given to those who ask for it: a file kept here, or an address elsewhere."""

    id = primary_key()
    title = models.CharField(max_length=160)
    url = models.CharField(max_length=1000, blank=True, default="")  # "" where it is a file
    filename = models.CharField(max_length=120, blank=True, default="")
    size = models.PositiveIntegerField(default=0)  # bytes
    stage = models.CharField(max_length=13, choices=Stage.choices, blank=True, default="")  # of buying; "": any
    pains = ArrayField(models.CharField(max_length=120), default=list)  # what it is an answer to, in their words
    persona = models.CharField(max_length=120, blank=True, default="")  # for whom it is
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "asset"
        constraints = [
            models.CheckConstraint(condition=~models.Q(url="", filename=""), name="asset_lies_somewhere"),
            models.CheckConstraint(condition=Q(stage__in=["", *Stage.values]), name="asset_stage"),
        ]

    def __str__(self) -> str:
        return self.title


class AssetContent(models.Model):
    """The file of an asset, apart from it: lists of assets never read it."""

    asset = models.OneToOneField(Asset, primary_key=True, on_delete=models.CASCADE, related_name="content")
    content = models.BinaryField()

    class Meta:
        db_table = "asset_content"


class CountedLink(models.Model):
    """A short address that marketing gives away: it leads elsewhere, and whoever follows it is counted."""

    code = models.CharField(max_length=12, primary_key=True)  # stands in the short address
    name = models.CharField(max_length=120)  # where it stands
    address = models.CharField(max_length=1000)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    tells = models.BooleanField(default=True)  # the page hears by utm_… where they came from
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "counted_link"

    def __str__(self) -> str:
        return self.name


class CloseState(models.TextChoices):
    """The states a lead is closed in; each close reason belongs to one."""

    WON = "won", "Won"
    LOST = "lost", "Lost"
    DISQUALIFIED = "disqualified", "Disqualified"


class CloseReason(models.Model):
    id = primary_key()
    code = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    state = models.CharField(max_length=12, choices=CloseState.choices)
    recycle_days = models.PositiveSmallIntegerField(null=True)  # look again after so many days; null: final
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "close_reason"
        constraints = [one_of("state", CloseState, name="close_reason_state")]

    def __str__(self) -> str:
        return self.label


class FieldType(models.TextChoices):
    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    BOOLEAN = "boolean", "Yes or no"


class CustomField(models.Model):
    """A field of the company's own; values live in `Lead.custom` under `key`."""

    id = primary_key()
    key = models.CharField(max_length=63, unique=True)
    label = models.CharField(max_length=120)
    field_type = models.CharField(max_length=10, choices=FieldType.choices, default=FieldType.TEXT)
    is_learnt_from = models.BooleanField(default=False)  # an administrator says that it is known when they come
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "custom_field"
        constraints = [
            one_of("field_type", FieldType, name="custom_field_type"),
            models.CheckConstraint(condition=~Q(key=""), name="custom_field_key_given"),
        ]

    def __str__(self) -> str:
        return self.label


class AnswerType(models.TextChoices):
    TEXT = "text", "A short text"
    LONG_TEXT = "long_text", "A longer text"
    CHOICE = "choice", "One of a list"
    CHOICES = "choices", "Any of a list"
    NUMBER = "number", "A number"
    DATE = "date", "A date"
    YES_NO = "yes_no", "Yes or no"
    CONSENT = "consent", "A consent"


class Meaning(models.TextChoices):
    """What an answer says for qualification."""

    NEED = "need", "What they need"
    AUTHORITY = "authority", "Their part in the decision"
    TIMELINE = "timeline", "When they want it"
    BUDGET = "budget", "Their budget"
    PRODUCT = "product", "Which product"
    CONSENT = "consent", "What they agree to"
    OTHER = "other", "Something else"


class Question(models.Model):
    """A question of the capture standard: defined once, asked in the same words at every door that has room for it."""

    id = primary_key()
    key = models.CharField(max_length=40, unique=True)  # names the answer on an enquiry, for ever
    label = models.CharField(max_length=200)  # as it is asked; of a consent, what is agreed to
    help = models.CharField(max_length=300, blank=True, default="")
    answer_type = models.CharField(max_length=10, choices=AnswerType.choices, default=AnswerType.TEXT)
    options = models.JSONField(default=list)  # of a list: the words to choose from
    meaning = models.CharField(max_length=10, choices=Meaning.choices, default=Meaning.OTHER)
    purpose = models.CharField(max_length=40, blank=True, default="")  # of a consent: what the mail is for, see outbox
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)
    spoken = models.JSONField(default=dict, db_default={})  # language → label, help, options (option → as shown)

    class Meta:
        db_table = "question"
        constraints = [
            one_of("answer_type", AnswerType, name="question_answer_type"),
            one_of("meaning", Meaning, name="question_meaning"),
            models.CheckConstraint(condition=~Q(key=""), name="question_key_given"),
        ]

    said: Mapping[str, str] = MappingProxyType({})  # its options in the language in which it was put

    def __str__(self) -> str:
        return self.label

    def lacks(self, language: str) -> list[str]:
        """Which of label, help and options have no words in a language. Of a consent to mail, the label is that of its
        purpose, which has words of its own or not (outbox).
        """
        if language == Language.ENGLISH:
            return []
        words = self.spoken.get(language, {})
        shown = words.get("options", {})
        has = {
            "label": bool(self.purpose or words.get("label")), "help": bool(words.get("help")) or not self.help,
            "options": all(shown.get(option) for option in self.options),
        }  # fmt: skip
        return [part for part, is_said in has.items() if not is_said]

    def put(self, language: str) -> "Question":
        """As it is put in a language, to be asked and read by; where it has no words of that language, as it is."""
        if language == Language.ENGLISH:
            return self
        found, words = copy(self), self.spoken.get(language, {})
        found.label = self.label if self.purpose else words.get("label") or self.label
        found.help = words.get("help") or self.help
        found.said = words.get("options", {})
        return found

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Its options: each as it is kept, and as it is shown."""
        return tuple((option, self.said.get(option) or option) for option in self.options)


class Site(models.Model):
    """A website of the company's whose visits are recorded: a host and its subdomains."""

    id = models.SmallAutoField(primary_key=True)
    host = models.CharField(max_length=190, unique=True)  # www.example.com; with :port only where it is given
    key = models.CharField(max_length=24, unique=True)  # stands in the script's tag; public
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "site"

    def __str__(self) -> str:
        return self.host


class PageRule(models.Model):
    """Which pages are of which kind: the first pattern that fits a path counts."""

    id = models.BigAutoField(primary_key=True)
    position = models.PositiveSmallIntegerField()
    pattern = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=[(kind.value, label) for kind, label in LABELS.items()])

    class Meta:
        db_table = "page_rule"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in PageKind]), name="page_rule_kind")
        ]


class TriedHost(Tried):
    """A host whose pages sent hits by the tag of another site: none is recorded (`ripeline.intake.tried`)."""

    host = models.CharField(max_length=190, unique=True)

    class Meta:
        db_table = "tried_host"


class Tracking(models.Model):
    """How visits are recorded: a table of one row. `version` rises with each change, so that the intake notices."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    own_networks = ArrayField(models.TextField(), default=list)  # as `timeline.hits.network_of` writes them
    months_kept = models.PositiveSmallIntegerField(default=13)  # of raw hits; the timeline keeps what leads did
    version = models.PositiveIntegerField(default=1)
    applied = models.PositiveIntegerField(default=1)  # the version by which kept hits were last decided

    class Meta:
        db_table = "tracking"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="tracking_is_one"),
            models.CheckConstraint(condition=Q(months_kept__range=(1, 60)), name="tracking_months_kept"),
        ]
