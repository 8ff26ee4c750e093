"""Model fields used throughout."""

from typing import Any

from django.db import models

from ripeline.base.ids import new_id


def primary_key() -> Any:
    """A UUIDv7 primary key made in Python."""
    return models.UUIDField(primary_key=True, default=new_id, editable=False)


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """A CHECK that `field` holds one of `choices`: the database refuses any other word."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
