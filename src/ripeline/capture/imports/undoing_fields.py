"""Fields of the company's own that an import made: those that nothing else uses go with it when it is taken back."""

from collections.abc import Collection

from ripeline.capture.imports.keys_of_fields import own_keys
from ripeline.capture.models import ImportKind, ImportRun, ImportState, ImportUndo
from ripeline.catalog.models import CustomField
from ripeline.leads import forgetting


def made_by(run: ImportRun) -> list[CustomField]:
    """Those that came with it."""
    return list(CustomField.objects.filter(key__in=run.fields_made).order_by("label"))


def left_over(undo: ImportUndo) -> list[str]:
    """Those of an import that is taken back, by key, in which nobody has anything any more. It reads many leads, so it
    is asked in no transaction that others wait for.
    """
    made = undo.made.get("field", [])
    return sorted(set(made) - forgetting.fields_in_use(made))


def not_wanted(keys: Collection[str]) -> list[str]:
    """Of these keys those that no file has that goes in just now."""
    if not keys:
        return []
    going = ImportRun.objects.filter(kind=ImportKind.LEADS, state__in=(ImportState.QUEUED, ImportState.RUNNING))
    wanted = {key for run in going for key in own_keys(run).values()}
    return [key for key in keys if key not in wanted]
