"""The editable prior and each lead's stored score."""

from django.db import models
from django.db.models import Q

from ripeline.base.fields import one_of


class TermKind(models.TextChoices):
    SOURCE_TYPE = "source_type", "Source type"
    SIGNAL = "signal", "Signal"


class Curve(models.TextChoices):
    EVEN = "even", "Evenly over the year"
    FRONT_LOADED = "front_loaded", "Soon or not at all"
    OLD = "old", "Old lead, re-opened"


class Term(models.Model):
    """One prior mean, in log-odds of ever buying, with its source or "judgement"; words and curve stay science's."""

    key = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=12, choices=TermKind.choices)
    label = models.CharField(max_length=120)
    mean = models.FloatField()
    sd = models.FloatField()
    basis = models.TextField(default="judgement")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "ripening_term"
        constraints = [
            one_of("kind", TermKind, name="term_kind"),
            models.CheckConstraint(condition=Q(sd__gt=0, sd__lte=5, mean__gte=-10, mean__lte=10), name="term_bounded"),
        ]


class Score(models.Model):
    """A lead's ripeness as last computed: derived, and rebuilt from the record at any time."""

    lead_id = models.UUIDField(primary_key=True)
    log_odds = models.FloatField()  # at capture: what the rest follows from, with the curve and the age
    log_odds_sd = models.FloatField()
    curve = models.CharField(max_length=12, choices=Curve.choices)
    p_ever = models.FloatField()
    p_ever_low = models.FloatField()
    p_ever_high = models.FloatField()
    p_30 = models.FloatField()
    p_30_low = models.FloatField()
    p_30_high = models.FloatField()
    p_win = models.FloatField()
    window_start = models.DateField()
    window_end = models.DateField()
    is_concentrated = models.BooleanField()  # the window is short enough to be worth naming
    reasons = models.JSONField(default=list)  # [[term key, has it, weight in log-odds], …], heaviest first
    model = models.CharField(max_length=40)
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "score"
        indexes = [models.Index(fields=["-p_30", "lead_id"], name="score_ripest")]
