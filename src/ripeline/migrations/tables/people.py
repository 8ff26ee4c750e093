"""Users, teams and who is responsible, absences, the company, keys, the audit log."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, own_id, table

ROLES = [
    ("admin", "Administrator"),
    ("leader", "Sales leader"),
    ("marketer", "Marketer"),
    ("sdr", "SDR (inside sales)"),
    ("rep", "Sales rep"),
]
TRACKING = [("guided", "Guided"), ("outcomes", "Outcomes only")]
EXPERIENCE = [("novice", "New to selling"), ("steady", "Experienced"), ("veteran", "Veteran")]
RESPONSIBLES = [("rep", "Person"), ("queue", "Queue"), ("programme", "Programme")]

TABLES = [
    table(
        "Team",
        "team",
        {
            "id": own_id(),
            "name": models.CharField(max_length=80, unique=True),
        },
    ),
    table(
        "User",
        "user",
        {
            "password": models.CharField(verbose_name="password", max_length=128),
            "last_login": models.DateTimeField(verbose_name="last login", blank=True, null=True),
            "id": own_id(),
            "email": models.EmailField(max_length=254, unique=True),
            "name": models.CharField(max_length=120),
            "role": models.CharField(choices=ROLES, max_length=10),
            "is_active": models.BooleanField(default=True),
            "is_system": models.BooleanField(default=False),
            "time_zone": models.CharField(max_length=64, blank=True, default=""),
            "minutes_per_day": models.PositiveSmallIntegerField(default=90),
            "weight": models.PositiveSmallIntegerField(default=1),
            "lead_cap": models.PositiveIntegerField(default=150),
            "tracking": models.CharField(choices=TRACKING, max_length=10, default="outcomes"),
            "tracking_told": models.CharField(max_length=10, default="outcomes"),
            "created_at": models.DateTimeField(default=now),
            "team": models.ForeignKey("ripeline.team", models.PROTECT, blank=True, null=True, related_name="members"),
            "experience": models.CharField(choices=EXPERIENCE, max_length=8, default="steady"),
            "intake_cap": models.PositiveSmallIntegerField(blank=True, null=True),
        },
        one_of("role", ROLES, name="user_role"),
        one_of("tracking", TRACKING, name="user_tracking"),
        one_of("experience", EXPERIENCE, name="user_experience"),
    ),
    table(
        "Responsible",
        "responsible",
        {
            "id": own_id(),
            "kind": models.CharField(choices=RESPONSIBLES, max_length=10),
            "code": models.CharField(max_length=40, unique=True, null=True),
            "name": models.CharField(max_length=120),
            "is_active": models.BooleanField(default=True),
            "user": models.OneToOneField(USER, models.PROTECT, null=True, related_name="responsible"),
        },
        one_of("kind", RESPONSIBLES, name="responsible_kind"),
        models.CheckConstraint(
            condition=Q(kind="rep", user__isnull=False) | (~Q(kind="rep") & Q(user__isnull=True)),
            name="responsible_rep_is_a_user",
        ),
    ),
    table(
        "Absence",
        "absence",
        {
            "id": own_id(),
            "first_day": models.DateField(),
            "last_day": models.DateField(),
            "cover": models.ForeignKey(USER, models.PROTECT, null=True, related_name="covers"),
            "user": models.ForeignKey(USER, models.CASCADE, related_name="absences"),
        },
        models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="absence_ends_after_start"),
        models.CheckConstraint(condition=~Q(cover=F("user")), name="absence_cover_is_another"),
    ),
    table(
        "Company",
        "company",
        {
            "id": models.SmallIntegerField(primary_key=True, default=1, serialize=False),
            "name": models.CharField(max_length=120, blank=True, default=""),
            "time_zone": models.CharField(max_length=64, default="UTC"),
            "country": models.CharField(max_length=2, blank=True, default=""),
            "currency": models.CharField(max_length=3, default="EUR"),
            "work_days": ArrayField(default=list, base_field=models.SmallIntegerField(), size=None),
            "is_demo": models.BooleanField(default=False),
            "fallback": models.ForeignKey("ripeline.responsible", models.PROTECT, null=True, related_name="+"),
            "imprint": models.CharField(max_length=1000, blank=True, default="", db_default=""),
        },
        models.CheckConstraint(condition=Q(id=1), name="company_is_one"),
    ),
    table(
        "AuditEntry",
        "audit_entry",
        {
            "id": own_id(),
            "at": models.DateTimeField(db_index=True, default=now),
            "verb": models.CharField(max_length=40),
            "target": models.CharField(max_length=254, blank=True, default=""),
            "data": models.JSONField(default=dict),
            "actor": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+"),
        },
        models.Index(fields=["verb", "target", "at"], name="audit_verb_target"),
    ),
    table(
        "ApiKey",
        "api_key",
        {
            "id": own_id(),
            "name": models.CharField(max_length=80),
            "start": models.CharField(max_length=12),
            "digest": models.CharField(max_length=64, unique=True),
            "scopes": ArrayField(base_field=models.CharField(max_length=20), size=None),
            "created_at": models.DateTimeField(default=now),
            "used_at": models.DateTimeField(null=True),
            "revoked_at": models.DateTimeField(null=True),
            "created_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
    ),
]
