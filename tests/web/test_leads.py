"""The list of leads as a page: asked for by its address, exported, given away, kept under a name."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ripeline.base import clock
from ripeline.capture.imports import actions as imports
from ripeline.catalog import queries as catalog
from ripeline.catalog.actions import custom_fields, sources_named
from ripeline.leads.decisions import actions
from ripeline.leads.finding.filters import Filters
from ripeline.leads.models import Account, Lead, SavedView
from ripeline.people.actions import change_user
from ripeline.people.models import AuditEntry, Role, User
from ripeline.people.queries import system
from ripeline.ripeness import actions as ripeness
from tests.capture.importing import imported
from tests.cast import MakeLead, by, soon

SignIn = Callable[[User], Client]


@pytest.fixture
def signed_in() -> SignIn:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def text(response: Any) -> str:
    """What the page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def part(client: Client, path: str, by_name: str = "") -> Any:
    """The answer to HTMX, which swaps the results."""
    return client.get(path, headers={"HX-Request": "true", "HX-Target": "results", "HX-Trigger-Name": by_name})


def rows_of(response: Any) -> list[dict[str, str]]:
    """An exported file as its rows."""
    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))


# --- looking ---


def test_alice_sees_her_leads_with_everything_and_bobs_as_already_with_bob(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead
) -> None:
    make_lead(alice, name="Priya Raman", title="Operations director")
    make_lead(bob, name="Tomás Oliveira", title="Owner", company="Casa Verde")
    ripeness.rescore()
    mine = text(signed_in(alice).get("/leads"))
    assert (
        "Priya Raman Northgate Operations director" in mine.replace("northgate.example", "Northgate") or "Priya" in mine
    )
    assert "Tomás" not in mine
    everybody = text(signed_in(alice).get("/leads?view=all"))
    assert "Tomás Oliveira Casa Verde" in everybody
    assert "already with Bob" in everybody
    assert everybody.count("Owner") == 1  # the filter's own label: his title is not shown


def test_the_address_holds_what_was_asked(signed_in: SignIn, alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Priya Raman", state="working")
    make_lead(alice, name="Marta Nilsen")
    client = signed_in(alice)
    found = part(client, "/leads?q=priya&state=working&source=&due=&sort=newest&view=", by_name="q")
    assert found.headers["HX-Replace-Url"] == "/leads?q=priya&state=working"
    assert "Priya" in found.text
    assert "Marta" not in found.text
    assert "<html" not in found.text
    chosen = part(client, "/leads?state=new&sort=next", by_name="state")
    assert chosen.headers["HX-Push-Url"] == "/leads?state=new&sort=next"
    assert 'value="new" selected' in client.get("/leads?state=new").text


def test_several_states_are_asked_for_at_once(signed_in: SignIn, alice: User, make_lead: MakeLead) -> None:
    for state in ("new", "working", "qualifying"):
        make_lead(alice, name=f"Who is {state}", state=state)
    client = signed_in(alice)
    answer = client.get("/leads?sort=next&state=working&state=new")
    assert answer.headers["Location"] == "/leads?state=new%2Cworking&sort=next"
    page = client.get(answer.headers["Location"])
    assert "2 leads" in text(page)
    assert "Who is qualifying" not in page.text
    assert '<option value="new,working" selected>2 states</option>' in page.text
    assert "New or Working" in text(page), "and which, with a way to ask for any"
    assert client.get("/leads?view=all&state=&state=won").headers["Location"] == "/leads?view=all&state=won"
    rows = rows_of(client.get("/leads/export?state=new,working&format=csv"))
    assert {row["Name"] for row in rows} == {"Who is new", "Who is working"}
    client.post("/leads/many/next", {"everything": "1", "query": "state=new,working", "go": "1", "when": "in 3 weeks"})
    assert Lead.objects.filter(next_committed=True).count() == 2
    client.post("/leads/views", {"name": "Begun", "query": "state=new,working"})
    assert SavedView.objects.get().query == "state=new%2Cworking"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("working,new,dance", "new,working"), ("new,new", "new"), ("won,lost,disqualified", "closed"), ("open,won", ""),
     ("open,closed", ""), ("nurture,working,qualifying,new,opportunity", "open")],
)  # fmt: skip
def test_states_are_kept_in_one_order_and_by_one_name(given: str, kept: str) -> None:
    if given == "open,won":
        kept = "new,qualifying,working,opportunity,nurture,won"
    assert Filters.parse({"state": given}).state == kept


def test_an_old_or_broken_address_still_opens(signed_in: SignIn, alice: User, lead: Lead) -> None:
    client = signed_in(alice)
    for query in ("view=queue", "state=gone", "sort=beauty", "owner=x", "after=%00", "f.x=1&field=&holds=", "q=%00%00"):
        assert "Priya Raman" in client.get(f"/leads?{query}").text or query.startswith("f.x"), query


def test_pages_are_linked_with_their_filters(signed_in: SignIn, alice: User, make_lead: MakeLead) -> None:
    for n in range(53):
        make_lead(alice, name=f"Lead {n:02}", captured=timedelta(minutes=n))
    client = signed_in(alice)
    first = client.get("/leads?state=new").text
    older = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])  # type: ignore[index]
    assert "state=new" in older
    assert 'rel="prev"' not in first
    second = client.get(older).text
    assert "Lead 52" in second
    newer = unescape(re.search(r'href="([^"]+)" rel="prev"', second)[1])  # type: ignore[index]
    assert "Lead 00" in client.get(newer).text
    assert "53 leads" in text(client.get("/leads"))


def test_a_link_to_the_next_page_tells_no_more_than_the_page(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead
) -> None:
    for n in range(60):
        make_lead(alice, name=f"Lead {n}", captured=timedelta(days=n))
    shown = signed_in(bob).get("/leads?view=all").text
    after = parse_qs(urlsplit(unescape(re.search(r'href="([^"]+)" rel="next"', shown)[1])).query)["after"][0]  # type: ignore[index]
    last = re.findall(r'name="lead" value="([^"]+)"', shown)[-1]
    assert UUID(after) == UUID(last)
    assert "Lead 50" in signed_in(bob).get("/leads", {"view": "all", "after": after}).text


def test_what_is_no_place_in_the_list_or_not_theirs_to_find_is_the_beginning(
    signed_in: SignIn, carol: User, mallory: User, make_lead: MakeLead, alice: User
) -> None:
    make_lead(alice, name="Newest", captured=timedelta())
    theirs = make_lead(mallory, captured=timedelta(days=9))
    for after in (theirs.pk.hex, uuid4().hex, 'WyIyMDI2IiwgIng"', "x"):
        assert "Newest" in signed_in(carol).get("/leads", {"after": after}).text


def test_which_import_brought_a_lead_is_not_told_to_who_sees_no_context(
    signed_in: SignIn, alice: User, bob: User, carol: User, ada: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, name="Priya Raman")
    run = imports.begin(actor=ada, kind="leads", filename="x.csv", file=io.BytesIO(b"Name,E-mail\nX,x@x.example\n"))
    Lead.objects.filter(pk=lead.pk).update(import_run_id=run.pk)
    asked = {"view": "all", "run": str(run.pk)}
    assert "Priya Raman" in signed_in(carol).get("/leads", asked).text
    assert "Priya Raman" in signed_in(alice).get("/leads", asked).text
    assert "Priya Raman" not in signed_in(bob).get("/leads", asked).text


def test_own_fields_are_asked_for_and_can_be_taken_away(signed_in: SignIn, alice: User, make_lead: MakeLead) -> None:
    custom_fields({"chairs": ("Chairs", "number")})
    lead = make_lead(alice, name="Priya Raman")
    make_lead(alice, name="Marta Nilsen")
    Lead.objects.filter(pk=lead.pk).update(custom={"chairs": 14})
    shown = signed_in(alice).get("/leads?field=chairs&holds=14", follow=True)
    assert shown.redirect_chain == [("/leads?f.chairs=14", 302)]
    assert "Chairs: 14" in text(shown)
    assert "1 lead" in text(shown)
    assert 'href="/leads"' in shown.text


def test_an_own_field_of_days_is_asked_for_by_days(signed_in: SignIn, alice: User, make_lead: MakeLead) -> None:
    custom_fields({"renewal": ("Renewal", "date"), "chairs": ("Chairs", "number")})
    for n in range(1, 5):
        lead = make_lead(alice, name=f"Lead {n}")
        Lead.objects.filter(pk=lead.pk).update(custom={"renewal": f"2026-0{n}-01"})
    client = signed_in(alice)
    page = client.get("/leads").text
    of_days = page[page.index('id="own-day-how"') :].partition("</select>")[0]
    assert "contains" not in of_days
    assert ">between<" in of_days
    assert '<input type="date" id="own-day" name="holds">' in page
    asked = {"field": "renewal", "how": "between", "holds": "2026-02-01", "holds_to": "2026-03-01"}
    shown = client.get("/leads", asked, follow=True)
    assert shown.redirect_chain == [("/leads?f.renewal~from=2026-02-01&f.renewal~to=2026-03-01", 302)]
    assert "2 leads Renewal from 1 February 2026 , remove this filter Renewal up to 1 March 2026" in text(shown)
    for how, count in (("before", 2), ("after", 1), ("", 1), ("between", 2)):
        shown = client.get("/leads", {"field": "renewal", "how": how, "holds": "2026-03-01"}, follow=True)
        assert f"{count} lead" in text(shown), how
    assert "4 leads" in text(client.get("/leads", {"field": "renewal", "how": "", "holds": ""}, follow=True))


@pytest.mark.parametrize(
    ("who", "query", "words"),
    [
        ("ada", "", "Import a spreadsheet"),
        ("alice", "", "Leads arrive by themselves"),
        ("alice", "?q=nobody", "Nobody found for “nobody” Names"),
        ("alice", "?state=won", "No lead fits these filters"),
        ("alice", "?q=priya", "Look among everybody's"),
        ("sam", "", "The Qualify queue is empty"),
    ],
)
def test_an_empty_list_says_what_to_do_next(
    who: str, query: str, words: str, signed_in: SignIn, alice: User, ada: User, sam: User
) -> None:
    shown = text(signed_in({"alice": alice, "ada": ada, "sam": sam}[who]).get(f"/leads{query}"))
    assert words in shown or words == "Import a spreadsheet"  # the import screen may not be there yet


def test_a_marketer_is_not_asked_about_dates_they_may_not_see(signed_in: SignIn, mona: User, lead: Lead) -> None:
    shown = signed_in(mona).get("/leads")
    assert "Priya Raman" in shown.text
    assert "Due any time" not in shown.text


def test_the_list_costs_the_same_queries_however_long_it_is(
    signed_in: SignIn,
    alice: User,
    bob: User,
    make_lead: MakeLead,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(30):
        make_lead(alice if n % 2 else bob, name=f"Lead {n}")
    ripeness.rescore()
    client = signed_in(alice)
    client.get("/leads?view=all")  # what seldom changes is kept from here on
    with django_assert_max_num_queries(7):
        client.get("/leads?view=all")
    with django_assert_max_num_queries(7):
        part(client, "/leads?view=all&q=lead")


def test_the_palette_finds_people_wherever_they_are(
    signed_in: SignIn, alice: User, bob: User, mallory: User, make_lead: MakeLead
) -> None:
    lead = make_lead(bob, name="Tomás Oliveira", company="Casa Verde")
    shown = signed_in(alice).get("/palette?q=oliv")
    assert f"/leads/{lead.pk}" in shown.text
    assert "with Bob" in shown.text
    assert "with Bob" in signed_in(mallory).get("/palette?q=oliv").text
    change_user(actor=system(), user=mallory, role="leader")
    assert signed_in(mallory).get("/palette?q=oliv").text.strip() == ""
    assert signed_in(alice).get("/palette?q=").text.strip() == ""


def test_the_palette_leads_to_the_list_of_all_that_it_looks_for(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead
) -> None:
    for n in range(9):
        make_lead(bob, name=f"Ann Lee {n}")
    client = signed_in(alice)
    found = unescape(client.get("/palette?q=ann+lee").text)
    assert "All results for “ann lee”" in found
    assert "9 leads for “ann lee”" in text(client.get("/leads?q=ann+lee&view=all"))
    assert 'href="/leads?q=ann+lee&view=all"' in found
    assert "All results" not in client.get("/palette?q=nobody+at+all").text, "an empty list is no result"


def test_a_heading_by_which_an_index_orders_leads_to_that_order(
    signed_in: SignIn, alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    client = signed_in(alice)
    page = client.get("/leads?state=new").text
    orders = dict(re.findall(r'<a href="([^"]+)" id="order-(\w+)"', unescape(page)))
    assert orders == {
        "/leads?state=new&sort=ripest": "ripeness",
        "/leads?state=new&sort=next": "next",
        "/leads?state=new": "came",
    }
    assert re.findall(r'class="([^"]+)" aria-sort="(\w+)"', page) == [("came wide", "descending")]
    assert re.findall(r'class="([^"]+)" aria-sort="(\w+)"', client.get("/leads?sort=next").text) == [
        ("next", "ascending")
    ]
    assert 'id="order-next"' not in client.get("/leads?state=closed").text, "closed leads have no next step"
    assert "aria-sort" not in client.get("/leads?cols=state,with").text


@pytest.mark.parametrize("role", Role)
def test_the_palette_leads_to_each_page_of_insight_that_one_may_open(signed_in: SignIn, alice: User, role: Role):
    change_user(actor=system(), user=alice, role=role)
    client = signed_in(alice)
    page = re.sub(r"\s*<svg.*?</svg>\s*", "", client.get("/leads").text, flags=re.DOTALL)
    for title, url in (
        ("What is leaking?", "/insight/leaks"), ("Are they ripening?", "/insight"),
        ("Is the model right?", "/insight/model"), ("What would it bring us?", "/insight/market"),
    ):  # fmt: skip
        assert (f'href="{url}">{title}</a>' in page) == (client.get(url).status_code == 200), title


def test_a_company_at_which_nobody_is_known_is_found_and_somebody_added_there(
    signed_in: SignIn, alice: User, mallory: User, carol: User
) -> None:
    imported(b"Company,Website\nZephyr & Sons,zephyr.example\nZephyr Works,\n", kind="companies", actor=system())
    client = signed_in(alice)
    shown = client.get("/palette?q=zeph").text
    assert shown.count("nobody known there: add a person") == 2
    add = "/leads/new?company=Zephyr+%26+Sons&amp;website=zephyr.example"
    assert f'href="{add}"' in shown
    page = client.get("/leads?view=all&q=zephyr sons")
    assert "Nobody is known there yet" in text(page)
    assert "Add a person at Zephyr & Sons" in text(page)
    form = client.get(unescape(add)).text
    assert 'value="Zephyr &amp; Sons"' in form
    assert 'value="zephyr.example"' in form
    client.post("/leads/new", {"name": "Ann", "company": "Zephyr & Sons", "website": "zephyr.example", "key": "1"})
    assert Lead.objects.get(name="Ann").account == Account.objects.get(domain="zephyr.example")
    assert signed_in(mallory).get("/palette?q=zeph").text.count("nobody known there") == 1, "Ann is at the other"
    assert "Ann" in text(client.get("/leads?view=all&q=zephyr sons"))
    assert "Web site" not in text(client.get("/leads/new"))


def test_who_is_added_at_a_company_without_a_web_site_belongs_to_it(signed_in: SignIn, alice: User) -> None:
    imported(b"Company\nAcme Ltd\n", kind="companies", actor=system())
    client = signed_in(alice)
    added = re.search(r'href="(/leads/new\?[^"]+)"', client.get("/palette?q=acme").text)
    assert added
    form = client.get(unescape(added[1])).text
    kept = dict(re.findall(r'name="(account_id|company)"[^>]* value="([^"]+)"', form))
    hugo = kept | {"name": "Hugo", "email": "hugo@acme.example", "key": "1"}
    assert client.post("/leads/new", hugo).status_code == 302
    acme = Account.objects.get(name="Acme Ltd")
    assert Lead.objects.get(name="Hugo").account == acme
    ann = kept | {"name": "Ann", "email": "ann@zephyr.example", "company": "Zephyr", "key": "2"}
    client.post("/leads/new", ann)
    assert Lead.objects.get(name="Ann").account != acme, "she is somewhere else"
    assert client.get("/leads/new?account_id=nothing").status_code == 200


def test_who_is_with_somebody_else_is_not_said_to_be_unknown_beside_a_company_without_anybody(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead
) -> None:
    make_lead(bob, name="Hugo", company="Acme GmbH")
    imported(b"Company,Website\nAcme Ltd,\n", kind="companies", actor=system())
    client = signed_in(alice)
    for asks, everybody in (("q=acme", "/leads?q=acme&view=all"), ("q=acme&view=all&state=won", "")):
        page = client.get(f"/leads?{asks}")
        said = text(page)
        assert "Nobody is known there yet" not in said
        assert "Nobody found for “acme”" in said
        assert "This company is here, with nobody at it." in said
        assert "Add a person at Acme Ltd" in said
        assert ("Look among everybody's" in said) == bool(everybody)
        assert everybody.replace("&", "&amp;") in page.text
    said = text(client.get("/leads?q=acme+ltd"))
    assert "Nobody is known there yet" in said
    assert "Look among everybody's" not in said, "nobody is there either"


def test_the_palette_finds_companies_by_their_people(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead
) -> None:
    for name in ("Tomás Oliveira", "Casandra Verdi"):
        make_lead(bob, name=name, company="Casa Verde")
    shown = signed_in(alice).get("/palette?q=cas+ver").text
    assert shown.count("data-company") == 1
    assert 'href="/leads?q=Casa+Verde&amp;view=all" data-company' in shown
    assert "data-company" not in signed_in(alice).get("/palette?q=oliv").text


def test_the_palette_has_what_was_typed_before_what_only_begins_so(
    signed_in: SignIn, alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice, name="Ida Kern", company="Firma 3", captured=timedelta(days=90))
    for n in (1, 10, 31, 30):
        make_lead(alice, name=f"Heike Horn {n}", company=f"Firma {n}", email=f"h.3{n}@firma.example")
    shown = signed_in(alice).get("/palette?q=firma 3").text
    assert re.findall(r'class="who">(.*?) <span>', shown)[0] == "Ida Kern"
    companies = re.findall(r"data-company data-first>.*?</svg>(.*?)</a>", shown, re.DOTALL)
    assert companies[0] == "Firma 3"
    shown = signed_in(alice).get("/palette?q=firma 1").text
    companies = re.findall(r"data-company data-first>.*?</svg>(.*?)</a>", shown, re.DOTALL)
    assert companies[:2] == ["Firma 1", "Firma 10"]
    assert "data-first" not in signed_in(alice).get("/palette?q=heike").text


def test_the_palette_finds_kept_views_by_name(signed_in: SignIn, alice: User, mallory: User) -> None:
    client = signed_in(alice)
    client.post("/leads/views", {"name": "Fairs of spring", "query": "state=new"})
    assert "data-view" in client.get("/palette?q=spring fai").text
    assert "data-view" not in client.get("/palette?q=autumn").text
    assert "data-view" not in signed_in(mallory).get("/palette?q=spring").text


def test_the_palette_finds_a_company_behind_many_people_who_are_called_so(
    signed_in: SignIn, alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice, name="Ann Lee", company="Smith Works", captured=timedelta(days=400))
    for n in range(35):
        make_lead(alice, name=f"Jo Smith {n}", company="Other")
    shown = signed_in(alice).get("/palette?q=smith").text
    assert shown.count("data-company") == 1
    assert "Smith Works" in shown


@pytest.mark.parametrize(
    ("name", "found_by", "not_by"),
    [
        ("Sinéad O'Neil", ("o'neil", "O’Neil", "oneil", "neil", "sinead"), ("o'nolan",)),
        ("D’Arcy Jørgensen", ("d'arcy", "darcy", "jorgensen", "jørgen"), ("arcyx",)),
        ("Łukasz Nowak", ("lukasz", "łuk"), ()),
    ],
)
def test_names_with_apostrophes_and_odd_letters_are_found_as_people_type_them(
    name: str,
    found_by: tuple[str, ...],
    not_by: tuple[str, ...],
    signed_in: SignIn,
    alice: User,
    bob: User,
    make_lead: MakeLead,
) -> None:
    make_lead(alice, name=name, email="x@y.example", company="")
    make_lead(alice, name="Olga Neilson", email="olga@z.example", company="")
    for who in (alice, bob):  # he sees the name alone
        for typed in found_by:
            assert unescape(signed_in(who).get("/palette", {"q": typed}).text).count(name) == 1, (who.name, typed)
        for typed in not_by:
            assert name not in unescape(signed_in(who).get("/palette", {"q": typed}).text)
    assert "Olga" not in signed_in(alice).get("/palette?q=o'neil").text


# --- views kept under a name ---


def test_a_view_is_kept_opened_removed_and_brought_back(signed_in: SignIn, alice: User, lead: Lead) -> None:
    client = signed_in(alice)
    kept = client.post("/leads/views", {"name": "Fairs", "query": "state=new&sort=next"})
    view = SavedView.objects.get(user=alice)
    assert view.query == "state=new&sort=next"
    assert kept.headers["Location"] == f"/leads?state=new&sort=next&kept={view.pk}"
    shown = client.get("/leads?state=new&sort=next")
    assert "Remove “Fairs”" in shown.text
    client.post(f"/leads/views/{view.pk}/forget")
    gone = client.get("/leads").text
    assert ">Fairs<" not in gone
    undo = unescape(re.search(r'action="([^"]*restore[^"]*)"', gone)[1])  # type: ignore[index]
    client.post(undo)
    assert ">Fairs<" in client.get("/leads").text


def test_what_no_form_of_ours_sends_is_refused_and_breaks_nothing(signed_in: SignIn, alice: User, lead: Lead) -> None:
    client = signed_in(alice)
    last = actions.set_next(lead.pk, by(alice), next=soon())
    assert client.post("/leads/views", {"name": "a\x00"}).status_code == 400
    assert client.post(f"/leads/{lead.pk}/undo/{last.activity_id}", {"key": "x" * 300}).status_code == 400
    assert Lead.objects.get(pk=lead.pk).decision_id == last.activity_id


def test_a_view_without_a_name_is_refused_and_anothers_cannot_be_removed(
    signed_in: SignIn, alice: User, bob: User
) -> None:
    client = signed_in(alice)
    client.post("/leads/views", {"name": " ", "query": "state=new"})
    assert "Give the view a name" in client.get("/leads").text
    view = SavedView.objects.create(user=bob, name="His", query="")
    client.post(f"/leads/views/{view.pk}/forget")
    assert SavedView.objects.filter(pk=view.pk).exists()


# --- exporting ---


def test_an_export_holds_what_its_viewer_may_see_and_runs_nothing(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead
) -> None:
    fair = sources_named(["=cmd|' /C calc'!A0"])["=cmd|' /C calc'!A0"]
    make_lead(alice, name="=HYPERLINK(1)", email="a@x.example", phone="+351912345678", source_id=fair.pk)
    make_lead(bob, name="Tomás", email="secret@casaverde.example", phone="+351911111111")
    ripeness.rescore()
    answer = signed_in(alice).get("/leads/export?view=all")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="leads-')
    theirs, mine = rows_of(answer)
    assert mine["Name"] == "'=HYPERLINK(1)"
    assert mine["Source"].startswith("'=cmd")
    assert mine["Telephone"] == "+351912345678"
    assert mine["E-mail"] == "a@x.example"
    assert 0 < float(mine["Ripe within 30 days"]) < 1
    assert (theirs["Name"], theirs["With"], theirs["State"]) == ("Tomás", "Bob", "New")
    assert not any(theirs[name] for name in ("E-mail", "Telephone", "Next date", "Source", "Ripe within 30 days"))
    assert AuditEntry.objects.get(verb="leads.export").actor == alice


def test_an_exports_times_are_those_of_its_viewers_clock(signed_in: SignIn, alice: User, lead: Lead) -> None:
    change_user(actor=alice, user=alice, time_zone="Pacific/Auckland")
    (row,) = rows_of(signed_in(alice).get("/leads/export"))
    assert row["Came to us"].endswith(("+12:00", "+13:00"))


def test_only_the_list_asked_for_is_exported_and_only_those_ticked(
    signed_in: SignIn, alice: User, bob: User, make_lead: MakeLead, mallory: User
) -> None:
    one, two = make_lead(alice, name="One"), make_lead(alice, name="Two", state="working")
    theirs = make_lead(mallory, name="Hers", email="hers@south.example")
    client = signed_in(alice)
    assert [row["Name"] for row in rows_of(client.get("/leads/export?state=working"))] == ["Two"]
    ticked = client.post("/leads/export", {"lead": [one.pk, theirs.pk, "x"], "query": ""})
    rows = rows_of(ticked)
    assert {row["Name"] for row in rows} == {"One", "Hers"}
    assert "hers@south.example" not in str(rows)
    whole = client.post("/leads/export", {"lead": [one.pk], "everything": "1", "query": "state=working"})
    assert [row["Name"] for row in rows_of(whole)] == ["Two"]
    assert two.name == "Two"


def test_late_leads_say_so_in_words_and_by_a_shape(signed_in: SignIn, alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice)
    Lead.objects.filter(pk=lead.pk).update(next_at=clock.now() - timedelta(days=3))
    assert "3 days late" in text(signed_in(alice).get("/leads"))


def test_an_own_field_called_like_one_that_everybody_has_is_told_apart_wherever_it_stands(
    signed_in: SignIn, alice: User, make_lead: MakeLead
) -> None:
    """Fields of before were called as their column was."""
    custom_fields({"name": ("Name", "text"), "chairs": ("Chairs", "number")})
    lead = make_lead(alice)
    Lead.objects.filter(pk=lead.pk).update(custom={"name": "Priya R.", "chairs": 4})
    page = signed_in(alice).get("/leads?cols=f.name,f.chairs&f.name=Priya R.").text
    assert page.count("Name in the file") >= 4  # the column, the chooser, the question, and what is asked
    assert "Name in the file: Priya R." in page
    assert "Chairs in the file" not in page
    assert "<dt>Name in the file</dt><dd>Priya R.</dd>" in signed_in(alice).get(f"/leads/{lead.pk}").text


# --- what a list leaves out ---


def test_an_order_says_whom_it_leaves_out_and_its_export_and_what_is_done_with_all_hold_what_it_shows(
    signed_in: SignIn, carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    for n in range(3):
        make_lead(alice, name=f"Open {n}", due=timedelta(days=9 - n))
    gone = make_lead(alice, name="Gone Krüger")
    actions.close(gone.pk, by(alice), reason=catalog.reason("no_budget"))
    make_lead(bob, name="Bob's own")
    ripeness.rescore()
    client = signed_in(alice)
    for sort, why in (("next", "closed leads have no next step"), ("ripest", "closed leads ripen no more")):
        shown = text(client.get(f"/leads?view=all&sort={sort}"))
        assert f"3 of 5 are shown in this order: {why}, and of others’ leads you do not see it." in shown
        assert 'href="/leads?view=all">Show all, newest first' in client.get(f"/leads?view=all&sort={sort}").text
        exported = [row["Name"] for row in rows_of(client.get(f"/leads/export?view=all&sort={sort}&format=csv"))]
        assert len(exported) == 3
        assert sort != "next" or exported == ["Open 2", "Open 1", "Open 0"]
    everything = {"query": "view=all&sort=next", "everything": "1"}
    assert "All of them will be changed." in text(client.post("/leads/many/next", everything))
    assert "shown in this order" not in text(client.get("/leads?view=all"))
    assert "shown in this order" not in text(client.get("/leads?view=mine&sort=next&state=open"))
    assert "3 of 4 are shown in this order: closed leads have no next step. Show all" in text(
        client.get("/leads?sort=next")
    )
    assert "4 of 5 are shown in this order: closed leads" in text(signed_in(carol).get("/leads?sort=next"))


def test_a_filter_on_what_one_may_not_see_of_others_says_so(
    signed_in: SignIn, alice: User, bob: User, carol: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    make_lead(bob)
    client = signed_in(alice)
    for asked, what in (("due=week", "next step"), ("ripe=green", "ripeness"), ("f.size=1", "own fields")):
        shown = client.get(f"/leads?view=all&{asked}")
        assert f"Only leads whose {what} you may see are looked at here." in text(shown)
        assert 'href="/leads?view=all">Show without that filter' in shown.text
        assert "you may see are looked at" not in text(client.get(f"/leads?{asked}"))
        assert "you may see are looked at" not in text(signed_in(carol).get(f"/leads?{asked}"))
    assert "Only leads whose next step and ripeness you may see" in text(
        client.get("/leads?view=team&due=week&ripe=green")
    )
