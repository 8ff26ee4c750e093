"""Keeping sources, campaigns, reasons and custom fields."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import ProtectedError, QuerySet

from ripeline.base.settled import Settled
from ripeline.base.statements import prepared_rows
from ripeline.catalog import standard
from ripeline.catalog.models import Campaign, CloseReason, CloseState, CustomField, Source, SourceType
from ripeline.catalog.rules import guess_source_type, loose_key, name_key, source_name

N = TypeVar("N", Source, Campaign)

# code, label, state, days until it is worth another look (None: final)
_REASONS = (
    ("bought_from_us", "Bought from us", CloseState.WON, None),
    ("bought_elsewhere", "Bought elsewhere", CloseState.LOST, 365),
    ("no_budget", "No budget", CloseState.LOST, 180),
    ("no_project", "The project was dropped", CloseState.LOST, 365),
    ("price", "Too expensive for them", CloseState.LOST, 365),
    ("missing_feature", "We lack something they need", CloseState.LOST, 365),
    ("asked_to_stop", "Asked us to stop", CloseState.LOST, None),
    ("lost_unstated", "Lost, no reason given", CloseState.LOST, 365),
    ("not_a_fit", "Not a fit", CloseState.DISQUALIFIED, None),
    ("wrong_person", "Wrong person", CloseState.DISQUALIFIED, None),
    ("left_company", "Left the company", CloseState.DISQUALIFIED, None),
    ("competitor", "A competitor", CloseState.DISQUALIFIED, None),
    ("student", "A student or researcher", CloseState.DISQUALIFIED, None),
    ("spam", "Spam or a false address", CloseState.DISQUALIFIED, None),
)


def seed() -> None:
    """Make the built-in close reasons; leaves those already there, and people's changes to them, alone."""
    CloseReason.objects.bulk_create(
        [
            CloseReason(code=code, label=label, state=state, recycle_days=days, position=position * 10)
            for position, (code, label, state, days) in enumerate(_REASONS, start=1)
        ],
        ignore_conflicts=True,
    )
    standard.seed()


_sources = Settled(lambda: {source.key: source for source in Source.objects.all()}, "source")


def sources_named(names: Iterable[str], made: list[UUID] | None = None) -> dict[str, Source]:
    """The source for each name, made where new (safe under concurrency); keyed by the name as given. The ids of those
    that this call has made are put into `made`.

    One that differs only in spaces, hyphens or the plural from one that is here is that one.
    """
    wanted = {name: key for name in names if (key := name_key(name))}
    known = _sources.now()
    if all(key in known for key in wanted.values()):
        return {name: known[key] for name, key in wanted.items()}
    alike = _alike(known.values())
    here = {name: found for name, key in wanted.items() if (found := known.get(key) or alike.get(loose_key(name)))}
    firsts: dict[str, str] = {}  # of several new ones that are alike, the first stands for all
    for name in wanted:
        if name not in here:
            firsts.setdefault(loose_key(name), name)
    new = _named(
        Source, firsts.values(), lambda name: Source(name=source_name(name), source_type=guess_source_type(name)), made
    )
    return {name: here.get(name) or new[firsts[loose_key(name)]] for name in wanted}


def _alike(sources: Iterable[Source]) -> dict[str, Source]:
    """The sources by what names that mean the same share; the oldest where several do."""
    return {loose_key(each.name): each for each in sorted(sources, key=lambda one: one.created_at, reverse=True)}


def source_of(name: str, source_type: str) -> Source:
    """The source of this name, made of this kind where it is new; one that is here keeps its kind."""
    known = _sources.now(anew=True)
    if found := known.get(name_key(name)) or _alike(known.values()).get(loose_key(name)):
        return found
    source, _ = Source.objects.get_or_create(
        key=name_key(name), defaults={"name": source_name(name), "source_type": source_type}
    )
    return source


def source_for(name: str, source_type: str) -> Source:
    """The source of a door of this name and kind. One of that name and another kind stays what it is, since people came
    by it as such: whoever comes from now on is of another.
    """
    found = source_of(name, source_type)
    if found.source_type == source_type:
        return found
    return source_of(f"{name[:120]}, {SourceType(source_type).label.lower()}", source_type)


def campaigns_named(names: Iterable[str], made: list[UUID] | None = None) -> dict[str, Campaign]:
    """The campaign for each name, made where new; keyed by the name as given. The ids of those that this call has made
    are put into `made`.
    """
    return _named(Campaign, names, lambda name: Campaign(name=name), made)


def _named(
    kind: type[N], names: Iterable[str], make: Callable[[str], N], made: list[UUID] | None = None
) -> dict[str, N]:  # fmt: skip
    keys = {name: name_key(name) for name in names if name_key(name)}
    if not keys:
        return {}

    names = [field.attname for field in kind._meta.concrete_fields]
    columns = ", ".join(f'"{field.column}"' for field in kind._meta.concrete_fields)
    of_keys = f'SELECT {columns} FROM "{kind._meta.db_table}" WHERE key = ANY(%s::text[])'  # noqa: S608

    def known() -> dict[str, N]:
        rows = prepared_rows(of_keys, [sorted(set(keys.values()))])
        return {each.key: each for each in (kind.from_db(DEFAULT_DB_ALIAS, names, row) for row in rows)}

    by_key = known()
    fresh = {key: name.strip()[:160] for name, key in keys.items() if key not in by_key}
    if fresh:
        new = [make(name) for _, name in sorted(fresh.items())]
        for each, key in zip(new, sorted(fresh), strict=True):
            each.key = key
        kind.objects.bulk_create(new, ignore_conflicts=True)
        by_key = known()
        if made is not None:  # somebody else may have made one in that moment
            made += [each.pk for each in new if by_key[each.key].pk == each.pk]
    return {name: by_key[key] for name, key in keys.items()}


def hold(found: Collection[Source] | Collection[Campaign]) -> bool:
    """Keep anybody from removing these until the transaction ends; False where one of them has just gone."""
    if not found:
        return True
    kind = type(next(iter(found)))
    ids = {each.pk for each in found}
    statement = f'SELECT id FROM "{kind._meta.db_table}" WHERE id = ANY(%s::uuid[]) FOR KEY SHARE'  # noqa: S608
    return len(prepared_rows(statement, [sorted(ids)])) == len(ids)


def remove_campaigns(ids: Collection[str]) -> None:
    """Delete campaigns that nobody has come from, nobody has given a cost and nothing names (a form, a link)."""
    _remove(Campaign.objects.filter(pk__in=ids, cost__isnull=True))


def remove_sources(ids: Collection[str]) -> None:
    """Delete sources that nobody has come from and that no campaign and no door names."""
    _remove(Source.objects.filter(pk__in=ids, campaign__isnull=True))


def _remove(found: QuerySet[N]) -> None:
    """Each that nothing names by now; locked, so that nothing comes to name it meanwhile. What somebody holds stays."""
    for pk in list(found.order_by("key").values_list("pk", flat=True)):
        for each in found.model._default_manager.select_for_update(skip_locked=True).filter(pk=pk):
            with suppress(ProtectedError):
                each.delete()


def custom_fields(fields: Mapping[str, tuple[str, str]]) -> tuple[dict[str, CustomField], list[str]]:
    """The custom field for each key, made where new from its (label, type); and the keys of those made just now."""
    new = [CustomField(key=key, label=label[:120], field_type=kind) for key, (label, kind) in fields.items()]
    CustomField.objects.bulk_create(new, ignore_conflicts=True)
    ours = {field.pk for field in new}
    found = {field.key: field for field in CustomField.objects.filter(key__in=list(fields))}
    return found, sorted(key for key, field in found.items() if field.pk in ours)


def remove_custom_fields(keys: Collection[str]) -> list[str]:
    """Delete fields that nobody has anything in and the model does not learn from; the labels of those that went."""
    gone = CustomField.objects.filter(key__in=keys, is_learnt_from=False)
    labels = list(gone.order_by("label").values_list("label", flat=True))
    gone.delete()
    return labels


def set_learnt_from(key: str, is_learnt_from: bool) -> bool:
    """Whether the model may learn from a custom field; False if there is no such field."""
    return bool(CustomField.objects.filter(key=key).update(is_learnt_from=is_learnt_from))
