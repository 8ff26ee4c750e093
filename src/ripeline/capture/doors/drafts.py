"""A form as somebody wants it: what of it can be so, and what is wrong with the rest, each beside its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from unicodedata import combining, normalize
from urllib.parse import urlsplit
from uuid import UUID

from ripeline.capture.doors import colours
from ripeline.capture.models import Door, KnownVisitors
from ripeline.catalog import phrases
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog.models import AnswerType, SourceType
from ripeline.catalog.phrases import Language

# What a form is for decides what kind of source it is, and with it how ripe those are who fill it in.
HAND_RAISING = (SourceType.QUOTE_REQUEST, SourceType.DEMO_REQUEST, SourceType.CONTACT_FORM, SourceType.TRIAL)
READING = (SourceType.CONTENT_DOWNLOAD, SourceType.WEBINAR, SourceType.COURSE, SourceType.OTHER)
PERSON = ("name", "company", "phone", "title")  # asked beside the e-mail address, which always is
SITES_AT_MOST = 20

_COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_IS_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(?=[/?#]|$)")  # an address as people write it, without https://
FONTS = ("system-ui", "serif", "monospace", "inherit")
COLOURS = ("accent", "paper", "ink")


class DoorError(ValueError):
    """A door that cannot be so; `field` says where to show it."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class FormDraft:
    """A form as somebody wants it."""

    name: str
    source_type: str
    source: str = ""  # whom its people are credited to; else made from the name
    campaign: str = ""
    title: str
    intro: str = ""
    verb: str = ""  # else what its language has for it; so with the thanks
    thanks: str = ""
    redirect_url: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    questions: Sequence[tuple[str, bool]] = ()  # key, whether it must be answered
    style: Mapping[str, Any] = field(default_factory=dict)
    sites: Sequence[str] = ()
    known: str = KnownVisitors.SKIP
    gives: UUID | None = None  # the asset that whoever sends it gets
    language: str = Language.ENGLISH
    privacy_url: str = ""
    slug: str = ""  # of a new form: its address, else made from the name


def checked(draft: FormDraft) -> dict[str, Any]:
    """What is kept of a draft. Raises DoorError."""
    name, title = " ".join(draft.name.split()), " ".join(draft.title.split())
    for value, where, wanted in ((name, "name", "Give the form a name."), (title, "title", "Give the page a heading.")):
        if not value:
            raise DoorError(wanted, where)
    if draft.source_type not in (*HAND_RAISING, *READING):
        raise DoorError("Choose what the form is for.", "source_type")
    standard = {question.key: question.answer_type == AnswerType.CONSENT for question in catalog_queries.questions()}
    asked = sorted((each for each in draft.questions if each[0] in standard), key=lambda each: standard[each[0]])
    language = draft.language if draft.language in Language else Language.ENGLISH
    words = phrases.of(language)
    return {
        "name": name[:120], "title": title[:160], "intro": draft.intro.strip()[:1000],
        "verb": " ".join(draft.verb.split())[:40] or words.verb,
        "redirect_url": _address(draft.redirect_url, "redirect_url", "https://www.example.com/thanks"),
        "privacy_url": _address(draft.privacy_url, "privacy_url", "https://www.example.com/privacy"),
        "thanks": draft.thanks.strip()[:1000] or words.thanks, "language": language,
        "fields": {key: how for key in PERSON if (how := draft.fields.get(key)) in ("required", "optional")},
        "questions": [{"key": key, "required": must} for key, must in asked],  # what they agree to comes last
        "style": _readable(style_of(draft.style)), "sites": _sites(draft.sites),
        "known": draft.known if draft.known in KnownVisitors else KnownVisitors.SKIP,
    }  # fmt: skip


def _address(text: str, where: str, such_as: str) -> str:
    text = text.strip()
    if not text:
        return ""
    if _IS_HOST.match(text):
        text = f"https://{text}"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > 500:
        raise DoorError(f"Write a whole address, such as {such_as}.", where)
    return text


def style_of(style: Mapping[str, Any]) -> dict[str, Any]:
    """Colours, letters and corners as they are kept. Raises DoorError."""
    kept: dict[str, Any] = {}
    for name in COLOURS:
        if text := str(style.get(name) or "").strip().lower():
            written = _COLOUR.fullmatch(text)
            if not written:
                raise DoorError("Write a colour as # and six digits, such as #1f6f54.", name)
            kept[name] = f"#{written[1] if len(written[1]) == 6 else ''.join(2 * each for each in written[1])}"
    if style.get("font") in FONTS:
        kept["font"] = style["font"]
    corners = str(style.get("corners") or "")[:9]
    if corners.isdecimal():
        kept["corners"] = min(int(corners), 30)
    return kept


_IS_SITE = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


def is_site(text: str) -> bool:
    """Whether this is a site as `_sites` keeps them."""
    return bool(_IS_SITE.fullmatch(text))


def _readable(style: dict[str, Any]) -> dict[str, Any]:
    """A style whose letters can be read on its ground. Raises DoorError."""
    if not colours.can_be_read(style):
        raise DoorError("These letters could hardly be read on this ground; choose one darker and one lighter.",
                        "ink" if "ink" in style else "paper")  # fmt: skip
    return style


def _sites(sites: Sequence[str]) -> list[str]:
    kept, wrong = [], []
    for text in sites:
        if not text.strip():
            continue
        parts = urlsplit(text.strip() if "//" in text else f"https://{text.strip()}")
        if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.-]+(:\d+)?", parts.netloc.lower()):
            wrong.append(f"“{text.strip()[:80]}”")
        kept.append(f"{parts.scheme}://{parts.netloc.lower()}")
    if wrong:
        one = "is not the address of a site" if len(wrong) == 1 else "are not addresses of sites"
        raise DoorError(f"{', '.join(wrong[:5])} {one}, such as https://www.example.com.", "sites")
    return list(dict.fromkeys(kept))[:SITES_AT_MOST]


_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "ł": "l"})


def _slug(words: str) -> str:
    """Words as they can stand in an address: Rückruf is rueckruf, Café is cafe."""
    spelt = normalize("NFKD", normalize("NFC", words).lower().translate(_SPELT))
    plain = "".join(letter for letter in spelt if not combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-")


def chosen_slug(words: str) -> str:
    """The address that somebody wants for a new form. Raises DoorError where it is none, or taken."""
    slug = _slug(words.strip().removeprefix("/f/"))
    if not slug:
        raise DoorError("Write it in letters and digits, such as call-me-back.", "slug")
    if Door.objects.filter(slug=slug).exists():
        raise DoorError(f"A door has the address {slug} already.", "slug")
    return slug


def free_slug(name: str, otherwise: str = "form") -> str:
    """An address for a new door, of the words of its name."""
    base = _slug(name) or otherwise
    slug, number = base, 2
    while Door.objects.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return slug


def sound(draft: FormDraft, door: Door) -> tuple[dict[str, Any], list[DoorError]]:
    """What can be kept of a draft, and what is wrong with the rest."""
    wrong: list[DoorError] = []
    while True:  # each time without one thing that is wrong
        try:
            return checked(draft), wrong
        except DoorError as error:
            if any(each.field == error.field for each in wrong):
                raise
            wrong.append(error)
            draft = _without(draft, error.field, door)


def _without(draft: FormDraft, field: str, door: Door) -> FormDraft:
    """A draft without what is wrong with one of its fields."""
    if field in COLOURS:
        return replace(draft, style={name: value for name, value in draft.style.items() if name != field})
    otherwise: dict[str, Any] = {
        "name": door.name, "title": door.title or "…", "source_type": SourceType.OTHER.value, "sites": (),
    }  # fmt: skip
    return replace(draft, **{field: otherwise.get(field, "")})
