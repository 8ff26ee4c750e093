"""Pure decisions about the catalog."""

import re
import unicodedata

from ripeline.catalog.models import SourceType

# Words that give a source's type away, most telling first; a guess that people can change.
_HINTS: tuple[tuple[str, SourceType], ...] = (
    ("quote|offer request|rfq|angebot|devis", SourceType.QUOTE_REQUEST),
    ("demo", SourceType.DEMO_REQUEST),
    ("trial|free test|sign.?up", SourceType.TRIAL),
    ("contact|kontakt|form", SourceType.CONTACT_FORM),
    ("call|phone|tele(?:ph|f)on|rang\\b|anruf|llamada|chiamata", SourceType.INBOUND_CALL),
    ("referral|recommend|word of mouth|empfehlung", SourceType.REFERRAL),
    ("partner|reseller|affiliate", SourceType.PARTNER),
    ("webinar|webcast", SourceType.WEBINAR),
    ("fair|show|congress|expo|booth|messe|event|conference", SourceType.TRADE_SHOW),
    ("course|training|academy|workshop|kurs", SourceType.COURSE),
    ("white.?paper|e.?book|download|content|guide|checklist|blog", SourceType.CONTENT_DOWNLOAD),
    ("organic|seo", SourceType.ORGANIC_SEARCH),
    ("paid|ads?\\b|adwords|ppc|sem\\b|cpc", SourceType.PAID_SEARCH),
    ("display|banner", SourceType.DISPLAY),
    ("social|linkedin|facebook|instagram|twitter|tiktok|xing", SourceType.SOCIAL),
    ("e.?mail|newsletter|mailing", SourceType.EMAIL),
    ("direct", SourceType.DIRECT),
    ("list|purchased|bought|database|adress|gekauft|zukauf", SourceType.PURCHASED_LIST),
)

# Who asked for us, and not only for something to read: calling them now is worth most.
HAND_RAISERS: dict[str, str] = {
    SourceType.QUOTE_REQUEST.value: "Asked for a quote",
    SourceType.DEMO_REQUEST.value: "Asked for a demo",
    SourceType.CONTACT_FORM.value: "Asked us to get in touch",
    SourceType.INBOUND_CALL.value: "Called us",
    SourceType.TRIAL.value: "Asked for a trial",
}
UNANSWERED = "Asked us something and was not answered"  # why somebody is looked at of whom a file says so
UNDATED = "Their list does not say when they came"  # of whom nothing else is known
IN_TOUCH = "Last in touch, elsewhere, on "  # begins the note of whom a file says so
NOTED = "Noted in a file: "  # begins what one of us wrote there, before anybody has been in touch
CAME_AGAIN = "They came to us again."


def came_again(source_type: str) -> str:
    """Why somebody is looked at who came to us once more: what they asked for, where they asked for us."""
    return f"{HAND_RAISERS[source_type]}." if source_type in HAND_RAISERS else CAME_AGAIN


def said_since(note: str) -> str:
    """Such a note as it is said of somebody whom we knew already; "" for any other."""
    asked = note.removesuffix(".")
    return f"{asked} meanwhile." if asked in HAND_RAISERS.values() else note if note == CAME_AGAIN else ""


def name_key(name: str) -> str:
    """What makes two names of a source or campaign the same: case, width, punctuation and space aside."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()[:160]


def loose_key(name: str) -> str:
    """What two names of a source share where they mean the same: as `name_key`, but for spaces and the plural.

    Numbers that stand apart stay apart ("Webinar 1-12" is not "Webinar 11-2"), and short words keep their s ("News").
    """
    words = [word[:-1] if re.fullmatch(r".{3,}[^s]s", word) else word for word in name_key(name).split()]
    return re.sub(r"(?<!\d) | (?!\d)", "", " ".join(words))


def source_name(name: str) -> str:
    """A source as people read it: what a system says in capitals (ORGANIC_SEARCH, OFFLINE) in words."""
    name = " ".join(name.split())[:160]
    is_code = name.isupper() and ("_" in name or name in ("OFFLINE", "REFERRALS"))
    return name.replace("_", " ").strip().capitalize() if is_code else name


def guess_source_type(name: str) -> SourceType:
    """The kind of source that a name suggests; OTHER where it suggests none."""
    text = name_key(name)
    for pattern, source_type in _HINTS:
        if re.search(rf"\b(?:{pattern})", text):
            return source_type
    return SourceType.OTHER
