"""How hits are written: SQL and rows for whoever holds the connection (the intake's writer, which knows no Django).

In one transaction the hits that are new, and an activity for each that is a known person's (I2, I3), counted with it.
An event sent twice is one hit; a hit is one activity of whoever `WHOSE` says.
"""

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

import msgspec

from ripeline.timeline.counting import counting
from ripeline.timeline.hits import Hit
from ripeline.timeline.kinds import OF_HITS, REACTING

ORIGIN = "hit"  # of the activities that follow from hits


def stopped(lead: str, at: str) -> str:
    """Whether a lead had by then stopped mail of ours, and agreed to none since: what they do with one is nobody's."""
    return f"""(SELECT a.kind = 'unsubscribed' FROM activity a
        WHERE a.lead_id = {lead} AND a.kind IN ('agreed', 'unsubscribed') AND a.occurred_at <= {at}
        ORDER BY a.occurred_at DESC, a.recorded_at DESC LIMIT 1)"""  # noqa: S608 - our own constants


# Whose the hit `h` is: one definition. The person whom a link was made for; else who last said, before it, that they
# sit there; else who said so first after it; else, where nobody ever said so, who had come by a link of theirs before.
# Who has stopped our mail is not the one whom a link was made for.
WHOSE = f"""COALESCE((
    SELECT h.lead_id WHERE h.lead_id IS NOT NULL AND {stopped("h.lead_id", "h.occurred_at")} IS NOT TRUE
), (
    SELECT v.lead_id FROM visitor v
    WHERE v.visitor_id = h.visitor_id AND (v.is_strong OR v.since <= h.occurred_at)
    ORDER BY v.is_strong DESC, v.since <= h.occurred_at DESC, abs(extract(epoch FROM h.occurred_at - v.since)::float8),
             v.id
    LIMIT 1))"""  # noqa: S608 - our own constants

# A visitor and an event, as the key of an activity.
KEY = "replace(h.visitor_id::text || h.event_id::text, '-', '')"

_COLUMNS = (
    "visitor_id, event_id, site_id, kind, page_kind, who, has_consent, occurred_at, received_at, lead_id, host, path, "
    "network, agent, marks, data"
)


def promotion(source: str) -> str:
    """The CTEs that make activities of the human hits in `source` (as `h`) whose person is known, count them, and leave
    their reactions.

    A lead is known to the timeline by having been captured. Takes %(now)s.
    """
    kinds = ", ".join(f"('{hit}', '{activity}')" for hit, activity in OF_HITS.items())
    reacting = sorted(REACTING & set(OF_HITS.values()))
    return f"""
    owned AS (
        SELECT h.*, {WHOSE} AS whose, {KEY} AS event_key FROM {source} h WHERE h.who = 'human'
    ), promoted AS (
        INSERT INTO activity
            (id, lead_id, kind, origin, event_key, occurred_at, recorded_at, actor_id, is_private, body, data)
        SELECT md5(whose::text || event_key)::uuid, whose, kinds.activity, '{ORIGIN}', event_key, occurred_at, %(now)s,
               (SELECT id FROM "user" WHERE is_system), false, '',
               jsonb_strip_nulls(jsonb_build_object('host', host, 'path', path, 'page', page_kind,
                   'title', data->'title', 'name', data->'name', 'asset', data->'asset', 'message', data->'message'))
        FROM owned JOIN (VALUES {kinds}) AS kinds(hit, activity) ON kinds.hit = owned.kind
        WHERE EXISTS (SELECT FROM activity known WHERE known.lead_id = owned.whose)
        ORDER BY whose, event_key
        ON CONFLICT DO NOTHING
        RETURNING id, lead_id, kind, data->>'page' AS page, occurred_at
    ), counted AS ({counting("promoted")}
    ), left_for_worker AS (
        INSERT INTO reaction (activity_id, lead_id, kind, created_at, due_at, attempts, error)
        SELECT id, lead_id, kind, %(now)s, %(now)s, 0, '' FROM promoted
        WHERE kind IN ({", ".join(f"'{kind}'" for kind in reacting) or "NULL"})
        RETURNING 1
    )"""  # noqa: S608 - our own constants


# A few hits at once: one statement, committed by itself.
STORE = f"""
WITH given AS (
    SELECT visitor_id, event_id, site_id, kind, page_kind, who, has_consent,
           'epoch'::timestamptz + occurred * interval '1 microsecond' AS occurred_at,
           'epoch'::timestamptz + received * interval '1 microsecond' AS received_at,
           lead_id, host, path, network, agent, marks, data
    FROM jsonb_to_recordset(%(hits)s) AS r(
        visitor_id uuid, event_id uuid, site_id smallint, kind text, page_kind text, who text, has_consent boolean,
        occurred bigint, received bigint, lead_id uuid, host text, path text, network text, agent text, marks text,
        data jsonb)
), written AS (
    INSERT INTO hit ({_COLUMNS}) SELECT {_COLUMNS} FROM given
    ON CONFLICT (visitor_id, event_id) DO NOTHING
    RETURNING {_COLUMNS}
), {promotion("written")}
SELECT (SELECT count(*) FROM written),
       (SELECT pg_notify('ripeline_work', '') FROM left_for_worker LIMIT 1) IS NULL
"""  # noqa: S608 - our own constants

# Many at once: a COPY into the table, which fails where one is there already; then through this table beside it.
COPY = f"COPY hit ({_COLUMNS}) FROM STDIN (FORMAT binary)"
STAGE = "CREATE TEMP TABLE IF NOT EXISTS given_hit (LIKE hit) ON COMMIT DELETE ROWS"
COPY_STAGE = f"COPY given_hit ({_COLUMNS}) FROM STDIN (FORMAT binary)"
FROM_STAGE = f"INSERT INTO hit ({_COLUMNS}) SELECT {_COLUMNS} FROM given_hit ON CONFLICT DO NOTHING"  # noqa: S608
KNOWN = "SELECT DISTINCT visitor_id FROM visitor WHERE visitor_id = ANY(%(visitors)s::uuid[])"
PROMOTE = f"""
WITH given AS (
    SELECT hit.* FROM unnest(%(visitors)s::uuid[], %(events)s::uuid[]) AS g(visitor_id, event_id)
    JOIN hit USING (visitor_id, event_id)
), {promotion("given")}
SELECT (SELECT pg_notify('ripeline_work', '') FROM left_for_worker LIMIT 1) IS NULL
"""  # noqa: S608 - our own constants

# Somebody came by a link made for a lead: weakly theirs from then on. Once for each visitor and lead.
LINK_WEAKLY = f"""
WITH given AS (
    SELECT DISTINCT ON (visitor_id, lead_id) *
    FROM unnest(%(visitors)s::uuid[], %(leads)s::uuid[], %(since)s::bigint[]) AS g(visitor_id, lead_id, since)
    ORDER BY visitor_id, lead_id, since
), linked AS (
    INSERT INTO visitor (visitor_id, lead_id, since, is_strong, how, linked_at)
    SELECT visitor_id, lead_id, 'epoch'::timestamptz + since * interval '1 microsecond', false, 'mail', %(now)s
    FROM given
    WHERE EXISTS (SELECT FROM activity WHERE activity.lead_id = given.lead_id)
      AND {stopped("given.lead_id", "%(now)s")} IS NOT TRUE
      AND NOT EXISTS (SELECT FROM visitor v WHERE v.visitor_id = given.visitor_id AND v.lead_id = given.lead_id)
    ON CONFLICT DO NOTHING
    RETURNING visitor_id, lead_id, since
), told AS (
    INSERT INTO activity
        (id, lead_id, kind, origin, event_key, occurred_at, recorded_at, actor_id, is_private, body, data)
    SELECT md5(lead_id::text || visitor_id::text)::uuid, lead_id, 'recognised', 'visitor', visitor_id::text, since,
           %(now)s, (SELECT id FROM "user" WHERE is_system), false, '', '{{"how": "mail"}}' FROM linked
    ON CONFLICT DO NOTHING
    RETURNING id, lead_id, kind
), left_for_worker AS (
    INSERT INTO reaction (activity_id, lead_id, kind, created_at, due_at, attempts, error)
    SELECT id, lead_id, kind, %(now)s, %(now)s, 0, '' FROM told RETURNING 1
)
SELECT pg_notify('ripeline_work', '') FROM left_for_worker LIMIT 1
"""  # noqa: S608 - our own constants

_json = msgspec.json.Encoder()
_EPOCH_2000 = 946_684_800_000_000  # microseconds from 1970 to PostgreSQL's own epoch
_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_END = struct.pack("!h", -1)
_IDS = struct.Struct("!hi16si16sih")
_TIMES = struct.Struct("!i?iqiq")
_SIZE = struct.Struct("!i").pack
_NULL = _SIZE(-1)


def as_json(hits: Sequence[Hit]) -> str:
    """What STORE takes."""
    return _json.encode(hits).decode()


def as_copy(hits: Iterable[Hit]) -> bytes:
    """What COPY takes: PostgreSQL's binary format, by hand, since this is what the intake does most."""
    parts = [_HEAD]
    for hit in hits:
        data = _json.encode(hit.data)
        parts += (
            _IDS.pack(
                16, 16, hit.visitor_id.int.to_bytes(16), 16, hit.event_id.int.to_bytes(16), 2, hit.site_id
            ),
            _texts(hit.kind, hit.page_kind, hit.who),
            _TIMES.pack(1, hit.has_consent, 8, hit.occurred - _EPOCH_2000, 8, hit.received - _EPOCH_2000),
            _NULL if hit.lead_id is None else _SIZE(16) + hit.lead_id.bytes,
            _texts(hit.host, hit.path, hit.network, hit.agent, hit.marks),
            _SIZE(len(data) + 1), b"\x01", data,
        )  # fmt: skip
    parts.append(_END)
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _texts(*values: str) -> bytes:
    return b"".join([_SIZE(len(raw)) + raw for value in values for raw in (value.encode(),)])


def visitors(hits: Iterable[Hit]) -> str:
    """What KNOWN takes: an array as PostgreSQL writes it, for one text is sent quicker than each of what is in it."""
    return f"{{{','.join([f'{number:032x}' for number in {hit.visitor_id.int for hit in hits}])}}}"


def of_known(hits: Iterable[Hit], known: set[UUID]) -> list[Hit]:
    """The hits whose person may be known."""
    return [hit for hit in hits if hit.lead_id or hit.visitor_id in known]
