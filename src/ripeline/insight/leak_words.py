"""What is leaking, in sentences: how many, of what kind most, what may still be in them, and how sure that is."""

from collections.abc import Callable
from datetime import date

from ripeline.insight.leakage import Asked, Leakage
from ripeline.insight.rules import Whose
from ripeline.leads.finding.leaks import Leak

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
    """Who waits for a day because of being taken up again; what was re-opened, when, and how it goes since."""
    said = []
    if found.ahead and found.until:
        others = f"{found.ahead:,}{' others' if found.whole.n else ''} wait for their day"
        if found.ahead == 1:
            others = f"One{' other' if found.whole.n else ''} waits for its day"
        said.append(
            f"{others}, given when {'it was' if found.ahead == 1 else 'they were'} put back to work; the last is"
            f" {_day(found.until)}{', and the likeliest come first' if found.ahead > 1 else ''}."
        )
    if found.ahead and found.waiting:
        wins = found.waiting
        said.append(
            f"Followed up to the end, about {count(wins.wins)} of those would buy from you within a year"
            f" (between {wins.low:,} and {wins.high:,}), worth about {money(wins.wins)}."
        )
    return [*said, *_reopened(found)]


def _reopened(found: Leakage) -> list[str]:
    again = found.reopened
    if not again.first or not again.last:
        return []
    when = f"on {_day(again.first)}"
    if again.first != again.last:
        when = f"between {_day(again.first)} and {_day(again.last)}"
    whom = "One old lead was" if again.n == 1 else f"{again.n:,} old leads were"
    return [
        f"{whom} re-opened {when}, because a file brought them, somebody put them back to work or they came again."
        f" Since then: {again.n - again.tried:,} not tried yet, {again.tried:,} tried, {again.talked:,} talked to,"
        f" {again.deals:,} with a deal open or won."
    ]


def lost_by_file(found: Leakage) -> str:
    """Of whom others had let go before they came, and did not say why; "" where there are none."""
    if not found.lost_by_file:
        return ""
    if found.lost_by_file == 1:
        return "One more came with a file that has it as lost and does not say why. It is no leak of yours."
    whom = f"{found.lost_by_file:,} more came with a file that has them as lost and does not say why."
    return f"{whom} They are no leak of yours."


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def count(value: float) -> str:
    """A number of wins as one would say it: a decimal only where it is small."""
    rounded = round(value) if value >= 10 else round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"
