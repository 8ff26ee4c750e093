"""What hits say of a lead, counted as they come: SQL for whoever writes them (the intake knows no Django).

One row a lead holds the days of the last nine weeks on which they did something, a bit a day, see
`science.engagement`. Setting a bit takes as long whatever came before, is the same twice, and in any order; so the row
equals what is counted anew from the timeline (I3), which is what happens where entries are taken away.
"""

WINDOW = 63  # days, as `science.engagement.WINDOW` (a test)
COLUMNS = ("reading", "product", "prices", "download")  # as `science.engagement.MASKS` (a test)

# What an activity counts as. Careers, legal and help pages are no visits of a buyer's; opening a mail is none at all.
_GROUP = """CASE kind
    WHEN 'downloaded' THEN 'download' WHEN 'used' THEN 'product' WHEN 'clicked' THEN 'reading'
    WHEN 'visited' THEN CASE
        WHEN page IN ('pricing', 'contact') THEN 'prices' WHEN page IN ('product', 'proof') THEN 'product'
        WHEN page IN ('careers', 'legal', 'support') THEN NULL ELSE 'reading' END
END"""
COUNTED = ("visited", "downloaded", "used", "clicked")


def _shifted(mask: str, days: str) -> str:
    return f"CASE WHEN {days} >= {WINDOW} THEN 0 ELSE ({mask} << ({days})) & {(1 << WINDOW) - 1} END"


_BITS = ", ".join(
    f"COALESCE(bit_or(1::bigint << (latest - day)) FILTER (WHERE what = '{name}' AND latest - day < {WINDOW}), 0)"
    f" AS {name}"
    for name in COLUMNS
)


def days_of(source: str) -> str:
    """A query: for each lead in `source` (lead_id, kind, page, occurred_at) its days, as a row of `engagement`."""
    return f"""
        SELECT lead_id, latest AS day, {_BITS} FROM (
            SELECT lead_id, what, day, max(day) OVER (PARTITION BY lead_id) AS latest FROM (
                SELECT lead_id, {_GROUP} AS what, floor(extract(epoch FROM occurred_at) / 86400)::int AS day
                FROM {source}
            ) AS each WHERE what IS NOT NULL
        ) AS told GROUP BY lead_id, latest ORDER BY lead_id"""  # noqa: S608 - our own constants


_NEW = ", ".join(
    f"{name} = {_shifted(f'e.{name}', 'greatest(e.day, excluded.day) - e.day')}"
    f" | {_shifted(f'excluded.{name}', 'greatest(e.day, excluded.day) - excluded.day')}"
    for name in COLUMNS
)


def counting(source: str) -> str:
    """The statement that adds what is in `source` to the rows of its leads."""
    return f"""
        INSERT INTO engagement AS e (lead_id, day, {", ".join(COLUMNS)}) {days_of(source)}
        ON CONFLICT (lead_id) DO UPDATE SET day = greatest(e.day, excluded.day), {_NEW}"""
