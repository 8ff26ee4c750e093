"""What is at stake: how much a deal of a known amount counts beside the usual one of the company.

An amount before a proposal is a guess. Were its error, in logarithms, as wide as deals truly differ, the best guess at
the true amount would lie halfway to the usual one: that is the square root. It is bounded, so that no guess outweighs
how ripe somebody is. Who has no amount, or a currency in which nothing is usual yet, counts as a usual deal, exactly.
"""

from datetime import datetime
from decimal import Decimal

from django.db import connection

from ripeline.routing.models import TypicalAmount

DAMPING = 0.5  # of the logarithm of amount ÷ usual amount: half of it is believed (judgement)
MOST = 2.0  # a deal counts at most so many times the usual one, and at least the same part of it (judgement)
FEWEST = 5  # amounts in a currency, from which on their median is usual

# The median of what was won in each currency; where that is too little, of open deals.
_TYPICAL = """
WITH median AS (
    SELECT currency, state = 'won' AS is_won, percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS amount,
           count(*) AS n
    FROM opportunity WHERE state IN ('won', 'open') AND amount > 0
    GROUP BY currency, state HAVING count(*) >= %(fewest)s
), gone AS (
    DELETE FROM typical_amount WHERE currency NOT IN (SELECT currency FROM median)
)
INSERT INTO typical_amount (currency, amount, n, is_won, made_at)
SELECT DISTINCT ON (currency) currency, amount, n, is_won, %(now)s FROM median ORDER BY currency, is_won DESC
ON CONFLICT (currency) DO UPDATE
SET amount = excluded.amount, n = excluded.n, is_won = excluded.is_won, made_at = excluded.made_at
"""


def stake(amount: Decimal | None, typical: Decimal | None) -> float:
    """How many usual deals one of this amount counts as.

    >>> [stake(Decimal(amount), Decimal(8_000)) for amount in (800, 2_000, 8_000, 18_000, 80_000)]
    [0.5, 0.5, 1.0, 1.5, 2.0]
    >>> stake(None, Decimal(8_000)), stake(Decimal(800), None)
    (1.0, 1.0)
    """
    if amount is None or typical is None or amount <= 0 or typical <= 0:
        return 1.0
    return float(min(max((float(amount) / float(typical)) ** DAMPING, 1 / MOST), MOST))


def renew(now: datetime, *, unless_since: datetime | None = None) -> None:
    """Make the usual amounts anew, in one pass over the deals; not where some were made after `unless_since`."""
    if unless_since and TypicalAmount.objects.filter(made_at__gt=unless_since).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_TYPICAL, {"now": now, "fewest": FEWEST})
