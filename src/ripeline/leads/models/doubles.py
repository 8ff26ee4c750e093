"""What two records of one person, or two rows of one company, have in common, and what people said of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from ripeline.base import clock
from ripeline.base.fields import primary_key
from ripeline.leads.models.companies import Account
from ripeline.people.models import User


class Shared(models.Model):
    """Something that those who may be the same have in common, hashed: only who shares such a block is compared.

    Derived (`likeness.blocks`, `company_likeness.blocks`); can be rebuilt.
    """

    key = models.BigIntegerField()

    class Meta:
        abstract = True


class Block(Shared):
    """Something that people who may be the same have in common."""

    pk = models.CompositePrimaryKey("lead_id", "key")
    lead_id = models.UUIDField()

    class Meta:
        db_table = "lead_block"
        indexes = [models.Index(fields=["key", "lead_id"], name="lead_block_shared")]


class AccountBlock(Shared):
    """Something that rows of one company have in common."""

    pk = models.CompositePrimaryKey("account_id", "key")
    account_id = models.UUIDField()

    class Meta:
        db_table = "account_block"
        indexes = [models.Index(fields=["key", "account_id"], name="account_block_shared")]


class Double(models.Model):
    """Two that may be one, and why. Kept when somebody says that they are two: it is not asked again."""

    id = primary_key()
    points = models.PositiveSmallIntegerField()
    evidence = models.JSONField(default=list)  # in words, the strongest first
    found_at = models.DateTimeField(default=clock.now)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True


def _constraints(table: str, one: str, other: str) -> list[models.BaseConstraint]:
    """Each two once, the smaller id first; and whoever says that they are two is known."""
    return [
        models.UniqueConstraint(fields=[one, other], name=f"{table}_once"),
        models.CheckConstraint(condition=Q(**{f"{one}__lt": F(other)}), name=f"{table}_ordered"),
        models.CheckConstraint(
            condition=Q(dismissed_at__isnull=True) | Q(dismissed_by__isnull=False), name=f"{table}_dismissed_by"
        ),
    ]


def _indexes(table: str, other: str) -> list[models.Index]:
    return [
        models.Index(fields=[other], name=f"{table}_other"),
        models.Index(fields=["-points", "id"], name=f"{table}_open", condition=Q(dismissed_at__isnull=True)),
    ]


class PossibleDuplicate(Double):
    """Two leads that may be one person."""

    lead_id = models.UUIDField()  # the smaller id of the two
    other_id = models.UUIDField()

    class Meta:
        db_table = "possible_duplicate"
        constraints = _constraints("possible_duplicate", "lead_id", "other_id")
        indexes = _indexes("possible_duplicate", "other_id")


class SameCompany(Double):
    """Two companies that may be one."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)  # the smaller id
    other = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        db_table = "same_company"
        constraints = _constraints("same_company", "account", "other")
        indexes = _indexes("same_company", "other")


class AccountMerge(models.Model):
    """One company merged into another: by whom, and what takes it back whole."""

    id = primary_key()
    key = models.CharField(max_length=80, unique=True)  # of the request: sent again it is the same
    survivor = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    duplicate = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    merged_at = models.DateTimeField(default=clock.now)
    was = models.JSONField(default=dict)  # names and owner of both before
    became = models.JSONField(default=dict)  # and after
    led_there = ArrayField(models.UUIDField(), default=list)  # companies that had been merged into the duplicate
    moved = ArrayField(models.UUIDField(), default=list)  # its people
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_merge"
        indexes = [
            models.Index(fields=["-merged_at", "id"], name="account_merge_last", condition=Q(undone_at__isnull=True))
        ]
