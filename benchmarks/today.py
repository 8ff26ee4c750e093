"""One rep's Today from 5,000 open leads, made and opened again, by itself and as the page; a million next dates; and a
night's prices: each beside its limit."""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks._figures import Figure, database

LEADS, OTHERS, DATES = 5_000, 15_000, 1_000_000
TODAY_MS, DATES_SECONDS = 50.0, 5.0  # what is to be reached on two cores
TIMES = 100

_LEADS = """
INSERT INTO lead (
  id, name, title, email, phone, company, country, language, custom, search, captured_at, episode, episode_at, currency,
  state, state_at, owner_id, responsible_id, next_at, next_set_at, next_kind, next_note, next_committed,
  won_before_captured, touches, unanswered, last_touch_at, last_reached_at, created_at, reference)
SELECT
  gen_random_uuid(), 'Person ' || n, '', 'p' || n || '@firm' || mod(n, 5000) || '.example', '', 'Firm ' || mod(n, 5000),
  '', '', '{}', '', %(now)s - (40 + mod(n, 300)) * interval '1 day', 1,
  %(now)s - (40 + mod(n, 300)) * interval '1 day', '', 'working', %(now)s, %(owner)s, %(holder)s,
  %(now)s + (mod(n * 7919, 240) - 24) * interval '12 hours', %(now)s, 'follow_up', '', mod(n, 400) = 0, false,
  1, mod(n, 3), %(now)s - (8 + mod(n, 30)) * interval '1 day', %(now)s - (20 + mod(n, 18)) * interval '1 day',
  %(now)s, ''
FROM generate_series(1, %(n)s) AS n
"""


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    yield _dates(say)
    with database():
        yield from _todays(say)


def _dates(say: Callable[[str], None]) -> Figure:
    """`recheck.next_contact` of leads of all sorts, at prices of their own."""
    from ripeline.science.recheck import next_contact
    from ripeline.science.recheck_rules import DEFAULT_RULES as RULES

    say(f"Setting {DATES:,} next dates …")
    luck = np.random.default_rng(1)
    ended = luck.choice(
        [RULES.dispositions.index(key) for key in ("new", "reached", "no_answer", "green_later")], DATES
    )
    silent = np.where(ended == RULES.dispositions.index("no_answer"), luck.integers(1, 6, DATES), 0)
    chance = np.minimum(luck.lognormal(np.log(0.03), 0.9, DATES), 0.95)
    prices = np.exp(luck.normal(np.log(RULES.price), 0.6, DATES))
    kinds = luck.integers(0, len(RULES.kinds), DATES)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        next_contact(chance, disposition=ended, kind=kinds, attempts=silent, days_unseen=20.0, price=prices)
        took.append(time.perf_counter() - began)
    return _figure("a_million_next_dates", statistics.median(took), "s", DATES, DATES_SECONDS)


def _todays(say: Callable[[str], None]) -> Iterator[Figure]:
    from django.db import connection
    from django.test import Client

    from ripeline.base import clock
    from ripeline.people import actions, queries
    from ripeline.people.models import Role
    from ripeline.ripeness import actions as ripeness
    from ripeline.routing import prices
    from ripeline.worklist import belief, planning
    from ripeline.worklist.models import Plan, PlanItem

    system = queries.system()
    rep, other = (
        actions.add_user(
            actor=system, email=f"{name}@example.com", name=name, role=Role.REP, team=None, password="x" * 20
        )
        for name in ("rep", "other")
    )
    for user, count in ((rep, LEADS), (other, OTHERS)):
        say(f"Making {count:,} leads …")
        with connection.cursor() as cursor:
            cursor.execute(
                _LEADS,
                {"now": clock.now(), "owner": user.pk, "holder": queries.responsible_of(user).pk, "n": count},
            )
    ripeness.rescore()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say("Pricing …")
    prices.renew()
    began = time.perf_counter()
    renewed = prices.renew()
    yield _figure("a_nights_prices", time.perf_counter() - began, "s", renewed, DATES_SECONDS)
    belief.renew()  # as the night does
    client = Client(headers={"host": "localhost"})
    client.force_login(rep)
    looks: dict[str, Callable[[], object]] = {
        "today": lambda: planning.plan_for(rep),
        "today_page": lambda: client.get("/today"),
    }
    assert planning.plan_for(rep).rows  # what is overdue has its new dates
    assert client.get("/today").status_code == 200
    say("Planning …")
    for name, look in looks.items():
        made, again = [], []
        for _ in range(TIMES):
            PlanItem.objects.all().delete()
            Plan.objects.all().delete()
            made.append(_took(look))
            again.append(_took(look))
        assert planning.plan_for(rep).rows
        for what, took in ((f"{name}_made", made), (f"{name}_opened_again", again)):
            yield _figure(f"{what}_p50", statistics.median(took), "ms", TIMES, TODAY_MS)
            yield _figure(f"{what}_p99", statistics.quantiles(took, n=100)[98], "ms", TIMES, TODAY_MS)


def _took(look: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    look()
    return 1000 * (time.perf_counter() - began)


def _figure(name: str, value: float, unit: str, n: int, limit: float) -> Figure:
    return Figure(name, value, unit, n, limit=limit, peer="to be reached", ratio=limit / value)
