"""Today as pages: the list of the day, an outcome that moves on, and how the day ends; also without a script."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import TextField, Value
from django.db.models.functions import Concat
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import Source
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Account, Enquiry, Lead, NextKind, Opportunity, State
from ripeline.people import actions as people_actions
from ripeline.people.actions import change_user
from ripeline.people.models import Absence, User
from ripeline.people.queries import responsible_of
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.models import Score
from ripeline.timeline.models import Activity
from ripeline.worklist import team
from ripeline.worklist.forward import bring_forward
from ripeline.worklist.models import PlanItem
from tests.cast import MONDAY, MakeLead, by, soon
from tests.web.reading import Read, read


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def client(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def three(alice: User, make_lead: MakeLead) -> list[Lead]:
    """Three leads of Alice's that are due."""
    leads = [make_lead(alice, name=name, phone="+351912345678") for name in ("Priya Raman", "Marta Nilsen", "Ken Abe")]
    ripeness.rescore()
    return leads


def text(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def opened(response: Any) -> str:
    """The id of the lead whose sheet is shown."""
    return re.search(r'id="sheet"[^>]*data-lead="([^"]+)"', response.text)[1]  # type: ignore[index]


def names(response: Any) -> list[str]:
    return re.findall(r'<span class="who">([^<]+?)(?: <|<)', response.text)


def deed(client: Client, lead_id: Any, verb: str, **given: Any) -> Any:
    """What HTMX does from Today."""
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/today/{lead_id}"}
    return client.post(f"/leads/{lead_id}/{verb}", {"key": uuid4().hex, "back": "today"} | given, headers=headers)


def test_the_list_says_how_many_and_how_long_and_opens_the_first(client: Client, three: list[Lead]) -> None:
    page = client.get("/today")
    shown = text(page)
    assert "Three people today, about 25 minutes" in shown
    assert "0 of 3 done" in page.text
    assert len(names(page)) == 3
    assert opened(page) == re.search(r'data-lead="([^"]+)"', page.text)[1]  # type: ignore[index]
    assert "is-opened" not in page.text
    assert 'href="tel:+351912345678"' in page.text


def test_the_address_holds_who_is_open(client: Client, three: list[Lead], alice: User) -> None:
    page = client.get(f"/today/{three[1].pk}")
    assert opened(page) == str(three[1].pk)
    assert "is-opened" in page.text
    part = client.get(f"/today/{three[2].pk}", headers={"HX-Request": "true", "HX-Target": "sheet"})
    assert part.text.strip().startswith("<article")
    assert opened(part) == str(three[2].pk)


def test_whoever_is_not_on_the_list_opens_as_a_record(
    client: Client, three: list[Lead], alice: User, make_lead: MakeLead
) -> None:
    later = make_lead(alice, name="Later", due=timedelta(days=30))
    assert client.get(f"/today/{later.pk}").headers["Location"] == f"/leads/{later.pk}"


def test_without_a_script_an_outcome_leads_to_the_next(client: Client, three: list[Lead]) -> None:
    first = opened(client.get("/today"))
    given = {"key": uuid4().hex, "back": "today", "outcome": "no_answer"}
    answer = client.post(f"/leads/{first}/outcome", given)
    page = client.get(answer.headers["Location"])
    assert opened(page) != first
    assert "no answer, again" in text(page)
    assert "Two people more today" in text(page)
    undo = re.search(r'action="(/leads/[^"]+/undo/[^"]+)"', page.text)[1]  # type: ignore[index]
    back = client.post(undo, {"key": uuid4().hex})
    assert back.headers["Location"] == f"/today/{first}"
    assert "Three people today" in text(client.get("/today"))


def test_an_outcome_moves_on_and_says_what_it_did(client: Client, three: list[Lead]) -> None:
    first = opened(client.get("/today"))
    answer = deed(client, first, "outcome", outcome="reached")
    assert answer.headers["HX-Retarget"] == "#today"
    assert answer.headers["HX-Replace-Url"] == f"/today/{opened(answer)}"
    assert opened(answer) != first
    assert "Other date" in answer.text
    assert 'class="done"' in answer.text
    assert "1 of 3 done" in answer.text


def test_the_last_outcome_ends_the_day(client: Client, three: list[Lead]) -> None:
    for outcome in ("reached", "no_answer", "not_a_fit"):
        answer = deed(client, opened(client.get("/today")), "outcome", outcome=outcome)
    assert "Done for today" in text(answer)
    assert answer.headers["HX-Replace-Url"] == "/today"
    page = text(client.get("/today"))
    assert "One reached" in page
    assert "one tried without an answer" in page


def test_undo_opens_whom_it_brought_back(client: Client, three: list[Lead]) -> None:
    first = opened(client.get("/today"))
    deed(client, first, "outcome", outcome="bought_elsewhere")
    assert Lead.objects.get(pk=first).state == State.LOST
    activity = PlanItem.objects.get(lead_id=first).activity_id
    answer = deed(client, first, f"undo/{activity}")
    assert opened(answer) == first
    assert "Three people today" in text(answer)


def test_a_date_that_cannot_be_read_keeps_the_lead_open_and_the_words(client: Client, three: list[Lead]) -> None:
    first = opened(client.get("/today"))
    answer = deed(client, first, "next", when="31/02")
    assert answer.status_code == 422
    assert opened(answer) == first
    assert 'value="31/02"' in answer.text
    assert "Three people today" in text(answer)


def test_a_note_stays_with_the_lead(client: Client, three: list[Lead]) -> None:
    first = opened(client.get("/today"))
    answer = deed(client, first, "note", note="prefers mornings")
    assert opened(answer) == first
    assert "prefers mornings" in answer.text


def test_a_changed_date_stays_where_one_is(client: Client, three: list[Lead]) -> None:
    first = opened(client.get("/today"))
    second = opened(deed(client, first, "outcome", outcome="meeting_set"))
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/today/{second}"}
    of = PlanItem.objects.get(lead_id=first).activity_id
    answer = client.post(f"/leads/{first}/redate", {"key": "r", "of": of, "when": "thu 14:00"}, headers=headers)
    assert opened(answer) == second
    assert "meeting Thu 14:00" in text(answer)
    assert Lead.objects.get(pk=first).next_kind == NextKind.MEETING


def test_six_attempts_without_an_answer_offer_keep_in_touch(client: Client, alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice)
    Lead.objects.filter(pk=lead.pk).update(unanswered=5, touches=5, last_touch_at=clock.now())
    page = client.get("/today")
    assert "6 attempts without an answer" in text(page)
    deed(client, lead.pk, "outcome", to_keep_in_touch="yes", outcome="no_answer")
    assert Lead.objects.get(pk=lead.pk).state == State.NURTURE


def test_keep_in_touch_is_taken_by_its_own_button(client: Client, alice: User, make_lead: MakeLead) -> None:
    """The button names no outcome: it is one."""
    lead = make_lead(alice)
    client.get("/today")
    deed(client, lead.pk, "outcome", to_keep_in_touch="yes")
    assert Lead.objects.get(pk=lead.pk).state == State.NURTURE


def test_what_was_settled_elsewhere_is_done_here(client: Client, alice: User, three: list[Lead]) -> None:
    client.get("/today")
    with clock.at(MONDAY + timedelta(minutes=5)):
        actions.set_next(three[0].pk, by(alice), next=_in(days=9))
        assert "1 of 3 done" in client.get("/today").text


def _in(**ahead: float) -> Any:
    from ripeline.leads.decisions.deciding import Next

    return Next(clock.now() + timedelta(**ahead))


def test_on_a_day_off_the_next_working_days_list_is_offered(alice: User, make_lead: MakeLead) -> None:
    client = Client()
    client.force_login(alice)
    with clock.at(datetime(2026, 6, 6, 10, 0, tzinfo=UTC)):  # a Saturday
        make_lead(alice)
        page = text(client.get("/today"))
    assert "on Monday" in page
    assert "this is the list for Monday, 8 June" in page


def test_an_empty_installation_asks_for_leads(client: Client, ada: User) -> None:
    assert "No leads yet" in text(client.get("/today"))
    admins = Client()
    admins.force_login(ada)
    assert "leads" in text(admins.get("/today"))


def test_a_day_with_nobody_says_who_is_next(client: Client, alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Next Week", due=timedelta(days=4))
    ripeness.rescore()
    page = text(client.get("/today"))
    assert "Every lead of yours has its date" in page
    assert "Next Week" in page


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("bob", "No lead is yours yet"),
        ("sam", "Nobody waits in the queue"),
        ("carol", "Your team today"),
        ("mona", "Today is for whoever calls"),
        ("ada", "Nobody is yours to call today"),
    ],
)
def test_who_has_no_lead_is_told_what_is_here_and_what_is_elsewhere(
    who: str, words: str, request: pytest.FixtureRequest, alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    client = Client()
    client.force_login(request.getfixturevalue(who))
    page = text(client.get("/today"))
    assert words in page
    assert "Every lead of yours" not in page
    assert "Look through the leads" in page


def test_a_leader_without_leads_sees_what_her_teams_need_and_no_more(
    alice: User, bob: User, carol: User, mallory: User, make_lead: MakeLead
) -> None:
    quote = catalog.sources_named(["Quote request"])["Quote request"]
    with clock.at(MONDAY):
        make_lead(alice, source_id=quote.pk)
        make_lead(mallory, source_id=quote.pk)
        late = make_lead(bob)
        Lead.objects.filter(pk=late.pk).update(next_at=MONDAY - timedelta(days=2))
        people_actions.add_absence(
            actor=bob, user=bob, first_day=MONDAY.date(), last_day=MONDAY.date() + timedelta(days=3), cover=alice
        )
        client = Client()
        client.force_login(carol)
        page = text(client.get("/today"))
    assert "1 request has heard from nobody yet." in page
    assert "1 lead has a date that has passed." in page
    assert "Bob is away until Thursday 4; Alice covers." in page
    with clock.at(MONDAY):
        led = client.get("/leads?view=team&due=overdue")
    assert late.name in led.text


def test_each_figure_on_a_leaders_today_opens_just_what_it_counts(
    alice: User, bob: User, carol: User, ada: User, mallory: User, sam: User, make_lead: MakeLead
) -> None:
    quote = catalog.sources_named(["Quote request"])["Quote request"]
    with clock.at(MONDAY):
        actions.touch(make_lead(alice, source_id=quote.pk).pk, by(alice), kind="call", reached=False, next=soon())
        for n in range(3):
            make_lead(alice, source_id=quote.pk)
            make_lead(mallory, source_id=quote.pk)
            late = make_lead(bob)
            Lead.objects.filter(pk=late.pk).update(next_at=MONDAY - timedelta(days=n))
            make_lead(due=timedelta(days=3 * n), state="qualifying")  # which inside sales has in hand: not given out
            make_lead(bob, source_id=quote.pk, captured=timedelta(days=20))
        for user, figures in ((carol, ["3", "2", "1"]), (ada, ["6", "2", "1"])):
            client = Client()
            client.force_login(user)
            links = [(fact.query, fact.words.split()[0]) for fact in team.facts(user) if fact.query]
            assert [n for _, n in links] == figures
            for link, n in links:
                assert f"{n} lead{'' if n == '1' else 's'} " in text(client.get(f"/leads?{link}")), link


def test_a_leader_whose_team_has_done_all_reads_that(carol: User, alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, due=timedelta(days=9))
    client = Client()
    client.force_login(carol)
    assert "Every request is answered. Nobody is overdue." in text(client.get("/today"))


def test_the_week_ahead_says_who_is_dated_and_who_is_likely_and_changes_nothing(
    client: Client, alice: User, mallory: User, make_lead: MakeLead
) -> None:
    tomorrow = make_lead(alice, name="Meets Tomorrow", due=timedelta(days=1))
    actions.set_next(
        tomorrow.pk, by(alice), next=Next(MONDAY + timedelta(days=1, hours=4), NextKind.MEETING, committed=True)
    )
    make_lead(alice, name="Comes Wednesday", due=timedelta(days=2))
    back = make_lead(alice, name="Back Thursday")
    actions.nurture(back.pk, by(alice), next=Next(MONDAY + timedelta(days=3)))
    make_lead(mallory, name="Not Hers", due=timedelta(days=1))
    before = list(Lead.objects.order_by("pk").values())
    client.get("/today")
    page = text(client.get("/today/week"))
    assert "Tomorrow, Tuesday 2 June 1 person, about 30 of your 90 minutes Dated Meets Tomorrow" in page
    assert page.index("Meets Tomorrow") < page.index("Wednesday 3 June") < page.index("Comes Wednesday")
    assert "Meeting at 14:00" in page
    assert page.index("Thursday 4 June") < page.index("Back Thursday")
    assert "Not Hers" not in page
    assert "Nobody is due yet" in page
    assert list(Lead.objects.order_by("pk").values()) == before


def test_the_week_ahead_of_a_huge_list_fits_each_day(client: Client, alice: User, make_lead: MakeLead) -> None:
    for number in range(40):
        make_lead(alice, name=f"Lead {number}", due=timedelta(hours=number))
    client.get("/today")
    page = text(client.get("/today/week"))
    assert "11 people, about 88 of your 90 minutes" in page
    assert "and 7 more" in page


def test_two_of_one_company_on_a_day_are_told_apart(client: Client, alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Priya Raman", company="Northgate")
    make_lead(alice, name="Ken Abe", company="Northgate")
    page = text(client.get("/today"))
    assert "on this list too" in page


HOSTILE = (
    '"><script>alert(1)</script>', "</span></a></li><img src=x onerror=y>", "' onmouseover='x",
    "&lt;b&gt; {{ x }} {% y %}",
    "\u202eeman\u202c \u200f\u05d0", "</textarea></form><form>",
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_people_are_called_and_write_is_text_on_today(
    client: Client, alice: User, make_lead: MakeLead, hostile: str
) -> None:
    leads = [make_lead(alice, name=name, company="Northgate") for name in ("Priya Raman", "Ken Abe", "Marta Nilsen")]
    ripeness.rescore()
    first = opened(client.get("/today"))
    deed(client, first, "note", note="said")
    deed(client, first, "outcome", outcome="meeting_set", next="tomorrow 15:00")
    second = opened(client.get("/today"))
    paths = ("/today", f"/today/{first}", f"/today/{second}", f"/leads/{second}")

    def everywhere(text: str) -> list[Read]:
        named = {"name": text, "title": text, "email": text, "phone": text, "company": text, "next_note": text}
        Lead.objects.update(**named, currency=text[:3], amount=5)
        Account.objects.update(name=text)
        Enquiry.objects.update(message=text, landing_page=text)
        Source.objects.update(name=Concat(Value(text), "id", output_field=TextField()))
        Activity.objects.exclude(body="").update(body=text)
        PlanItem.objects.update(why=text, result=text)
        User.objects.filter(pk=alice.pk).update(name=text)
        return [read(client.get(path).text) for path in paths]

    assert len(leads) == len(Account.objects.get().leads.all())
    for plain, found in zip(everywhere("Plain"), everywhere(hostile), strict=True):
        assert found.tags == plain.tags  # not a tag and not an attribute more
        assert any(hostile in value for value in found.values)


def test_a_form_that_is_filled_says_what_its_template_does(client: Client, alice: User, three: list[Lead]) -> None:
    """What was made once and is filled differs in nothing from what is made anew, where something typed was wrong."""
    first = opened(client.get("/today"))
    filled = client.get(f"/today/{first}").text
    anew = deed(client, first, "next", when="31/02").text
    forms = re.compile(r'(?:action|formaction)="(/leads/[^"]+)"')
    assert len(forms.findall(filled)) == 7
    assert forms.findall(filled) == forms.findall(anew)
    assert {each.split("/")[2] for each in forms.findall(filled)} == {first}
    seen, (key,) = (
        re.findall(r'name="seen" value="([^"]*)"', filled),
        set(re.findall(r'name="key" value="(\w{32})"', filled)),
    )
    assert len(seen) == 6
    assert seen == re.findall(r'name="seen" value="([^"]*)"', anew)
    assert key not in anew
    other = client.get(f"/today/{three[1].pk if str(three[1].pk) != first else three[2].pk}").text
    assert first not in "".join(forms.findall(other))
    assert key not in other


def test_what_came_in_during_the_day_is_said(client: Client, three: list[Lead], alice: User) -> None:
    assert "new since" not in text(client.get("/today"))
    promised = Next(MONDAY + timedelta(hours=3), NextKind.PROMISE, committed=True)
    later = three[0]
    actions.set_next(later.pk, by(alice), next=Next(MONDAY + timedelta(days=9), committed=True))
    replanned = client.post("/today/replan")
    assert replanned.status_code == 302
    with clock.at(MONDAY + timedelta(hours=1)):
        actions.set_next(later.pk, by(alice), next=promised)
        assert f"One new since 10:00: {later.name}." in text(client.get("/today"))


@pytest.mark.parametrize("who", ["sam", "ada"])
def test_whoever_is_alone_finds_what_nobody_looks_after_in_their_day(
    who: str, request: pytest.FixtureRequest, make_lead: MakeLead
) -> None:
    user: User = request.getfixturevalue(who)
    lead = make_lead(name="Hand Raiser")
    client = Client()
    client.force_login(user)
    assert "Hand Raiser" in client.get("/today").text
    assert deed(client, lead.pk, "outcome", outcome="reached").status_code == 200
    assert Lead.objects.get(pk=lead.pk).touches == 1


@pytest.mark.parametrize("who", ["sam", "ada"])
def test_what_no_rep_has_time_for_stays_in_the_queue_and_in_the_day_of_who_works_it(
    who: str, request: pytest.FixtureRequest, make_lead: MakeLead
) -> None:
    user: User = request.getfixturevalue(who)
    User.objects.filter(pk=user.pk).update(weight=0)  # takes no turns
    make_lead(name="Hand Raiser")
    client = Client()
    client.force_login(user)
    assert "Hand Raiser" in client.get("/today").text
    assert Lead.objects.get().responsible.name == "Qualify"


def test_the_rest_of_the_day_can_be_chosen_anew(client: Client, three: list[Lead]) -> None:
    client.get("/today")
    answer = client.post("/today/replan")
    assert answer.headers["Location"] == "/today"
    assert "Chosen anew" in client.get("/today").text


def test_bobs_lead_is_not_opened_from_alices_today(
    client: Client, three: list[Lead], mallory: User, make_lead: MakeLead
) -> None:
    theirs = make_lead(mallory)
    answer = client.get(f"/today/{theirs.pk}")
    assert answer.status_code == 302
    assert "Already with Mallory" in client.get(answer.headers["Location"]).text


def test_what_was_done_and_is_with_somebody_else_now_opens_as_they_may_see_it(
    client: Client, three: list[Lead], ada: User, mallory: User
) -> None:
    lead = three[0]
    client.get("/today")
    deed(client, lead.pk, "outcome", outcome="reached")
    actions.give(lead.pk, by(ada), to=responsible_of(mallory), why={"rule": "by_hand"})
    actions.set_next(lead.pk, by(mallory), next=Next(clock.now() + timedelta(days=9), note="wants our rival's price"))
    assert "rival" not in client.get(f"/today/{lead.pk}", follow=True).text


def test_who_covers_works_from_the_morning_of_their_own_day(
    client: Client, alice: User, bob: User, make_lead: MakeLead
) -> None:
    """In Auckland it is Tuesday morning while it is Monday everywhere else."""
    change_user(actor=alice, user=alice, time_zone="Pacific/Auckland")
    tuesday = MONDAY.date() + timedelta(days=1)
    Absence.objects.create(user=bob, first_day=tuesday, last_day=tuesday, cover=alice)
    theirs = make_lead(bob, name="Bobs Customer")
    with clock.at(MONDAY + timedelta(hours=11)):
        assert "Bobs Customer" in client.get("/today").text
        assert deed(client, theirs.pk, "outcome", outcome="reached").status_code == 200


def test_of_several_open_deals_today_asks_which_was_won(client: Client, alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, name="Priya Raman", state=State.OPPORTUNITY)
    lathe, _ = (
        Opportunity.objects.create(lead=lead, key=name, name=name, amount=amount, currency="EUR", opened_at=clock.now())
        for name, amount in (("Lathe", 1000), ("Press", 4000))
    )
    shown = text(client.get("/today"))
    assert "Which deal Choose" in shown
    assert "Press, €4,000" in shown
    assert "Lathe, €1,000" in shown
    wrong = deed(client, lead.pk, "won", deal=str(lathe.pk), amount="a lot")
    assert wrong.status_code == 422
    assert f'value="{lathe.pk}" selected' in wrong.text, "what was chosen stays"
    assert "2 deals open; say which was won" in text(deed(client, lead.pk, "won", amount=""))
    done = deed(client, lead.pk, "won", deal=str(lathe.pk), amount="900")
    assert "one deal won, goes on with what else is open" in text(done)
    assert dict(Opportunity.objects.values_list("name", "state")) == {"Lathe": "won", "Press": "open"}
    assert Lead.objects.get().state == State.OPPORTUNITY
    back = deed(client, lead.pk, f"undo/{PlanItem.objects.get().activity_id}")
    assert str(lathe.pk) in back.text
    assert set(Opportunity.objects.values_list("state", flat=True)) == {"open"}


def test_with_one_deal_open_nothing_is_asked(client: Client, alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, name="Priya Raman", state=State.OPPORTUNITY)
    Opportunity.objects.create(lead=lead, key="lathe", name="Lathe", opened_at=clock.now())
    assert "Which deal" not in client.get("/today").text
    assert "Priya: won." in text(deed(client, lead.pk, "won", amount=""))
    assert Lead.objects.get().state == State.WON


def test_today_costs_the_same_queries_however_many_are_due(
    client: Client, alice: User, make_lead: MakeLead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        make_lead(alice, name=f"Lead {n}")
    ripeness.rescore()
    client.get("/today")
    with django_assert_max_num_queries(20):
        client.get("/today")


def test_those_who_ripen_and_have_no_place_today_are_said_in_one_sentence(
    client: Client, alice: User, make_lead: MakeLead
) -> None:
    names = ("Priya Raman", "Marta Nilsen", "Ken Abe")
    for at, name in enumerate(names):
        lead = make_lead(alice, name=name, due=timedelta(days=50))
        ripeness.rescore([lead.pk])
        Lead.objects.filter(pk=lead.pk).update(next_committed=True)
        Score.objects.filter(pk=lead.pk).update(p_30=0.5 - at / 10)
        bring_forward([lead.pk])
        shown = text(client.get("/today"))
        if at == 0:
            assert "Priya Raman is likely ready within a month now (50 %), and the date that was chosen is" in shown
    said = (
        re.sub(r" the date that was chosen is \d+ \w+( \d{4})?", " then", shown).replace(" )", ")").replace(" ,", ",")
    )
    assert "Priya Raman (50 %, then), Marta Nilsen (40 %, then) and Ken Abe (30 %, then)" in said, said[:900]
    assert said.count("Look whether they can wait") == 1
