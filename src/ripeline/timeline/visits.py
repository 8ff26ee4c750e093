"""From raw hits to the timelines of leads: who a visitor is, whose hits are whose, and deciding anew.

What a hit leads to on a timeline is derived: `settle` makes it what hits, links and rules say now, whatever order they
came in. The intake does the same for each hit of a known person as it stores it (`storing`).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.catalog import tracking as catalog
from ripeline.catalog.pages import PageRules
from ripeline.timeline import engagement, partitions
from ripeline.timeline.hits import classify
from ripeline.timeline.models import Visitor
from ripeline.timeline.storing import KEY, ORIGIN, WHOSE, promotion

PORTION = 500  # visitors a transaction: the intake waits for it where it has hits of the same leads
LONGEST_STORE = timedelta(minutes=1)  # a transaction of the intake is over by then (its statement_timeout)

_PROMOTE = f"""
WITH {promotion("(SELECT * FROM hit WHERE visitor_id = ANY(%(visitors)s))")}
SELECT count(*), (SELECT pg_notify('ripeline_work', '') FROM left_for_worker LIMIT 1) IS NULL FROM promoted
"""  # noqa: S608 - our own constants

# What stands on a timeline though its hit, still kept, is somebody else's or no person's.
_RETRACT = f"""
WITH wrong AS (
    SELECT held.lead_id, {KEY} AS event_key FROM hit h
    CROSS JOIN LATERAL (SELECT v.lead_id FROM visitor v WHERE v.visitor_id = h.visitor_id
                        UNION SELECT h.lead_id WHERE h.lead_id IS NOT NULL) AS held
    WHERE h.visitor_id = ANY(%(visitors)s) AND (h.who <> 'human' OR {WHOSE} IS DISTINCT FROM held.lead_id)
), gone AS (
    DELETE FROM activity USING wrong
    WHERE activity.lead_id = wrong.lead_id AND activity.origin = '{ORIGIN}' AND activity.event_key = wrong.event_key
    RETURNING activity.id, activity.lead_id
), unasked AS (DELETE FROM reaction USING gone WHERE reaction.activity_id = gone.id)
SELECT count(*), COALESCE(array_agg(DISTINCT lead_id), '{{}}') FROM gone
"""  # noqa: S608 - our own constants

# What stands on a timeline as another kind of page than its hit is.
_NAME_PAGES = f"""
WITH said AS (
    SELECT {WHOSE} AS lead_id, {KEY} AS event_key, h.page_kind FROM hit h
    WHERE h.visitor_id = ANY(%(visitors)s) AND h.who = 'human'
), named AS (
    UPDATE activity SET data = jsonb_set(data, '{{page}}', to_jsonb(said.page_kind)) FROM said
    WHERE activity.lead_id = said.lead_id AND activity.origin = '{ORIGIN}' AND activity.event_key = said.event_key
      AND activity.data->>'page' IS DISTINCT FROM said.page_kind
    RETURNING activity.lead_id
)
SELECT COALESCE(array_agg(DISTINCT lead_id), '{{}}') FROM named
"""  # noqa: S608 - our own constants

# Every lead whose these visitors' hits are or were.
_CONCERNED = """
SELECT lead_id FROM visitor WHERE visitor_id = ANY(%(visitors)s)
UNION SELECT lead_id FROM hit WHERE visitor_id = ANY(%(visitors)s) AND lead_id IS NOT NULL
"""


def link(*, visitor_id: UUID, lead_id: UUID, how: str, since: datetime) -> bool:
    """Note that a visitor said to be this lead (strongly); False if that is what is known of them already."""
    links = Visitor.objects.filter(visitor_id=visitor_id, is_strong=True)
    if Visitor.objects.select_for_update().filter(visitor_id=visitor_id, lead_id=lead_id, since=since).exists():
        return False
    last = links.filter(since__lte=since).order_by("-since", "-id").first()
    if last is not None and last.lead_id == lead_id:
        return False
    Visitor.objects.bulk_create(
        [Visitor(visitor_id=visitor_id, lead_id=lead_id, since=since, is_strong=True, how=how)], ignore_conflicts=True
    )
    return True


def settle(visitors: Collection[UUID]) -> int:
    """Make what stands on timelines of these visitors' hits what it should be; how many entries came or went.

    A portion a transaction, unless there is one around it.
    """
    return sum(_settle(some) for some in _portions(visitors))


def _settle(visitors: Sequence[UUID]) -> int:
    given: dict[str, Any] = {"visitors": visitors, "now": clock.now()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CONCERNED, given)
        concerned = [lead_id for (lead_id,) in cursor.fetchall()]
        engagement.hold(concerned)
        cursor.execute(_RETRACT, given)
        gone, lost = cursor.fetchone()
        cursor.execute(_NAME_PAGES, given)
        engagement.recount([*lost, *cursor.fetchone()[0]])
        cursor.execute(_PROMOTE, given)
        come = cursor.fetchone()[0]
        engagement.let_go(concerned)
        return int(gone + come)


def settle_leads(lead_ids: Collection[UUID]) -> int:
    """The reaction to somebody being recognised: every visitor who ever was one of these leads."""
    ids = Visitor.objects.filter(lead_id__in=lead_ids).values_list("visitor_id", flat=True)
    return settle(set(ids))


def settle_recent() -> int:
    """Once more for whom was recognised lately: a hit that was being stored in that moment did not know it yet."""
    ids = Visitor.objects.filter(linked_at__gte=clock.now() - 4 * LONGEST_STORE).values_list("visitor_id", flat=True)
    return settle(set(ids))


# Links of one mail that are followed within two seconds, three or more of them: nobody reads so fast.
_BURSTS = """
WITH recent AS (
    SELECT visitor_id, event_id, occurred_at, data->>'link' AS place FROM hit
    WHERE kind = 'click' AND who = 'human' AND received_at >= %(since)s
), burst AS (
    SELECT one.visitor_id, one.event_id FROM recent one
    WHERE (SELECT count(DISTINCT other.data->>'link') FROM hit other
           WHERE other.visitor_id = one.visitor_id AND other.kind = 'click'
             AND other.occurred_at >= one.occurred_at - interval '2 seconds'
             AND other.occurred_at <= one.occurred_at + interval '2 seconds') >= 3
), marked AS (
    UPDATE hit SET who = 'scanner', marks = trim(marks || ' burst') FROM burst
    WHERE hit.visitor_id = burst.visitor_id AND hit.event_id = burst.event_id
    RETURNING hit.visitor_id
)
SELECT DISTINCT visitor_id FROM marked
"""


def find_scanners(since: datetime | None = None) -> int:
    """Take link scanners that came by many links at once out of what people did; how many mails were concerned."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BURSTS, {"since": since or clock.now() - timedelta(minutes=15)})
        found = [visitor for (visitor,) in cursor.fetchall()]
        settle(found)
        return len(found)


_HAS_CHANGED = """
SELECT DISTINCT visitor_id FROM hit WHERE path = ANY(%(paths)s) AND page_kind <> ALL (
    SELECT kind FROM unnest(%(paths)s::text[], %(kinds)s::text[]) AS new(path, kind) WHERE new.path = hit.path)
UNION
SELECT hit.visitor_id FROM hit
JOIN unnest(%(agents)s::text[], %(networks)s::text[], %(marks)s::text[], %(was)s::text[])
     AS new(agent, network, marks, was)
  ON hit.agent = new.agent AND hit.network = new.network AND hit.marks = new.marks AND hit.who = new.was
"""
_DECIDE_WHO = """
UPDATE hit SET who = new.who
FROM unnest(%(agents)s::text[], %(networks)s::text[], %(marks)s::text[], %(was)s::text[], %(who)s::text[])
     AS new(agent, network, marks, was, who)
WHERE hit.visitor_id = ANY(%(visitors)s) AND hit.agent = new.agent AND hit.network = new.network
  AND hit.marks = new.marks AND hit.who = new.was
"""
_DECIDE_PAGE = """
UPDATE hit SET page_kind = new.kind FROM unnest(%(paths)s::text[], %(kinds)s::text[]) AS new(path, kind)
WHERE hit.visitor_id = ANY(%(visitors)s) AND hit.path = new.path AND hit.page_kind <> new.kind
"""


def reclassify() -> int:
    """Decide of every kept hit anew whose it is and what page it is, by the rules of now; how many changed.

    Set-based: the few distinct (agent, network, marks) and paths are decided here, the rows by the database. What
    follows from a hit is committed with it, a portion of visitors at a time; broken off, the rest is found again.
    """
    kept = catalog.current()
    own, rules = frozenset(kept.own_networks), PageRules(catalog.page_rules())
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT agent, network, marks, who FROM hit")
        whose = [(*row, now) for row in cursor.fetchall() if (now := classify(*row[:3], own)) != row[3]]
        cursor.execute("SELECT DISTINCT path, page_kind FROM hit")
        pages = [(path, now) for path, was in cursor.fetchall() if (now := rules.kind(path)) != was]
        new: dict[str, Any] = _columns(("agents", "networks", "marks", "was", "who"), whose) | _columns(
            ("paths", "kinds"), set(pages)
        )
        cursor.execute(_HAS_CHANGED, new)
        for some in _portions({visitor for (visitor,) in cursor.fetchall()}):
            with transaction.atomic():
                for statement in (_DECIDE_WHO, _DECIDE_PAGE):
                    cursor.execute(statement, new | {"visitors": some})
                    changed += cursor.rowcount
                _settle(some)
    catalog.note_applied(kept.version)
    return changed


def _columns(names: Sequence[str], rows: Collection[Sequence[str]]) -> dict[str, list[str]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _portions(visitors: Collection[UUID]) -> Iterator[Sequence[UUID]]:
    ordered = sorted(set(visitors))
    return (ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION))


def reclassify_if_changed() -> int:
    """Where rules were changed since: decide anew."""
    return reclassify() if catalog.is_unapplied() else 0


def keep_partitions() -> int:
    """Make the coming months of hits and remove those past keeping; how many tables came or went."""
    return partitions.prepare() + partitions.forget(catalog.current().months_kept)
