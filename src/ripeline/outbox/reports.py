"""What a mail says that came back (RFC 3464), or of a complaint (RFC 5965): read from its bytes, never failing.

Pure. Anybody can write such a mail; so nothing is taken from it but what it says of a message of ours, by its name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from ripeline.outbox.rules import is_bad_address, one_line

_NAME = re.compile(r"<\s*([0-9a-f]{32})@", re.IGNORECASE)  # of our messages
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MOST_PARTS = 50


@dataclass(frozen=True)
class Report:
    """What became of a message of ours. `status`: the kind of failure by RFC 3463, "" where none is said."""

    message: str  # the hexadecimal digits of its id
    action: str  # failed, delayed, or complained
    is_no_address: bool = False
    words: str = ""
    at: datetime | None = None


def is_report(content_type: str) -> bool:
    """Whether a message with this header may be one."""
    said = content_type.lower()
    return "multipart/report" in said and ("delivery-status" in said or "feedback-report" in said)


def read(raw: bytes) -> Report | None:
    """What a mail says of a message of ours; None where that is nothing, or it is no such mail."""
    try:
        return _read(message_from_bytes(raw, policy=compat32))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError, AssertionError):
        return None


def _read(mail: Message) -> Report | None:
    if not is_report(f"{mail.get('Content-Type', '')}"):
        return None
    parts = _parts(mail)
    names = [found[1].lower() for text in _returned(parts) if (found := _NAME.search(text))]
    if not names:
        return None
    at = _moment(mail)
    for part in parts:
        if part.get_content_type() == "message/feedback-report" and _is_abuse(part):
            return Report(names[0], "complained", at=at)
        if part.get_content_type() == "message/delivery-status":
            for fields in _blocks(part):
                if report := _of_recipient(names[0], fields, at):
                    return report
    return None


def _parts(mail: Message) -> list[Message]:
    found: list[Message] = []
    for part in mail.walk():
        found.append(part)
        if len(found) == _MOST_PARTS:
            break
    return found


def _returned(parts: list[Message]) -> Iterator[str]:
    """The Message-IDs of what is returned: as a message, or as its headers."""
    for place, part in enumerate(parts):
        if place and part.get("Message-ID"):  # within message/rfc822
            yield str(part["Message-ID"])
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            text = _text(part)
            yield from re.findall(r"(?im)^message-id:\s*(.+)$", text)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(part.get_payload())


def _blocks(part: Message) -> list[Message]:
    """The fields of each recipient: what follows those of the message."""
    content = part.get_payload()
    return [each for each in content if isinstance(each, Message)] if isinstance(content, list) else []


def _of_recipient(name: str, fields: Message, at: datetime | None) -> Report | None:
    action = str(fields.get("Action", "")).strip().lower()
    if action not in ("failed", "delayed"):
        return None
    status, said = one_line(str(fields.get("Status", ""))), one_line(str(fields.get("Diagnostic-Code", "")))
    code = said.partition(";")[2].strip() or said
    found = _STATUS.search(status) or _STATUS.search(code)
    is_for_good = action == "failed" and bool(found) and (found or [""])[1] != "4"
    number = int(code[:3]) if code[:3].isdecimal() else 0
    precise = f"{found[0]}" if found and found[0] != "5.0.0" else ""
    is_none = is_for_good and is_bad_address(number, precise or code)
    return Report(name, action, is_none, one_line(code or status or action), at)


def _is_abuse(part: Message) -> bool:
    content = part.get_payload()
    text = str(content[0]) if isinstance(content, list) and content else _text(part)
    return re.search(r"(?im)^feedback-type:\s*(abuse|fraud|virus|other)\b", text) is not None


def _moment(mail: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(mail.get("Date", "")))
    except (ValueError, TypeError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
