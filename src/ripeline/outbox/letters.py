"""What a mail says: a letter of a few paragraphs and one link, drawn as text and as HTML from the same words."""

# Drawn by hand from a frame and few pieces: Django's template took as long as all else that writing a mail costs.

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template

from ripeline.catalog.phrases import EN, Phrases
from ripeline.outbox.mail import plain

_FRAME = Template((Path(__file__).parent / "templates" / "letter.html").read_text(encoding="utf-8"))
_PARAGRAPH = '<p style="margin:0 0 16px;">{}</p>\n'
_BUTTON = """\
<p style="margin:24px 0;"><a class="button" href="{url}" style="display:inline-block;padding:12px 22px;\
background:#1f6f54;border:1px solid #1f6f54;border-radius:8px;color:#ffffff;font-weight:600;text-decoration:none;">\
{label}</a></p>
<p class="soft" style="margin:0 0 16px;font-size:14px;color:#58635f;">\
{fails}<br>\
<a class="address" href="{url}" style="color:#1f6f54;word-break:break-all;">{url}</a></p>
"""
_SMALL = '<p class="soft" style="margin:0 0 12px;font-size:14px;color:#58635f;">{}</p>\n'
_CHOOSE = '<a href="{url}" style="color:#58635f;">{label}</a>'
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
    imprint: str = ""  # of the firm, as whoever is not one of us has a right to read it
    why: str = ""  # why they get it
    unsubscribe: Link | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    words: Phrases = EN  # the fixed ones

    def text(self) -> str:
        parts = [*self.paragraphs]
        if self.link:
            parts.append(f"{self.link.label}:\n{self.link.url}")
        return "\n\n".join((*parts, *self.small, "-- \n" + "\n".join(self._foot("{label}: {url}")))) + "\n"

    def html(self) -> str:
        return _FRAME.substitute(
            language=self.words.code,
            subject=escape(self.subject),
            paragraphs="".join([_PARAGRAPH.format(_lines(each)) for each in self.paragraphs]),
            button=self._button(self.link) if self.link else "",
            small="".join([_SMALL.format(_lines(each)) for each in self.small]),
            foot="<br>".join(self._foot(_CHOOSE, escape)),
        )

    def _button(self, link: Link) -> str:
        fails = escape(self.words.button_fails)
        return _BUTTON.format(url=escape(link.url), label=escape(link.label), fails=fails)

    def _foot(self, choose: str, as_written: Callable[[str], str] = str) -> list[str]:
        """Who writes, why, and where its reader stops or chooses mail: its lines."""
        imprint = plain_lines(self.imprint)
        is_named = bool(imprint) and imprint[0].casefold().startswith(self.firm.casefold())  # it says who writes
        said = [*([] if is_named else [self.firm]), *imprint, *([self.why] if self.why else [])]
        lines = [as_written(each) for each in said]
        if self.unsubscribe:
            lines.append(choose.format(url=as_written(self.unsubscribe.url), label=as_written(self.unsubscribe.label)))
        return lines


def paragraphs_of(text: str) -> tuple[str, ...]:
    """What somebody wrote, by its empty lines; characters that no mail may hold are left out."""
    kept = text[:LONGEST_TEXT].replace("\r\n", "\n")
    if not kept.replace("\n", "").isprintable():
        kept = "".join(c for c in kept if c.isprintable() or c == "\n")
    return tuple(part.strip() for part in kept.split("\n\n") if part.strip())


def plain_lines(text: str) -> list[str]:
    """The lines of a text that are not empty, each without control characters."""
    return [line for each in text.splitlines() if (line := plain(each))]


def greeting(name: str, words: Phrases = EN) -> str:
    """How a letter begins."""
    return words.hello.replace("{}", plain(name)) if plain(name) else words.hello_nobody


def _lines(text: str) -> str:
    """As HTML that breaks its lines where the text does."""
    return escape(text).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")
