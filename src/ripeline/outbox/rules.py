"""Pure decisions: when to try again, which replies say that an address is none, the words for each reason."""

import re
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=5)  # what a mail server usually grants, and past that the mail has lost its sense
LEASE = timedelta(minutes=10)  # a claimed message that nobody began is free again after this
UNDER_WAY = timedelta(minutes=5)  # longer than every step of a hand-over may take: nobody is at it any more

# Why a message was not sent, in words for the person who looks after it.
REASONS = {
    "no_server": "No mail server was set then",
    "suppressed": "The address gets no mail (see Suppressed)",
    "unconsented": "No consent for this purpose",
    "answered": "They answered meanwhile",
    "nobody": "Nobody here has this address",
    "cancelled": "Cancelled",
    "let_be": "Left as it was",
    "too_late": "Tried for five days",
    "refused": "Refused by the mail server",
    "address": "The address does not exist",
    "came_back": "It came back: the mailbox could not take it",
    "unwritable": "It could not be written; the log says why",
}

# RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that was closed. Others (full, policy, relaying) are not.
_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS_CODES = (550, 551, 553, 556)


def pause(attempts: int) -> timedelta:
    """How long to wait after this many tries: 1, 3, 9, 27, 81 minutes, 4 hours, then 6."""
    factor: int = 3 ** min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def next_try(wanted_at: datetime, attempts: int, now: datetime) -> datetime | None:
    """When to try again; None when it has been tried for long enough."""
    at = now + pause(attempts)
    return at if at <= wanted_at + GIVE_UP_AFTER else None


def is_bad_address(code: int, words: str) -> bool:
    """Whether a refusal of a recipient says that the address is none, so that it gets no more mail."""
    if found := _ENHANCED.search(words):
        subject, detail = int(found[1]), int(found[2])
        return subject == 1 or (subject, detail) == (2, 1)
    return code in _ADDRESS_CODES


def one_line(words: str, longest: int = 300) -> str:
    """What a server said, as it can be kept and shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:longest]
