"""Fields of the company's own that an import made: those that nothing else uses go with it when it is taken back."""

from datetime import timedelta

from ripeline.base import clock
from ripeline.base.ids import first_of
from ripeline.capture.models import ImportKind, ImportRun, ImportState
from ripeline.capture.taking import own_keys
from ripeline.catalog.models import CustomField

_MOMENT = timedelta(milliseconds=1)


def made_by(run: ImportRun) -> list[CustomField]:
    """Those that came with it."""
    if run.kind != ImportKind.LEADS:
        return []
    while_it_ran = (first_of(run.created_at), first_of((run.ended_at or clock.now()) + _MOMENT))
    return list(CustomField.objects.filter(key__in=own_keys(run).values(), pk__range=while_it_ran).order_by("label"))


def not_wanted(keys: list[str]) -> list[str]:
    """Of these keys those that no file has that goes in just now."""
    if not keys:
        return []
    going = ImportRun.objects.filter(kind=ImportKind.LEADS, state__in=(ImportState.QUEUED, ImportState.RUNNING))
    wanted = {key for run in going for key in own_keys(run).values()}
    return [key for key in keys if key not in wanted]
