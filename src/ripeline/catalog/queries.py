"""Reading the catalog."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from uuid import UUID

from ripeline.base.reading import read
from ripeline.base.settled import Settled
from ripeline.catalog.models import Campaign, CloseReason, CustomField, Question, Source


def reason(code: str) -> CloseReason:
    """The close reason with this code."""
    return CloseReason.objects.get(code=code)


_reasons: Settled[Mapping[UUID, CloseReason]] = Settled(
    lambda: {one.pk: one for one in read(CloseReason, "ORDER BY position, label")}, "close_reason"
)


def reasons(state: str | None = None) -> Sequence[CloseReason]:
    """Active close reasons in their order, of one state or all."""
    return [reason for reason in _reasons.now().values() if reason.is_active and state in (None, "", reason.state)]


def reasons_of(ids: Collection[UUID]) -> Mapping[UUID, CloseReason]:
    """Close reasons by id: all, and these of all. Shared: to be read."""
    return _reasons.of(ids)


_sources: Settled[Mapping[UUID, Source]] = Settled(
    lambda: {one.pk: one for one in read(Source, "ORDER BY name")}, "source"
)
_custom_fields = Settled(lambda: tuple(read(CustomField, "ORDER BY position, label")), "custom_field")


def sources() -> Sequence[Source]:
    """Every source by name. Shared: to be read."""
    return tuple(_sources.now().values())


def sources_of(ids: Collection[UUID]) -> Mapping[UUID, Source]:
    """Sources by id: all, and these of all. Shared: to be read."""
    return _sources.of(ids)


def custom_fields() -> Sequence[CustomField]:
    """Every custom field in its order. Shared: to be read."""
    return _custom_fields.now()


def campaigns() -> Sequence[Campaign]:
    """Every campaign by name."""
    return list(Campaign.objects.order_by("name"))


_questions = Settled(lambda: tuple(read(Question, "ORDER BY position, label")), "question")


def questions(*, retired: bool = False) -> Sequence[Question]:
    """The capture standard in its order; with `retired`, also what is not asked any more."""
    return [copy(question) for question in _questions.now() if retired or question.is_active]


def asked(keys: Iterable[str]) -> dict[str, str]:
    """How each question was put, by its key, in their order: also those retired since."""
    found = Question.objects.filter(key__in=set(keys)).order_by("position", "label")
    return dict(found.values_list("key", "label"))
