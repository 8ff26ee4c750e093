"""Settings: who may open and change what, and what becomes of it."""

import math
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from pytest_django import DjangoAssertNumQueries

from ripeline.base import clock
from ripeline.catalog.models import Site
from ripeline.leads.decisions import actions as lead_actions
from ripeline.leads.models import Lead, RecordView
from ripeline.people import actions, keys, links, queries
from ripeline.people.actions import PeopleError
from ripeline.people.models import Absence, AuditEntry, Company, Team, User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness.models import ModelRun, Term
from tests.cast import MakeLead, MakeUser
from tests.mail_server import Post

TODAY = clock.now().date()
PERSON = {
    "name": "Alice",
    "role": "rep",
    "team": "",
    "minutes_per_day": "90",
    "weight": "1",
    "lead_cap": "150",
    "experience": "steady",
    "tracking": "outcomes",
}
COMPANY = {
    "name": "Northwind Dental",
    "country": "PT",
    "time_zone": "Europe/Lisbon",
    "currency": "GBP",
    "work_days": ["0", "1", "2", "3"],
}


@pytest.fixture
def everybody(alice: User, bob: User, carol: User, mallory: User, sam: User, mona: User, ada: User) -> dict[str, User]:
    return {u.email.split("@")[0]: u for u in (alice, bob, carol, mallory, sam, mona, ada)}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def said(client: Client, path: str = "/settings/profile") -> str:
    """The page that shows what was said last."""
    return client.get(path).text


# --- who may ----------------------------------------------------------------------------------------------------------

EVERYBODY = {"alice", "bob", "carol", "mallory", "sam", "mona", "ada"}
ADA = {"ada"}
# (the page, with alice's id in it) → who may open it; everybody else is refused, whatever the method
MAY_OPEN = {
    "/settings/profile": EVERYBODY,
    "/settings/password": EVERYBODY,
    "/settings/looks": EVERYBODY,
    "/settings/people": {"ada", "carol"},
    "/settings/people/{alice}": {"ada", "carol"},
    "/settings/people/{mallory}": ADA,
    "/settings/people/{alice}/deactivate": ADA,
    "/settings/people/invite": ADA,
    "/settings/teams": ADA,
    "/settings/teams/{north}": ADA,
    "/settings/company": ADA,
    "/settings/mail": ADA,
    "/settings/mail/suppressed": ADA,
    "/settings/mail/purposes": {"ada", "mona"},
    "/settings/ripening": ADA,
    "/settings/ripening/quote_request": ADA,
    "/settings/ripening/runs/{rule}": ADA,
    "/settings/keys": ADA,
    "/settings/reasons": {"ada", "mona"},
    "/settings/tracking": {"ada", "mona"},
    "/settings/tracking/live": {"ada", "mona"},
}
MAY_POST = {
    "/settings/reasons": {"ada", "mona"},
    "/settings/people/{alice}": {"ada", "carol"},
    "/settings/people/{mallory}": ADA,
    "/settings/people/{alice}/link": ADA,
    "/settings/people/{alice}/deactivate": ADA,
    "/settings/people/{alice}/reactivate": ADA,
    "/settings/people/{alice}/absences": {"ada", "carol", "alice"},
    "/settings/people/{alice}/absences/again": {"ada", "carol", "alice"},
    "/settings/absences/{absence}/remove": {"ada", "carol", "alice"},
    "/settings/people/invite": ADA,
    "/settings/teams": ADA,
    "/settings/teams/{north}": ADA,
    "/settings/teams/{north}/remove": ADA,
    "/settings/company": ADA,
    "/settings/mail/test": ADA,
    "/settings/mail/held": ADA,
    "/settings/mail/{alice}/settle": ADA,
    "/settings/mail/suppressed": ADA,
    "/settings/mail/suppressed/{alice}/lift": ADA,
    "/settings/mail/purposes": ADA,
    "/settings/ripening/quote_request": ADA,
    "/settings/ripening/learn-now": ADA,
    "/settings/ripening/promote": ADA,
    "/settings/ripening/rollback": ADA,
    "/settings/ripening/fields": ADA,
    "/settings/keys": ADA,
    "/settings/keys/{key}/revoke": ADA,
    "/settings/tracking/sites": {"ada", "mona"},
    "/settings/tracking/sites/{site}/remove": {"ada", "mona"},
    "/settings/tracking/own": {"ada", "mona"},
    "/settings/tracking/tried": {"ada", "mona"},
    "/settings/tracking/pages": {"ada", "mona"},
}


@pytest.fixture
def ids(everybody: dict[str, User], north: Team) -> dict[str, str]:
    day = TODAY + timedelta(days=30)
    absence = Absence.objects.create(user=everybody["alice"], first_day=day, last_day=day)
    people = {name: str(user.pk) for name, user in everybody.items()}
    rule = ModelRun.objects.get(is_prior=True)
    site = Site.objects.create(host="www.example.com", key="k" * 24)
    key, _ = keys.issue(actor=everybody["ada"], name="A program", scopes=["capture"])
    return (
        people
        | {"north": str(north.pk), "absence": str(absence.pk), "rule": str(rule.pk)}
        | {"site": str(site.pk), "key": str(key.pk)}
    )


@pytest.mark.parametrize("page", MAY_OPEN)
def test_who_may_open_a_page_of_the_settings(page: str, everybody: dict[str, User], ids: dict[str, str]) -> None:
    path = page.format(**ids)
    for name, user in everybody.items():
        assert signed_in(user).get(path).status_code == (200 if name in MAY_OPEN[page] else 403), name


@pytest.mark.parametrize("page", MAY_POST)
def test_who_may_change_something_there(page: str, everybody: dict[str, User], ids: dict[str, str]) -> None:
    """An empty form: whoever may is told what is missing or led on; whoever may not is refused before it is read."""
    path = page.format(**ids)
    for name in sorted(everybody, key=lambda n: n in MAY_POST[page]):  # those who are refused first
        status = signed_in(everybody[name]).post(path, {}).status_code
        assert status in ((302, 422, 200) if name in MAY_POST[page] else (403,)), name
        if name not in MAY_POST[page]:
            assert Absence.objects.count() == 1
            assert User.objects.get(pk=ids["alice"]).is_active


@pytest.mark.parametrize("page", sorted({*MAY_OPEN, *MAY_POST}))
def test_nobody_opens_them_without_signing_in(page: str, ids: dict[str, str]) -> None:
    path = page.format(**ids)
    assert Client().get(path).headers["Location"].startswith("/sign-in")
    assert Client().post(path, {}).headers["Location"].startswith("/sign-in")


def test_every_page_of_the_settings_is_in_the_tables_above() -> None:
    def paths(patterns: list[object], before: str = "") -> Iterator[str]:
        for pattern in patterns:
            here = before + str(pattern.pattern)  # type: ignore[attr-defined]
            if hasattr(pattern, "url_patterns"):
                yield from paths(pattern.url_patterns, here)
            else:
                yield here

    shown = {_shape("/" + path) for path in paths(get_resolver().url_patterns) if path.startswith("settings")}
    assert shown == {_shape(page) for page in {*MAY_OPEN, *MAY_POST}} | {"/settings"}


def _shape(path: str) -> str:
    return re.sub(r"<[^>]+>|\{[^}]+\}|quote_request", "*", path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Not Alice"), ("role", "admin"), ("team", ""), ("minutes_per_day", "5"), ("is_active", "")],
)
def test_carol_cannot_smuggle_in_what_is_not_hers_to_change(
    field: str, value: str, carol: User, alice: User, north: Team
) -> None:
    form = PERSON | {"team": str(north.pk), field: value, "weight": "3"}
    signed_in(carol).post(f"/settings/people/{alice.pk}", form)
    after = User.objects.get(pk=alice.pk)
    assert after.weight == 3
    assert (after.name, after.role, after.team, after.minutes_per_day, after.is_active) == (
        ("Alice", "rep", north, 90, True)
    )


def test_the_rules_hold_below_the_screens_too(alice: User, bob: User, carol: User, mallory: User, north: Team) -> None:
    for refused in (
        lambda: actions.change_user(actor=mallory, user=alice, weight=0),
        lambda: actions.change_user(actor=mallory, user=mallory, lead_cap=0),
        lambda: actions.change_user(actor=carol, user=mallory, weight=0),
        lambda: actions.change_user(actor=carol, user=alice, role="admin"),
        lambda: actions.set_active(actor=carol, user=alice, active=False),
        lambda: actions.add_user(actor=carol, email="x@example.com", role="rep"),
        lambda: actions.add_absence(actor=bob, user=alice, first_day=TODAY, last_day=TODAY),
        lambda: actions.set_company(actor=carol, name="Mine"),
        lambda: actions.rename_team(actor=carol, team=north, name="Mine"),
        lambda: actions.remove_team(actor=mallory, team=north),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_leader_without_a_team_leads_nobody(make_user: MakeUser) -> None:
    lone, other = make_user("lone", "leader"), make_user("other", "rep")
    assert signed_in(lone).get(f"/settings/people/{other.pk}").status_code == 403
    assert "other@example.com" not in signed_in(lone).get("/settings/people").text


# --- inviting and changing --------------------------------------------------------------------------------------------


def test_whoever_is_invited_sells_unless_one_says_otherwise(ada: User) -> None:
    page = signed_in(ada).get("/settings/people/invite").text
    assert re.search(r'<option value="rep"[^>]* selected', page)
    assert page.count(" selected") == page.count("<select")  # and nothing else is chosen besides


def test_ada_invites_somebody_and_hands_over_the_link(ada: User, north: Team) -> None:
    client = signed_in(ada)
    form = PERSON | {
        "email": "Dora@Example.com", "name": "Dora", "team": str(north.pk), "minutes_per_day": "45", "weight": "2",
        "lead_cap": "40", "tracking": "guided", "experience": "veteran", "intake_cap": "7",
    }  # fmt: skip
    answer = client.post("/settings/people/invite", form, follow=True)
    dora = User.objects.get(email="dora@example.com")
    assert (dora.minutes_per_day, dora.weight, dora.lead_cap, dora.tracking) == (45, 2, 40, "guided")
    assert (dora.experience, dora.intake_cap) == ("veteran", 7)
    assert "Invited, not signed in yet" in answer.text
    path = "/invitation/" + answer.text.split("/invitation/")[1].split('"')[0]
    assert Client().post(path, {"password": "green apples in june"}).headers["Location"] == "/"
    assert Client().get(path).status_code == 410


def test_the_same_address_twice_is_refused_and_what_was_typed_stays(ada: User, alice: User) -> None:
    form = PERSON | {"email": "ALICE@example.com", "name": "Another Alice"}
    answer = signed_in(ada).post("/settings/people/invite", form)
    assert answer.status_code == 422
    assert "already here" in answer.text
    assert "Another Alice" in answer.text


DORA = PERSON | {"email": "dora@example.com", "name": "Dora"}


def test_with_a_mail_server_the_invitation_is_mailed_and_the_page_says_so(
    ada: User, post: Post, send_all: Callable[[], None]
) -> None:
    client = signed_in(ada)
    answer = client.post("/settings/people/invite", DORA, follow=True)
    assert "an invitation is on its way to dora@example.com" in answer.text
    assert "On its way to dora@example.com" in answer.text
    assert "/invitation/" not in answer.text
    send_all()
    [arrived] = post.received
    assert arrived.to == "dora@example.com"
    path = "/invitation/" + arrived.text.split("/invitation/")[1].split()[0]
    dora = User.objects.get(email="dora@example.com")
    page = client.get(f"/settings/people/{dora.pk}").text
    assert "Sent to dora@example.com" in page
    assert "Copy the link instead" in page
    assert Client().post(path, {"password": "green apples in june"}).headers["Location"] == "/"


def test_an_invitation_that_bounced_is_said_and_the_link_can_be_copied(
    ada: User, post: Post, send_all: Callable[[], None]
) -> None:
    post.rcpt["dora@example.com"] = "550 5.1.1 No such user"
    client = signed_in(ada)
    client.post("/settings/people/invite", DORA)
    send_all()
    dora = User.objects.get(email="dora@example.com")
    assert "550 5.1.1 No such user" in client.get(f"/settings/people/{dora.pk}").text
    assert "/invitation/" in client.post(f"/settings/people/{dora.pk}/link", {"how": "show"}).text


def test_sending_the_link_twice_while_it_waits_is_one_mail(
    ada: User, alice: User, post: Post, send_all: Callable[[], None]
) -> None:
    client = signed_in(ada)
    for _ in range(3):
        client.post(f"/settings/people/{alice.pk}/link", {"how": "mail"})
    send_all()
    assert [each.to for each in post.received] == [alice.email]
    client.post(f"/settings/people/{alice.pk}/link", {"how": "mail"})
    send_all()
    assert len(post.received) == 2


def test_without_a_mail_server_the_page_says_why_the_link_is_to_be_copied(ada: User, alice: User) -> None:
    page = signed_in(ada).get(f"/settings/people/{alice.pk}").text
    assert "no mail server is set" in page
    assert "Show a link" in page
    assert "Send a link" not in page


def test_who_left_or_has_a_password_already_gets_no_invitation(
    ada: User, post: Post, send_all: Callable[[], None]
) -> None:
    signed_in(ada).post("/settings/people/invite", DORA)
    dora = User.objects.get(email="dora@example.com")
    Client().post(links.path(dora), {"password": "green apples in june"})
    send_all()
    assert post.received == []


def test_ada_makes_a_link_for_who_forgot_the_password(ada: User, alice: User) -> None:
    answer = signed_in(ada).post(f"/settings/people/{alice.pk}/link", {"how": "show"})
    path = "/reset/" + answer.text.split("/reset/")[1].split('"')[0]
    assert Client().get(path).status_code == 200
    assert AuditEntry.objects.filter(verb="user.link", target=alice.email, actor=ada).exists()


def test_the_last_administrator_stays_one(ada: User) -> None:
    answer = signed_in(ada).post(f"/settings/people/{ada.pk}", PERSON | {"name": "Ada", "role": "rep"})
    assert answer.status_code == 422
    assert "at least one administrator" in answer.text
    assert signed_in(ada).post(f"/settings/people/{ada.pk}/deactivate", {}).status_code == 422
    assert User.objects.get(pk=ada.pk).is_active


def test_alice_is_told_when_more_of_her_work_is_seen(alice: User, carol: User) -> None:
    client = signed_in(alice)
    signed_in(carol).post(f"/settings/people/{alice.pk}", PERSON | {"tracking": "guided"})
    first = said(client)
    assert "What your leader sees of your work is now: guided" in first
    assert "Carol set this to Guided" in first
    again = said(client)
    assert "is now: guided" not in again
    assert "Carol set this to Guided" in again


def test_the_list_finds_people_and_shows_who_left_on_request(
    ada: User, alice: User, mallory: User, make_user: MakeUser
) -> None:
    gus = make_user("gus", "rep")
    actions.set_active(actor=ada, user=gus, active=False)
    client = signed_in(ada)
    found = client.get("/settings/people?q=south").text
    assert mallory.email in found
    assert alice.email not in found
    assert gus.email not in client.get("/settings/people").text
    assert gus.email in client.get("/settings/people?gone=1").text
    assert "Nobody by that name" in client.get("/settings/people?q=xyzzy").text
    assert client.get("/settings/people?q=%00&page=nonsense").status_code == 200


def test_the_list_says_who_is_away_and_who_is_full(ada: User, alice: User, bob: User, make_lead: MakeLead) -> None:
    today = clock.now().date()
    actions.add_absence(actor=ada, user=bob, first_day=today, last_day=today, cover=alice)
    actions.change_user(actor=ada, user=alice, lead_cap=1)
    make_lead(alice)
    page = signed_in(ada).get("/settings/people").text
    assert "Alice covers" in page
    assert "Full, 1" in page


# --- leaving ----------------------------------------------------------------------------------------------------------


def test_before_somebody_leaves_it_is_shown_who_takes_over(
    ada: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice) for _ in range(3)]
    page = signed_in(ada).get(f"/settings/people/{alice.pk}/deactivate").text
    assert "3 open leads" in page
    assert "Bob" in page
    answer = signed_in(ada).post(f"/settings/people/{alice.pk}/deactivate", {"to": ""}, follow=True)
    assert "3 open leads were handed over" in answer.text
    assert {Lead.objects.get(pk=lead.pk).owner for lead in leads} == {bob}
    assert not User.objects.get(pk=alice.pk).is_active


def test_or_all_go_to_whom_ada_chose(ada: User, alice: User, bob: User, carol: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice)
    to = queries.responsible_of(carol)
    signed_in(ada).post(f"/settings/people/{alice.pk}/deactivate", {"to": str(to.pk)})
    assert Lead.objects.get(pk=lead.pk).owner == carol


def test_whoever_left_can_be_let_back_in(ada: User, alice: User) -> None:
    actions.set_active(actor=ada, user=alice, active=False)
    signed_in(ada).post(f"/settings/people/{alice.pk}/reactivate")
    assert User.objects.get(pk=alice.pk).is_active
    assert queries.responsible_of(alice).is_active


# --- absences ---------------------------------------------------------------------------------------------------------


def test_alice_notes_when_she_is_away_and_takes_it_back(alice: User, bob: User) -> None:
    client = signed_in(alice)
    form = {"first_day": "2030-06-01", "last_day": "2030-06-14", "cover": str(bob.pk)}
    client.post(f"/settings/people/{alice.pk}/absences", form)
    absence = Absence.objects.get()
    assert (absence.user, absence.cover, absence.last_day) == (alice, bob, date(2030, 6, 14))
    page = client.post(f"/settings/absences/{absence.pk}/remove", follow=True).text
    assert not Absence.objects.exists()
    undo = page.split('id="toasts"')[1].split('action="')[1].split('"')[0].replace("&amp;", "&")
    client.post(undo)
    again = Absence.objects.get()
    assert (again.user, again.cover, again.first_day) == (alice, bob, date(2030, 6, 1))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"first_day": "2030-06-14", "last_day": "2030-06-01"}, "The last day lies before the first."),
        ({"first_day": "2030-06-14", "last_day": ""}, "Please fill this in."),
        ({"first_day": "soon", "last_day": "2030-06-01"}, "Enter a valid date."),
        ({"first_day": "2030-01-05", "last_day": "2030-01-20"}, "away on some of these days already"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_beside_its_field(form: dict[str, str], words: str, alice: User) -> None:
    Absence.objects.create(user=alice, first_day=date(2030, 1, 1), last_day=date(2030, 1, 10))
    answer = signed_in(alice).post(f"/settings/people/{alice.pk}/absences", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert Absence.objects.count() == 1


@pytest.mark.parametrize("query", ["", "first=x&last=y&cover=z", "first=2030-06-02&last=2030-06-01&cover="])
def test_a_slip_in_what_puts_an_absence_back_changes_nothing(query: str, alice: User) -> None:
    client = signed_in(alice)
    assert client.post(f"/settings/people/{alice.pk}/absences/again?{query}").status_code == 302
    assert not Absence.objects.exists()


def test_nobody_covers_for_themselves(alice: User) -> None:
    with pytest.raises(PeopleError, match="cannot cover"):
        actions.add_absence(actor=alice, user=alice, first_day=TODAY, last_day=TODAY, cover=alice)


# --- company, teams, the prior ----------------------------------------------------------------------------------------


def test_ada_sets_the_company(ada: User, alice: User) -> None:
    fallback = queries.responsible_of(alice)
    signed_in(ada).post("/settings/company", COMPANY | {"fallback": str(fallback.pk)})
    firm = Company.objects.get()
    assert (firm.currency, firm.work_days, firm.fallback) == ("GBP", [0, 1, 2, 3], fallback)


def test_a_company_works_on_some_day(ada: User) -> None:
    form = COMPANY | {"fallback": str(queries.built_in(queries.QUALIFY).pk), "work_days": []}
    assert signed_in(ada).post("/settings/company", form).status_code == 422


def test_teams_are_added_renamed_and_removed_when_empty(ada: User, alice: User, north: Team) -> None:
    client = signed_in(ada)
    client.post("/settings/teams", {"team_name": "East"})
    east = Team.objects.get(name="East")
    assert "There is a team North already" in client.post(f"/settings/teams/{east.pk}", {"team_name": "North"}).text
    client.post(f"/settings/teams/{east.pk}", {"team_name": "Far East"})
    assert Team.objects.get(pk=east.pk).name == "Far East"
    client.post(f"/settings/teams/{north.pk}/remove")
    assert Team.objects.filter(pk=north.pk).exists()
    assert "put them on another team first" in said(client)
    client.post(f"/settings/teams/{east.pk}/remove")
    assert not Team.objects.filter(pk=east.pk).exists()


def test_ada_changes_what_is_assumed_about_a_quote_request(ada: User) -> None:
    client = signed_in(ada)
    before = Term.objects.get(pk="quote_request")
    page = client.get("/settings/ripening").text
    assert "Quote request" in page
    assert before.basis in page
    form = {"times": "4", "factor": f"{math.exp(1.6449 * before.sd):.3g}", "basis": "our own 300 requests of 2025"}
    answer = client.post("/settings/ripening/quote_request", form, follow=True)
    after = Term.objects.get(pk="quote_request")
    assert after.mean == pytest.approx(math.log(4))
    assert after.sd == before.sd  # not touched, so not rounded
    assert "our own 300 requests of 2025" in answer.text


def test_a_figure_without_a_source_is_refused(ada: User) -> None:
    answer = signed_in(ada).post("/settings/ripening/quote_request", {"times": "4", "factor": "2", "basis": " "})
    assert answer.status_code == 422
    assert signed_in(ada).get("/settings/ripening/nothing-like-it").status_code == 404


# --- oneself ----------------------------------------------------------------------------------------------------------


def test_alice_changes_her_profile_and_sees_times_in_her_zone(alice: User, lead: Lead, ada: User) -> None:
    client = signed_in(alice)
    form = {"name": "Alice Moreau", "time_zone": "Asia/Tokyo", "minutes_per_day": "45"}
    client.post("/settings/profile", form)
    after = User.objects.get(pk=alice.pk)
    assert (after.name, after.time_zone, after.minutes_per_day) == ("Alice Moreau", "Asia/Tokyo", 45)
    assert queries.responsible_of(after).name == "Alice Moreau"
    lead_actions.note_view(lead, ada)
    assert "JST" in client.get("/settings/looks").text


def test_a_zone_is_listed_by_the_name_it_has_today_and_an_old_name_is_kept_where_it_was_chosen(alice: User) -> None:
    client = signed_in(alice)
    shown = client.get("/settings/profile").text
    assert 'value="Asia/Kolkata" data-country="IN" data-also="Asia/Calcutta"' in shown
    assert 'value="US/Eastern"' not in shown
    User.objects.filter(pk=alice.pk).update(time_zone="US/Eastern")
    assert 'value="US/Eastern" selected' in client.get("/settings/profile").text
    client.post("/settings/profile", {"name": "Alice", "time_zone": "US/Eastern", "minutes_per_day": "45"})
    assert User.objects.get(pk=alice.pk).time_zone == "US/Eastern"
    wrong = client.post("/settings/profile", {"name": "Alice", "time_zone": "Moon/Base", "minutes_per_day": "45"})
    assert wrong.status_code == 422


def test_alice_changes_her_password_and_stays_signed_in_here_only(alice: User) -> None:
    here, elsewhere = signed_in(alice), signed_in(alice)
    form = {"current": "wrong", "password": "green apples in june"}
    assert "not your present password" in here.post("/settings/password", form).text
    here.post("/settings/password", form | {"current": "ripe-tomatoes-in-may"})
    assert here.get("/settings/profile").status_code == 200
    assert elsewhere.get("/settings/profile").status_code == 302


def test_alice_sees_who_looked_at_her_leads_newest_first(alice: User, ada: User, lead: Lead) -> None:
    start = clock.now() - timedelta(days=3)
    for hour in range(60):
        with clock.at(start + timedelta(hours=hour)):
            lead_actions.note_view(lead, ada)
    client = signed_in(alice)
    first = client.get("/settings/looks")
    assert first.text.count("Priya Raman") == 50
    assert "Ada" in first.text
    older = client.get(first.context["older"].join(["/settings/looks", ""]))
    assert older.text.count("Priya Raman") == 10
    assert RecordView.objects.count() == 60
    assert client.get("/settings/looks?before=nonsense").text.count("Priya Raman") == 50


def test_mallory_does_not_see_who_looked_at_alices_leads(alice: User, ada: User, mallory: User, lead: Lead) -> None:
    lead_actions.note_view(lead, ada)
    assert "Nobody looked" in signed_in(mallory).get("/settings/looks").text


# --- what it costs ----------------------------------------------------------------------------------------------------

BUDGET = {
    "/settings/profile": 7,
    "/settings/looks": 4,
    "/settings/people": 8,
    "/settings/people/{alice}": 10,
    "/settings/people/{alice}/deactivate": 18,
    "/settings/teams": 4,
    "/settings/company": 4,
    "/settings/ripening": 8,
}


@pytest.mark.parametrize("page", BUDGET)
def test_a_page_asks_the_database_a_small_constant_number_of_times(
    page: str, everybody: dict[str, User], make_user: MakeUser, north: Team, make_lead: MakeLead,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    alice, ada = everybody["alice"], everybody["ada"]
    for number in range(12):
        make_user(f"rep{number}", "rep", north)
        lead_actions.note_view(make_lead(alice), ada)
    path, client = page.format(alice=alice.pk), signed_in(ada)
    client.get(path)
    with django_assert_max_num_queries(BUDGET[page]):
        assert client.get(path).status_code == 200


def test_a_link_to_set_a_password_is_never_in_a_leaders_page(carol: User, ada: User, north: Team) -> None:
    dora = actions.add_user(actor=ada, email="dora@example.com", name="Dora", role="rep", team=north)
    page = signed_in(carol).get(reverse("person", args=[dora.pk])).text
    assert "/invitation/" not in page
    assert links.path(dora).split("/")[1] == "invitation"
