"""What must not stand in a log, and what is no warning in it."""

import logging
import re
from http import HTTPStatus

_LINK = re.compile(r"(/(?:reset|invitation|confirm|unsubscribe|get|h/mail|h)/)[^\s/]+(?:/[^\s/]+)?")


class WithoutLinks(logging.Filter):
    """Takes the secret out of addresses that need no sign-in: Django logs the path of every request it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _LINK.search(text):
            record.msg, record.args = _LINK.sub(r"\1…", text), ()
        return True


class Everyday(logging.Filter):
    """A form that was sent with something missing is everyday work; Django warns of every answer from 400 on.

    So is whoever asks by another host's name, as machines do that try every address: one line, and not thirty.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.security.DisallowedHost":
            record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        if getattr(record, "status_code", 0) == HTTPStatus.UNPROCESSABLE_ENTITY:
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True
