"""What the intake reads of the catalog, as SQL: it knows no Django. See `tracking` for who writes it."""

VERSION = "SELECT version FROM tracking WHERE id = 1"
SETUP = """
SELECT version, own_networks,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', id, 'host', host, 'key', key)) FROM site), '[]'),
       COALESCE((SELECT jsonb_agg(jsonb_build_array(pattern, kind) ORDER BY position, id) FROM page_rule), '[]')
FROM tracking WHERE id = 1
"""
