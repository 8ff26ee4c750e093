"""Why somebody is on the list today: one sentence that names what decided it. It explains and never scolds."""

from datetime import datetime, time

from ripeline.catalog.rules import IN_TOUCH, NOTED, UNDATED, said_since
from ripeline.leads.decisions.filed import WAS_DUE
from ripeline.leads.models import NextKind, State
from ripeline.people.working_time import MORNING, Calendar
from ripeline.ripeness import rules as ripeness
from ripeline.ripeness.rules import Tag
from ripeline.worklist.deciding import Fact
from ripeline.worklist.rules import HAND_RAISERS, Candidate

MIDNIGHT = time()
_TIMES = ("", "once", "twice", "three times", "four times", "five times", "six times")


def why(candidate: Candidate, decided: Fact, *, now: datetime, calendar: Calendar) -> str:
    """The sentence beside a name; it says first what decided (`deciding`), then what else there is to know."""
    sentence = _sentence(candidate, decided, now, calendar)
    return f"For {candidate.theirs}, who is away: {_lower(sentence)}" if candidate.theirs else sentence


def _sentence(candidate: Candidate, decided: Fact, now: datetime, calendar: Calendar) -> str:
    if decided is Fact.ASKED:
        if candidate.is_unanswered:
            return _request(candidate, now, calendar)
        asked = HAND_RAISERS[candidate.source_type]
        return f"{asked} {ago(candidate.captured_at, now, calendar)}; nobody has called yet."
    if decided is Fact.DATED:
        return _dated(candidate, now, calendar)
    came = _request(candidate, now, calendar) if candidate.is_unanswered else said_since(candidate.note)
    said = " ".join(filter(None, [came, clause(candidate, decided, now, calendar)]))
    likely = "" if decided is Fact.LIKELY else _likely(candidate)
    if candidate.next_kind == NextKind.KEEP_IN_TOUCH:
        back = f"Back from Keep in touch: {_note(candidate)}." if candidate.note else "Back from Keep in touch."
        return " ".join(filter(None, [back, said, likely]))
    tried = ""
    if decided is Fact.LIKELY and candidate.standing.unanswered:
        tried = _unanswered(candidate, now, calendar)
    return " ".join(filter(None, [said, likely, tried]))


def clause(candidate: Candidate, decided: Fact, now: datetime, calendar: Calendar) -> str:
    """What decided, where it was worth."""
    if decided is Fact.LIKELY:
        return _likely(candidate) or _likelier_than_most(candidate)
    if decided is Fact.LARGE:
        return _large(candidate, now, calendar)
    if candidate.standing.state == State.OPPORTUNITY:
        return _opportunity(candidate, now, calendar)
    if decided is Fact.CHOOSING:
        return f"They are working on it; {_lower(_last(candidate, now, calendar))}."
    if candidate.next_kind == NextKind.REOPENED and candidate.is_unanswered:
        return "Worth one honest look."
    if candidate.next_kind == NextKind.REOPENED:
        return _reopened(candidate, calendar)
    if candidate.standing.unanswered:
        return _unanswered(candidate, now, calendar)
    if candidate.standing.last_reached_at:
        last = _last(candidate, now, calendar)
        said = f"Still green, and {_lower(last)}" if ripeness.tag(candidate.standing.p_30 or 0.0) is Tag.GREEN else last
        return f"{said}; a short call keeps the thread."
    if candidate.is_unanswered:
        return ""
    return _untried(candidate, now, calendar)


def _untried(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    """With whom nobody has been in touch, as far as is known."""
    if candidate.note.startswith((WAS_DUE, IN_TOUCH, NOTED)):
        return f"{candidate.note.rstrip('.')}."
    if candidate.note == UNDATED:
        came = f"Came from {_source(candidate)}" if candidate.source else "From a list"
        return f"{came}; {_lower(UNDATED)}."
    source = f"Came from {_source(candidate)}" if candidate.source else "Came to us"
    yet = "nobody has been in touch yet" if not candidate.standing.touches else "not reached yet"
    return f"{source} {ago(candidate.captured_at, now, calendar)}; {yet}."


def _request(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    """What a file says of them."""
    return f"Asked us something {ago(candidate.captured_at, now, calendar)}; not answered."


def _dated(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    note = f": {_note(candidate)}" if candidate.note else ""
    local = candidate.next_at.astimezone(calendar.zone)
    clock = "" if local.time() == MORNING else f" at {local:%H:%M}"
    day = on(candidate.next_at, now, calendar)
    if candidate.next_kind == NextKind.MEETING:
        return f"Meeting {day}{clock}{note}."
    if candidate.next_kind == NextKind.PROMISE:
        return f"You promised to be in touch{note}." if note else f"You promised to be in touch {day}{clock}."
    if candidate.next_kind == NextKind.KEEP_IN_TOUCH:
        return f"Back from Keep in touch on the day you chose{note}."
    if candidate.is_hot:
        return f"{candidate.note.rstrip('.')}; nobody has called yet."
    return f"You chose {day.removeprefix('on ')}{clock}{note}."


def _opportunity(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    worth = f" of {_money(candidate)}" if candidate.amount is not None else ""
    since = f" opened {ago(candidate.opened_at, now, calendar)}" if candidate.opened_at else " open"
    close = ""
    if candidate.expected_close:
        close = f", expected to close {candidate.expected_close.day} {candidate.expected_close:%B}"
    return f"Opportunity{worth}{since}{close}; {_lower(_last(candidate, now, calendar))}."


def _large(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    """Their deal is larger than usual, and that decided."""
    if candidate.standing.state == State.OPPORTUNITY:
        return f"A large deal for us: {_lower(_opportunity(candidate, now, calendar))}"
    return f"A large deal for us ({_money(candidate)}); {_lower(_last(candidate, now, calendar))}."


def _money(candidate: Candidate) -> str:
    assert candidate.amount is not None
    figure = f"{candidate.amount:,.2f}".removesuffix(".00")
    return f"{figure} {candidate.currency}".strip()


def _reopened(candidate: Candidate, calendar: Calendar) -> str:
    if candidate.note:
        return f"Re-opened: {candidate.note.removeprefix(NOTED).rstrip('.')}; worth another look."
    came = candidate.captured_at.astimezone(calendar.zone)
    source = f"came from {_source(candidate)} in" if candidate.source else "came to us in"
    return f"Re-opened from the shoebox: {source} {came:%B %Y}; worth one honest look."


def _unanswered(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    standing = candidate.standing
    tried = _TIMES[standing.unanswered] if standing.unanswered < len(_TIMES) else f"{standing.unanswered} times"
    if standing.last_touch_at is None:
        return f"Tried {tried} without an answer so far."
    last = standing.last_touch_at.astimezone(calendar.zone)
    part, other = ("morning", "afternoon") if last.hour < 12 else ("afternoon", "morning")
    return f"Tried {tried}, last {on(last, now, calendar)} in the {part}; the {other} may be better."


def _likely(candidate: Candidate) -> str:
    """How ripe, with what speaks for it; "" while green."""
    p, low, high = candidate.standing.p_30, candidate.p_30_low, candidate.p_30_high
    if p is None or low is None or high is None or ripeness.tag(p) is Tag.GREEN:
        return ""
    ready = "Likely ready" if ripeness.tag(p) is Tag.RIPE else "May be ready"
    between = ripeness.between(low, high).replace(" %", "")
    said = [reason.words for reason in ripeness.reasons(candidate.reasons) if reason.weight > 0][:3]
    return f"{ready} within a month ({ripeness.percent(p)}, {between})" + (f": {', '.join(said)}." if said else ".")


def _likelier_than_most(candidate: Candidate) -> str:
    """Green, and yet the chance is what decided."""
    chance = ripeness.percent(candidate.standing.p_30 or 0.0)
    return f"Still green, but likelier than most to be ready within a month ({chance})."


def _source(candidate: Candidate) -> str:
    return candidate.source.replace("_", " ")


def _note(candidate: Candidate) -> str:
    return f"“{candidate.note.rstrip('.')}”" if candidate.note else ""


def _last(candidate: Candidate, now: datetime, calendar: Calendar) -> str:
    return last_contact(
        reached=candidate.standing.last_reached_at,
        touched=candidate.standing.last_touch_at,
        unanswered=candidate.standing.unanswered,
        now=now,
        calendar=calendar,
    )


def last_contact(
    *, reached: datetime | None, touched: datetime | None, unanswered: int, now: datetime, calendar: Calendar
) -> str:
    """The last contact in a few words: "Last reached 12 October", "Tried twice, last on Tuesday"."""
    if unanswered and touched:
        tried = _TIMES[unanswered] if unanswered < len(_TIMES) else f"{unanswered} times"
        return f"Tried {tried}, last {on(touched, now, calendar)}"
    if reached:
        return f"Last reached {ago(reached, now, calendar)}"
    return "Nobody has been in touch yet"


def on(moment: datetime, now: datetime, calendar: Calendar) -> str:
    """The day of a moment near now: "today", "yesterday", "on Tuesday", "on 3 May 2026"."""
    day, today = calendar.day(moment), calendar.day(now)
    ahead = (day - today).days
    if ahead in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[ahead + 1]
    if abs(ahead) < 7:
        return f"on {day:%A}"
    return f"on {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def ago(moment: datetime, now: datetime, calendar: Calendar) -> str:
    """A moment in the past: "today at 09:12", "yesterday at 16:40", "on Tuesday", "5 weeks ago", "in May 2025".

    Of what is known to the day alone, as a file says it, no time is told.
    """
    days = (calendar.day(now) - calendar.day(moment)).days
    local = moment.astimezone(calendar.zone)
    at = "" if local.time() == MIDNIGHT else f" at {local:%H:%M}"
    if days <= 0:
        return f"today{at}"
    if days == 1:
        return f"yesterday{at}"
    if days < 7:
        return f"on {local:%A}"
    if days < 21:
        return f"{days} days ago"
    if days < 90:
        return f"{round(days / 7)} weeks ago"
    return f"in {local:%B %Y}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
