"""Text without what people leave out when they type it: accents and apostrophes; in Python and in PostgreSQL."""

import unicodedata
from typing import Any

from django.db.models import Func, TextField


def unaccented(text: str) -> str:
    """`text` without accents."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text).translate(_STROKES) if not unicodedata.combining(c))


STROKED, PLAIN = "øłđıħŧØŁĐĦŦ", "oldihtOLDHT"  # letters that are not taken apart, and what people type for them
APOSTROPHES = "'’ʼ‘`´"
_STROKES = str.maketrans(STROKED, PLAIN)
_NO_APOSTROPHES = str.maketrans("", "", APOSTROPHES)


def whole(text: str) -> str:
    """`text` with names such as O'Neil and D’Arcy as the one word that they are."""
    return text.translate(_NO_APOSTROPHES)


_QUOTED = APOSTROPHES.replace("'", "''")


class Plain(Func):
    """Columns, a space between them, as `leads.words.searching.search_query` spells words."""

    arg_joiner = " || ' ' || "
    template = (  # of plain letters, as most are, there is little to take away, and a twentieth of the time to be saved
        "(CASE WHEN octet_length(%(expressions)s) = char_length(%(expressions)s)"
        " THEN lower(translate(%(expressions)s, chr(39) || chr(96), '') COLLATE \"C\")"
        f" ELSE lower(regexp_replace(translate(normalize(%(expressions)s, NFKD), '{STROKED}{_QUOTED}',"
        f" '{PLAIN}'), "
        r"'[\u0300-\u036f]', '', 'g')) END)"
    )

    def __init__(self, *columns: str, **more: Any) -> None:
        super().__init__(*columns, output_field=TextField(), **more)
