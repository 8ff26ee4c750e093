"""The pictures of Insight, as Altair charts of plain data. Each line has its own dashes and its name at its end."""

from itertools import pairwise
from typing import Any

from ripeline.insight.cohorts import Curve
from ripeline.web.frame.charts import INK, LINE, RIPE, SOFT, themed

SEEN, MODEL, RULE, RUSH = "What happened", "The model", "Rule of 45", "Early rush"
_LOOKS: dict[str, tuple[str, float, list[int]]] = {
    SEEN: (RIPE, 3, [1, 0]),
    MODEL: (INK, 1.75, [1, 0]),
    RULE: (INK, 1.75, [7, 4]),
    RUSH: (SOFT, 1.75, [2, 4]),
}
_SHORT = 0.84  # of the ages drawn: a line that ends after it has its name where it meets those of the whole ones


def plain(curve: Curve, *, is_narrow: bool) -> dict[str, Any]:
    """A cohort's picture as numbers to draw: shares of 100, to the tenth."""
    lines = {SEEN: curve.share, MODEL: curve.model, RULE: curve.rule, RUSH: curve.rush}
    return {
        "narrow": is_narrow,
        "ages": curve.ages,
        "lines": {name: [round(100 * share, 1) for share in shares] for name, shares in lines.items()},
        "low": [round(100 * share, 1) for share in curve.low],
        "high": [round(100 * share, 1) for share in curve.high],
    }


def ripening(data: dict[str, Any]) -> Any:
    """How many of 100 have ripened by each age: what happened, with its band, and three expectations."""
    import altair as alt

    narrow = data["narrow"]
    width, height = (285, 290) if narrow else (690, 320)
    top = max(50.0, *data["high"], *(share for line in data["lines"].values() for share in line))
    top = min(10 * -(-top // 10), 100)
    months = [30.4375 * number for number in ((0, 3, 6, 9, 12) if narrow else range(13))]
    x = alt.X(
        "age:Q", title="Months since they came to us", scale=alt.Scale(domain=[0, 366], nice=False),
        axis=alt.Axis(values=months, grid=False, labelExpr="round(datum.value / 30.4375)"),
    )  # fmt: skip
    y = alt.Y(
        "share:Q",
        title=None,
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(values=list(range(0, 101, 10))),
    )
    edges = zip(data["ages"], data["low"], data["high"], strict=False)  # what happened ends where nobody is older
    band = [{"age": age, "low": low, "share": high} for age, low, high in edges]
    layers: list[Any] = [
        alt.Chart(alt.InlineData(values=band))
        .mark_area(color=RIPE, opacity=0.16, interpolate="step-after")
        .encode(x=x, y=y, y2="low:Q")
    ]
    for name in (RUSH, RULE, MODEL, SEEN):
        colour, thick, dashes = _LOOKS[name]
        rows = [{"age": age, "share": share} for age, share in zip(data["ages"], data["lines"][name], strict=False)]
        shape: Any = "step-after" if name == SEEN else "linear"
        mark = alt.Chart(alt.InlineData(values=rows)).mark_line(
            color=colour, strokeWidth=thick, strokeDash=dashes, interpolate=shape
        )
        layers.append(mark.encode(x=x, y=y))
    if not narrow:
        layers += [_name(alt, label, x) for label in _labels(data, top, height)]
    return themed(alt.layer(*layers), width=width, height=height, margin=0 if narrow else 34)


def _labels(data: dict[str, Any], top: float, height: int) -> list[dict[str, Any]]:
    """Where each line's name stands: at its end, moved apart where two would touch."""
    line = top * 15 / height  # one line of text, in shares
    ends = [
        {"name": name, "age": data["ages"][len(shares) - 1], "share": shares[-1]}
        for name, shares in data["lines"].items()
        if shares
    ]
    last = max(data["ages"], default=0)
    side = sorted((end for end in ends if end["age"] >= _SHORT * last), key=lambda end: end["share"])
    for lower, upper in pairwise(side):
        upper["share"] = max(upper["share"], lower["share"] + line)
    for upper, lower in pairwise(reversed(side)):  # not above the picture: whoever is pushed out pushes back
        upper["share"] = min(upper["share"], top)
        lower["share"] = min(lower["share"], upper["share"] - line)
    return ends


def _name(alt: Any, label: dict[str, Any], x: Any) -> Any:
    colour = _LOOKS[label["name"]][0]
    weight = 600 if label["name"] == SEEN else 400
    text = alt.Chart(alt.InlineData(values=[label])).mark_text(
        align="left", dx=7, baseline="middle", color=colour, fontWeight=weight, fontSize=12
    )
    return text.encode(x=x, y=alt.Y("share:Q"), text="name:N")


__all__ = ["LINE", "MODEL", "RULE", "RUSH", "SEEN", "plain", "ripening"]
