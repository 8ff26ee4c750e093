"""Scoring every open lead in one pass, beside writing the same rows by bare COPY into the same indexed table."""

import time
from collections.abc import Callable, Iterator

from benchmarks._figures import Figure, database

LEADS = 100_000

_LEADS = """
INSERT INTO lead (
  id, name, title, email, phone, company, country, language, custom, search, captured_at, episode, episode_at, currency,
  state, state_at, responsible_id, next_at, next_set_at, next_kind, next_note, next_committed, won_before_captured,
  touches, unanswered, created_at, source_id, reference)
SELECT
  gen_random_uuid(), 'Person ' || n, (ARRAY['', 'Director', 'CEO', 'Nurse'])[1 + mod(n, 4)],
  'p' || n || '@firm' || mod(n, 5000) || '.example', CASE WHEN mod(n, 2) = 0 THEN '+442079460000' ELSE '' END,
  'Firm ' || mod(n, 5000), '', '', '{}', 'person' || n, now() - mod(n, 300) * interval '1 day', 1,
  now() - mod(n, 300) * interval '1 day', '', 'new', now(), %(queue)s, now(), now(), 'qualify', '', false, false,
  0, 0, now(), (%(sources)s::uuid[])[1 + mod(n, 4)], ''
FROM generate_series(1, %(n)s) AS n
"""


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    with database():
        from django.db import connection

        from ripeline.catalog import actions as catalog
        from ripeline.people import queries as people
        from ripeline.ripeness import actions as ripeness

        sources = catalog.sources_named(["Quote request", "Webinar", "White paper", "Referral"])
        say(f"Making {LEADS:,} leads …")
        with connection.cursor() as cursor:
            cursor.execute(
                _LEADS,
                {"queue": people.built_in("qualify").pk, "n": LEADS, "sources": [s.pk for s in sources.values()]},
            )
            cursor.execute("ANALYZE")
        say("Scoring …")
        began = time.perf_counter()
        scored = ripeness.rescore()
        first = time.perf_counter() - began
        began = time.perf_counter()
        ripeness.rescore()
        again = time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE score_copy (LIKE score INCLUDING ALL)")
            with cursor.copy("COPY score TO STDOUT (FORMAT binary)") as out:
                content = b"".join(bytes(block) for block in out)
            began = time.perf_counter()
            with cursor.copy("COPY score_copy FROM STDIN (FORMAT binary)") as into:
                into.write(content)
            bare = time.perf_counter() - began
        limit = scored / bare
        for name, seconds in (("rescore_first", first), ("rescore_again", again)):
            yield Figure(
                name,
                scored / seconds,
                "leads/s",
                scored,
                limit=limit,
                peer="bare COPY of the same rows",
                ratio=scored / seconds / limit,
            )
