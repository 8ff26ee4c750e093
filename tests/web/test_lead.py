"""The record as a page: who sees what of it, and every verb as somebody would use it."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from ripeline.base import clock
from ripeline.leads.decisions import actions, deciding
from ripeline.leads.decisions.deciding import LeadError, Next
from ripeline.leads.models import Account, Lead, Opportunity, RecordView, State
from ripeline.leads.words import numbers
from ripeline.people.actions import change_user
from ripeline.people.models import Company, User
from ripeline.people.queries import KEEP_IN_TOUCH, built_in, responsible_of, system
from ripeline.ripeness import actions as ripeness
from ripeline.timeline.models import Activity
from ripeline.web.frame import amounts
from tests.cast import MONDAY, MakeLead, by, soon

Visit = Callable[..., Any]


@pytest.fixture
def visit(lead: Lead) -> Visit:
    """Open a page, or post to it: `visit(alice)`, `visit(alice, "note", note="hello")`."""
    clients: dict[Any, Client] = {}

    def go(user: User, verb: str = "", *, on: Lead = lead, htmx: bool = False, **given: Any) -> Any:
        if user.pk not in clients:
            clients[user.pk] = Client()
            clients[user.pk].force_login(user)
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/leads/{on.pk}"} if htmx else {}
        path = f"/leads/{on.pk}" + (f"/{verb}" if verb else "")
        if not verb or given.pop("get", False):
            return clients[user.pk].get(path, given, headers=headers)
        return clients[user.pk].post(path, {"key": uuid4().hex} | given, headers=headers)

    return go


def text(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def fresh(lead: Lead) -> Lead:
    return Lead.objects.select_related("owner", "responsible").get(pk=lead.pk)


def kinds(lead: Lead) -> list[str]:
    return list(Activity.objects.filter(lead_id=lead.pk).order_by("recorded_at", "pk").values_list("kind", flat=True))


# --- who sees what ---


def test_alice_sees_everything_and_can_act(visit: Visit, alice: User, make_lead: MakeLead) -> None:
    ripeness.rescore()
    page = visit(alice)
    shown = text(page)
    for words in ("How ripe", "How they came to us", "entered by hand", "What happened", "Came to us", "Snooze"):
        assert words in shown
    assert 'data-key="1"' in page.text
    assert page.text.count("<h1") == 1


def test_who_is_ripe_already_is_not_called_green(visit: Visit, alice: User, lead: Lead) -> None:
    ripeness.rescore()
    assert "How ripe" in text(visit(alice))
    actions.open_opportunity(lead.pk, by(alice), next=soon())
    ripeness.rescore()
    assert "How ripe" not in text(visit(alice))
    assert "within a month" not in text(visit(alice))


def test_carol_sees_the_context_but_neither_steps_nor_verbs(visit: Visit, alice: User, carol: User, lead: Lead) -> None:
    actions.touch(lead.pk, by(alice), kind="call", reached=False, next=soon(), disposition="no_answer")
    page = visit(carol)
    assert "How they came to us" in text(page)
    assert "no answer" not in text(page)
    assert 'data-key="1"' not in page.text
    assert RecordView.objects.get(lead=lead).viewer == carol


def test_mona_is_told_no_date_and_no_word_of_it_also_among_earlier_entries(
    visit: Visit, mona: User, alice: User, lead: Lead
) -> None:
    for _ in range(21):
        actions.nurture(lead.pk, by(alice), next=Next(clock.now() + timedelta(days=50), note="after the budget round"))
    for page in (visit(mona), visit(mona, "timeline", get=True)):
        assert "To Keep in touch" in text(page)
        assert "budget round" not in text(page)
    assert "budget round" in text(visit(alice, "timeline", get=True))


def test_bob_learns_whose_it_is_and_nothing_else(visit: Visit, bob: User, alice: User, lead: Lead) -> None:
    actions.note(lead.pk, by(alice), text="a secret")
    page = visit(bob)
    assert "Already with Alice" in text(page)
    assert lead.email not in page.text
    assert "a secret" not in page.text
    assert not RecordView.objects.exists()  # there was nothing to look at


def test_mallory_learns_whose_it_is_and_is_refused_everything_else(visit: Visit, mallory: User, lead: Lead) -> None:
    page = visit(mallory)
    assert "Already with Alice" in text(page)
    assert lead.email not in page.text
    assert visit(mallory, "note", note="x").status_code == 403
    assert "Came to us" not in visit(mallory, "timeline", get=True).text
    assert not Activity.objects.filter(lead_id=lead.pk, actor=mallory).exists()


def test_another_teams_leader_finds_nothing(visit: Visit, mallory: User) -> None:
    change_user(actor=system(), user=mallory, role="leader")
    assert visit(mallory).status_code == 404
    assert visit(mallory, "note", note="x").status_code == 404
    assert visit(mallory, "timeline", get=True).status_code == 404


def test_alice_is_shown_who_looked(visit: Visit, alice: User, carol: User) -> None:
    visit(carol)
    assert "Who looked at this record" in text(visit(alice))
    assert "Who looked at this record" not in text(visit(carol))


@pytest.mark.parametrize("verb", ["outcome", "next", "won", "keep", "note", "close", "edit", "reopen", "redate"])
def test_bob_and_carol_may_do_none_of_it(verb: str, visit: Visit, bob: User, carol: User, lead: Lead) -> None:
    given = {
        "outcome": "reached", "when": "tomorrow", "until": "tomorrow", "note": "x", "reason": "no_budget",
        "name": "New", "of": str(uuid4()),
    }  # fmt: skip
    before = kinds(lead)
    for who in (bob, carol):
        assert visit(who, verb, **given).status_code in (403, 422), who
    assert kinds(lead) == before


def test_a_record_costs_the_same_queries_however_much_it_holds(
    visit: Visit, alice: User, lead: Lead, make_lead: MakeLead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(8):
        make_lead(alice, name=f"Colleague {n}")
        actions.note(lead.pk, by(alice), text=f"note {n}")
    ripeness.rescore()
    visit(alice)
    with django_assert_max_num_queries(24):
        visit(alice)


# --- verbs ---


def test_an_outcome_sets_the_next_date_and_can_be_taken_back(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "outcome", outcome="no_answer", note="rang twice")
    after = fresh(lead)
    assert (after.touches, after.unanswered, after.state) == (1, 1, State.WORKING)
    page = visit(alice)
    assert "Priya: no answer, again" in text(page)
    assert "rang twice" in text(page)
    undo = re.search(rf'action="(/leads/{lead.pk}/undo/[^"]+)"', page.text)[1]  # type: ignore[index]
    visit(alice, undo.removeprefix(f"/leads/{lead.pk}/"))
    again = fresh(lead)
    assert (again.touches, again.state, again.next_at) == (0, State.NEW, lead.next_at)


def test_a_part_answers_with_the_whole_record_and_a_toast(visit: Visit, alice: User) -> None:
    answer = visit(alice, "outcome", outcome="reached", htmx=True)
    assert answer.headers["HX-Retarget"] == "#record"
    assert 'hx-swap-oob="beforeend"' in answer.text
    assert "Other date" in answer.text
    assert "<html" not in answer.text


def test_the_same_form_sent_twice_counts_once(visit: Visit, alice: User, lead: Lead) -> None:
    for _ in range(3):
        visit(alice, "outcome", outcome="no_answer", key="one")
    assert fresh(lead).touches == 1
    for _ in range(2):
        visit(alice, "note", note="once", key="one")
    assert kinds(lead) == ["captured", "call", "note"]


def test_a_stale_form_says_who_changed_it_and_saves_nothing(visit: Visit, alice: User, ada: User, lead: Lead) -> None:
    visit(ada, "next", when="in 3 weeks")
    answer = visit(alice, "outcome", outcome="reached", seen=str(uuid4()), note="what I typed")
    assert answer.status_code == 422
    assert "Ada changed this lead since you opened it" in text(answer)
    assert "what I typed" in answer.text
    assert fresh(lead).touches == 0
    now = visit(alice)
    seen = re.search(r'name="seen" value="([^"]+)"', now.text)[1]  # type: ignore[index]
    visit(alice, "outcome", outcome="reached", seen=seen)
    assert fresh(lead).touches == 1


def test_ones_own_earlier_decision_makes_no_form_stale(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "outcome", outcome="no_answer")
    visit(alice, "outcome", outcome="reached", seen=str(uuid4()))
    assert fresh(lead).touches == 2


def test_a_private_note_goes_beside_the_outcome_and_stays_private(
    visit: Visit, alice: User, ada: User, lead: Lead
) -> None:
    visit(alice, "outcome", outcome="reached", note="he drinks", private="yes")
    assert kinds(lead) == ["captured", "note", "call"]
    assert "he drinks" in visit(alice).text
    assert "he drinks" not in visit(ada).text
    assert "only you see this" in text(visit(alice))


def test_a_snooze_in_words_and_words_that_are_no_date(visit: Visit, alice: User, lead: Lead) -> None:
    wrong = visit(alice, "next", when="when pigs fly")
    assert wrong.status_code == 422
    assert 'value="when pigs fly"' in wrong.text
    assert "is not a date" in text(wrong)
    assert fresh(lead).next_at == lead.next_at
    assert "Say when" in text(visit(alice, "next", when=" "))
    visit(alice, "next", when="in 3 weeks, after the budget round")
    after = fresh(lead)
    assert after.next_committed
    assert after.next_note == "after the budget round"
    assert "“after the budget round”" in text(visit(alice))


def test_another_date_for_what_was_just_noted_is_one_undo(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "outcome", outcome="reached", note="talked", channel="email")
    first = fresh(lead)
    visit(alice, "redate", of=first.decision_id, when="in 8 weeks", key="r")
    visit(alice, "redate", of=first.decision_id, when="in 8 weeks", key="r")  # the same request again
    after = fresh(lead)
    assert (after.touches, after.next_committed) == (1, True)
    assert after.next_at > first.next_at
    entry = Activity.objects.get(pk=after.decision_id)
    assert (entry.kind, entry.body) == ("email", "talked")
    visit(alice, f"undo/{after.decision_id}")
    assert fresh(lead).touches == 0
    assert visit(alice, "redate", of=str(uuid4()), when="tomorrow").status_code == 422


def test_an_outcome_that_cannot_be_keeps_no_private_note_either(visit: Visit, alice: User, lead: Lead) -> None:
    for _ in range(2):
        assert visit(alice, "outcome", outcome="reached", channel="pigeon", note="x", private="1").status_code == 422
    assert not Activity.objects.filter(lead_id=lead.pk, kind="note").exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        *(
            (typed, "is not an amount")
            for typed in ("12k", "1.2m", "3/4", "12-14", "-5", "٣٤", "1.2.3", "1 2", "1,234,5")
        ),
        ("12.500", "“12.500” could be 12,500 or 12.50; write 12500 or 12.50."),
        ("12.500 €", "could be"),
        ("1,2345", "more than two decimals"),
        ("1,234.567", "more than two decimals"),
        ("9" * 13, "more than can be kept"),
    ],
)
def test_what_is_no_amount_or_could_be_two_is_not_taken_for_another(typed: str, words: str) -> None:
    with pytest.raises(LeadError, match=re.escape(words)):
        amounts.read(typed)


def test_won_with_an_amount(visit: Visit, alice: User, lead: Lead) -> None:
    Company.objects.update(currency="GBP")
    wrong = visit(alice, "won", amount="a lot")
    assert (wrong.status_code, 'value="a lot"' in wrong.text) == (422, True)
    visit(alice, "won", amount="12.500,50")
    deal = Opportunity.objects.get(lead=lead)
    assert (fresh(lead).state, deal.amount, deal.currency) == (State.WON, Decimal("12500.50"), "GBP")
    assert "£12,500.50" in text(visit(alice))


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("12500", "12500"), ("12,500", "12500"), ("12 500,5", "12500.5"), ("12'500", "12500"),
        ("0.500", "0.5"), ("0,500", "0.5"), ("12.", "12"), ("CHF 1'234.50", "1234.50"), ("12,34,567", "1234567"),
        ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("12\u202f500,00 €", "12500"),
        ("€12,500.50", "12500.50"),
        ("1.234.567,89", "1234567.89"), ("0", "0"), ("12.5", "12.5"), ("", None), ("  ", None),
    ],
)  # fmt: skip
def test_amounts_as_people_type_them(typed: str, amount: str | None) -> None:
    assert amounts.read(typed) == (None if amount is None else Decimal(amount))


@given(st.decimals(0, 10**11, places=2), st.sampled_from([",.", ".,", " ,", "'.", "\u00a0,"]))
def test_any_amount_written_out_is_read_back(amount: Decimal, marks: str) -> None:
    written = f"{amount:,.2f}".translate(str.maketrans(",.", marks))
    assert amounts.read(written) == amount
    assert amounts.read(f"{amount:.2f}") == amount


def test_what_cannot_be_in_a_field_is_said_beside_it_and_the_rest_is_kept(visit: Visit, alice: User) -> None:
    typed = {"name": "Priya R.", "title": "CEO", "phone": "", "company": "Northgate", "amount": "12.500"}
    for htmx in (False, True):
        page = visit(alice, "edit", htmx=htmx, **typed)
        assert page.status_code == 422
        amount = page.text[page.text.index('id="edit-amount"') :]
        assert 'value="12.500"' in amount[:80]
        assert "could be 12,500 or 12.50" in unescape(amount[:400])
        assert 'value="Priya R."' in page.text


def test_keep_in_touch_until_a_day(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "keep", until="in 2 months, after the fair")
    after = fresh(lead)
    assert (after.state, after.responsible, after.owner) == (State.NURTURE, built_in(KEEP_IN_TOUCH), alice)
    assert "after the fair" in text(visit(alice))
    wrong = visit(alice, "keep", until="never ever")
    assert wrong.status_code == 422
    assert 'value="never ever"' in wrong.text


def test_let_go_for_a_reason_and_taken_up_again(visit: Visit, alice: User, lead: Lead) -> None:
    assert visit(alice, "close", reason="").status_code == 422
    visit(alice, "close", reason="no_budget", said="next year perhaps")
    assert fresh(lead).state == State.LOST
    closed = visit(alice)
    assert "Take up again" in closed.text
    assert "next year perhaps" in closed.text
    assert 'data-key="1"' not in closed.text
    assert visit(alice, "outcome", outcome="reached").status_code == 422
    visit(alice, "reopen", when="in 3 weeks")
    again = fresh(lead)
    assert (again.state, again.episode, again.owner, again.next_committed) == (State.NEW, 2, alice, True)


def test_given_to_bob_it_is_bobs(visit: Visit, alice: User, bob: User, lead: Lead) -> None:
    assert visit(alice, "give", to="").status_code == 422
    answer = visit(alice, "give", to=responsible_of(bob).pk, htmx=True)
    assert "Already with Bob" in text(answer)
    assert fresh(lead).owner == bob
    assert "Handed over to Bob" in text(visit(bob))


def test_given_out_of_sight_leads_back_to_the_list(visit: Visit, carol: User, mallory: User) -> None:
    answer = visit(carol, "give", to=responsible_of(mallory).pk, htmx=True)
    assert answer.headers["HX-Redirect"] == "/leads"
    assert visit(carol).status_code == 404


def test_what_the_record_says_is_corrected_in_place(visit: Visit, alice: User, lead: Lead) -> None:
    form = visit(alice, get=True, edit="1")
    assert 'name="title"' in form.text
    visit(
        alice, "edit", name="Priya R. Raman", title="CEO", phone="+351 912 345 678", company="Northgate", amount="9000"
    )
    after = fresh(lead)
    assert (after.name, after.title, after.amount, after.currency) == ("Priya R. Raman", "CEO", Decimal(9000), "EUR")
    assert (after.phone, "912345678" in after.search) == ("+351912345678", True)
    visit(alice, "edit", phone="213 456 789")  # of the country of the number before
    assert Lead.objects.get(pk=after.pk).phone == "+351213456789"
    assert visit(alice, "edit", phone="12").status_code == 422
    entries = len(kinds(lead))
    visit(alice, "edit", name="Priya R. Raman", title="CEO")
    assert len(kinds(lead)) == entries  # nothing was changed, nothing is recorded


def test_the_timeline_is_narrowed_and_loaded_on(visit: Visit, alice: User, lead: Lead) -> None:
    for n in range(25):
        actions.note(lead.pk, by(alice), text=f"note {n:02}")
    actions.set_next(lead.pk, by(alice), next=soon())
    theirs = visit(alice, show="theirs")
    assert "note 24" not in theirs.text
    page = visit(alice)
    more = unescape(re.search(r'hx-get="(/leads/[^"]+/timeline\?after=[^"]+)"', page.text)[1])  # type: ignore[index]
    assert "note 24" in page.text
    assert "note 02" not in page.text
    client = Client()
    client.force_login(alice)
    rest = client.get(more).text
    assert "note 02" in rest
    assert "Came to us" in rest
    assert 'class="act more"' not in rest


def test_what_was_taken_back_is_struck_through(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "outcome", outcome="no_answer")
    visit(alice, f"undo/{fresh(lead).decision_id}")
    assert 'class="act call undone"' in visit(alice).text


def test_only_the_last_step_can_be_taken_back(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "outcome", outcome="no_answer")
    first = fresh(lead).decision_id
    visit(alice, "outcome", outcome="reached")
    answer = visit(alice, f"undo/{first}")
    assert answer.status_code == 422
    assert "changed since" in text(answer)


def test_dates_are_understood_while_they_are_typed(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert "in 3 weeks" in client.get("/when", {"when": "in 3 weeks"}).text
    assert "after the fair" in client.get("/when", {"until": "in 3 weeks, after the fair"}).text
    assert "wrong" in client.get("/when", {"when": "<script>"}).text
    assert "<script>" not in client.get("/when", {"when": "<script>"}).text
    assert client.get("/when", {"when": " "}).text == ""


def test_what_is_typed_is_never_run(visit: Visit, alice: User, lead: Lead) -> None:
    visit(alice, "note", note="<script>alert(1)</script>")
    visit(alice, "next", when="in 3 weeks, <b>bold</b>")
    page = visit(alice).text
    assert "<script>alert" not in page
    assert "<b>bold" not in page


# --- adding one by hand ---


@pytest.fixture
def alices(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def add(alices: Client) -> Callable[..., Any]:
    return lambda **given: alices.post("/leads/new", {"key": uuid4().hex} | given)


def test_a_lead_added_by_hand_is_ones_own_scored_and_has_a_next_date(
    add: Callable[..., Any], alice: User, alices: Client
) -> None:
    answer = add(name="Tomás Oliveira", email="tomas@casaverde.example", company="Casa Verde", source="Referral")
    lead = Lead.objects.select_related("source").get()
    assert answer.headers["Location"] == f"/leads/{lead.pk}"
    assert (lead.owner, str(lead.source), lead.state) == (alice, "Referral", State.NEW)
    shown = text(alices.get(answer.headers["Location"]))
    assert "Tomás Oliveira is here now" in shown
    assert "How ripe" in shown


def test_the_same_form_twice_makes_one_lead_and_the_same_address_is_one_person(add: Callable[..., Any]) -> None:
    add(name="Priya Raman", key="one")
    add(name="Priya Raman", key="one")
    add(name="Tomás", email="t@casaverde.example")
    add(name="Tomás Oliveira", email="T@casaverde.example", title="Owner")
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Priya Raman", "Tomás Oliveira"]


def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(add: Callable[..., Any]) -> None:
    nobody = add(company="Casa Verde")
    assert nobody.status_code == 422
    assert "a name, an e-mail address or a telephone number" in text(nobody)
    assert 'value="Casa Verde"' in nobody.text
    wrong = add(name="Tomás", email="not an address")
    assert wrong.status_code == 422
    assert 'value="not an address"' in wrong.text
    assert not Lead.objects.exists()


def test_bobs_lead_added_again_stays_bobs(
    add: Callable[..., Any], bob: User, make_lead: MakeLead, alices: Client
) -> None:
    make_lead(bob, email="t@casaverde.example")
    answer = add(name="Tomás", email="t@casaverde.example")
    assert "Already with Bob" in text(alices.get(answer.headers["Location"]))
    assert Lead.objects.get().owner == bob


def test_a_day_off_is_said_while_it_is_typed_and_when_it_is_chosen(visit: Visit, alice: User) -> None:
    with clock.at(MONDAY):
        client = Client()
        client.force_login(alice)
        echo = client.get("/when", {"when": "sunday"}).text
        assert echo.startswith("Sunday 7 June is a day off: <b>in a week, 8 June</b> · Monday 8 June 2026, 09:00")
        kept = client.get("/when", {"when": "sunday 11:00"}).text
        assert kept.startswith("Sunday 7 June is a day off, kept for its time: <b>Sun 11:00</b>")
        said = text(visit(alice, "next", htmx=True, when="sunday"))
        assert "snoozed, back in a week, 8 June (Sunday 7 June is a day off)." in said


def test_an_old_lead_says_why_it_was_taken_up_again_in_plain_words(
    visit: Visit, alice: User, make_lead: MakeLead
) -> None:
    old = make_lead(alice, captured=timedelta(days=500))
    page = text(visit(alice, on=old))
    assert "Re-opened: they came more than a year ago" in page
    assert "horizon" not in page


def test_colleagues_are_said_to_be_in_keep_in_touch_as_it_is_written(
    visit: Visit, alice: User, bob: User, make_lead: MakeLead
) -> None:
    one = make_lead(alice, email="ann@firm.example", company="Firm")
    two = make_lead(bob, email="bo@firm.example", company="Firm")
    actions.nurture(two.pk, by(bob), next=soon())
    if fresh(one).account_id is None:
        Lead.objects.filter(pk__in=(one.pk, two.pk)).update(account=Account.objects.create(name="Firm", key="n:firm"))
    assert "In Keep in touch, with Bob" in text(visit(alice, on=one))


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_the_second_is_told_and_overwrites_nothing(
    alice: User, ada: User, lead: Lead, in_threads: Callable[..., list[BaseException]]
) -> None:
    """Both saw the same; both wait for the lead, and one of them comes first."""
    seen, ready, answers = str(lead.decision_id or "none"), Barrier(3), []

    def press(user: User, outcome: str) -> None:
        client = Client()
        client.force_login(user)
        ready.wait()
        given = {"key": uuid4().hex, "seen": seen, "outcome": outcome}
        answers.append(client.post(f"/leads/{lead.pk}/outcome", given))

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            deciding.lock(lead.pk)
            ready.wait()
            waiting = 0
            while waiting < 2:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                )
                (waiting,) = cursor.fetchone()

    assert in_threads(hold, lambda: press(alice, "reached"), lambda: press(ada, "no_answer")) == []
    assert sorted(answer.status_code for answer in answers) == [302, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "changed this lead since you opened it" in text(refused)
    assert Activity.objects.filter(lead_id=lead.pk, kind="call").count() == 1


def test_a_telephone_is_read_as_its_country_groups_it_and_dialled_as_it_is_kept(
    make_lead: MakeLead, alice: User
) -> None:
    lead, client = make_lead(alice, name="", email="", phone="+442071838750"), Client()
    client.force_login(alice)
    page = client.get(f"/leads/{lead.pk}").text
    assert 'href="tel:+442071838750"><span class="tel">+44 20 7183 8750</span></a>' in page
    assert "<h1>+44 20 7183 8750" in re.sub(r"<h1[^>]*>", "<h1>", page), "who has no other name is called so"
    listed = client.get("/leads?cols=phone").text
    assert '<span class="tel">+44 20 7183 8750</span>' in listed
    assert 'value="+44 20 7183 8750"' in client.get(f"/leads/{lead.pk}?edit=1").text
    for number, written in (("+49221456789", "+49 221 456789"), ("0171 12", "0171 12"), ("+12", "+12"), ("", "")):
        assert numbers.written(number) == written


def test_who_sees_what_was_done_sees_that_it_was_taken_back_and_no_step_besides(
    visit: Visit, alice: User, carol: User, lead: Lead
) -> None:
    actions.nurture(lead.pk, by(alice), next=soon())
    visit(alice, f"undo/{fresh(lead).decision_id}")
    actions.set_next(lead.pk, by(alice), next=soon())
    visit(alice, f"undo/{fresh(lead).decision_id}")
    shown = visit(carol)
    assert 'class="act nurtured undone"' in shown.text
    assert "Taken back: to keep in touch" in text(shown)
    assert text(shown).count("Taken back") == 1, "no step that she does not see either"
    for n in range(25):
        actions.note(lead.pk, by(alice), text=f"note {n:02}")
    client = Client()
    client.force_login(alice)
    entry = Activity.objects.get(lead_id=lead.pk, kind="undone", data__kind="nurtured")
    further = client.get(f"/leads/{lead.pk}/timeline", {"after": f"{entry.occurred_at.isoformat()}_{entry.pk.hex}"})
    assert 'class="act nurtured undone"' in further.text, "though that it was stands on the page before"
