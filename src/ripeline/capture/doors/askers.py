"""Which doors ask a question of the standard: what changes for whom where one is retired."""

from collections.abc import Sequence

from ripeline.capture.models import Door, DoorKind

KINDS = {DoorKind.FORM: ("form", "forms"), DoorKind.BOOTH: ("booth", "booths")}


def askers() -> dict[str, list[Door]]:
    """By the key of each question the forms and booths that ask it, by name; also shut ones, which may open again."""
    found: dict[str, list[Door]] = {}
    doors = Door.objects.filter(kind__in=KINDS).only("kind", "name", "is_active", "questions").order_by("name")
    for door in doors:
        for key in dict.fromkeys(each.get("key", "") for each in door.questions):
            found.setdefault(key, []).append(door)
    return found


def counted(doors: Sequence[Door]) -> str:
    """How many of which kind: 2 forms and 1 booth; "" of none."""
    counts = [(sum(door.kind == kind for door in doors), words) for kind, words in KINDS.items()]
    return " and ".join(f"{count} {one if count == 1 else many}" for count, (one, many) in counts if count)
