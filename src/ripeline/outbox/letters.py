"""What a mail says: a letter of a few paragraphs and one link, drawn as text and as HTML from the same words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from ripeline.outbox.mail import plain

_ENGINE = Engine(dirs=[str(Path(__file__).parent / "templates")], autoescape=True)
LONGEST_TEXT = 20_000  # characters of a letter that somebody wrote


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Letter:
    """The words. `small` stands under the link; `unsubscribe` leads to where its reader stops or chooses mail."""

    subject: str
    paragraphs: tuple[str, ...]
    link: Link | None = None
    small: tuple[str, ...] = ()
    firm: str = ""
    why: str = ""  # why they get it
    unsubscribe: Link | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return _drawn("letter.txt", self, autoescape=False)

    def html(self) -> str:
        return _drawn("letter.html", self, autoescape=True)


def paragraphs_of(text: str) -> tuple[str, ...]:
    """What somebody wrote, by its empty lines; characters that no mail may hold are left out."""
    kept = "".join(c for c in text[:LONGEST_TEXT].replace("\r\n", "\n") if c.isprintable() or c == "\n")
    return tuple(part.strip() for part in kept.split("\n\n") if part.strip())


def greeting(name: str) -> str:
    """How a letter begins."""
    return f"Hello {plain(name)}," if plain(name) else "Hello,"


def _drawn(template: str, letter: Letter, *, autoescape: bool) -> str:
    context: dict[str, Any] = {"letter": letter}
    return _ENGINE.get_template(template).render(Context(context, autoescape=autoescape))
