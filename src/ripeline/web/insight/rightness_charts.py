"""The pictures of "Is the model right?", as Altair charts of plain data."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ripeline.insight.rightness import Band, Day
from ripeline.web.frame.charts import INK, RIPE, SOFT, themed


def plain_bands(bands: Sequence[Band], *, is_narrow: bool) -> dict[str, Any]:
    """What was said and what came, in percent."""
    rows = [
        {
            "said": round(100 * band.said, 1),
            "came": round(100 * band.happened, 1),
            "low": round(100 * band.happened_low, 1),
            "high": round(100 * band.happened_high, 1),
        }
        for band in bands
    ]
    return {"narrow": is_narrow, "rows": rows}


def calibration(data: dict[str, Any]) -> Any:
    """Each band as a point with its range; on the line what was said is what came."""
    import altair as alt

    width, height = (285, 285) if data["narrow"] else (690, 340)
    top = 10 * -(-max([10.0, *(row["high"] for row in data["rows"]), *(row["said"] for row in data["rows"])]) // 10)
    scale, steps = alt.Scale(domain=[0, top], nice=False), 10 if top <= 60 else 20
    axis = alt.Axis(values=list(range(0, 101, steps)))
    x = alt.X("said:Q", title="Ready within a month, of 100: as we said", scale=scale, axis=axis)
    y = alt.Y("came:Q", title="as it came", scale=scale, axis=axis)
    line = [{"said": 0, "came": 0}, {"said": top, "came": top}]
    rows = alt.InlineData(values=data["rows"])
    layers = [
        alt.Chart(alt.InlineData(values=line)).mark_line(color=SOFT, strokeDash=[7, 4]).encode(x=x, y=y),
        alt.Chart(rows).mark_rule(color=RIPE, strokeWidth=3, opacity=0.35).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        alt.Chart(rows).mark_circle(color=RIPE, size=90, opacity=1).encode(x=x, y=y),
    ]
    return themed(alt.layer(*layers), width=width, height=height)


def plain_days(days: Sequence[Day], *, is_narrow: bool) -> dict[str, Any]:
    """Sums of four weeks, by the day they end with."""
    rows = [
        {
            "day": place,
            "expected": round(day.expected, 1),
            "actual": day.actual,
            "low": round(day.low, 1),
            "high": round(day.high, 1),
        }
        for place, day in enumerate(days)
    ]
    return {"narrow": is_narrow, "first": days[0].day.isoformat(), "rows": rows}


def drift(data: dict[str, Any]) -> Any:
    """What was expected with the band that chance allows, and what came."""
    import altair as alt

    width, height = (285, 240) if data["narrow"] else (690, 260)
    rows = data["rows"]
    top = max(5.0, *(row["high"] for row in rows), *(row["actual"] for row in rows)) * 1.05
    first = date.fromisoformat(data["first"])
    months = {
        place: day
        for place in range(len(rows))
        if (day := date.fromordinal(first.toordinal() + place)).day == 1
    }  # fmt: skip
    names = " : ".join(f"datum.value == {place} ? '{day:%b}'" for place, day in months.items())
    axis = alt.Axis(values=list(months), grid=False, labelExpr=f"{names} : ''" if names else "''")
    x = alt.X(
        "day:Q", title="Four weeks up to", scale=alt.Scale(domain=[0, max(len(rows) - 1, 1)], nice=False), axis=axis
    )
    y = alt.Y("expected:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(tickCount=5))
    told = alt.InlineData(values=rows)
    layers = [
        alt.Chart(told).mark_area(color=SOFT, opacity=0.16).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        alt.Chart(told).mark_line(color=INK, strokeWidth=1.75, strokeDash=[7, 4]).encode(x=x, y=y),
        alt.Chart(told).mark_line(color=RIPE, strokeWidth=3, interpolate="step-after").encode(x=x, y=alt.Y("actual:Q")),
    ]
    return themed(alt.layer(*layers), width=width, height=height)
