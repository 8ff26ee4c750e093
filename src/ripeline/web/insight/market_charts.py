"""The picture of "What would it bring us?", as an Altair chart of plain data."""

from collections.abc import Sequence
from typing import Any

from ripeline.simulation.words import Line
from ripeline.web.frame.charts import INK, SOFT, themed


def plain(lines: Sequence[Line], *, is_narrow: bool) -> dict[str, Any]:
    """Wins of a year with their range, the bound apart."""
    rows = [
        {"name": line.name, "wins": round(line.wins, 1), "low": round(line.low, 1), "high": round(line.high, 1),
         "said": f"{line.wins:,.0f}" if line.wins >= 10 else f"{line.wins:,.1f}", "ours": line.policy == "ripeline"}
        for line in lines
    ]  # fmt: skip
    bound = next((row["wins"] for line, row in zip(lines, rows, strict=True) if line.policy == "oracle"), None)
    return {"narrow": is_narrow, "rows": rows[:-1] if bound is not None else rows, "bound": bound}


def wins(data: dict[str, Any]) -> Any:
    """A bar for each way of following up, its range at its end; the dashed line is what was there to be won."""
    import altair as alt

    narrow = data["narrow"]
    width, height = (170, 250) if narrow else (560, 280)
    rows = data["rows"]
    top = max([1.0, data["bound"] or 0.0, *(row["high"] for row in rows)]) * 1.04
    names = [row["name"] for row in rows]
    x = alt.X(
        "wins:Q", title="Won of a year's leads", scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=3 if narrow else 6, grid=False, format=",.0f"),
    )  # fmt: skip
    y = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=150, labelColor=INK, grid=False))
    values = alt.InlineData(values=rows)
    colour = alt.condition("datum.ours", alt.value(INK), alt.value(SOFT))
    layers = [
        alt.Chart(values).mark_bar(height=16, opacity=0.8).encode(x=x, y=y, color=colour),
        alt.Chart(values).mark_rule(color=INK, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q", y=y),
        alt.Chart(values)
        .mark_text(align="left", dx=8, baseline="middle", fontSize=12, color=INK)
        .encode(x=alt.X("high:Q"), y=y, text="said:N"),
    ]
    if data["bound"] is not None:
        bound = alt.Chart(alt.InlineData(values=[{"wins": data["bound"]}]))
        layers.append(bound.mark_rule(color=SOFT, strokeDash=[6, 4], strokeWidth=1.75).encode(x="wins:Q"))
    return themed(alt.layer(*layers), width=width, height=height, margin=44, left=18)
