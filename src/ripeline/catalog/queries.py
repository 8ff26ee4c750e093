"""Reading the catalog."""

from collections.abc import Sequence

from ripeline.catalog.models import CloseReason, CustomField, Source


def reason(code: str) -> CloseReason:
    """The close reason with this code."""
    return CloseReason.objects.get(code=code)


def reasons(state: str | None = None) -> Sequence[CloseReason]:
    """Active close reasons in their order, of one state or all."""
    found = CloseReason.objects.filter(is_active=True).order_by("position", "label")
    return list(found.filter(state=state) if state else found)


def sources() -> Sequence[Source]:
    """Every source by name."""
    return list(Source.objects.order_by("name"))


def custom_fields() -> Sequence[CustomField]:
    """Every custom field in its order."""
    return list(CustomField.objects.order_by("position", "label"))
