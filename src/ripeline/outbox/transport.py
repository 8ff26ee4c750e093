"""What every way out has in common: how a hand-over can end. Knows no Django."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from ripeline.outbox.mail import Mail


class Outcome(Enum):
    SENT = auto()
    LATER = auto()  # nothing was taken; it may be tried again
    BAD_ADDRESS = auto()  # refused for good: the address is none
    REFUSED = auto()  # refused for good, for another reason
    DOUBT = auto()  # broken off when it may have been taken already


@dataclass(frozen=True)
class Result:
    outcome: Outcome
    words: str = ""  # what the server said
    provider_id: str = ""  # what a provider calls the message from now on


class UnreachableError(Exception):
    """No mail can be handed over at present, this one or any other; nothing was. `do` says what helps."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what = what
        self.do = do


class Transport(Protocol):
    """A way out. Kept open between mails; used by one thread."""

    name: str

    def ready(self) -> None:
        """Be ready for the next mail, or raise UnreachableError."""

    def hand_over(self, mail: Mail) -> Result:
        """Hand over one mail. Raises UnreachableError where nothing was handed over and nothing can be."""

    def close(self) -> None:
        """Let go of the server."""

    def leave(self) -> None:
        """Say goodbye to it."""
