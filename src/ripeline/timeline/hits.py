"""What a hit is, and whose: a person's, a machine's, or our own people's. Pure: the intake uses it without Django.

A hit is kept raw, with everything the decision rests on (agent, network, marks), so that it can be decided anew.
"""

import re
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

import msgspec


class HitKind(StrEnum):
    VIEW = "view"
    DOWNLOAD = "download"
    EVENT = "event"  # something the site names: a video played, a calculator used
    CLICK = "click"  # on a tracked link
    OPEN = "open"  # of a mail: shown, never scored


class Who(StrEnum):
    HUMAN = "human"
    BOT = "bot"  # says so itself, or is driven by a program
    SCANNER = "scanner"  # a mail gateway that tries links before a person can
    STAFF = "staff"  # our own people


class Mark(StrEnum):
    """What was noticed about a hit when it came."""

    STAFF = "staff"  # the browser is marked as one of ours
    AUTOMATED = "automated"  # the browser says that a program drives it
    HEAD = "head"  # asked for the headers alone, as link checkers do
    AT_ONCE = "at_once"  # a link that was followed in the moment its mail went out
    NO_AGENT = "no_agent"
    BURST = "burst"  # one of many links of a mail that were followed at once; noticed afterwards


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One raw hit. (visitor_id, event_id) makes it count once; moments are microseconds since 1970.

    The collector of garbage leaves it alone: nothing in it leads back, and thousands are in hand at once.
    """

    visitor_id: UUID
    event_id: UUID
    site_id: int  # 0: a tracked link or a pixel
    kind: str
    page_kind: str
    who: str
    has_consent: bool
    occurred: int
    received: int
    lead_id: UUID | None  # the person a link or pixel was made for
    host: str
    path: str
    network: str
    agent: str
    marks: str
    data: dict[str, object]


_MACHINES = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|mediapartners|headless|phantomjs|puppeteer|playwright|selenium|webdriver"
    r"|curl/|wget|python|aiohttp|httpx|java/|okhttp|go-http|libwww|perl|ruby|axios|node-fetch|undici|postman|insomnia"
    r"|facebookexternalhit|whatsapp|telegram|slack|discord|skypeuripreview|embedly|linkpreview|preview"
    r"|lighthouse|pagespeed|gtmetrix|pingdom|uptime|monitor|statuscake|datadog|site24x7|newrelic|validator|archiver"
    r"|scrapy|httrack|semrush|ahrefs|mj12|dataforseo|screaming frog|feedfetcher|rss",
    re.IGNORECASE,
)
_GATEWAYS = re.compile(
    r"proofpoint|mimecast|barracuda|safelinks|microsoft office|ms-office|urldefense|trendmicro|ironport|fireeye"
    r"|symantec|messagelabs|sophos|forcepoint|checkpoint|zscaler|googleimageproxy|yahoomailproxy|bitdefender|avanan",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def classify(agent: str, network: str, marks: str, own_networks: frozenset[str]) -> str:
    """Whose hit it is, from what is kept of it; the same at arrival and whenever it is asked again.

    >>> classify("Mozilla/5.0 (X11) Firefox/140.0", "198.51.100.0/24", "", frozenset())
    'human'
    >>> classify("Mozilla/5.0 (compatible; Googlebot/2.1)", "66.249.66.0/24", "", frozenset())
    'bot'
    """
    noticed = set(marks.split())
    if Mark.STAFF in noticed or network in own_networks:
        return Who.STAFF.value
    if _GATEWAYS.search(agent) or noticed & {Mark.HEAD, Mark.AT_ONCE, Mark.BURST}:
        return Who.SCANNER.value
    if noticed & {Mark.AUTOMATED, Mark.NO_AGENT} or _MACHINES.search(agent):
        return Who.BOT.value
    return Who.HUMAN.value


def why(who: str, marks: str) -> str:
    """Why a hit is no person's, in words; "" where it is one's."""
    noticed = set(marks.split())
    if who == Who.STAFF:
        return "a browser marked as one of ours" if Mark.STAFF in noticed else "from our own network"
    if who == Who.SCANNER:
        return next((words for mark, words in _SCANNED if mark in noticed), "a mail gateway by its name")
    if who == Who.BOT:
        return next((words for mark, words in _DRIVEN if mark in noticed), "a program by its name")
    return ""


_SCANNED = (
    (Mark.BURST, "many links of a mail at once"), (Mark.AT_ONCE, "followed as the mail went out"),
    (Mark.HEAD, "asked for headers alone, as link checkers do"),
)  # fmt: skip
_DRIVEN = (
    (Mark.AUTOMATED, "a browser that a program drives"), (Mark.NO_AGENT, "a program that does not say its name"),
)  # fmt: skip


def marked(marks: Collection[Mark]) -> str:
    """Marks as they are kept."""
    return " ".join(sorted(marks))
