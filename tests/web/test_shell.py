"""The frame: what is in the rail, toasts on pages and parts of pages, refusals and mishaps in words."""

import gzip
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context, Template
from django.template.loader import get_template
from django.templatetags.static import static
from django.test import Client
from django.urls import include, path
from pytest_django.fixtures import Settings

from ripeline.config import urls
from ripeline.leads.models import Lead
from ripeline.leads.rules import NotAllowed
from ripeline.people.actions import change_user
from ripeline.people.models import Company, User
from ripeline.web.frame import static_files
from ripeline.web.frame.shell import RAIL, say
from tests.cast import MakeLead

PART = {"headers": {"HX-Request": "true"}}


def _speak(request: HttpRequest) -> HttpResponse:
    say(request, "Jonas: meeting <Thursday>", undo="/take-back")
    return redirect("/settings/profile") if "away" in request.GET else HttpResponse("<p>done</p>")


def _speak_without_body(request: HttpRequest) -> HttpResponse:
    say(request, "Later")
    return HttpResponse(status=204)


def _refuse(request: HttpRequest) -> HttpResponse:
    raise NotAllowed("This lead is with Alice; you may not see it.")


def _stumble(request: HttpRequest) -> HttpResponse:
    raise BadRequest


def _break(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("boom")


def _away(_: HttpRequest) -> HttpResponse:
    raise OperationalError("the connection was closed")


urlpatterns = [
    *urls.urlpatterns,
    path("", include([path("speak", _speak), path("later", _speak_without_body), path("refuse", _refuse)])),
    path("stumble", _stumble),
    path("break", _break),
    path("away", _away),
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def client(client: Client, settings: Settings, alice: User) -> Client:
    """Alice, before pages that say, refuse and break."""
    settings.ROOT_URLCONF = __name__
    client.force_login(alice)
    client.raise_request_exception = False
    return client


def test_what_is_said_is_shown_once_with_its_undo(client: Client) -> None:
    page = client.get("/speak?away=1", follow=True).text
    toasts = page.split('id="toasts"')[1]
    assert "Jonas: meeting &lt;Thursday&gt;" in toasts
    assert 'action="/take-back"' in toasts
    assert 'name="key"' in toasts
    assert "csrfmiddlewaretoken" in toasts
    assert "Jonas" not in client.get("/settings/profile").text


def test_a_part_of_a_page_brings_its_toast_along(client: Client) -> None:
    part = client.get("/speak", **PART).text
    assert part.startswith("<p>done</p>")
    assert 'hx-swap-oob="beforeend"' in part
    assert "Jonas: meeting" in part
    assert "Jonas" not in client.get("/settings/profile").text


def test_what_a_part_without_a_body_says_is_kept_for_the_next_page(client: Client) -> None:
    client.get("/later", **PART)
    assert "Later" in client.get("/settings/profile").text


def test_a_redirect_in_answer_to_a_part_leads_the_whole_page_on(client: Client) -> None:
    answer = client.get("/speak?away=1", **PART)
    assert answer.headers["HX-Redirect"] == "/settings/profile"
    assert "Jonas: meeting" in client.get("/settings/profile").text


def test_whoever_was_signed_out_is_led_to_sign_in_by_a_part_too(client: Client) -> None:
    client.logout()
    answer = client.get("/settings/profile", **PART)
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/settings/profile"


def test_whoever_was_signed_out_meanwhile_comes_back_to_where_they_were_and_hears_that_nothing_was_saved(
    client: Client, lead: Lead
) -> None:
    client.logout()

    def led(method: str, path: str, *, on: str = "", **given: Any) -> tuple[str, bool]:
        """Where one is after signing in, and whether the sign-in page says that nothing was saved."""
        if on and given.pop("part", True):
            headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{on}"}
        else:
            headers = {"Referer": f"http://testserver{on}"} if on else {}
        answer = getattr(client, method)(path, given, headers=headers)
        address = answer.headers.get("HX-Redirect") or answer.headers["Location"]
        return parse_qs(urlsplit(address).query)["next"][0], "was not saved" in client.get(address).text

    record = f"/leads/{lead.pk}"
    assert led("post", f"{record}/note", on=record, text="A long note") == (record, True)
    assert led("post", f"{record}/outcome", on=f"/today/{lead.pk}") == (f"/today/{lead.pk}", True)
    assert led("get", "/leads?q=priya", on="/leads?q=pri") == ("/leads?q=priya", False)
    assert led("post", "/leads/many/next", on="/leads/many/next", part=False, query="view=all") == (
        "/leads?view=all", True,
    )  # fmt: skip
    assert led("post", "/settings/profile", on="/settings/profile", part=False) == ("/settings/profile", True)


def test_an_address_that_only_a_form_sends_to_leads_to_the_page_above_it(client: Client, lead: Lead) -> None:
    for address, above in ((f"/leads/{lead.pk}/note", f"/leads/{lead.pk}"), ("/leads/many/next", "/leads")):
        answer = client.get(address, headers={"Accept": "text/html"}, follow=True)
        assert answer.request["PATH_INFO"] == above
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("page", "status", "words"),
    [
        ("/refuse", 403, "This lead is with Alice; you may not see it."),
        ("/stumble", 400, "is not something Ripeline can read"),
        ("/nothing-here", 404, "the address has a slip in it"),
        ("/break", 500, "Something broke on our side"),
        ("/away", 503, "The database does not answer just now"),
    ],
)
def test_mishaps_are_said_in_plain_words(page: str, status: int, words: str, client: Client) -> None:
    answer = client.get(page)
    assert answer.status_code == status
    assert words in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    if status < 500:
        assert 'aria-label="Main"' in answer.text  # within the shell
    part = client.get(page, **PART)
    assert part.status_code == status
    assert part.headers["Content-Type"].startswith("text/plain")
    client.logout()
    if page == "/nothing-here":
        assert client.get(page).status_code == 404


def test_a_form_without_its_token_is_refused_in_words(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/settings/profile", {"name": "Alice"})
    assert answer.status_code == 403
    assert "This form is too old" in answer.text


def entries(user: User) -> set[str]:
    client = Client()
    client.force_login(user)
    rail = client.get("/settings/profile").text.split('aria-label="Main"')[1].split("</nav>")[0]
    return {entry.label for entry in RAIL if f">{entry.label}<" in rail.replace("</svg>", ">").replace("<a", "\n<a")}


def test_the_rail_has_only_what_a_role_has_a_use_for(alice: User, mona: User, sam: User, ada: User) -> None:
    assert "Imports" not in entries(alice)
    assert "Today" not in entries(mona)
    for user in (alice, mona, sam, ada):
        assert "Settings" in entries(user)


def test_the_demo_company_says_so_on_every_page(client: Client) -> None:
    assert "demo company" not in client.get("/settings/profile").text
    Company.objects.update(is_demo=True)
    assert "This is a demo company" in client.get("/settings/profile").text


def test_home_is_a_beginning_until_there_are_leads(client: Client, mona: User, make_lead: MakeLead) -> None:
    assert "There are no leads yet" in client.get("/").text
    make_lead()
    assert client.get("/").status_code == 302


def test_no_page_has_a_script_or_a_style_of_its_own_in_its_text(client: Client, ada: User) -> None:
    client.force_login(ada)
    for page in ("/", "/settings/profile", "/settings/people", "/settings/ripening", "/settings/company"):
        text = client.get(page).text
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text
        assert all("src=" in script.split(">")[0] for script in text.split("<script")[1:])


def test_htmx_swaps_in_a_form_that_was_refused(client: Client) -> None:
    config = client.get("/settings/profile").text.split('name="htmx-config" content=\'')[1].split("'")[0]
    handling = json.loads(config)["responseHandling"]
    assert {"code": "422", "swap": True} in handling
    assert json.loads(config)["includeIndicatorStyles"] is False


@pytest.mark.django_db
def test_what_is_made_once_for_a_role_is_not_shown_to_another(alice: User, ada: User, client: Client) -> None:
    for viewer, other in ((ada, alice), (alice, ada), (ada, alice)):
        client.force_login(viewer)
        page = client.get("/leads?view=all").text
        assert ('href="/settings/company"' in page) is (viewer == ada)
        assert (f"<span>{viewer.name}</span>" in page, f"<span>{other.name}</span>" in page) == (True, False)
        assert page.count('class="entry" href="/leads" aria-current="page"') == 1
    assert "aria-current" not in client.get("/settings/profile").text.split('href="/leads"')[1].split("</a>")[0]
    change_user(actor=ada, user=alice, name="Alice Renamed", role="admin")
    client.force_login(alice)
    page = client.get("/leads?view=all").text
    assert "<span>Alice Renamed</span>" in page
    assert 'href="/settings/company"' in page


@pytest.mark.parametrize("places", ["", '"who"'])
def test_a_part_in_which_nothing_changes_is_that_part(places: str) -> None:
    made = Template('{% filled "parts/brand.html" ' + places + " %}").render(Context({"who": ""}))
    assert made == get_template("parts/brand.html").render()


def test_pages_and_their_parts_come_compressed_to_who_takes_them_so_and_files_do_not(
    alice: User, make_lead: MakeLead
) -> None:
    for _ in range(20):
        make_lead(alice)
    client, plain = Client(headers={"Accept-Encoding": "gzip, deflate, br"}), Client()
    client.force_login(alice)
    plain.force_login(alice)
    for part in ({}, {"HX-Request": "true", "HX-Target": "results"}):
        answer = client.get("/leads?view=mine", headers=part)
        assert answer["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer["Vary"]
        assert int(answer["Content-Length"]) == len(answer.content)
        whole = gzip.decompress(answer.content)
        assert whole.count(b"<tr") > 20
        assert len(whole) > 4 * len(answer.content)
    assert "Content-Encoding" not in client.get("/leads/export?view=mine&format=csv")
    assert "Content-Encoding" not in plain.get("/leads?view=mine")


def test_a_browser_keeps_our_files_for_good_by_the_mark_of_what_is_in_them_and_else_for_a_minute(
    db: None,
) -> None:
    client = Client()
    [address] = re.findall(r'href="(/static/ripeline/base\.css\?v=\w+)"', client.get("/sign-in", follow=True).text)

    def kept(address: str) -> str:
        answer = client.get(address)
        assert b"--paper" in answer.getvalue()
        answer.close()
        return answer["Cache-Control"]

    assert kept(address) == static_files.FOR_GOOD
    for other in (address.partition("?")[0], f"{address}0", f"{address.partition('=')[0]}="):
        assert kept(other) == "max-age=60, public", other
    assert client.get("/static/nothing.css?v=1").status_code == 404
    assert static("nothing.css") == "/static/nothing.css"
