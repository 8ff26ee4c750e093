"""Where leads stood elsewhere: new ones that were in hand there, or looked after until later, are so here too."""

import hashlib
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from ripeline.base import clock
from ripeline.leads.decisions import actions, bulk
from ripeline.leads.decisions.deciding import By, Changes, Next, in_state
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people import queries as people

LATER = timedelta(days=60)  # until Keep in touch looks at a lead that another system was nurturing


def take_over(
    lead_ids: Collection[UUID], state: str, *, origin: str, import_run_id: UUID | None = None, is_later: bool = False
) -> set[UUID]:
    """Leads of a file that were `working`, an `opportunity` or in `nurture` there, and those of them that are now; who
    is with nobody here waits to be handed out. When a deal was opened is for its own entry to say.

    `is_later`: a later file has moved them on, so that also who is in hand becomes an opportunity, or rests.
    """
    steps = {State.NEW} | ({State.WORKING} if is_later and state != State.WORKING else set())
    what = f"{state}:{import_run_id}:" if is_later else ""
    key = hashlib.sha256(f"{what}{','.join(sorted(map(str, lead_ids)))}".encode()).hexdigest()[:40]
    by = By(people.system(), origin, f"stands:{key}", import_run_id=import_run_id)
    programme = people.built_in(people.KEEP_IN_TOUCH)
    later = Next(clock.now() + LATER, NextKind.KEEP_IN_TOUCH, "as it was elsewhere")

    def work(lead: Lead) -> Changes | None:
        return in_state(State(state)) if lead.owner_id and lead.state in steps else None

    def nurture(lead: Lead) -> Changes | None:
        return actions.nurtured(lead, programme=programme, next=later) if lead.state in steps else None

    is_work = state != State.NURTURE
    made = bulk.decide_many(
        lead_ids, by, kind="working" if is_work else "nurtured", change=work if is_work else nurture,
        facts=lambda _: {"note": "as it was elsewhere"},
    )  # fmt: skip
    return {decision.lead.pk for decision in made}
