"""Users, teams, absences, the company itself, and who can be responsible for a lead."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key


class Role(models.TextChoices):
    ADMIN = "admin", "Administrator"
    LEADER = "leader", "Sales leader"
    MARKETER = "marketer", "Marketer"
    SDR = "sdr", "SDR (inside sales)"
    REP = "rep", "Sales rep"


class Tracking(models.TextChoices):
    GUIDED = "guided", "Guided"
    OUTCOMES = "outcomes", "Outcomes only"


class Experience(models.TextChoices):
    """How long somebody has sold: by it, how many new leads a week they get at most where nothing else is set."""

    NOVICE = "novice", "New to selling"
    STEADY = "steady", "Experienced"
    VETERAN = "veteran", "Veteran"


class Team(models.Model):
    id = primary_key()
    name = models.CharField(max_length=80, unique=True)

    class Meta:
        db_table = "team"

    def __str__(self) -> str:
        return self.name


class User(AbstractBaseUser):
    """A person who signs in; and one built-in row, Ripeline itself, that acts where nobody did."""

    id = primary_key()
    email = models.EmailField(max_length=254, unique=True)  # kept in lower case by people.actions
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role.choices)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="members")
    is_active = models.BooleanField(default=True)
    is_system = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=64, default="", blank=True)  # empty: the company's
    minutes_per_day = models.PositiveSmallIntegerField(default=90)  # for Today
    weight = models.PositiveSmallIntegerField(default=1)  # share in round-robin; 0: none
    lead_cap = models.PositiveIntegerField(default=150)  # open leads in hand at most
    experience = models.CharField(max_length=8, choices=Experience.choices, default=Experience.STEADY)
    intake_cap = models.PositiveSmallIntegerField(null=True, blank=True)  # new leads a week; null: by experience
    tracking = models.CharField(max_length=10, choices=Tracking.choices, default=Tracking.OUTCOMES)
    tracking_told = models.CharField(max_length=10, default=Tracking.OUTCOMES)  # the mode they last heard of
    created_at = models.DateTimeField(default=clock.now)

    objects = BaseUserManager["User"]()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        db_table = "user"
        constraints = [
            one_of("role", Role, name="user_role"),
            one_of("tracking", Tracking, name="user_tracking"),
            one_of("experience", Experience, name="user_experience"),
        ]

    def __str__(self) -> str:
        return self.name


class ResponsibleKind(models.TextChoices):
    REP = "rep", "Person"
    QUEUE = "queue", "Queue"
    PROGRAMME = "programme", "Programme"


class Responsible(models.Model):
    """Who looks after a lead: a person, a queue that people work, or a programme."""

    id = primary_key()
    kind = models.CharField(max_length=10, choices=ResponsibleKind.choices)
    user = models.OneToOneField(User, null=True, on_delete=models.PROTECT, related_name="responsible")
    code = models.CharField(max_length=40, null=True, unique=True)  # built-in queues and programmes
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)  # a paused programme, a person who left

    class Meta:
        db_table = "responsible"
        constraints = [
            one_of("kind", ResponsibleKind, name="responsible_kind"),
            models.CheckConstraint(
                condition=Q(kind="rep", user__isnull=False) | (~Q(kind="rep") & Q(user__isnull=True)),
                name="responsible_rep_is_a_user",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """Days (both included) on which somebody does not work, and who covers for them."""

    id = primary_key()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    first_day = models.DateField()
    last_day = models.DateField()
    cover = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="covers")

    class Meta:
        db_table = "absence"
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="absence_ends_after_start"),
            models.CheckConstraint(condition=~Q(cover=models.F("user")), name="absence_cover_is_another"),
        ]


class Company(models.Model):
    """The one company of this installation and its settings: a table of one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=120, default="", blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(max_length=2, default="", blank=True)  # ISO 3166: holidays, telephone numbers
    currency = models.CharField(max_length=3, default="EUR")
    imprint = models.CharField(max_length=1000, blank=True, default="", db_default="")  # stands under mail, see outbox
    work_days = ArrayField(models.SmallIntegerField(), default=list)  # 0 Monday … 6 Sunday; empty: Monday to Friday
    fallback = models.ForeignKey(Responsible, null=True, on_delete=models.PROTECT, related_name="+")
    is_demo = models.BooleanField(default=False)

    class Meta:
        db_table = "company"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="company_is_one")]


class AuditEntry(models.Model):
    """A privileged act: who did what to whom, append-only."""

    id = primary_key()
    at = models.DateTimeField(default=clock.now, db_index=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # null: nobody signed in
    verb = models.CharField(max_length=40)
    target = models.CharField(max_length=254, blank=True, default="")
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_entry"
        indexes = [models.Index(fields=["verb", "target", "at"], name="audit_verb_target")]


class ApiKey(models.Model):
    """What a program signs in with: only a digest of the secret is kept, and what it may do (`people.keys.SCOPES`)."""

    id = primary_key()
    name = models.CharField(max_length=80)
    start = models.CharField(max_length=12)  # of the secret, to tell keys apart
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret
    scopes = ArrayField(models.CharField(max_length=20))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)  # to the hour
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"

    def __str__(self) -> str:
        return self.name
