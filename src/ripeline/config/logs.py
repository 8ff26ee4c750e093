"""What must not stand in a log."""

import logging
import re

_LINK = re.compile(r"(/(?:reset|invitation|confirm|unsubscribe)/)[^\s/]+(?:/[^\s/]+)?")


class WithoutLinks(logging.Filter):
    """Takes the secret out of links that act without a sign-in: Django logs the path of every request it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _LINK.search(text):
            record.msg, record.args = _LINK.sub(r"\1…", text), ()
        return True
