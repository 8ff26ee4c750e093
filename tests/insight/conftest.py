"""A company with something to look back on."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.cast import MONDAY, MakeLead, by, soon

MakePast = Callable[..., list[Lead]]


@pytest.fixture
def make_past(make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> MakePast:
    """Leads that came and what became of them, on that Monday: `make_past(alice, 40, ago=200, ripe=10, after=50)`."""

    def make(
        owner: User,
        count: int,
        *,
        ago: int,
        ripe: int = 0,
        after: int = 30,
        never: int = 0,
        lost: int = 0,
        source: str = "",
    ) -> list[Lead]:
        def on(days: float) -> None:
            monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=days))

        on(ago)
        made = catalog.sources_named([source])[source].pk if source else None
        born = [
            make_lead(owner, captured=timedelta(), source_id=made, name=f"Priya Raman {at}", company="Northgate")
            for at in range(count)
        ]
        on(ago - after)
        for lead in born[:ripe]:
            leads.open_opportunity(lead.pk, by(owner), next=soon())
        for lead in born[ripe : ripe + never]:
            leads.close(lead.pk, by(owner), reason=reasons.reason("not_a_fit"))
        for lead in born[ripe + never : ripe + never + lost]:
            leads.close(lead.pk, by(owner), reason=reasons.reason("no_budget"))
        on(0)
        return born

    return make
