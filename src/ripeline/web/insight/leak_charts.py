"""The picture of "What is leaking?", as an Altair chart of plain data."""

from typing import Any

from ripeline.insight.leakage import Leakage
from ripeline.leads.finding import leaks
from ripeline.web.frame.charts import INK, SOFT, themed


def plain(found: Leakage, *, is_narrow: bool) -> dict[str, Any]:
    """For each kind how many leak, and the wins that may be in them."""
    rows = [
        {"name": leaks.LABELS[leak], "leads": figure.n, "wins": round(figure.wins, 1), "low": figure.low,
         "high": figure.high, "said": f"{figure.n:,}"}
        for leak, figure in found.figures.items()
    ]  # fmt: skip
    return {"narrow": is_narrow, "rows": rows}


def wins(data: dict[str, Any]) -> Any:
    """Side by side: leads as bars, and wins as points with their ranges, each with a scale of its own."""
    import altair as alt

    narrow = data["narrow"]
    width, height = (110, 190) if narrow else (270, 200)
    names = [row["name"] for row in data["rows"]]
    values = alt.InlineData(values=data["rows"])
    first = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelColor=INK, labelLimit=130, grid=False))
    second = alt.Y("name:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=None)
    most = max([1, *(row["leads"] for row in data["rows"])]) * (1.35 if narrow else 1.15)
    top = max([1, *(row["high"] for row in data["rows"])]) * 1.06
    x = alt.X("leads:Q", title="Leads", scale=alt.Scale(domain=[0, most], nice=False), axis=_axis(alt, most, narrow))
    axis = _axis(alt, top, narrow)
    w = alt.X("wins:Q", title="Wins in them", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    bars = alt.layer(
        alt.Chart(values).mark_bar(color=SOFT, height=16, opacity=0.8).encode(x=x, y=first),
        alt.Chart(values).mark_text(align="left", dx=6, color=INK, fontSize=12).encode(x=x, y=first, text="said:N"),
    ).properties(width=width, height=height)
    some = alt.InlineData(values=[row for row in data["rows"] if row["leads"]])
    low = alt.X("low:Q", title="Wins in them", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    dots = alt.layer(
        alt.Chart(some).mark_rule(color=INK, strokeWidth=2).encode(x=low, x2="high:Q", y=second),
        alt.Chart(some).mark_circle(color=INK, size=80, opacity=1).encode(x=w, y=second),
    ).properties(width=width, height=height)
    return themed(alt.hconcat(bars, dots, spacing=30), left=22)


def ticks(most: float, count: int) -> list[int]:
    """Whole numbers up to `most`, each once, at 1, 2 or 5 of a power of ten: no more than `count` beside 0."""
    steps = (digit * 10**power for power in range(12) for digit in (1, 2, 5))
    step = next(step for step in steps if most / step < count + 1)
    return list(range(0, int(most) + 1, step))


def _axis(alt: Any, most: float, narrow: bool) -> Any:
    return alt.Axis(values=ticks(most, 2 if narrow else 4), grid=False, format=",.0f")
