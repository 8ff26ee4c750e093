"""Pure decisions about ripeness: what is known of a lead, its tag, and a score in words."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from math import sqrt
from typing import Any, NamedTuple

from ripeline.base.addresses import email_key
from ripeline.leads.words.keys import FREE_MAIL
from ripeline.ripeness.models import Score
from ripeline.science.prior import DEFAULT_TERMS
from ripeline.science.terms import NO, UNKNOWN, YES


class Tag(StrEnum):
    """Ripeness in one word, by P(ripe within 30 days). The average lead has about 4 %."""

    RIPE = "ripe"
    TURNING = "turning"
    GREEN = "green"


RIPE_FROM, TURNING_FROM = 0.15, 0.06
BANDS = (0.0, 0.02, 0.04, TURNING_FROM, 0.1, RIPE_FROM, 0.25, 0.4, 1.0)
"""Ends of the bands in which what was said is held against what came; none spans two tags."""
_Z = 1.2816  # of intervals that hold four times in five, as those of scores
LABELS = {Tag.RIPE: "Likely ready", Tag.TURNING: "Turning", Tag.GREEN: "Green"}


def tag(p_30: float) -> Tag:
    """The tag of a probability."""
    return Tag.RIPE if p_30 >= RIPE_FROM else Tag.TURNING if p_30 >= TURNING_FROM else Tag.GREEN


def band(p_30: float) -> int:
    """The band of a probability, as the position of its lower end in `BANDS`."""
    return min(bisect_right(BANDS, p_30), len(BANDS) - 1) - 1


# The seniority that a job title gives away, most telling first; English and the larger European languages.
_TITLES: tuple[tuple[str, str], ...] = (
    ("title_student", r"student|trainee|intern|apprentice|praktikant|azubi|stagiaire|estagi|becari|doktorand|phd"),
    ("title_owner", r"owner|founder|inhaber|propriet|propietari|titular|fundador|fondat|co-?founder|self.employed"),
    (
        "title_c_level",
        r"\bc[efoitm]o\b|\bcmo\b|chief|president|managing director|geschäftsführ|geschaeftsfuehr|vorstand"
        r"|general manager|amministratore|directeur général|director general|diretor geral|gérant",
    ),
    (
        "title_director",
        r"director|head|manager|leiter|lead\b|vp\b|directeur|directrice|diretor|responsab|chef|gerente|leitung",
    ),
)


def seniority(title: str) -> str:
    """The term that a job title speaks for; "" where it says nothing."""
    text = title.casefold()
    return next((key for key, pattern in _TITLES if re.search(pattern, text)), "")


class Known(NamedTuple):
    """What is stored of a lead that the prior looks at."""

    email: str
    title: str
    has_phone: bool
    has_company: bool
    has_message: bool
    is_old: bool


SIGNALS = tuple(term.key for term in DEFAULT_TERMS if term.kind == "signal")


def signals(known: Known) -> dict[str, int]:
    """YES, NO or UNKNOWN for each signal. What a spreadsheet merely lacks is unknown, and neither helps nor harms."""
    domain = email_key(known.email).rpartition("@")[2]
    senior = seniority(known.title)
    found = {
        "free_mail": UNKNOWN if not domain else YES if domain in FREE_MAIL else NO,
        "phone": YES if known.has_phone else UNKNOWN,
        "company": YES if known.has_company else UNKNOWN,
        "message": YES if known.has_message else UNKNOWN,
        "reopened": YES if known.is_old else NO,
    }
    titles = {key for key, _ in _TITLES}
    found |= {key: (YES if key == senior else NO) if known.title else UNKNOWN for key in titles}
    return {key: found.get(key, UNKNOWN) for key in SIGNALS}


_WORDS: Mapping[str, tuple[str, str]] = {term.key: (term.present, term.absent) for term in DEFAULT_TERMS}


class Reason(NamedTuple):
    """One reason in words; `weight` in log-odds, above 0 speaks for buying."""

    words: str
    weight: float


def reasons(stored: Sequence[Sequence[Any]]) -> list[Reason]:
    """The reasons of a stored score, heaviest first; the company's own features bring their words along."""
    found = []
    for key, present, weight, *own in stored:
        words = own[0] if own else _WORDS.get(key, ("", ""))[0 if present else 1]
        if words:
            found.append(Reason(words, weight))
    return found


def why(stored: Sequence[Sequence[Any]], *, at_most: int = 4) -> str:
    """The reasons in a row, each with its sign: "asked for a quote (+), no telephone number (−)"."""
    return ", ".join(f"{words} ({'+' if weight > 0 else '−'})" for words, weight in reasons(stored)[:at_most])


class Kept(NamedTuple):
    """How often something was said whose month is over, and how often it came true.

    `of_before`: the general rule said it, and what scores now has learnt since. `said`: the chance, on the average.
    """

    n: int
    did: int
    of_before: bool = False
    said: float = 0.0


def kept_words(p_30: float, kept: Kept | None) -> str:
    """Of whom about the same was said before, and how often it came true; "" while that is not known."""
    if kept is None:
        return ""
    who = "the Rule of 45" if kept.of_before else "we"
    did = f"{kept.did:,} {'was' if kept.did == 1 else 'were'} ready within the month"
    said = f"Of {kept.n:,} leads that {who} gave {_span(band(p_30))}, {did}{_beside_expected(kept)}"
    if kept.of_before:
        return f"{said}; what we say now has learnt from that."
    wrong = {-1: "high", 0: "", 1: "low"}[_off(kept)]
    return f"{said}, so {percent(p_30)} may be too {wrong}." if wrong else f"{said}."


def _span(at: int) -> str:
    """A band as people read it: "15 to 25 %"."""
    low, high = (round(end * 100) for end in (BANDS[at], BANDS[at + 1]))
    return f"less than {high} %" if not low else f"{low} % or more" if high == 100 else f"{low} to {high} %"


def _off(kept: Kept) -> int:
    """Whether fewer (-1) or more (1) came true than chance allows four times in five."""
    away = kept.did - kept.n * kept.said
    if not kept.said or abs(away) <= _Z * sqrt(kept.n * kept.said * (1 - kept.said)):
        return 0
    return 1 if away > 0 else -1


def _beside_expected(kept: Kept) -> str:
    if not kept.said:
        return ""
    if off := _off(kept):
        return f", {'more' if off > 0 else 'fewer'} than the {max(round(kept.n * kept.said), 1):,} to be expected"
    return ", about as many as expected"


def sentence(score: Score, kept: Kept | None = None) -> str:
    """A score as a sentence: what to expect, why, and how often that was right."""
    said = headline(score).removesuffix(".")
    reason = why(score.reasons)
    parts = [f"{said}: {reason}." if reason else f"{said}.", kept_words(score.p_30, kept)]
    return " ".join(part for part in parts if part)


def percent(p: float) -> str:
    """A probability as people read it: whole percents, but never 0 or 100 where it is neither."""
    if 0 < p < 0.01:
        return "under 1 %"
    return f"{min(round(p * 100), 99) if p < 1 else 100} %"


def between(low: float, high: float) -> str:
    """An interval in whole percents: "between 25 and 45 %"; "at most 1 %" where it lies below."""
    if round(high * 100) <= 1:
        return "at most 1 %"
    return f"between {round(low * 100)} and {round(high * 100)} %"


def headline(score: Score) -> str:
    """A score as a sentence first and a number second."""
    chance = f"{percent(score.p_30)}, {between(score.p_30_low, score.p_30_high).removesuffix(' %')}"
    match tag(score.p_30):
        case Tag.RIPE:
            return f"Likely ready within a month ({chance})."
        case Tag.TURNING:
            return f"May be ready within a month ({chance})."
        case _:
            return f"Still green (ready within a month: {chance})."


def outlook(score: Score, today: date) -> str:
    """What to expect in the long run, and when."""
    ever = f"Buys from somebody in the end: {percent(score.p_ever)}, {between(score.p_ever_low, score.p_ever_high)}"
    if score.p_ever == 0 or not score.is_concentrated:
        return f"{ever}; any time in the coming months."
    start, end = max(score.window_start, today), score.window_end
    if (end - today).days <= 45:
        return f"{ever}; if so, most likely within {max((end - today).days, 7)} days."
    return f"{ever}; most likely between {start:%B %Y} and {end:%B %Y}."
