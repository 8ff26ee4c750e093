"""What the figures say, in words: first how many, then how sure, then how that compares. Nobody is blamed."""

from collections.abc import Mapping

from ripeline.insight.cohorts import FEW, Cohort, Point

AGES: Mapping[int, str] = {
    7: "a week", 14: "two weeks", 30: "a month", 60: "two months", 91: "three months", 182: "half a year",
    274: "nine months", 365: "a year",
}  # fmt: skip


def of_100(share: float) -> str:
    """A share of a hundred: "23", "under 1"; none is 0."""
    if 0 < share < 0.01:
        return "under 1"
    return str(round(share * 100))


def between(point: Point) -> str:
    """The range of what is seen: "between 19 and 27", or "at most 6"."""
    if point.low is None or point.high is None:
        return ""
    low, high = round(point.low * 100), round(point.high * 100)
    if low == high:
        return f"about {high}"
    return f"between {low} and {high}" if low else f"at most {high}"


def verdict(cohort: Cohort) -> str:
    """How what is seen compares with the Rule of 45, in two or three words."""
    at = cohort.at
    if at is None or at.share is None or at.low is None or at.high is None:
        return "Too early to say"
    if place := _place(at.rule, at.low, at.high):
        return "Slower so far" if place > 0 else "Faster so far"
    return "As expected" if at.high - at.low < at.rule or at.high - at.low < 0.1 else "Cannot tell yet"


def headline(cohort: Cohort, came: str) -> list[str]:
    """The sentences above the picture. `came`: the period, as in "leads that came in the first quarter of 2026"."""
    if not cohort.n:
        return _nobody(cohort, came)
    leads = f"{cohort.n:,} lead{'s' if cohort.n > 1 else ''}"
    if cohort.n < FEW:
        return [
            f"Only {leads} came {came}; {_so_far(cohort.ripe)}.",
            "So few say nothing about how many will: look again when there are ten or more.",
        ]
    at = cohort.at
    if at is None or at.share is None:
        return [f"{leads} came {came}, too lately to judge; {_so_far(cohort.ripe)}."]
    return [
        f"Of the {leads} that came {came}, {_seen(at)} within {AGES[at.age]}{_range(at)}.",
        _beside(at),
    ]


def _nobody(cohort: Cohort, came: str) -> list[str]:
    if not cohort.unwatched:
        return [f"No lead came {came} of whom anything can be said." if cohort.before else f"No lead came {came}."]
    them = "1 lead came" if cohort.unwatched == 1 else f"{cohort.unwatched:,} leads came"
    was = "was" if cohort.unwatched == 1 else "were"
    return [
        f"{them} {came}, but {was} brought in much later, without what had become of them.",
        "How many had ripened by then, nobody can say. Import their outcomes, and they count at once.",
    ]


def _so_far(ripe: int) -> str:
    return "none has ripened yet" if not ripe else f"{ripe} {'has' if ripe == 1 else 'have'} ripened so far"


def _seen(at: Point) -> str:
    return f"about {of_100(at.share)} in 100 ripened" if at.share else "none has ripened"


def _range(at: Point) -> str:
    said = between(at)
    return f" ({said})" if said else ""


def _beside(at: Point) -> str:
    assert at.low is not None
    assert at.high is not None
    rule, model = (_place(one, at.low, at.high) for one in (at.rule, at.model))
    expected = f"The Rule of 45 expects {of_100(at.rule)} by then, the model {of_100(at.model)} for these very leads"
    if rule == model:
        return f"{expected}: {_BOTH[rule]}"
    return f"{expected}: {_RULE[rule]}, {_MODEL[model]}."


def _place(expected: float, low: float, high: float) -> int:
    """Whether an expectation lies below what is seen (−1), within its range (0), or above it (1)."""
    return (expected > high) - (expected < low)


_BOTH = {
    -1: "they ripen faster than either.",
    0: "what we see agrees with both, as far as so many leads can tell.",
    1: "they ripen more slowly than either, or we hear of it late.",
}
_RULE = {
    -1: "they ripen faster than the rule",
    0: "what we see agrees with the rule",
    1: "they are slower than the rule",
}
_MODEL = {-1: "and faster than the model", 0: "and the model agrees", 1: "and the model expected more"}


def rest(cohort: Cohort) -> str:
    """What is still to come by the rule, which is what an early look leaves out; "" where it says nothing."""
    at = cohort.at
    if at is None or at.age >= 365 or not cohort.n:
        return ""
    ahead = round((0.45 - at.rule) * 100)
    return f"Many are still green, and that is normal: by the rule another {ahead} in 100 ripen later in the year."


def said(cohort: Cohort, came: str) -> str:
    """The picture in words, for who does not see it."""
    at = cohort.at
    if at is None or at.share is None:
        return f"Too few leads came {came} to draw what became of them; the lines show what is expected."
    return (
        f"By {AGES[at.age]} after they came, {of_100(at.share)} of 100 have ripened ({between(at)});"
        f" the model expects {of_100(at.model)}, the Rule of 45 {of_100(at.rule)},"
        f" and who expects an early rush {of_100(at.rush)}. The table below has every figure."
    )
