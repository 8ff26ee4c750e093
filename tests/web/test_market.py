"""The page that says what following up would bring: who sees it, its figures, its errors, its progress, its file."""

import csv
import io
import re
from decimal import Decimal

import pytest
from django.test import Client

from ripeline.people.models import AuditEntry, User
from ripeline.simulation import actions
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.rules import Figures
from ripeline.web.frame import amounts
from ripeline.web.insight import market
from tests.simulation.answers import WINS, answered


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(page: str) -> dict[str, str]:
    """What the form of the page would send."""
    fields = dict(re.findall(r'<input type="number" name="(\w+)"(?: value="([^"]*)")?', page))
    return fields | {"currency": "EUR"}


def test_leaders_marketers_and_administrators_see_it_and_nobody_else(
    alice: User, sam: User, carol: User, mona: User, ada: User
) -> None:
    run = answered(ada)
    for user in (carol, mona, ada):
        assert signed_in(user).get("/insight/market").status_code == 200, user
    for path in ("/insight/market", f"/insight/market/{run.pk}/progress", f"/insight/market/{run.pk}.csv"):
        for user in (alice, sam):
            assert signed_in(user).get(path).status_code == 403, (user, path)
        assert Client().get(path).status_code == 302
    assert signed_in(alice).post("/insight/market").status_code == 403
    assert "What would it bring us?" not in signed_in(alice).get("/insight").text


def test_the_first_time_it_asks_with_the_companys_own_figures(ada: User) -> None:
    page = signed_in(ada).get("/insight/market").text
    given = form(page)
    assert given["buys_of_100"] == "45"
    assert "Rule of 45" in page
    assert "judgement" in page
    answer = signed_in(ada).post("/insight/market", given)
    run = SimulationRun.objects.get()
    assert answer["Location"] == f"/insight/market?run={run.pk}"
    assert run.figures["buys_of_100"] == 45.0
    assert run.origins["reps"] == "from your people's profiles"
    assert "Waiting for its turn" in signed_in(ada).get(answer["Location"]).text


def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(ada: User) -> None:
    client = signed_in(ada)
    given = form(client.get("/insight/market").text)
    for change, said in (
        ({"reps": "0"}, "Between 1 and 2,000"),
        ({"minutes_per_day": "lots"}, "A number, please."),
        ({"leads_per_month": "90000"}, "for each person"),
        ({"worth": "-3"}, "Between 0 and"),
        ({"buys_of_100": ""}, "Please fill this in."),
        ({"currency": "XXX"}, "Select a valid choice"),
        ({name: "0" for name in given if name.startswith("mix_")}, "at least one kind"),
        ({"mix_trade_show": "101"}, "Between 0 and 100"),
    ):
        answer = client.post("/insight/market", given | change | {"closing_of_100": "27"})
        assert answer.status_code == 422, change
        assert said in answer.text, change
        assert 'value="27"' in answer.text
    assert not SimulationRun.objects.exists()


def test_the_answer_is_a_sentence_with_wins_and_money_and_a_tie_is_called_one(carol: User) -> None:
    answered(carol)
    page = signed_in(carol).get("/insight/market").text
    said = re.sub(r"\s+", " ", page)
    assert "would win about 192 of a year’s 1,200 leads (between 180 and 204): €1.9 million." in said
    assert "The shoebox, a few tries in the first month and then silence, wins about 14 of the same leads" in said
    assert "the difference is worth €1.8 million a year" in said
    assert "The best simple way here (points, at their best) wins about as many (190)" in said
    assert "could be chance" in said
    assert "no company can try that out" in said
    assert "the same, as far as one can tell" in said
    assert '<td class="number">178 more</td>' in said
    assert "A simulation, not a promise" in said
    assert page.count('<svg class="chart"') == 2


def test_where_a_simple_way_wins_more_that_is_said_too(carol: User) -> None:
    answered(carol, wins=WINS | {"call-everyone": 18.0})
    page = signed_in(carol).get("/insight/market").text
    assert "(calling everybody) wins 24 more than Ripeline" in page


def test_the_last_answer_is_shown_at_once_and_others_can_be_gone_back_to(carol: User, ada: User) -> None:
    run = answered(ada)
    figures = Figures.from_json(run.figures)
    newer = actions.ask(
        actor=carol, figures=Figures(**{**figures.to_json(), "reps": 5}), worth=Decimal(1), currency="EUR"
    )
    client = signed_in(carol)
    assert "Waiting for its turn" in client.get("/insight/market").text
    older = client.get(f"/insight/market?run={run.pk}").text
    assert "192 of a year" in older
    assert f"?run={newer.pk}" in older
    assert client.get("/insight/market?run=999999").status_code == 404
    assert client.get("/insight/market?run=%27&own=1").status_code == 200


def test_its_progress_survives_a_reload_and_it_can_be_cancelled_and_gone_on_with(carol: User) -> None:
    run = answered(carol)
    SimulationRun.objects.update(state=SimulationState.RUNNING, answer=None, steps=65, done=30)
    client = signed_in(carol)
    for path in ("/insight/market", f"/insight/market/{run.pk}/progress"):
        assert "30 of 65 steps" in client.get(path).text
    client.post(f"/insight/market/{run.pk}/cancel")
    assert "stopping after this one" in client.get("/insight/market").text
    SimulationRun.objects.update(state=SimulationState.CANCELLED, cancel_asked=False)
    assert client.get(f"/insight/market/{run.pk}/progress")["HX-Refresh"] == "true"
    assert "Stopped after 30 of 65 steps" in client.get("/insight/market").text
    client.post(f"/insight/market/{run.pk}/go-on")
    assert SimulationRun.objects.get().state == SimulationState.QUEUED
    assert client.post("/insight/market/9999/cancel").status_code == 404


def test_the_file_has_every_figure_and_what_was_asked(carol: User) -> None:
    run = answered(carol)
    answer = signed_in(carol).get(f"/insight/market/{run.pk}.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == list(market.HEADINGS)
    assert rows[1][:7] == ["Ripeline", "192.0", "180.0", "204.0", "16.0", "1920000", "EUR"]
    assert next(row for row in rows if row and row[0] == "Leads a month")[:2] == ["Leads a month", "100.0"]
    assert AuditEntry.objects.filter(verb="insight.export", target="market").count() == 1


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "€0"), (7, "€7"), (1234, "€1,230"), (999_499, "€999,000"), (999_600, "€1 million"), (2.44e6, "€2.4 million")],
)
def test_money_is_said_in_figures_that_count(amount: float, said: str) -> None:
    assert amounts.rounded(amount, "EUR") == said
