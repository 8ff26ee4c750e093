"""Template tags and filters that put things in words: times, money, chances, counts, states. Built into every template.

A time is relative, with the exact time in the viewer's zone on hover. A tag has a word and a shape beside its colour.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context, Node, defaulttags
from django.template.base import Parser, Token
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from ripeline.capture.columns import own_labels
from ripeline.catalog import phrases
from ripeline.catalog.models import Stage
from ripeline.catalog.phrases import Language, Phrases
from ripeline.leads.models import CLOSED_STATES, State
from ripeline.leads.words.numbers import written
from ripeline.people.models import Tracking
from ripeline.ripeness.rules import LABELS, Tag
from ripeline.web.frame.moments import Moments

register = template.Library()

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "CHF": "CHF ", "PLN": "zł "}
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
STATE_WORDS: dict[str, str] = dict(State.choices) | {State.NURTURE: "In Keep in touch"}
STATE_ICONS = {
    State.NEW: "circle-dashed",
    State.QUALIFYING: "list-checks",
    State.WORKING: "circle-dot",
    State.OPPORTUNITY: "target",
    State.NURTURE: "sprout",
    State.WON: "circle-check-big",
    State.LOST: "circle-x",
    State.DISQUALIFIED: "ban",
}


class _Once(Node):
    """A tag that says the same each time: it is asked once."""

    def __init__(self, node: Node) -> None:
        self._node, self._said = node, ""

    def render(self, context: Context) -> SafeString:
        self._said = self._said or self._node.render(context)
        return SafeString(self._said)


def _once(of: Callable[[Parser, Token], Node]) -> Callable[[Parser, Token], Node]:
    """The tag `of`, asked once where it is given nothing but plain words."""

    def compiled(parser: Parser, token: Token) -> Node:
        node = of(parser, token)
        given = token.split_contents()[1:]
        return _Once(node) if all(len(each) > 1 and each[0] == each[-1] in ("'", '"') for each in given) else node

    return compiled


register.tag("url", _once(defaulttags.url))


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, title: str = "") -> str:
    """A drawing beside words; with `title` it stands alone and says so."""
    extra = {"role": "img", "aria_label": title} if title else {"aria_hidden": "true"}
    return lucide(name, size=18, **{"class": "icon", **extra})


register.tag("icon", _once(register.tags["icon"]))


@register.filter
def when(value: datetime | date | None) -> str | SafeString:
    """A moment or a day in words, with the exact one on hover; "" for none."""
    if value is None or value == "":
        return ""
    moments = Moments.current()
    said = moments.when(value) if isinstance(value, datetime) else moments.on(value)
    return mark_safe(said)  # noqa: S308 - figures and names of months


@register.filter
def language_words(code: str) -> str:
    """A language (catalog.phrases) by its name."""
    return str(Language(code).label) if code in Language else code


@register.filter
def size(words: Phrases, count: int) -> str:
    """How large a file is, in the language of who reads it."""
    return phrases.size(words, count)


@register.filter
def day_in(words: Phrases, when: date) -> str:
    """A day, in a stranger's language."""
    return phrases.day(words, when)


@register.filter
def put(phrase: str, what: Any) -> str:
    """A phrase (catalog.phrases) with what belongs where it has `{}`."""
    return phrase.replace("{}", str(what))


@register.filter
def exactly(value: datetime | None) -> str:
    """A moment in full, in the viewer's zone: Tue 14 Oct 2025, 16:40 WEST."""
    return "" if value is None else Moments.current().exactly(value)


@register.filter
def day(value: datetime | date | None) -> str:
    """A date as it is written in the locale: 14 October 2025."""
    if value is None:
        return ""
    return date_format(timezone.localtime(value) if isinstance(value, datetime) else value, "j F Y")


register.filter("written", written)


@register.filter
def telephone(number: str) -> SafeString:
    """A number as people read it, which is not broken over two lines."""
    return format_html('<span class="tel">{}</span>', written(number)) if number else mark_safe("")


@register.filter
def own(value: Any) -> Any:
    """What a company's own field holds: yes or no, a day as people write it, else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) == len("2026-01-31") and value[4] == value[7] == "-":
        with suppress(ValueError):
            return day(date.fromisoformat(value))
    return value


@register.filter
def own_label(label: str) -> str:
    """What a company's own field is called: told apart from one that everybody has where the names are the same."""
    return own_labels.apart(label)


@register.filter
def money(amount: Decimal | float | None, currency: str = "") -> str:
    """An amount with its currency, without empty decimals: €12,500 or 12,500 SEK."""
    if amount is None:
        return ""
    exact = Decimal(str(amount))
    figure = number_format(abs(exact), decimal_pos=0 if exact == exact.to_integral_value() else 2, force_grouping=True)
    sign = "−" if exact < 0 else ""
    if currency in SYMBOLS:
        return f"{sign}{SYMBOLS[currency]}{figure}"
    return f"{sign}{figure} {currency}".strip()


@register.filter
def percent(share: float | None) -> str:
    """A share in [0, 1] as "34 %", never 0 % or 100 % for what is merely near it."""
    if share is None:
        return ""
    if 0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1:
        return "over 99 %"
    return f"{round(share * 100)} %"


@register.simple_tag
def percent_range(low: float, high: float) -> str:
    """An interval of shares: "between 25 and 45 %", or "about 34 %" where the ends round to the same."""
    a, b = round(low * 100), round(high * 100)
    return f"about {a} %" if a == b else f"between {a} and {b} %"


@register.filter
def plural(count: int, words: str) -> str:
    """`9|plural:"lead,leads"` → "9 leads"."""
    one, many = words.split(",")
    return f"{number_format(count, force_grouping=True)} {one if count == 1 else many}"


@register.filter
def figure(count: int) -> str:
    """A count as the locale writes it: 12,500."""
    return number_format(count, force_grouping=True)


@register.filter
def spelled(count: int) -> str:
    """Numbers up to twelve as words, larger ones as figures."""
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else number_format(count, force_grouping=True)


@register.filter
def initials(name: str) -> str:
    """At most two letters that stand for a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper() or "?"


@register.simple_tag
@lru_cache(maxsize=32)
def state_tag(state: str) -> SafeString:
    """A lead's state: its drawing and its word."""
    found = State(state)
    return format_html('<span class="state">{}{}</span>', icon(STATE_ICONS[found]), state_words(state))


@register.filter
def state_words(state: str) -> str:
    """A lead's state as people call it."""
    return STATE_WORDS[state]


@register.simple_tag
@lru_cache(maxsize=32)
def ripeness_tag(level: str, words: str = "") -> SafeString:
    """How ripe: "ripe", "turning" or "green", as a filled, half or empty circle and a word."""
    return format_html('<span class="tag {}">{}</span>', level, words or LABELS[Tag(level)])


_HERE = mark_safe(' aria-current="step"')


@register.simple_tag
@lru_cache(maxsize=8)
def stages(here: str) -> SafeString:
    """The buying stages in their order, and which of them is meant."""
    made = [(_HERE if key == here else "", label) for key, label in Stage.choices]
    listed = format_html_join("", "<li{}>{}</li>", made)
    return format_html('<ol class="stages" aria-label="Buying stage">{}</ol>', listed)


@register.simple_tag
def late_tag(next_at: datetime | None, state: str = "") -> str | SafeString:
    """When the next step is due; a triangle and "late" where its day is over."""
    if next_at is None or state in CLOSED_STATES:
        return ""
    return mark_safe(Moments.current().due(next_at))  # noqa: S308 - figures and names of months


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """This page's query string with some parameters changed; None or "" takes one out. For filters and pages."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping holds for a key, or nothing."""
    return mapping.get(key)


@register.filter
def tracking_words(mode: str) -> str:
    """How much of somebody's work the leader sees, in words."""
    return dict(Tracking.choices).get(mode, mode)


@register.simple_tag
def address(url_name: str, *args: Any) -> str:
    """The address of a page, or "" where there is none."""
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""
