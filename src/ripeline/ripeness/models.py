"""The editable prior, the model runs, each lead's stored score, what was said before, and what people think of it."""

from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.catalog.models import Stage as Stage
from ripeline.people.models import User


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
    signals = models.FloatField(default=0.0)  # what they did lately has added to the log-odds of p_30
    stage = models.CharField(
        max_length=13, choices=Stage.choices, default=Stage.AWARENESS
    )  # the likeliest, if they buy
    stage_p = models.FloatField(default=0.0)  # how likely
    model = models.CharField(max_length=40)
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "score"
        indexes = [models.Index(fields=["-p_30", "lead_id"], name="score_ripest")]


class RunState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Learning"
    SCORING = "scoring", "Scoring"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Verdict(models.TextChoices):
    PENDING = "", "Not decided yet"
    PROMOTED = "promoted", "Put to use"
    KEPT = "kept", "The current one stays"
    TOO_LITTLE = "too_little", "Too few outcomes"
    LOOKED_BACK = "looked_back", "As of a day gone by"


class ModelRun(models.Model):
    """One time that the model learnt, or was to: what it learnt from, what it found, and what was decided about it.

    The first is the general rule (`is_prior`), which is never fitted and scores by the table of terms. At most one is
    current; the built-in one is, until another is.
    """

    id = models.AutoField(primary_key=True)
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.QUEUED)
    is_prior = models.BooleanField(default=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=clock.now)
    as_of = models.DateTimeField(null=True)  # null until it begins: then it is now
    looks_back = models.BooleanField(default=False)  # asked for as of a day gone by
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")

    n = models.PositiveIntegerField(default=0)  # episodes learnt from
    events = models.PositiveIntegerField(default=0)  # of them ripe
    first_day = models.DateField(null=True)  # when the first of them began
    seed = models.PositiveIntegerField(default=1)
    wins_alone = models.BooleanField(default=False)
    shape = models.CharField(max_length=40, blank=True, default="")
    shape_scores = models.JSONField(default=dict)  # of each shape of time that was tried
    model = models.JSONField(null=True)  # science.model.Model.to_dict
    mostly_prior = models.FloatField(default=1.0)
    coefficients = models.JSONField(default=list)  # [{key, label, before, mean, sd}]
    columns = models.JSONField(default=list)  # of one's own, that it learnt from
    metrics = models.JSONField(default=dict)  # on later outcomes: see judging
    calibration = models.JSONField(default=list)  # [{low, high, n, said, did}]

    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")  # in words
    is_current = models.BooleanField(default=False)
    current_since = models.DateTimeField(null=True)
    chosen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "model_run"
        constraints = [
            one_of("state", RunState, name="model_run_state"),
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="model_run_one_current"),
            models.UniqueConstraint(fields=["is_prior"], condition=Q(is_prior=True), name="model_run_one_prior"),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(is_prior=True) | Q(model__isnull=False),
                name="model_run_current_scores",
            ),
        ]

    @property
    def name(self) -> str:
        """What scores call it."""
        return PRIOR if self.is_prior else f"run-{self.pk}"


PRIOR = "prior-1"


class Claim(models.Model):
    """What was said about a lead on a day, as it was shown: one in 30 days, each to be held against what came."""

    id = models.BigAutoField(primary_key=True)
    lead_id = models.UUIDField()
    day = models.DateField()
    p_30 = models.FloatField()
    p_ever = models.FloatField()
    band = models.PositiveSmallIntegerField()  # rules.band(p_30)
    model = models.CharField(max_length=40)

    class Meta:
        db_table = "claim"
        constraints = [models.UniqueConstraint(fields=["lead_id", "day"], name="claim_once")]


class KeptWord(models.Model):
    """Of the claims in a band whose 30 days are over, how many came true. Derived, and counted anew each night.

    Those of the general rule and those of what was learnt since are told apart.
    """

    id = models.BigAutoField(primary_key=True)
    band = models.PositiveSmallIntegerField()
    by_rule = models.BooleanField()
    n = models.PositiveIntegerField()
    did = models.PositiveIntegerField()
    said = models.FloatField(default=0)  # on the average, of those n
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "kept_word"
        constraints = [models.UniqueConstraint(fields=["band", "by_rule"], name="kept_word_once")]


class Watched(models.Model):
    """What the model of a day expected of the leads then open, and what came; written once, when the day is over."""

    day = models.DateField()
    source_type = models.CharField(max_length=40, blank=True, default="")
    expected = models.FloatField()
    actual = models.PositiveIntegerField()
    model = models.CharField(max_length=40)

    class Meta:
        db_table = "watched"
        constraints = [models.UniqueConstraint(fields=["day", "source_type"], name="watched_once")]


class Direction(models.TextChoices):
    RIPER = "riper", "Riper than that"
    GREENER = "greener", "Greener than that"


class Dispute(models.Model):
    """Somebody who knows the lead sees its ripeness differently: what they say, beside what was shown to them."""

    id = primary_key()
    lead_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    direction = models.CharField(max_length=7, choices=Direction.choices)
    words = models.CharField(max_length=500)
    said_at = models.DateTimeField()
    p_30 = models.FloatField(null=True)
    model = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "dispute"
        constraints = [
            one_of("direction", Direction, name="dispute_direction"),
            models.CheckConstraint(condition=~Q(words=""), name="dispute_says_why"),
        ]
        indexes = [
            models.Index(fields=["-said_at", "-id"], name="dispute_newest"),
            models.Index(fields=["lead_id", "-said_at"], name="dispute_of_lead"),
        ]


class Quality(models.TextChoices):
    GOOD = "good", "Good"
    FAIR = "fair", "Fair"
    POOR = "poor", "Poor"


class Perceived(models.Model):
    """How good whoever works a lead thinks it is, kept beside what the outcomes say; the last word counts."""

    lead_id = models.UUIDField(primary_key=True)
    quality = models.CharField(max_length=4, choices=Quality.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "perceived"
        constraints = [one_of("quality", Quality, name="perceived_quality")]


class StageSaid(models.Model):
    """In which buying stage a lead is, in the words of somebody who works it; the last word counts.

    It holds for as long as signals are remembered, unless what the lead does afterwards clearly says otherwise.
    """

    lead_id = models.UUIDField(primary_key=True)
    stage = models.CharField(max_length=13, choices=Stage.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    said_at = models.DateTimeField()

    class Meta:
        db_table = "stage_said"
        constraints = [one_of("stage", Stage, name="stage_said_stage")]


class SignalTrust(models.Model):
    """How far signals are believed, as the company's own outcomes bear them out: derived, and learnt anew each night.

    1: as the table of signals says; 0: not at all; below 0 they mislead. One row.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    power = models.FloatField(default=1.0)
    sd = models.FloatField(default=0.5)
    n = models.PositiveIntegerField(default=0)  # leads on days gone by that it was learnt from
    ripe = models.PositiveIntegerField(default=0)  # of them ripe within the 30 days that followed
    learnt_at = models.DateTimeField()

    class Meta:
        db_table = "signal_trust"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="signal_trust_one")]
