"""Pictures of figures: Altair writes Vega-Lite, vl-convert draws it as SVG here, and the page gets nothing but shapes.

No script, no network, no style attribute (the content policy refuses them): the drawing is taken apart as XML and put
together again from the few elements and attributes that a still picture needs. Colours are named by what they mean
(`INK`, `RIPE` …) and leave as classes, so that light and dark are the style sheet's. Both packages are large, so they
are imported when the first picture is drawn; a drawing is kept by its data.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from xml.etree import ElementTree

from django.core.cache import cache
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

INK, SOFT, LINE, RIPE, ACCENT, SHEET = "#000001", "#000002", "#000003", "#000004", "#000005", "#000006"
COLOURS: Mapping[str, str] = {INK: "ink", SOFT: "soft", LINE: "line", RIPE: "ripe", ACCENT: "accent", SHEET: "sheet"}
"""What may be drawn with; `charts.css` says what each looks like."""

KEPT = 24 * 3600  # seconds
_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "text", "tspan", "circle"})
_ATTRIBUTES = frozenset({
    "transform", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "stroke-width",
    "stroke-dasharray", "stroke-dashoffset", "stroke-miterlimit", "stroke-linecap", "stroke-linejoin", "opacity",
    "fill-opacity", "stroke-opacity", "text-anchor", "font-size", "font-weight",
})  # fmt: skip
_PLAIN = re.compile(r"[\w\s.,+\-()%]*")  # no attribute that is kept needs more: no url(), no quotes, no colon
log = logging.getLogger(__name__)
_drawing = Lock()  # the renderer is one for the process

Build = Callable[[Any], Any]  # from plain data to an Altair chart


class NotDrawnError(Exception):
    """The picture could not be drawn; the log says why."""


def both(build: Build, plain: Callable[[bool], Any], *, title: str, words: str, name: str) -> dict[str, Any]:
    """A picture for wide and for narrow windows, by these names, of the `plain` data for each (told whether it is
    narrow); `is_broken` where it could not be drawn."""
    try:
        return {
            shape: picture(build, plain(shape == "narrow"), title=title, words=words, name=f"{name}-{shape}")
            for shape in ("wide", "narrow")
        }
    except NotDrawnError:
        return {"is_broken": True}


def picture(build: Build, data: Any, *, title: str, words: str, name: str) -> SafeString:
    """The chart that `build` makes of `data` (plain: it is hashed), as inline SVG with a title and its words.

    `name` tells pictures of one page apart. Who cannot see it is told `words`. Raises NotDrawnError whatever went
    wrong: a page has its words and its table without it.
    """
    key = hashlib.sha256(f"{build.__module__}.{build.__qualname__}:{json.dumps(data)}".encode()).hexdigest()
    shapes: str | None = cache.get(f"chart:{key}")
    if shapes is None:
        try:
            shapes = cleaned(_draw(build(data)))
        except Exception as problem:
            log.exception("a picture could not be drawn: %s", build.__qualname__)
            raise NotDrawnError from problem
        cache.set(f"chart:{key}", shapes, KEPT)
    head = (
        f'<svg class="chart" role="img" aria-labelledby="{escape(name)}-title {escape(name)}-words" '
        f'xmlns="http://www.w3.org/2000/svg" '
    )
    said = f'<title id="{escape(name)}-title">{escape(title)}</title>'
    said += f'<desc id="{escape(name)}-words">{escape(words)}</desc>'
    frame, _, inside = shapes.partition("\n")
    return mark_safe(f"{head}{frame}>{said}{inside}</svg>")  # noqa: S308 (built here from checked parts)


def _draw(chart: Any) -> str:
    import vl_convert

    spec = chart.to_dict()
    with _drawing:
        svg: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return svg


def png(svg: str) -> bytes:
    """A drawing of ours as the pixels that it is wide and high."""
    import vl_convert

    with _drawing:
        return bytes(vl_convert.svg_to_png(svg, scale=1.0, ppi=72))


def cleaned(svg: str) -> str:
    """A drawing as "viewBox", a new line, and its shapes: only known elements, attributes and colours are left."""
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own renderer's, of our own data)
    box = root.get("viewBox", "")
    if not _PLAIN.fullmatch(box):
        raise ValueError("the drawing has no measures")
    shapes = "".join(_kept(child) for child in root)
    return f'viewBox="{box}"\n{shapes}'


def _kept(element: ElementTree.Element) -> str:
    tag = element.tag.rpartition("}")[2]
    inside = "".join(_kept(child) + escape(child.tail or "") for child in element)
    if tag not in _ELEMENTS or element.get("display") == "none":
        return inside if tag == "a" else ""
    given = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES and _PLAIN.fullmatch(value)}
    classes = []
    for name in ("fill", "stroke"):
        colour = element.get(name, "")
        if colour.lower() in COLOURS:
            classes.append(f"{name}-{COLOURS[colour.lower()]}")
        elif colour:
            given[name] = "none"
    if tag == "text":
        inside = escape(element.text or "") + inside
    elif not inside and tag == "g":
        return ""
    if classes:
        given["class"] = " ".join(classes)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    return f"<{tag}{attributes}>{inside}</{tag}>"


def themed(chart: Any, *, width: int | None = None, height: int | None = None, margin: int = 0, left: int = 0) -> Any:
    """A chart in the house's looks: nothing but what says something. Charts side by side have measures of their own.

    `margin`, `left`: room kept on either side, for names that a browser's own letters make longer than ours.
    """
    quiet = {"labelColor": SOFT, "titleColor": SOFT, "domainColor": LINE, "tickColor": LINE, "gridColor": LINE}
    axis = quiet | {
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "ticks": False, "labelPadding": 6,
        "titlePadding": 8, "domain": False,
    }  # fmt: skip
    size = {} if width is None else {"width": width, "height": height}
    padding = {"left": 4 + left, "right": 4 + margin, "top": 8, "bottom": 4}
    return (
        chart.properties(background="transparent", padding=padding, **size)
        .configure_view(stroke="transparent", fill="transparent")
        .configure_axis(**axis)
        .configure_legend(disable=True)
        .configure_text(fontSize=12, color=INK)
    )  # fmt: skip


__all__ = [
    "ACCENT",
    "COLOURS",
    "INK",
    "LINE",
    "RIPE",
    "SHEET",
    "SOFT",
    "NotDrawnError",
    "both",
    "cleaned",
    "picture",
    "themed",
]
