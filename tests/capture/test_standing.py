"""Where people stood elsewhere: what of it holds here, and what is said where it does not."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ripeline.base import clock
from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import queries, trial
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead, Opportunity
from ripeline.people.models import User
from tests.capture.importing import begun, counts, csv, imported, outcomes
from tests.cast import MONDAY, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-mail,Status,Owner"


def states() -> dict[str, str]:
    return dict(Lead.objects.values_list("name", "state"))


def test_a_later_file_that_says_won_or_lost_of_who_is_open_here_only_says_so_where_that_is_wanted(alice: User) -> None:
    imported(csv(HEAD, "Ann,ann@x.example,open,Alice", "Bo,bo@x.example,open,Alice", "Cy,cy@x.example,lost,"))
    later = csv(
        HEAD, "Ann,ann@x.example,won,", "Bo,bo@x.example,lost,", "Cy,cy@x.example,lost,", "Di,di@x.example,won,"
    )
    sentence = (
        "2 rows say won, lost or disqualified of people who stand otherwise here; the first is row 2. The leads stay as"
        " they are: note the outcome on each record, or import the rows as outcomes with their days."
    )
    tried = trial.attempt(lambda: begun(later, said=Said(closes=False)), actor=alice)
    assert list(tried.remarks) == [sentence]
    assert tried.closed == []
    run = imported(later, said=Said(closes=False))
    assert queries.remarked(run) == [sentence]
    assert list(queries.remarks(run)) == [
        (2, "Says won; here it is Working, and stays so: note the outcome on the record"),
        (3, "Says lost; here it is Working, and stays so: note the outcome on the record"),
    ]
    assert states() == {"Ann": "working", "Bo": "working", "Cy": "lost", "Di": "won"}
    imported(csv(HEAD, "Cy,cy@x.example,disqualified,"))
    won = imported(csv(HEAD, "Cy,cy@x.example,won,"))
    assert [text for _, text in queries.remarks(won)] == [
        "Says won; here it is Lost, and stays so: note the outcome on the record"
    ]


def test_who_was_in_hand_there_and_is_handed_out_here_is_so_here(alice: User) -> None:
    run = imported(csv(HEAD, "Ann,ann@x.example,In Progress,Alice", "Bo,bo@x.example,Working - Contacted,"))
    assert states() == {"Ann": "working", "Bo": "working"}
    assert queries.remarked(run) == []


def test_who_was_in_hand_there_but_has_no_owner_here_is_counted_and_said() -> None:
    run = imported(csv("Name,E-mail,Status", "Ann,ann@x.example,In Progress", "Bo,bo@x.example,new"))
    assert counts(run) == (2, 0, 0, 0)
    assert states() == {"Ann": "new", "Bo": "new"}
    assert queries.remarked(run) == [
        "One row was in hand there (“In Progress”: 1), but has no owner here, row 2: it went to Qualify as new."
    ]
    assert list(queries.remarks(run)) == [
        (2, "Was in hand there (“In Progress”), but has no owner here: it went to Qualify as new")
    ]


def test_a_rare_word_of_who_was_in_hand_there_is_named_with_its_rows_beside_frequent_ones() -> None:
    many = [f"W{n},w{n}@x.example,In Progress" for n in range(60)]
    run = imported(csv("Name,E-mail,Status", *many, "Zoe,zoe@x.example,Working - Contacted"))
    assert [(each.word, each.times, list(each.rows)) for each in queries.unowned(run)] == [
        ("In Progress", 60, list(range(2, 22))), ("Working - Contacted", 1, [62]),
    ]  # fmt: skip


def test_a_deal_that_is_open_there_of_a_lead_closed_here_is_refused_with_its_amount(alice: User) -> None:
    imported(csv(HEAD, "Ann,ann@x.example,won,Alice", "Bo,bo@x.example,open,Alice"))
    deals = csv(
        "Deal Name,E-mail,Deal Stage,Close Date,Amount",
        "Boats,ann@x.example,Contract Sent,2027-04-20,4500", "Sails,bo@x.example,Contract Sent,2027-04-20,300",
    )  # fmt: skip
    run = outcomes(deals)
    assert counts(run) == (0, 1, 0, 1)
    (refused,) = queries.rejects(run)
    assert refused.reason.startswith("is open there, but its lead is closed here")
    assert "4500" in "".join(queries.rejects_csv(run))
    assert queries.remarked(run) == []
    assert counts(outcomes(deals)) == (0, 0, 1, 1)


def test_a_deal_that_ended_was_opened_when_the_file_says() -> None:
    imported(csv("Name,E-mail,Created", "Ann,ann@x.example,2026-01-10", "Bo,bo@x.example,2026-01-10"))
    outcomes(
        csv(
            "Deal Name,E-mail,Deal Stage,Opened on,Close Date",
            "Boats,ann@x.example,Closed Won,2026-01-15,2026-02-20", "Sails,bo@x.example,Closed Won,,2026-02-20",
        )
    )  # fmt: skip
    opened = dict(Opportunity.objects.values_list("product", "opened_at"))
    assert {name: at.date() for name, at in opened.items()} == {"Boats": date(2026, 1, 15), "Sails": date(2026, 2, 20)}


def test_a_customer_of_years_ago_is_not_won_today_and_has_the_amount() -> None:
    run = imported(
        csv(
            "Name,E-mail,Status,Created,Amount (EUR)",
            "Ann,ann@x.example,won,2021-01-10,1234.50", "Ann,ann@x.example,won,2022-03-10,",
            "Bo,bo@x.example,lost,2021-01-10,99", "Cy,cy@x.example,won,,",
        )
    )  # fmt: skip
    assert counts(run)[0] == 3
    ann, bo, cy = (Lead.objects.get(name=name) for name in ("Ann", "Bo", "Cy"))
    assert (ann.state, ann.won_before_captured, ann.closed_at) == ("won", True, datetime(2021, 1, 10, tzinfo=UTC))
    deal = Opportunity.objects.get(lead=ann)
    assert (deal.state, deal.amount, deal.currency) == ("won", Decimal("1234.50"), "EUR")
    assert deal.closed_at == ann.closed_at
    came = datetime(2021, 1, 10, tzinfo=UTC)
    assert (bo.state, bo.closed_at, Opportunity.objects.filter(lead=bo).count()) == ("lost", came, 0)
    assert (cy.state, cy.won_before_captured, cy.closed_at) == ("won", True, MONDAY)


def test_a_customer_whose_day_is_said_is_won_on_it() -> None:
    imported(csv("Name,E-mail,Status,Status since,Created", "Ann,ann@x.example,won,2026-02-01,2026-01-10"))
    ann = Lead.objects.get()
    assert (ann.won_before_captured, ann.closed_at) == (False, datetime(2026, 2, 1, tzinfo=UTC))


def test_who_is_lost_without_a_day_counts_from_the_best_day_of_the_row_and_it_is_said() -> None:
    run = imported(csv(
        "Name,E-mail,Status,Created,Last Modified Date,Letzter Kontakt",
        "Ann,ann@x.example,lost,2026-01-10,2026-03-05,2026-02-01",
        "Bo,bo@x.example,lost,2026-01-10,2026-03-05,",
        "Cy,cy@x.example,spam,2026-01-10,,2025-12-24",
        "Di,di@x.example,lost,,,",
        "Ed,ed@x.example,lost,2026-01-10,nonsense,2031-01-01",
        "Flo,flo@x.example,won,2026-01-10,2026-03-05,",
        "Gil,gil@x.example,open,2026-01-10,2026-03-05,",
    ))  # fmt: skip
    assert counts(run)[0] == 7
    days = {name: at.date() for name, at in Lead.objects.values_list("name", "closed_at") if at}
    assert days == {
        "Ann": date(2026, 2, 1), "Bo": date(2026, 3, 5), "Cy": date(2026, 1, 10), "Di": MONDAY.date(),
        "Ed": date(2026, 1, 10), "Flo": date(2026, 1, 10),
    }  # fmt: skip
    assert queries.remarked(run)[-1] == (
        "5 rows of who is closed now do not say since when they ended there. They count from “Created”: 2, the day of "
        "this import: 1, “Last Modified Date”: 1, “Letzter Kontakt”: 1."
    )
    assert [row for row, _ in queries.remarks(run, 10)] == [8], "of the first only what is to be looked at"
    assert (2, "Does not say since when it ended there: it counts from “Letzter Kontakt”") in list(queries.remarks(run))


def test_a_later_file_closes_who_is_open_here_on_its_best_day_unless_something_came_since(alice: User) -> None:
    imported(csv(HEAD, "Ann,ann@x.example,open,Alice", "Bo,bo@x.example,open,Alice"))
    leads.touch(Lead.objects.get(name="Bo").pk, by(alice), kind="call", reached=True, next=soon())
    with clock.at(MONDAY + timedelta(days=30)):
        day = (MONDAY + timedelta(days=20)).date()
        imported(
            csv("Name,E-mail,Status,Last activity", f"Ann,ann@x.example,lost,{day}", "Bo,bo@x.example,lost,2026-01-01")
        )
    assert states() == {"Ann": "lost", "Bo": "working"}
    closed = Lead.objects.get(name="Ann").closed_at
    assert closed is not None
    assert closed.date() == day
