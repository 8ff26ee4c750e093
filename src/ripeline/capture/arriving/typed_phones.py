"""What somebody typed as their telephone at a door: one number is the telephone, and nothing of the rest is lost."""

from collections.abc import Sequence

from ripeline.capture.cells import values
from ripeline.leads.knowing import identity

BESIDE = "beside"  # of what a door keeps, and of how they came: words of the door's own, not of theirs
OTHERS = "other_phones"  # of a person as a door keeps them: numbers, a space between them


def keep(person: dict[str, str], text: str, *, country: str = "", home: str = "") -> str:
    """Put the other numbers of `text`, of which the first was read already, beside it.

    The answer is a line to stand beside how they came, where not all that was typed is kept otherwise: an extension,
    or another number of somebody whose name is not known, who cannot be known by it; "" where it is.
    """
    number = person.get("phone", "")
    if not number or number == text:
        return ""
    remark = values.phone(text, country=country, home=home).remark
    others = values.other_phones(text, country=country, home=home)
    if others:
        person[OTHERS] = " ".join(others)
    is_kept = _are_known(others, person) if others else number.startswith("+") and not remark
    return "" if is_kept else f"telephone as it was written: {text}"


def _are_known(numbers: Sequence[str], person: dict[str, str]) -> bool:
    return all(identity.phone(number, person.get("name", ""), person.get("company", "")) for number in numbers)
