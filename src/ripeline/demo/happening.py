"""What happens in the story, one thing at a time, before it is carried out."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Any

from ripeline.leads.decisions.deciding import Next
from ripeline.people.models import Responsible, User


class Verb(StrEnum):
    """By which action it is carried out."""

    COME = auto()  # they come to us again
    TOUCH = auto()
    REST = auto()  # left to Keep in touch
    RETURN = auto()  # which hands it back
    GIVE = auto()
    OPPORTUNITY = auto()
    WIN = auto()
    CLOSE = auto()
    REOPEN = auto()
    NOTE = auto()


@dataclass(slots=True, kw_only=True)
class Happening:
    """One thing that happens to a lead; which fields count depends on the verb.

    `kind` is that of a touch, or the code of a close reason; `more` is what only one verb needs.
    """

    at: datetime
    verb: Verb
    actor: User
    kind: str = ""
    next: Next | None = None
    body: str = ""
    disposition: str = ""
    reached: bool | None = None
    to: Responsible | None = None
    amount: Decimal | None = None
    more: dict[str, Any] = field(default_factory=dict)
