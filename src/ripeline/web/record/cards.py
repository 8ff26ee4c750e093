"""What the record and Today's sheet both show of a lead: its ripeness in words, how it came to us, its last entries."""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.formats import date_format

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.catalog import tracking
from ripeline.catalog.standard import words
from ripeline.leads.models import CLOSED_STATES, Enquiry, State
from ripeline.ripeness import queries, rules
from ripeline.ripeness.models import Quality, Score, Stage
from ripeline.worklist.suggesting import LABELS, Outcome

# The outcomes in the order of their keys, 1 to 8.
OUTCOMES = tuple((key, outcome.value, LABELS[outcome]) for key, outcome in enumerate(list(Outcome)[:8], start=1))

DOORS = {
    "import": "imported from a spreadsheet", "by_hand": "entered by hand", "form": "by a form", "api": "by the API",
    "hook": "by a web hook", "booth": "at a booth", "call": "by a call", "event": "at an event",
    "partner": "by a partner", "card": "by their card", "signature": "by their signature",
}  # fmt: skip

MET = frozenset({"booth", "card", "signature", "by_hand", "event"})  # doors of those whom we have seen ourselves

REASONS_AT_MOST = 5
# One's own view of a lead: its key, what it says, its word.
QUALITIES = (("+", Quality.GOOD.value, "Good"), ("0", Quality.FAIR.value, "Fair"), ("-", Quality.POOR.value, "Poor"))


@dataclass(frozen=True)
class Ripe:
    """Ripeness as a sentence first, a number second, with its reasons. Whole percents, for a ring of 100 parts."""

    tag: str
    headline: str
    outlook: str
    figure: str
    part: int
    low: int
    spread: int  # from low to high
    speaks_for: list[str]
    speaks_against: list[str]
    said_before: str  # how often the same was said, and came true; "" while too little is known of that
    is_mostly_prior: bool
    perceived: str  # how good it seems to whoever works it
    stage: "Staged | None"  # None until it was inferred
    seemed: str = ""  # to whoever met them, beside what is reckoned
    arrival: str = ""  # that what they looked at when they came is not reckoned; "" where they looked at nothing then
    qualities: tuple[tuple[str, str, str], ...] = QUALITIES


@dataclass(frozen=True)
class Staged:
    """The buying stage: which, how likely, and who said so or otherwise."""

    key: str
    label: str
    chance: str
    said: str  # key of the stage that somebody said, "" where nobody did
    said_by: str
    said_at: datetime | None
    choices: tuple[tuple[str, str], ...] = tuple(Stage.choices)

    @property
    def holds(self) -> bool:
        """What somebody said is what stands there."""
        return self.said == self.key

    @property
    def said_label(self) -> str:
        return str(Stage(self.said).label) if self.said else ""


@dataclass(frozen=True)
class Answered:
    """A question as it was asked, the answer that counts, and the one that was given first where it is another."""

    asked: str
    answer: str
    first: str = ""
    is_consent: bool = False


@dataclass(frozen=True)
class Came:
    """One time that they came to us: the words for its door, what they answered, how they had found us."""

    enquiry: Enquiry
    door: str
    answers: list[Answered]
    found_by: str

    @property
    def by(self) -> str:
        """Who of ours it was, in words; "" where they came by themselves."""
        who = self.enquiry.captured_by
        return f"{'brought in' if self.enquiry.door == 'import' else 'taken'} by {who}" if who else ""

    @property
    def shows_page(self) -> bool:
        """Whether the page that they came by is another place than the one that is said."""
        page, place = self.enquiry.landing_page, self.enquiry.place
        return bool(page) and not (place and (page.partition("://")[2] or page).startswith(place))


def came(enquiries: Iterable[Enquiry], *, stated: Container[str] = ()) -> list[Came]:
    """The enquiries for a card; one query more where questions were answered. A consent in words that are `stated`
    beside it already, with how we know, is not said twice.
    """
    found = list(enquiries)
    ours = _ours(found)
    keys = {key for each in found for key in each.said}
    asked = catalog.asked(keys) if keys else {}
    return [
        Came(
            each,
            DOORS.get(each.door, each.door.replace("_", " ")),
            _answers(each, asked, stated),
            _found_by(each, ours),
        )
        for each in found
    ]


def _ours(enquiries: Iterable[Enquiry]) -> set[str]:
    """Our own sites, where one may be taken for how somebody found us."""
    sent = any(each.trail.get("referrer") or each.trail.get("first") for each in enquiries)
    return {_host(host) for host in tracking.hosts()} if sent else set()


def _answers(enquiry: Enquiry, asked: Mapping[str, str], stated: Container[str]) -> list[Answered]:
    """What was answered, in the order of the questions, each as it was `asked`."""
    answers = []
    said = enquiry.said
    for key in [key for key in {**asked, **said} if key in said]:
        first, now = enquiry.answers.get(key), said[key]
        was = words(first) if first not in (None, now) else ""
        is_consent = isinstance(now, dict)
        shown = now.get("wording") if is_consent else ""  # what they saw beside the box
        if shown and shown in stated:
            continue
        answers.append(Answered(shown or asked.get(key, key.replace("_", " ")), words(now), was, is_consent))
    return answers


def _found_by(enquiry: Enquiry, ours: Collection[str]) -> str:
    """Where it was, and how they had found the page they came by, in a few words; "" where nobody knows."""
    trail: Mapping[str, Any] = enquiry.trail
    where = [f"met at {enquiry.place}" if enquiry.door in MET else enquiry.place] * bool(enquiry.place)
    seemed = [f"{trail.get('heat')} when met"] * bool(trail.get("heat"))
    own = {*ours, _host(enquiry.landing_page)}  # from one page of ours to another is no origin
    here = _sent_by(trail, own)
    beside = [str(trail.get("beside"))] * bool(trail.get("beside"))  # what their door has to say of what was sent
    first = _first_seen(enquiry, own)
    by = [f"then by {here}" if first else f"by {here}"] * bool(here)
    return ", ".join(where + seemed + first + by + beside)


def _first_seen(enquiry: Enquiry, own: Collection[str]) -> list[str]:
    """Their first visit, unless that is the one by which they came to us."""
    first: Mapping[str, Any] = enquiry.trail.get("first") or {}
    page = str(first.get("page", ""))
    page = page.partition("://")[2] or page
    if not page or page == enquiry.landing_page.partition("://")[2]:
        return []
    at, by = _moment(first.get("at")), _sent_by(first, own)
    day = f" on {at.day} {at:%B %Y}" if at else ""
    return [f"first seen on /{page.partition('/')[2]}{day}" + f" by {by}" * bool(by)]


def _moment(text: Any) -> datetime | None:
    """A moment as we write it; forms took once whatever their page said of it."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return timezone.localtime(found) if found.tzinfo else None


def _sent_by(trail: Mapping[str, Any], own: Collection[str]) -> str:
    """The link or the site that had sent them there; none of our `own` sites."""
    told = [str(trail[name]) for name in ("utm_source", "utm_medium", "utm_term") if trail.get(name)]
    place = _host(str(trail.get("referrer", "")))
    is_ours = any(place == host or place.endswith(f".{host}") for host in own if host)
    return " / ".join(told) or ("" if is_ours else place)


def _host(address: str) -> str:
    """The site of an address, without www."""
    try:
        place = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:  # whoever sends a form says what they like
        place = ""
    return place.removeprefix("www.")


def ripens(state: str) -> bool:
    """Whether there is ripeness to speak of: not once they are ripe (an opportunity) or closed."""
    return state not in (State.OPPORTUNITY, *CLOSED_STATES)


def ripe(score: Score | None, state: str, came_by: Iterable[Came] = ()) -> Ripe | None:
    """The card of a score; None while there is none, and once nothing is left to ripen."""
    if score is None or not ripens(state):
        return None
    reasons = rules.reasons(score.reasons)[:REASONS_AT_MOST]
    beside = queries.beside(score)
    low, high = round(score.p_30_low * 100), round(score.p_30_high * 100)
    return Ripe(
        tag=rules.tag(score.p_30),
        headline=tight(rules.headline(score)),
        outlook=tight(rules.outlook(score, today())),
        figure=rules.percent(score.p_30).replace("under ", "<").replace(" ", "\u2009"),
        part=max(round(score.p_30 * 100), 1),
        low=low,
        spread=max(high - low, 1),
        speaks_for=[reason.words for reason in reasons if reason.weight > 0],
        speaks_against=[reason.words for reason in reasons if reason.weight <= 0],
        said_before=rules.kept_words(score.p_30, beside.kept),
        is_mostly_prior=beside.is_mostly_prior,
        perceived=beside.perceived,
        seemed=_seemed(came_by),
        arrival=_arrival(beside.counted_from),
        stage=Staged(
            score.stage, str(Stage(score.stage).label), tight(rules.percent(score.stage_p)), beside.stage_said,
            beside.stage_said_by, beside.stage_said_at,
        ) if score.stage_p else None,
    )  # fmt: skip


def _arrival(counted_from: date | None) -> str:
    """What they did when they came says nothing beside how they came, and is in no score."""
    if counted_from is None:
        return ""
    return (
        f"Visits count from {date_format(counted_from, 'j F')} on: what they looked at before is part of how they came."
    )


def _seemed(came_by: Iterable[Came]) -> str:
    """How warm they seemed when they were met last, and why that is another thing than the chance."""
    heat = next((str(each.enquiry.trail["heat"]) for each in came_by if each.enquiry.trail.get("heat")), "")
    if not heat:
        return ""
    what = "in no hurry" if heat == "later" else heat
    return f"Seemed {what} when met, which sets when they hear from us. The chance goes by what became of others."


def tight(sentence: str) -> str:
    """Keep a figure and its percent sign on one line."""
    return sentence.replace(" %", "\u00a0%")


def today() -> date:
    """The viewer's own day."""
    return timezone.localtime(clock.now()).date()
