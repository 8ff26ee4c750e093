"""The context card: a lead in five lines, for whoever is about to call them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.arriving import giving
from ripeline.capture.models import DoorKind
from ripeline.catalog import assets
from ripeline.catalog.models import Asset
from ripeline.leads.finding.around import Around, Colleague
from ripeline.people.working_time import Calendar
from ripeline.ripeness.models import Stage
from ripeline.timeline.models import Activity
from ripeline.web.record.cards import Came, Ripe
from ripeline.web.record.wording import taken
from ripeline.worklist.reasons import ago

_LONGEST = 180  # characters of what they said
_NUMBERS = ("Nobody", "One other", "Two others", "Three others", "Four others", "Five others", "")
_DID = {"enquired": "came to us again", "captured": "came to us", "visited": "looked at", "downloaded": "downloaded"}


@dataclass(frozen=True)
class Line:
    """One line: its icon, what it is about (for whoever cannot see the icon), and the words."""

    icon: str
    about: str
    words: str


def lines(came: Sequence[Came], around: Around, ripe: Ripe | None, *, calendar: Calendar, company: str) -> list[Line]:
    """At most five lines; `came`: the newest first. Only what is known has a line."""
    say = _Saying(calendar)
    stage = ripe.stage if ripe and ripe.stage and (ripe.stage.said or ripe.stage.key != Stage.AWARENESS) else None
    found = [
        Line("door-open", "How they came", say.showed_up(came)),
        Line("download", "What they took", say.took(came, around)),
        Line("message-circle", "What they said", say.said(came)),
        Line("sprout", "Buying stage", f"{stage.label} is the likeliest buying stage" if stage else ""),
        Line("users", "Others at the company", say.others(around.colleagues, company)),
    ]
    return [line for line in found if line.words]


@dataclass(frozen=True)
class _Saying:
    calendar: Calendar

    def _ago(self, moment: Any) -> str:
        return ago(moment, clock.now(), self.calendar)

    def showed_up(self, came: Sequence[Came]) -> str:
        """How they showed up first, by whom and where; and again."""
        if not came:
            return ""
        first, last = came[-1].enquiry, came[0].enquiry
        named = str(first.campaign or "")  # an event is often both
        where = f" ({named})" if named and named != str(first.source) else ""
        door = came[-1].door + (f" ({first.place[:80]})" if first.place else "")
        by = f", {came[-1].by}" if came[-1].by else ""
        words = f"{first.source or 'Source unknown'}{where}, {door} {self._ago(first.captured_at)}{by}"
        if len(came) > 1:
            words += f"; again by {str(last.source or 'another way')[:60]} {self._ago(last.captured_at)}"
        return words

    def took(self, came: Sequence[Came], around: Around) -> str:
        """The asset: what they downloaded last, else what they asked for, else the page they came by."""
        if act := around.taken:
            return f"Downloaded {_named(act)} {self._ago(act.occurred_at)}{_about(_asset(act.data.get('asset', '')))}"
        forms = {each.enquiry.lead_id for each in came if each.enquiry.door == DoorKind.FORM}
        if forms and (asked := giving.promised(forms)):
            verb = "Asked for" if asked.is_asked else "Was offered"
            return f"{verb} “{asked.asset.title[:80]}” {self._ago(asked.at)}{_about(asked.asset)}"
        page = next((each.enquiry.landing_page for each in came if each.shows_page), "")
        return f"Came by the page {page.partition('://')[2] or page}" if page else ""

    def said(self, came: Sequence[Came]) -> str:
        """What they said in their own words, and what they answered: as much of it as a line holds.

        No consents: a box that was ticked may wait to be confirmed, or be taken back since. The record says which.
        """
        text = " ".join(next((each.enquiry.message for each in came if each.enquiry.message), "").split())
        said = [f"“{_cut(text, _LONGEST)}”"] if text else []
        answered = ([one for one in each.answers if not one.is_consent] for each in came)
        for each in next(filter(None, answered), [])[:3]:
            words = f"{_cut(each.asked.rstrip('?:. '), _LONGEST // 2)}: {each.answer}"
            if not said or sum(map(len, said)) + len(words) <= _LONGEST:
                said.append(words)
        return "; ".join(said)

    def others(self, colleagues: Sequence[Colleague], company: str) -> str:
        """How many others there are, and what the first two of them did, as far as the viewer may know."""
        if not colleagues:
            return ""
        count = _NUMBERS[len(colleagues)] if len(colleagues) < len(_NUMBERS) - 1 else "Six others or more"
        doers = sorted(colleagues, key=lambda one: one.act is None)[:2]
        at = f"{count} at {company or 'their company'}{', of them' if len(colleagues) > len(doers) else ':'}"
        return f"{at} {'; '.join(self._did(one) for one in doers)}"

    def _did(self, one: Colleague) -> str:
        if one.act is None:
            return one.row.name + ("" if one.row.is_mine else f", with {one.row.owner}")
        what = f" {_named(one.act)}" if one.act.kind in ("visited", "downloaded") else ""
        return f"{one.row.name} {_DID[one.act.kind]}{what} {self._ago(one.act.occurred_at)}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _asset(key: str) -> Asset | None:
    try:
        return assets.find(UUID(key)) if key else None
    except ValueError:  # the site's own key of something
        return None


def _about(asset: Asset | None) -> str:
    """What marketing says of an asset: for which stage it is, and to what it is an answer."""
    if asset is None:
        return ""
    stage = f"for the stage of {asset.get_stage_display().lower()}" if asset.stage else ""
    pains = f"an answer to {', '.join(asset.pains[:3])}" if asset.pains else ""
    said = "; ".join(filter(None, (pains, stage)))
    return f" ({said})" if said else ""


def _named(act: Activity) -> str:
    name = taken(act.data) if act.kind == "downloaded" else str(act.data.get("title") or act.data.get("path") or "")
    return f"“{(name or 'something')[:80]}”"
