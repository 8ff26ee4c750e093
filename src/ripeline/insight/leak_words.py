"""What is leaking, in sentences: how many, of what kind most, what may still be in them, and how sure that is."""

from collections.abc import Callable

from ripeline.insight.leakage import Asked, Leakage
from ripeline.insight.rules import Whose
from ripeline.leads.leaks import Leak

_WHOSE = {Whose.MINE: "your", Whose.TEAM: "your team’s", Whose.EVERYBODY: "your company’s"}
_MOST = {
    Leak.UNTOUCHED: "were never touched",
    Leak.GIVEN_UP: "were given up too early",
    Leak.STALLED: "have stalled",
    Leak.OVERDUE: "are overdue",
}


def headline(found: Leakage, asked: Asked, money: Callable[[float], str]) -> list[str]:
    """Sentences: how many leak, and what that may cost."""
    whose = "this import’s" if asked.run else _WHOSE[asked.whose]
    if not found.whole.n:
        if not found.open:
            return ["No open lead is here yet, so nothing can leak."]
        none = f"Nothing is leaking: each of {whose} {found.open:,} open leads is being followed up or has its day."
        return [none, *_ahead(found, money)]
    most = max(found.figures, key=lambda leak: found.figures[leak].n)
    n = found.figures[most].n
    if found.whole.n == 1:
        first = f"One of {whose} leads is leaking: nobody is really following it up."
    else:
        first = (
            f"{found.whole.n:,} of {whose} leads are leaking: nobody is really following them up."
            f" Most, {n:,}, {_MOST[most]}."
            if n > 1
            else f"{found.whole.n:,} of {whose} leads are leaking: nobody is really following them up."
        )
    whole = found.whole
    cost = (
        f"Followed up to the end, about {count(whole.wins)} of them would still buy from you within a year"
        f" (between {whole.low:,} and {whole.high:,}), worth about {money(whole.wins)}."
        " A few would come by themselves; most of them nobody else will call."
    )
    return [first, cost, *_ahead(found, money)]


def _ahead(found: Leakage, money: Callable[[float], str]) -> list[str]:
    """How many have been put back to work already; of an import also what may be in them."""
    if not found.ahead or not found.until:
        return []
    if found.ahead == 1:
        other = " other" if found.whole.n else ""
        said = [f"One{other} has been put back to work, and comes up on {found.until.day} {found.until:%B %Y}."]
    else:
        others = " others" if found.whole.n else ""
        said = [
            f"{found.ahead:,}{others} have been put back to work: their days are spread until"
            f" {found.until.day} {found.until:%B %Y}, the likeliest first."
        ]
    if found.waiting:
        wins = found.waiting
        said.append(
            f"Followed up to the end, about {count(wins.wins)} of those would buy from you within a year"
            f" (between {wins.low:,} and {wins.high:,}), worth about {money(wins.wins)}."
        )
    return said


def count(value: float) -> str:
    """A number of wins as one would say it: a decimal only where it is small."""
    rounded = round(value) if value >= 10 else round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"
