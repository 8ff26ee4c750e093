"""What leads did before it was counted as it came, from their timelines; as `timeline.counting` said at the time."""

from typing import Any

from django.db import migrations

_BLOCK = 500
_COLUMNS = ("reading", "product", "prices", "download")
_GROUP = """CASE kind
    WHEN 'downloaded' THEN 'download' WHEN 'used' THEN 'product' WHEN 'clicked' THEN 'reading'
    WHEN 'visited' THEN CASE
        WHEN data->>'page' IN ('pricing', 'contact') THEN 'prices' WHEN data->>'page' IN ('product', 'proof') THEN 'product'
        WHEN data->>'page' IN ('careers', 'legal', 'support') THEN NULL ELSE 'reading' END
END"""
_BITS = ", ".join(
    f"COALESCE(bit_or(1::bigint << (latest - day)) FILTER (WHERE what = '{name}' AND latest - day < 63), 0)"
    for name in _COLUMNS
)


def _shifted(row: str, name: str) -> str:
    days = f"(greatest(e.day, excluded.day) - {row}.day)"
    return f"CASE WHEN {days} >= 63 THEN 0 ELSE ({row}.{name} << {days}) & {(1 << 63) - 1} END"


# The next leads. What the intake counted meanwhile stays: a bit set twice is the same.
_LEADS = """
SELECT lead_id FROM activity WHERE lead_id > %(after)s AND origin = 'hit' GROUP BY lead_id ORDER BY lead_id
LIMIT %(limit)s
"""
_COUNT = f"""
INSERT INTO engagement AS e (lead_id, day, {", ".join(_COLUMNS)})
SELECT lead_id, latest, {_BITS} FROM (
    SELECT lead_id, what, day, max(day) OVER (PARTITION BY lead_id) AS latest FROM (
        SELECT lead_id, {_GROUP} AS what, floor(extract(epoch FROM occurred_at) / 86400)::int AS day FROM activity
        WHERE lead_id = ANY(%(leads)s) AND origin = 'hit'
    ) AS each WHERE what IS NOT NULL
) AS told GROUP BY lead_id, latest ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET day = greatest(e.day, excluded.day),
    {", ".join(f"{name} = {_shifted('e', name)} | {_shifted('excluded', name)}" for name in _COLUMNS)}
"""  # noqa: S608 - our own constants


def count(apps: Any, schema_editor: Any) -> None:
    """A block of leads a transaction; broken off, it begins again and changes nothing of what is there."""
    after = "00000000-0000-0000-0000-000000000000"
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(_LEADS, {"after": after, "limit": _BLOCK})
            leads = [lead_id for (lead_id,) in cursor.fetchall()]
            if not leads:
                return
            cursor.execute(_COUNT, {"leads": leads})
            after = leads[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('ripeline', '0028_assets'),
    ]

    operations = [
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
