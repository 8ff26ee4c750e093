"""What a sender gives, checked; and the hits it becomes: by our clock, classified, without what is not our business."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from ripeline.base.networks import network_of
from ripeline.intake.setup import Setup, Site
from ripeline.timeline import links
from ripeline.timeline.hits import Hit, Mark, classify, marked
from ripeline.timeline.links import Link

MOST_EVENTS = 500  # in a batch
OLDEST = 7 * 86_400_000  # ms: an event that waited for longer is taken to have happened so long ago
DOWNLOADS = frozenset(
    ["pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "csv", "zip", "epub", "mp4", "mp3", "dmg", "exe", "msi"]
)
CAMPAIGN = {
    "utm_source": "source", "utm_medium": "medium", "utm_campaign": "campaign", "utm_term": "term",
    "utm_content": "content",
}  # fmt: skip

Millis = Annotated[int, Meta(ge=0, le=99_999_999_999_999)]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]


class Event(Struct, frozen=True, gc=False):
    """One event as the script, or a server of yours, sends it. `id` is a UUIDv7 made when it happened."""

    visitor: UUID
    id: UUID
    url: Url
    kind: Literal["view", "download", "event"] = "view"
    at: Millis | None = None  # by the sender's clock
    consent: bool = False  # the visitor may be known again
    title: Annotated[str, Meta(max_length=1000)] = ""
    referrer: Annotated[str, Meta(max_length=2000)] = ""
    name: Annotated[str, Meta(max_length=80)] = ""  # of an event
    staff: bool = False  # this browser is one of ours
    automated: bool = False
    person: Annotated[str, Meta(max_length=links.LONGEST)] = ""  # the token a tracked link gave the page


class One(Event, frozen=True, kw_only=True, gc=False):
    site: Annotated[str, Meta(min_length=1, max_length=40)]
    sent: Millis | None = None


class Batch(Struct, frozen=True):
    site: Annotated[str, Meta(min_length=1, max_length=40)]
    events: Annotated[list[Event], Meta(min_length=1, max_length=MOST_EVENTS)]
    sent: Millis | None = None  # by the sender's clock, like each event's `at`
    agent: Annotated[str, Meta(max_length=1000)] = ""  # of the person's browser, when a server sends for it
    address: Annotated[str, Meta(max_length=60)] = ""


one = msgspec.json.Decoder(One)
batch = msgspec.json.Decoder(Batch)


_VERSION, _SEVEN = 0xF << 76 | 3 << 62, 7 << 76 | 2 << 62  # of a UUID, with its variant


class Unacceptable(ValueError):
    """What was sent cannot be taken; says why."""


@dataclass(frozen=True)
class Sender:
    """Who sent a request, as far as it can be seen."""

    agent: str
    network: str
    received: int  # microseconds since 1970, by our clock
    is_head: bool = False


def sender(agent: str, address: str, received: int, *, is_head: bool = False) -> Sender:
    return Sender(_clean(agent)[:400], network_of(address), received, is_head)


def hit(event: Event, sent: int | None, by: Sender, site: Site, setup: Setup) -> Hit:
    """The hit that an event is. Raises Unacceptable."""
    if event.id.int & _VERSION != _SEVEN:
        raise Unacceptable("id must be a UUID of version 7, made when the event happened.")
    host, path, campaign = _address(event.url)
    marks, who = _seen(by.agent, by.network, event.staff, event.automated, setup.own_networks)
    kind = "download" if event.kind == "view" and "." in path and _is_download(path) else event.kind
    return Hit(
        visitor_id=event.visitor,
        event_id=event.id,
        site_id=site.id,
        kind=kind,
        page_kind=setup.pages.kind(path),
        who=who,
        has_consent=event.consent,
        occurred=by.received - 1000 * _delay(event.at, sent, by.received),
        received=by.received,
        lead_id=None,
        host=host,
        path=path,
        network=by.network,
        agent=by.agent,
        marks=marks,
        data=_data(event, campaign),
    )


def _is_download(path: str) -> bool:
    return path.rpartition(".")[2].lower() in DOWNLOADS


def link_hit(link: Link, kind: str, event_id: UUID, by: Sender, setup: Setup) -> Hit:
    """The hit of a tracked link that was followed, or of a mail's pixel."""
    host, path, campaign = _address(link.target) if link.target else ("", "", {})
    noticed = {Mark.HEAD} if by.is_head else set()
    if kind == "click" and link.sent and by.received < (link.sent + 1) * 1_000_000:
        noticed.add(Mark.AT_ONCE)
    if not by.agent:
        noticed.add(Mark.NO_AGENT)
    marks = marked(noticed)
    data: dict[str, object] = {"link": link.place}
    data |= {
        name: text for name, text in (("message", link.message), ("asset", link.asset), ("code", link.code)) if text
    }
    if campaign:
        data["campaign"] = campaign
    return Hit(
        visitor_id=links.visitor_of(link), event_id=event_id, site_id=0, kind=kind, page_kind=setup.pages.kind(path),
        who=classify(by.agent, by.network, marks, setup.own_networks), has_consent=False, occurred=by.received,
        received=by.received, lead_id=link.lead_id, host=host, path=path, network=by.network, agent=by.agent,
        marks=marks, data=data,
    )  # fmt: skip


def _delay(at: int | None, sent: int | None, received: int) -> int:
    """For how many ms an event had waited when it came. The sender's clock is only ever compared with itself.

    Where it does not say when it sent, its clock is taken for right, within reason.
    """
    if at is None:
        return 0
    delay = (received // 1000 if sent is None else sent) - at
    if delay <= 0:
        return 0
    return delay if delay < OLDEST else OLDEST


@lru_cache(maxsize=20_000)
def _seen(
    agent: str, network: str, is_staff: bool, is_automated: bool, own_networks: frozenset[str]
) -> tuple[str, str]:
    """What is noticed about an event, and whose it therefore is."""
    noticed = [(Mark.STAFF, is_staff), (Mark.AUTOMATED, is_automated), (Mark.NO_AGENT, not agent)]
    marks = marked([mark for mark, is_so in noticed if is_so])
    return marks, classify(agent, network, marks, own_networks)


def _data(event: Event, campaign: dict[str, str]) -> dict[str, object]:
    data: dict[str, object] = {}
    if event.title:
        data["title"] = _clean(event.title)[:300]
    if event.name:
        data["name"] = _clean(event.name)
    if event.referrer:
        try:
            referrer, path, _ = _address(event.referrer)
            data["referrer"] = referrer + path
        except Unacceptable:
            pass
    if campaign:
        data["campaign"] = campaign
    return data


@lru_cache(maxsize=4096)
def _address(url: str) -> tuple[str, str, dict[str, str]]:
    """(host, path, campaign): of the query only utm_… is kept, since the rest may hold anything."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        host = port = ""
    if not host or parts.scheme not in ("http", "https"):
        raise Unacceptable("url must be the address of a web page, beginning with http:// or https://.")
    query = parse_qsl(parts.query[:2000], max_num_fields=100) if parts.query.count("&") < 100 else []
    campaign = {CAMPAIGN[name]: _clean(value)[:120] for name, value in query if name in CAMPAIGN and value}
    return _clean(host)[:190] + port, _clean(unquote(parts.path) or "/")[:500], campaign


def _clean(text: str) -> str:
    """Without the characters that PostgreSQL, or a reader, cannot take."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text)
