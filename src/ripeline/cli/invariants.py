"""The promises of DESIGN as SQL: each statement finds the rows that break one, so that none is what one wants to see.

Most are CHECKs and keys too, so that PostgreSQL refuses such rows; here they are counted independently of that, and
the promises that constraints cannot say (across tables, without foreign keys) are counted at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from ripeline.capture.models import ImportState
from ripeline.leads.models import CLOSED_STATES, FARTHEST_NEXT
from ripeline.outbox.models import HANDED_OVER
from ripeline.people.models import ResponsibleKind
from ripeline.people.queries import SELLERS
from ripeline.timeline import counting

_EXAMPLES = 5


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_OPEN = f"lead.merged_into_id IS NULL AND lead.state NOT IN ({_listed(CLOSED_STATES)})"
_CLOSED = f"lead.merged_into_id IS NULL AND lead.state IN ({_listed(CLOSED_STATES)})"

_KEPT = ("day", *counting.COLUMNS)
_HITS = f"""(SELECT lead_id, kind, data->>'page' AS page, occurred_at FROM activity
             WHERE origin = 'hit' AND kind IN ({_listed(counting.COUNTED)})) AS hits"""  # noqa: S608

# (name, promise in words, SQL giving the ids of the rows that break it)
INVARIANTS: list[tuple[str, str, str]] = [
    (
        "open_leads_have_a_next_moment",
        f"Every open lead has somebody responsible and a next moment, at most {FARTHEST_NEXT.days} days ahead (I1).",
        f"""
        SELECT id FROM lead
        WHERE {_OPEN}
          AND (responsible_id IS NULL OR next_at IS NULL OR next_set_at IS NULL
               OR next_at > next_set_at + interval '{FARTHEST_NEXT.days} days')
        """,  # noqa: S608 - our own constants
    ),
    (
        "closed_leads_have_a_reason",
        "Every closed lead says why, when and by whom, and has nothing pending (I1).",
        f"""
        SELECT id FROM lead
        WHERE {_CLOSED}
          AND (close_reason_id IS NULL OR closed_at IS NULL OR closed_by_id IS NULL OR next_at IS NOT NULL)
        """,  # noqa: S608 - our own constants
    ),
    (
        "signals_equal_their_replay",
        "What is kept of the days on which a lead did something equals what its timeline says (I3).",
        f"""
        SELECT lead_id AS id FROM engagement AS kept FULL JOIN ({counting.days_of(_HITS)}) AS told USING (lead_id)
        WHERE ({", ".join(f"kept.{name}" for name in _KEPT)})
              IS DISTINCT FROM ({", ".join(f"told.{name}" for name in _KEPT)})
        """,  # noqa: S608 - our own constants
    ),
    (
        "responsible_people_are_active",
        "Nobody who left, or whose role follows up no leads, is responsible for an open lead (I1).",
        f"""
        SELECT lead.id FROM lead
        JOIN responsible ON responsible.id = lead.responsible_id
        LEFT JOIN "user" ON "user".id = responsible.user_id
        WHERE {_OPEN} AND responsible.kind = '{ResponsibleKind.REP}'
          AND NOT (responsible.is_active AND "user".is_active AND "user".role IN ({_listed(SELLERS)}))
        """,  # noqa: S608 - our own constants
    ),
    (
        "decisions_are_on_the_timeline",
        "The decision that a lead stands by is an entry of its timeline (I2).",
        """
        SELECT lead.id FROM lead
        WHERE decision_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM activity WHERE activity.id = lead.decision_id AND activity.lead_id = lead.id)
        """,
    ),
    (
        "leads_have_a_beginning",
        "Every lead has at least one enquiry: how they came to us.",
        "SELECT id FROM lead WHERE NOT EXISTS (SELECT FROM enquiry WHERE enquiry.lead_id = lead.id)",
    ),
    (
        "events_count_once",
        "An event stands once on a timeline (I3).",
        "SELECT min(id::text) FROM activity GROUP BY lead_id, origin, event_key HAVING count(*) > 1",
    ),
    (
        "activities_belong_to_leads",
        "Every timeline entry belongs to a lead that exists.",
        "SELECT id FROM activity WHERE NOT EXISTS (SELECT FROM lead WHERE lead.id = activity.lead_id)",
    ),
    (
        "reactions_belong_to_activities",
        "Every waiting reaction belongs to a timeline entry.",
        "SELECT id FROM reaction WHERE NOT EXISTS (SELECT FROM activity WHERE activity.id = reaction.activity_id)",
    ),
    (
        "one_person_one_identity",
        "An e-mail address or an external id names one lead (I4).",
        "SELECT min(id) FROM identity GROUP BY kind, key HAVING count(*) > 1",
    ),
    (
        "merges_end_at_a_lead",
        "Following merges ends at a lead that is not merged away itself (I4).",
        """
        WITH RECURSIVE followed(id, at, steps) AS (
            SELECT id, merged_into_id, 1 FROM lead WHERE merged_into_id IS NOT NULL
            UNION ALL
            SELECT followed.id, lead.merged_into_id, steps + 1 FROM followed JOIN lead ON lead.id = followed.at
            WHERE lead.merged_into_id IS NOT NULL AND steps < 100
        )
        SELECT DISTINCT id FROM followed WHERE steps >= 100
        """,
    ),
    (
        "nobody_is_at_a_company_merged_away",
        "Whoever was at a company that was merged into another is at that, in one step.",
        """
        SELECT lead.id FROM lead JOIN account ON account.id = lead.account_id WHERE account.merged_into_id IS NOT NULL
        UNION ALL
        SELECT a.id FROM account AS a JOIN account AS b ON b.id = a.merged_into_id WHERE b.merged_into_id IS NOT NULL
        """,
    ),
    (
        "scores_belong_to_leads",
        "Every score belongs to a lead that exists.",
        "SELECT lead_id FROM score WHERE NOT EXISTS (SELECT FROM lead WHERE lead.id = score.lead_id)",
    ),
    (
        "imports_account_for_every_row",
        "Created, updated, unchanged and rejected rows of a finished import add up to its rows (I7).",
        f"""
        SELECT id FROM import_run
        WHERE position <> created + updated + unchanged + rejected OR
           (state = '{ImportState.DONE}' AND position <> rows)
           OR rejected <> (SELECT count(*) FROM import_reject WHERE import_reject.run_id = import_run.id)
        """,  # noqa: S608 - our own constants
    ),
    (
        "mail_was_recorded_first",
        "Every mail that was handed over has its own Message-ID and the moment of its hand-over (I5).",
        f"""
        SELECT min(id::text) FROM message WHERE state IN ({_listed(HANDED_OVER)})
        GROUP BY message_id HAVING count(*) > 1 OR message_id = '' OR bool_or(handed_at IS NULL)
        """,  # noqa: S608 - our own constants
    ),
    (
        "mail_for_a_purpose_was_agreed_to",
        "Mail for a purpose went only to addresses whose agreement is on record (I5).",
        """
        SELECT id FROM message
        WHERE state = 'sent' AND purpose <> '' AND NOT EXISTS (
            SELECT FROM consent JOIN consent_event ON consent_event.consent_id = consent.id
            WHERE consent.address_hash = message.address_hash AND consent.purpose_id = message.purpose
              AND consent_event.state = 'given' AND consent_event.at <= message.handed_at)
        """,
    ),
    (
        "constraints_are_in_force",
        "PostgreSQL enforces every constraint of the schema.",
        "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND NOT convalidated",
    ),
]


@dataclass(frozen=True)
class Finding:
    """How many rows break one promise, and some of them."""

    name: str
    promise: str
    rows: int
    examples: list[str]

    @property
    def detail(self) -> str:
        """What to add in words when it is broken."""
        return (
            f" Broken by {self.rows} rows: {', '.join(self.examples)}{' …' if self.rows > _EXAMPLES else ''}"
            if self.rows
            else ""
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"check": self.name, "ok": not self.rows, "rows": self.rows, "examples": self.examples}


def check() -> list[Finding]:
    """Count what breaks each promise, all on one snapshot of the data."""
    findings = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, promise, sql in INVARIANTS:
            cursor.execute(
                f"WITH broken(id) AS MATERIALIZED ({sql}) "  # noqa: S608 - our own text, no input
                f"SELECT (SELECT count(*) FROM broken), ARRAY(SELECT id::text FROM broken LIMIT {_EXAMPLES})"
            )
            rows, examples = cursor.fetchone()
            findings.append(Finding(name, promise, rows, examples))
    return findings
