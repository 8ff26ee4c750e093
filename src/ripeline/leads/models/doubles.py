"""What two records of one person, or two rows of one company, have in common, and what people said of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from ripeline.base import clock
from ripeline.base.fields import primary_key
from ripeline.leads.models.companies import Account
from ripeline.people.models import User


class Block(models.Model):
    """Something that people who may be the same have in common: only who shares a block is compared.

    Derived from the lead (`likeness.blocks`), hashed; can be rebuilt.
    """

    pk = models.CompositePrimaryKey("lead_id", "key")
    lead_id = models.UUIDField()
    key = models.BigIntegerField()

    class Meta:
        db_table = "lead_block"
        indexes = [models.Index(fields=["key", "lead_id"], name="lead_block_shared")]


class PossibleDuplicate(models.Model):
    """Two leads that may be one person, and why. Kept when somebody says that they are two: it is not asked again."""

    id = primary_key()
    lead_id = models.UUIDField()  # the smaller id of the two
    other_id = models.UUIDField()
    points = models.PositiveSmallIntegerField()
    evidence = models.JSONField(default=list)  # in words, the strongest first
    found_at = models.DateTimeField(default=clock.now)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "possible_duplicate"
        constraints = [
            models.UniqueConstraint(fields=["lead_id", "other_id"], name="possible_duplicate_once"),
            models.CheckConstraint(condition=Q(lead_id__lt=F("other_id")), name="possible_duplicate_ordered"),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=True) | Q(dismissed_by__isnull=False),
                name="possible_duplicate_dismissed_by",
            ),
        ]
        indexes = [
            models.Index(fields=["other_id"], name="possible_duplicate_other"),
            models.Index(
                fields=["-points", "id"], name="possible_duplicate_open", condition=Q(dismissed_at__isnull=True)
            ),
        ]


class AccountBlock(models.Model):
    """Something that rows of one company have in common, as `Block` is of people; can be rebuilt."""

    pk = models.CompositePrimaryKey("account_id", "key")
    account_id = models.UUIDField()
    key = models.BigIntegerField()

    class Meta:
        db_table = "account_block"
        indexes = [models.Index(fields=["key", "account_id"], name="account_block_shared")]


class SameCompany(models.Model):
    """Two companies that may be one, and why. Kept when somebody says that they are two: it is not asked again."""

    id = primary_key()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)  # the smaller id
    other = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    points = models.PositiveSmallIntegerField()
    evidence = models.JSONField(default=list)  # in words, the strongest first
    found_at = models.DateTimeField(default=clock.now)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "same_company"
        constraints = [
            models.UniqueConstraint(fields=["account", "other"], name="same_company_once"),
            models.CheckConstraint(condition=Q(account__lt=F("other")), name="same_company_ordered"),
            models.CheckConstraint(
                condition=Q(dismissed_at__isnull=True) | Q(dismissed_by__isnull=False), name="same_company_dismissed_by"
            ),
        ]
        indexes = [
            models.Index(fields=["other"], name="same_company_other"),
            models.Index(fields=["-points", "id"], name="same_company_open", condition=Q(dismissed_at__isnull=True)),
        ]


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
