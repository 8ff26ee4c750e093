"""Views of the list kept under a name: own, shared, begun with, out of date; and the columns they show."""

from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.catalog.actions import custom_fields, sources_named
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.finding import saved
from ripeline.leads.finding.saved import Sharing
from ripeline.leads.models import Audience, Lead, SavedView
from ripeline.people.models import AuditEntry, Team, User
from ripeline.people.rules import NotAllowed
from tests.cast import MakeLead


def names(user: User) -> list[str]:
    return [view.name for view in saved.of(user)]


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, path: str) -> str:
    return unescape(sign_in(user).get(path, follow=True).text)


def test_a_leader_shares_a_view_with_her_team_and_with_everybody(
    carol: User, alice: User, mallory: User, north: Team, south: Team
) -> None:
    saved.save(actor=carol, name="North", query="due=week", sharing=Sharing(Audience.TEAM, north))
    saved.save(actor=carol, name="Fairs", query="q=fair", sharing=Sharing(Audience.EVERYBODY))
    saved.save(actor=carol, name="Hers", query="q=x")
    assert names(alice) == ["Fairs", "North"]
    assert names(mallory) == ["Fairs"]
    assert names(carol) == ["Fairs", "Hers", "North"]
    assert AuditEntry.objects.filter(verb="view.share", actor=carol).count() == 2
    with pytest.raises(NotAllowed):
        saved.save(actor=carol, name="South", query="", sharing=Sharing(Audience.TEAM, south))
    with pytest.raises(NotAllowed):
        saved.save(actor=alice, name="Mine for all", query="", sharing=Sharing(Audience.EVERYBODY))
    assert names(alice) == ["Fairs", "North"]


def test_a_shared_view_is_its_keepers_to_change_and_an_administrators(
    carol: User, alice: User, ada: User, mona: User
) -> None:
    view = saved.save(actor=carol, name="Fairs", query="q=fair", sharing=Sharing(Audience.EVERYBODY))
    for other in (alice, mona):
        with pytest.raises(NotAllowed, match="kept by Carol"):
            saved.change(actor=other, view_id=view.pk, name="Ours")
        with pytest.raises(NotAllowed):
            saved.forget(actor=other, view_id=view.pk)
    assert saved.change(actor=ada, view_id=view.pk, name="Trade fairs").query == "q=fair"
    assert names(alice) == ["Trade fairs"]
    private = saved.save(actor=carol, name="Hers", query="")
    with pytest.raises(LeadError):
        saved.change(actor=ada, view_id=private.pk, name="Not hers")
    saved.change(actor=carol, view_id=view.pk, sharing=Sharing())
    assert names(alice) == []


def test_a_name_is_kept_once_and_comes_back_only_where_it_is_free(alice: User) -> None:
    one = saved.save(actor=alice, name="A", query="q=1")
    two = saved.save(actor=alice, name="B", query="q=2")
    with pytest.raises(LeadError, match="already"):
        saved.change(actor=alice, view_id=two.pk, name="A")
    with pytest.raises(saved.NameTaken):
        saved.save(actor=alice, name="A", query="q=3")
    with pytest.raises(saved.NameTaken):
        saved.save(actor=alice, name="A", query="q=3", replaces=two.pk)
    assert saved.save(actor=alice, name="A", query="q=3", replaces=one.pk).pk == one.pk
    saved.forget(actor=alice, view_id=one.pk)
    assert saved.forget(actor=alice, view_id=one.pk) is None
    again = saved.save(actor=alice, name="A", query="q=4")
    with pytest.raises(LeadError, match="again"):
        saved.bring_back(actor=alice, view_id=one.pk)
    saved.forget(actor=alice, view_id=again.pk)
    assert saved.bring_back(actor=alice, view_id=one.pk).query == "q=3"
    assert saved.tidy(before=clock.now()) == 2, "and what it was before it was replaced"
    with pytest.raises(LeadError, match="for good"):
        saved.bring_back(actor=alice, view_id=again.pk)


def test_a_name_that_is_taken_is_asked_about_and_replacing_is_taken_back(
    carol: User, alice: User, north: Team, make_lead: MakeLead
) -> None:
    make_lead(alice)
    view = saved.save(actor=carol, name="North", query="due=week", sharing=Sharing(Audience.TEAM, north))
    client = sign_in(carol)
    given = {"name": " North ", "query": "state=new", "audience": "mine"}
    asked = client.post("/leads/views", given)
    shown = unescape(asked.text)
    assert asked.status_code == 422
    assert "There is a view “North”" in shown
    assert "<b>for team North</b>" in shown
    assert f'<option value="{north.pk}" selected>' in shown, "it stays for whom it is"
    view.refresh_from_db()
    assert (view.query, view.audience) == ("due=week", "team")
    client.post("/leads/views", given | {"replaces": str(view.pk), "audience": "everybody"})
    view.refresh_from_db()
    assert (view.query, view.audience) == ("state=new", "everybody")
    undo = unescape(client.get("/leads?view=team").text).split('action="/leads/views/')[-1].split('"')[0]
    assert "put-back" in undo
    assert sign_in(alice).post(f"/leads/views/{undo}").status_code == 403
    client.post(f"/leads/views/{undo}")
    view.refresh_from_db()
    assert (view.query, view.audience, view.team) == ("due=week", "team", north)
    client.post(f"/leads/views/{view.pk}", {"replace": "1", "query": "state=new"})
    undo = unescape(client.get("/leads?view=team").text).split("/put-back/")[-1].split('"')[0]
    client.post(f"/leads/views/{view.pk}/put-back/{undo}")
    view.refresh_from_db()
    assert view.query == "due=week"


def test_the_list_begins_with_the_view_chosen_and_the_address_says_which(
    alice: User, carol: User, make_lead: MakeLead
) -> None:
    make_lead(alice, name="Priya Raman", state="working")
    make_lead(alice, name="Marta Nilsen")
    view = saved.save(actor=carol, name="At work", query="state=working", sharing=Sharing(Audience.EVERYBODY))
    client = sign_in(alice)
    client.post(f"/leads/views/{view.pk}/begin")
    begun = client.get("/leads")
    assert begun.headers["Location"] == f"/leads?state=working&kept={view.pk}"
    shown = unescape(client.get("/leads", follow=True).text)
    assert "Priya Raman" in shown
    assert "Marta Nilsen" not in shown
    assert 'href="/leads?view=mine"' in shown, "a way to the whole list that does not lead back here"
    saved.forget(actor=carol, view_id=view.pk)
    assert "Marta Nilsen" in client.get("/leads").text
    saved.bring_back(actor=carol, view_id=view.pk)
    assert client.get("/leads").status_code == 302, "removing was taken back: it begins there again"
    client.post(f"/leads/views/{view.pk}/begin", {"not": "1"})
    assert client.get("/leads").status_code == 200


def test_a_built_in_view_does_not_keep_what_a_kept_one_asked(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice)
    view = saved.save(actor=alice, name="At work", query="state=working&sort=next")
    shown = page(alice, f"/leads?state=working&sort=next&kept={view.pk}")
    assert 'href="/leads?view=team"' in shown
    assert 'href="/leads?view=team&state=working"' in page(alice, "/leads?state=working")


def test_a_view_that_was_opened_and_changed_is_replaced_or_kept_anew(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice)
    view = saved.save(actor=alice, name="Mine", query="state=new")
    shown = page(alice, f"/leads?state=new&due=today&kept={view.pk}")
    assert "Replace “Mine” with this" in shown
    assert "Name of the new view" in shown
    client = sign_in(alice)
    client.post(f"/leads/views/{view.pk}", {"replace": "1", "query": "state=new&due=today&cols=email,next"})
    view.refresh_from_db()
    assert view.query == "state=new&due=today&cols=email%2Cnext"
    client.post(f"/leads/views/{view.pk}", {"name": "Today's", "query": "state=won"})
    view.refresh_from_db()
    assert (view.name, view.query) == ("Today's", "state=new&due=today&cols=email%2Cnext")


def test_a_view_that_names_what_is_gone_says_so(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice)
    for query, words in {
        f"source={uuid4()}": "a source that is no longer here",
        f"campaign={uuid4()}": "a campaign that is no longer here",
        f"view=all&owner={uuid4()}": "somebody who is no longer here",
        "f.chairs=4": "a field “chairs”, which there is not",
        "cols=state,f.chairs": "a column that there is not: f.chairs",
    }.items():
        assert words in page(alice, f"/leads?{query}"), query
        assert "Show without it" in page(alice, f"/leads?{query}")
    assert "Show without it" not in page(alice, "/leads?cols=state")


def test_the_columns_of_a_view_are_shown_in_their_order(alice: User, bob: User, make_lead: MakeLead) -> None:
    custom_fields({"chairs": ("Chairs", "number"), "open": ("Opens", "date")})
    lead = make_lead(alice, name="Priya Raman", email="priya@x.example", phone="+351912345678")
    Lead.objects.filter(pk=lead.pk).update(custom={"chairs": 14, "open": "2026-03-01"})
    shown = page(alice, "/leads?cols=phone,f.chairs,email,f.open")
    heads = [shown.index(f">{label}</th>") for label in ("Telephone", "Chairs", "E-mail", "Opens")]
    assert heads == sorted(heads)
    assert "+351 912 345 678" in shown
    assert "1 March 2026" in shown
    assert ">Ripeness</th>" not in shown
    others = page(bob, "/leads?view=all&cols=phone,f.chairs,email")
    assert "Priya Raman" in others
    assert not any(hidden in others for hidden in ("+351 912 345 678", "priya@x.example", ">14<"))


def test_columns_chosen_in_the_form_become_an_address(alice: User, lead: Lead) -> None:
    answer = sign_in(alice).get("/leads?state=new&col=email&col=ripeness&col=email")
    assert answer.headers["Location"] == "/leads?state=new&cols=email%2Cripeness"


HELD: dict[str, Any] = {"chairs": 14, "city": "Lisboa 100%", "open": "2026-03-01", "chain": True}


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"f.chairs": "14"}, True), ({"f.chairs": "15"}, False),
        ({"f.chairs~from": "10"}, True), ({"f.chairs~from": "14.5"}, False),
        ({"f.chairs~to": "14"}, True), ({"f.chairs~to": "9"}, False),
        ({"f.chairs~from": "10", "f.chairs~to": "20"}, True), ({"f.chairs~from": "2026-01-01"}, False),
        ({"f.city~has": "lisboa"}, True), ({"f.city~has": "porto"}, False),
        ({"f.city~has": "0%"}, True), ({"f.city~has": "1%0"}, False), ({"f.city~has": "_"}, False),
        ({"f.open~from": "2026-02-28", "f.open~to": "2026-03-01"}, True), ({"f.open~to": "2026-02-28"}, False),
        ({"f.open~before": "2026-03-02"}, True), ({"f.open~before": "2026-03-01"}, False),
        ({"f.open~after": "2026-02-28"}, True), ({"f.open~after": "2026-03-01"}, False),
        ({"f.chairs~after": "13"}, True), ({"f.chairs~before": "14"}, False),
        ({"f.open~from": "5"}, False), ({"f.city~from": "5"}, False),
        ({"f.chain": "yes"}, True), ({"f.chain": "true"}, True), ({"f.chain": "no"}, False),
        ({"f.size~empty": "1"}, True), ({"f.city~empty": "1"}, False),
        ({"f.chairs~from": "many"}, False),
    ],
)  # fmt: skip
def test_own_fields_are_asked_in_every_way(
    query: dict[str, str], is_found: bool, alice: User, make_lead: MakeLead
) -> None:
    custom_fields({"chairs": ("Chairs", "number"), "city": ("City", "text"), "open": ("Opens", "date"),
                   "chain": ("Chain", "boolean"), "size": ("Size", "text")})  # fmt: skip
    lead = make_lead(alice, name="Priya Raman")
    Lead.objects.filter(pk=lead.pk).update(custom=HELD)
    answer = sign_in(alice).get("/leads", query)
    assert ("Priya Raman" in answer.text) == is_found


@pytest.mark.parametrize("how", ["after", "from", "before", "to"])
def test_words_in_a_field_of_days_are_no_day(how: str, alice: User, make_lead: MakeLead) -> None:
    custom_fields({"renewal": ("Renewal", "date")})
    for name, said in (("Ann", "next spring"), ("Bo", "31.12.2019"), ("Cy", "7"), ("Di", "2027-03-01T09:00:00Z")):
        Lead.objects.filter(pk=make_lead(alice, name=name).pk).update(custom={"renewal": said})
    day = "2026-12-31" if how in ("after", "from") else "2027-12-31"
    page = sign_in(alice).get("/leads", {f"f.renewal~{how}": day}).text
    assert [name for name in ("Ann", "Bo", "Cy", "Di") if f"Choose {name}" in page] == ["Di"]


def test_a_question_to_each_lead_says_how_far_it_reached(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    custom_fields({"city": ("City", "text")})
    for n in range(4):
        lead = make_lead(alice, name=f"Lead {n}", source_id=sources_named(["Fair"])["Fair"].pk)
        Lead.objects.filter(pk=lead.pk).update(custom={"city": "Lisboa"}, captured_at=clock.now())
    monkeypatch.setattr("ripeline.leads.finding.matching.LOOKED_AT", 3)
    shown = page(alice, "/leads?f.city~has=lisb")
    assert "looked up lead by lead" in shown
    assert "3 leads" in shown
    monkeypatch.setattr("ripeline.leads.finding.matching.LOOKED_AT", 4)
    assert "looked up lead by lead" not in page(alice, "/leads?f.city~has=lisb")
    assert "neither a number nor a day" in page(alice, "/leads?f.city~from=lots")


def test_no_more_views_than_can_be_looked_through(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "AT_MOST", 1)
    saved.save(actor=alice, name="A", query="")
    with pytest.raises(LeadError, match="remove one"):
        saved.save(actor=alice, name="B", query="")
    assert SavedView.objects.count() == 1
