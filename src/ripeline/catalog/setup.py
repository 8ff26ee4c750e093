"""What the intake reads of the catalog, and the little that it writes, as SQL: it knows no Django.

See `tracking` for who writes what it reads.
"""

VERSION = "SELECT version FROM tracking WHERE id = 1"
SETUP = """
SELECT version, own_networks,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', id, 'host', host, 'key', key)) FROM site), '[]'),
       COALESCE((SELECT jsonb_agg(jsonb_build_array(pattern, kind) ORDER BY position, id) FROM page_rule), '[]')
FROM tracking WHERE id = 1
"""

TRIED_KEPT = 20  # hosts
NOTE_TRIED = """
INSERT INTO tried_host AS t (host, times, last_at) VALUES (%(host)s, %(times)s, %(at)s)
ON CONFLICT (host) DO UPDATE SET times = LEAST(t.times, 1000000) + EXCLUDED.times, last_at = EXCLUDED.last_at
"""
FORGET_TRIED = """
DELETE FROM tried_host WHERE id IN (SELECT id FROM tried_host ORDER BY last_at DESC, id DESC OFFSET %(kept)s)
"""
