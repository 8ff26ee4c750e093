"""Companies that people belong to."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q

from ripeline.base import clock
from ripeline.base.fields import primary_key
from ripeline.leads.words.plain import Plain
from ripeline.people.models import User

CALLED = Func(  # the words of a company's name, O'Neil as one and as two
    Plain("name"), F("name"), arg_joiner=" || ' ' || ",
    template="to_tsvector('simple'::regconfig, %(expressions)s)", output_field=SearchVectorField(),
)  # fmt: skip


class Account(models.Model):
    """A company that people belong to. `key` is `d:` + its domain, else `n:` + its normalised name. `named` is the
    key of its name in either case, by which it is found, however the name is written.

    One that was merged into another keeps its row: whoever comes under its name or domain is at the other.
    """

    id = primary_key()
    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    named = models.CharField(max_length=200, blank=True, default="", db_default="")
    domain = models.CharField(max_length=190, blank=True, default="")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="accounts")
    created_at = models.DateTimeField(default=clock.now)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", db_index=False
    )  # always one step

    class Meta:
        db_table = "account"
        indexes = [
            models.Index(fields=["named"], name="account_named"),
            GinIndex(CALLED, name="account_words"),
            models.Index(fields=["merged_into"], name="account_merged", condition=Q(merged_into__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")), name="account_merged_elsewhere"
            )
        ]

    def __str__(self) -> str:
        return self.name
