"""In which words close reasons are said."""

from collections.abc import Mapping

from django.db import transaction

from ripeline.catalog.models import CloseReason
from ripeline.people import actions as people
from ripeline.people.models import Role, User
from ripeline.people.rules import NotAllowed

LONGEST = 80  # characters
_KEEPERS = frozenset({Role.ADMIN, Role.MARKETER})


class WordsError(ValueError):
    """What reasons cannot be called: why, by code."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(wrong.values()))
        self.wrong = wrong


def may_reword(actor: User) -> bool:
    return actor.is_system or actor.role in _KEEPERS


def reword(*, actor: User, labels: Mapping[str, str]) -> int:
    """Call reasons otherwise, by code; how many. What they mean, and leads that have them, stay. Raises WordsError."""
    if not may_reword(actor):
        raise NotAllowed("The words of reasons are kept by administrators and marketing.")
    with transaction.atomic():
        known = {one.code: one for one in CloseReason.objects.select_for_update().order_by("pk")}
        given = {code: " ".join(text.replace("\x00", "").split()) for code, text in labels.items() if code in known}
        called = {code: given.get(code, one.label) for code, one in known.items()}
        wrong = {}
        for code, label in given.items():
            if not label or len(label) > LONGEST:
                wrong[code] = f"Between 1 and {LONGEST} characters."
            elif (
                label != known[code].label and [text.casefold() for text in called.values()].count(label.casefold()) > 1
            ):
                wrong[code] = "Another reason is called so."
        if wrong:
            raise WordsError(wrong)
        changed = [one for code, one in known.items() if called[code] != one.label]
        for one in changed:
            people.audit(actor=actor, verb="catalog.reason", target=one.code, before=one.label, after=called[one.code])
            one.label = called[one.code]
        CloseReason.objects.bulk_update(changed, ["label"])
    return len(changed)
