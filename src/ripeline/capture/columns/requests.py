"""Rows of a contact form: who asked us something and, as far as the file says, was never answered.

What a form sends here by itself is a request that somebody is to answer now. The same out of a file (a form's own list,
a mailbox written out as a table) is the same, on the day on which they asked.
"""

from ripeline.capture.cells.headings import HEADINGS, asks_us, is_of_deals
from ripeline.capture.cells.text import clean, given, key
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.presets import recognised
from ripeline.capture.columns.row import Row
from ripeline.capture.files.dialect import Dialect

SOURCE = "Contact form"  # of a request that does not say where it came from
_ANSWERED = frozenset(
    """answered|answered at|answered on|answered by|answer|reply|replied|replied at|replied on|response|handled
    |processed|status|state|done|closed|beantwortet|beantwortet am|beantwortet von|antwort|geantwortet|bearbeitet
    |bearbeitet am|bearbeitungsstand|erledigt|erledigt am|abgeschlossen|repondu|traite|respondido|atendido
    |risposto""".replace("\n    ", "").split("|")
)  # fmt: skip
_NOT_YET = frozenset(
    """no|n|false|0|open|new|unanswered|not answered|pending|waiting|unread|read|received|todo|to do|in progress|nein
    |falsch|offen|neu|unbeantwortet|nicht beantwortet|wartet|ausstehend|ungelesen|gelesen|eingegangen|unbearbeitet
    |in bearbeitung|non|nouveau|abierto|nuevo|pendiente|aberto|novo|aperto|nuovo""".replace("\n    ", "").split("|")
)
_OURS = frozenset(name for field in ("activity", "by", "activity_id") for name in HEADINGS[field])


class Requests:
    """Which rows of a file of leads are requests."""

    def __init__(self, dialect: Dialect, mapping: FieldMap) -> None:
        labels = [key(label) for label in dialect.labels]
        self._answered = [at for at, label in enumerate(labels) if label in _ANSWERED]
        self.are_some = are_requests(dialect, mapping)

    def asks(self, row: Row) -> bool:
        """Whether somebody asks us something in a row, on a day, and nothing there says that we answered."""
        if not (self.are_some and row.text("message") and row.moment("captured_at")):
            return False
        said = (key(given(clean(row.cells[at]))) for at in self._answered if at < len(row.cells))
        return all(not word or word in _NOT_YET for word in said)


def are_requests(dialect: Dialect, mapping: FieldMap) -> bool:
    """Whether a file has what people wrote to us: from whom, when, and under a heading that is theirs, what."""
    if mapping.kind != "leads" or recognised(dialect.labels) or is_of_deals(dialect.labels):
        return False
    fields = mapping.fields()
    is_whole = "captured_at" in fields and bool(fields & {"email", "phone"})
    theirs = any(target == "message" and asks_us(label) for label, target in mapping.targets)
    return is_whole and theirs and not any(key(label) in _OURS for label in dialect.labels)
