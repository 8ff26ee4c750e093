"""Sources, campaigns and fields of the company's own that an import made: those that nothing else uses go with it when
it is taken back.
"""

from collections.abc import Collection

from ripeline.capture.imports.keys_of_fields import own_keys
from ripeline.capture.models import ImportKind, ImportRun, ImportState, ImportUndo
from ripeline.catalog.models import CustomField
from ripeline.leads import forgetting

_NONE: dict[str, list[str]] = {"source": [], "campaign": []}


def made_by(run: ImportRun) -> list[CustomField]:
    """Those that came with it, or were left by others that are taken back by now, since this one used them."""
    gone = ImportRun.objects.filter(state=ImportState.UNDONE).exclude(fields_made=[])
    left = (key for keys in gone.values_list("fields_made", flat=True) for key in keys)
    return list(CustomField.objects.filter(key__in={*run.fields_made, *left}).order_by("label"))


def sources_of(run: ImportRun) -> dict[str, list[str]]:
    """The sources and campaigns that came with it, or were left by others that are taken back by now."""
    found = forgetting.named_by(run.pk, since=run.created_at) if run.made is None else {**_NONE, **run.made}
    gone = ImportRun.objects.filter(state=ImportState.UNDONE, made__isnull=False).exclude(made={})
    for left in gone.values_list("made", flat=True):
        found = {name: [*found[name], *(left or {}).get(name, ())] for name in _NONE}
    return found


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
