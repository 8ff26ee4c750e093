"""The prior, scores, runs of the model, and what was said and came true."""

from django.db import models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.catalog import STAGES
from ripeline.migrations.tables.making import USER, one_of, own_id, table

TERMS = [("source_type", "Source type"), ("signal", "Signal")]
CURVES = [("even", "Evenly over the year"), ("front_loaded", "Soon or not at all"), ("old", "Old lead, re-opened")]
LEARNING = [
    ("queued", "Waiting"),
    ("running", "Learning"),
    ("scoring", "Scoring"),
    ("done", "Done"),
    ("failed", "Failed"),
]
VERDICTS = [
    ("", "Not decided yet"),
    ("promoted", "Put to use"),
    ("kept", "The current one stays"),
    ("too_little", "Too few outcomes"),
    ("looked_back", "As of a day gone by"),
]
DIRECTIONS = [("riper", "Riper than that"), ("greener", "Greener than that")]
QUALITIES = [("good", "Good"), ("fair", "Fair"), ("poor", "Poor")]

TABLES = [
    table(
        "Term",
        "ripening_term",
        {
            "key": models.CharField(primary_key=True, max_length=40, serialize=False),
            "kind": models.CharField(choices=TERMS, max_length=12),
            "label": models.CharField(max_length=120),
            "mean": models.FloatField(),
            "sd": models.FloatField(),
            "basis": models.TextField(default="judgement"),
            "position": models.PositiveSmallIntegerField(default=100),
        },
        one_of("kind", TERMS, name="term_kind"),
        models.CheckConstraint(condition=Q(mean__gte=-10, mean__lte=10, sd__gt=0, sd__lte=5), name="term_bounded"),
    ),
    table(
        "Score",
        "score",
        {
            "lead_id": models.UUIDField(primary_key=True, serialize=False),
            "log_odds": models.FloatField(),
            "log_odds_sd": models.FloatField(),
            "curve": models.CharField(choices=CURVES, max_length=12),
            "p_ever": models.FloatField(),
            "p_ever_low": models.FloatField(),
            "p_ever_high": models.FloatField(),
            "p_30": models.FloatField(),
            "p_30_low": models.FloatField(),
            "p_30_high": models.FloatField(),
            "p_win": models.FloatField(),
            "window_start": models.DateField(),
            "window_end": models.DateField(),
            "is_concentrated": models.BooleanField(),
            "reasons": models.JSONField(default=list),
            "model": models.CharField(max_length=40),
            "scored_at": models.DateTimeField(),
            "signals": models.FloatField(default=0.0),
            "stage": models.CharField(choices=STAGES, max_length=13, default="awareness"),
            "stage_p": models.FloatField(default=0.0),
        },
        models.Index(fields=["-p_30", "lead_id"], name="score_ripest"),
    ),
    table(
        "ModelRun",
        "model_run",
        {
            "id": models.AutoField(primary_key=True, serialize=False),
            "state": models.CharField(choices=LEARNING, max_length=8, default="queued"),
            "is_prior": models.BooleanField(default=False),
            "asked_at": models.DateTimeField(default=now),
            "as_of": models.DateTimeField(null=True),
            "looks_back": models.BooleanField(default=False),
            "began_at": models.DateTimeField(null=True),
            "ended_at": models.DateTimeField(null=True),
            "problem": models.TextField(blank=True, default=""),
            "n": models.PositiveIntegerField(default=0),
            "events": models.PositiveIntegerField(default=0),
            "first_day": models.DateField(null=True),
            "seed": models.PositiveIntegerField(default=1),
            "wins_alone": models.BooleanField(default=False),
            "shape": models.CharField(max_length=40, blank=True, default=""),
            "shape_scores": models.JSONField(default=dict),
            "model": models.JSONField(null=True),
            "mostly_prior": models.FloatField(default=1.0),
            "coefficients": models.JSONField(default=list),
            "columns": models.JSONField(default=list),
            "metrics": models.JSONField(default=dict),
            "calibration": models.JSONField(default=list),
            "verdict": models.CharField(choices=VERDICTS, max_length=12, blank=True, default=""),
            "reason": models.TextField(blank=True, default=""),
            "is_current": models.BooleanField(default=False),
            "current_since": models.DateTimeField(null=True),
            "asked_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "chosen_by": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
            "previous": models.ForeignKey(
                "ripeline.modelrun", models.PROTECT, null=True, related_name="+", db_index=False
            ),
        },
        one_of("state", LEARNING, name="model_run_state"),
        models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="model_run_one_current"),
        models.UniqueConstraint(fields=["is_prior"], condition=Q(is_prior=True), name="model_run_one_prior"),
        models.CheckConstraint(
            condition=Q(is_current=False) | Q(is_prior=True) | Q(model__isnull=False), name="model_run_current_scores"
        ),
    ),
    table(
        "Claim",
        "claim",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "lead_id": models.UUIDField(),
            "day": models.DateField(),
            "p_30": models.FloatField(),
            "p_ever": models.FloatField(),
            "band": models.PositiveSmallIntegerField(),
            "model": models.CharField(max_length=40),
        },
        models.UniqueConstraint(fields=["lead_id", "day"], name="claim_once"),
    ),
    table(
        "KeptWord",
        "kept_word",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "band": models.PositiveSmallIntegerField(),
            "by_rule": models.BooleanField(),
            "n": models.PositiveIntegerField(),
            "did": models.PositiveIntegerField(),
            "said": models.FloatField(default=0),
            "counted_at": models.DateTimeField(),
        },
        models.UniqueConstraint(fields=["band", "by_rule"], name="kept_word_once"),
    ),
    table(
        "Watched",
        "watched",
        {
            "id": models.BigAutoField(verbose_name="ID", primary_key=True, serialize=False, auto_created=True),
            "day": models.DateField(),
            "source_type": models.CharField(max_length=40, blank=True, default=""),
            "expected": models.FloatField(),
            "actual": models.PositiveIntegerField(),
            "model": models.CharField(max_length=40),
        },
        models.UniqueConstraint(fields=["day", "source_type"], name="watched_once"),
    ),
    table(
        "Dispute",
        "dispute",
        {
            "id": own_id(),
            "lead_id": models.UUIDField(),
            "direction": models.CharField(choices=DIRECTIONS, max_length=7),
            "words": models.CharField(max_length=500),
            "said_at": models.DateTimeField(),
            "p_30": models.FloatField(null=True),
            "model": models.CharField(max_length=40, blank=True, default=""),
            "user": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
        models.Index(fields=["-said_at", "-id"], name="dispute_newest"),
        models.Index(fields=["lead_id", "-said_at"], name="dispute_of_lead"),
        one_of("direction", DIRECTIONS, name="dispute_direction"),
        models.CheckConstraint(condition=~Q(words=""), name="dispute_says_why"),
    ),
    table(
        "Perceived",
        "perceived",
        {
            "lead_id": models.UUIDField(primary_key=True, serialize=False),
            "quality": models.CharField(choices=QUALITIES, max_length=4),
            "set_at": models.DateTimeField(),
            "user": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
        one_of("quality", QUALITIES, name="perceived_quality"),
    ),
    table(
        "StageSaid",
        "stage_said",
        {
            "lead_id": models.UUIDField(primary_key=True, serialize=False),
            "stage": models.CharField(choices=STAGES, max_length=13),
            "said_at": models.DateTimeField(),
            "user": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
        one_of("stage", STAGES, name="stage_said_stage"),
    ),
    table(
        "SignalTrust",
        "signal_trust",
        {
            "id": models.PositiveSmallIntegerField(primary_key=True, default=1, serialize=False),
            "power": models.FloatField(default=1.0),
            "sd": models.FloatField(default=0.5),
            "n": models.PositiveIntegerField(default=0),
            "ripe": models.PositiveIntegerField(default=0),
            "learnt_at": models.DateTimeField(),
        },
        models.CheckConstraint(condition=Q(id=1), name="signal_trust_one"),
    ),
]
