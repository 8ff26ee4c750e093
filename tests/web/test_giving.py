"""What forms give: by a link of one's own, in a mail or on the page, taken by pressing and never by looking."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ripeline.base import clock
from ripeline.capture.doors import doors
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.models import Door, Submission
from ripeline.catalog import assets
from ripeline.catalog.models import Asset, AssetContent
from ripeline.leads.models import Lead
from ripeline.outbox import kinds
from ripeline.outbox.models import Message
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.cast import MakeLead

PDF = b"%PDF-1.7 a guide"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def guide(mona: User) -> Asset:
    file = SimpleUploadedFile("Führer 2026.pdf", PDF)
    assert signed_in(mona).post("/capture/assets", {"title": "The guide", "file": file}).status_code == 302
    return Asset.objects.get()


def form(mona: User, asset: Asset) -> Door:
    draft = FormDraft(name="Guide", source_type="content_download", title="Get the guide", gives=asset.pk)
    return doors.keep_form(actor=mona, draft=draft)


def send(email: str = "priya@northgate.example", **more: str) -> Any:
    client = Client()
    unseen = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', client.get("/f/guide").text))
    with clock.at(clock.now() + timedelta(seconds=20)):
        return client.post("/f/guide", {"email": email} | unseen | more)


def link_in(page: str) -> str:
    found = re.search(r'href="(/get/[^"]+)"', page)
    assert found
    return found[1]


def test_without_a_mail_server_the_link_is_on_the_page_that_says_thank_you(mona: User, guide: Asset) -> None:
    form(mona, guide)
    answer = send()
    link = link_in(Client().get(answer["Location"]).text)
    page = Client().get(link)
    assert "The guide" in page.text
    assert not Activity.objects.filter(kind="downloaded").exists(), "looking is no download: gateways look"
    for _ in range(2):
        got = Client(enforce_csrf_checks=True).post(link)
        assert got.content == PDF
        assert got["Content-Disposition"].startswith("attachment; filename*=utf-8''F%C3%BChrer%202026.pdf")
        assert got["Content-Type"] == "application/octet-stream"
    lead = Lead.objects.get()
    entry = Activity.objects.get(lead_id=lead.pk, kind="downloaded")
    assert entry.data["title"] == "The guide"
    assert "No mail server is set" in signed_in(mona).get(f"/capture/doors/{Door.objects.get().pk}").text


def test_who_goes_back_and_sends_it_again_in_haste_gets_the_link_again(mona: User, guide: Asset) -> None:
    draft = FormDraft(
        name="Guide", source_type="content_download", title="Get", gives=guide.pk, redirect_url="https://www.n.example"
    )
    doors.keep_form(actor=mona, draft=draft)
    client = Client()
    assert "get=" in send()["Location"]
    unseen = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', client.get("/f/guide").text))
    again = client.post("/f/guide", {"email": "priya@northgate.example"} | unseen)
    assert link_in(client.get(again["Location"]).text)
    assert Submission.objects.count() == 1
    unseen = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', client.get("/f/guide").text))
    other = client.post("/f/guide", {"email": "tom@northgate.example"} | unseen)
    assert "get=" not in other["Location"], "other words in such haste are still a machine's"


def test_with_a_mail_server_the_link_comes_by_mail_once(mona: User, guide: Asset, settings: Any) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:9"
    form(mona, guide)
    answer = send()
    thanks = Client().get(answer["Location"]).text
    assert "The guide is on its way to you by mail." in thanks
    assert "/get/" not in thanks
    message = Message.objects.get(kind="asset")
    assert message.to_address == "priya@northgate.example"
    letter = kinds.KINDS["asset"].write(message)
    assert letter.link
    assert letter.link.url.startswith("http://testserver/get/")
    assert Client().post(letter.link.url.removeprefix("http://testserver")).content == PDF


def test_what_looks_like_a_machine_gets_nothing_until_it_is_let_in(mona: User, guide: Asset, settings: Any) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:9"
    form(mona, guide)
    send(fax="12345")
    assert not Message.objects.exists()
    client = signed_in(mona)
    held = re.search(r"/capture/held/([0-9a-f-]+)/release", client.get("/capture/held").text)
    assert held
    client.post(held[0])
    assert Message.objects.get(kind="asset").context["base_url"] == "http://testserver"


@pytest.mark.parametrize("wish", ["Sec-GPC", "DNT"])
def test_who_asks_not_to_be_tracked_gets_it_and_nothing_is_noted(mona: User, guide: Asset, wish: str) -> None:
    form(mona, guide)
    link = link_in(Client().get(send()["Location"]).text)
    assert Client().post(link, headers={wish: "1"}).content == PDF
    assert not Activity.objects.filter(kind="downloaded").exists()


def test_the_thanks_that_give_the_link_say_until_when_it_works(mona: User, guide: Asset) -> None:
    form(mona, guide)
    with clock.at(datetime(2026, 11, 28, 12, tzinfo=UTC)):
        thanks = send()["Location"]
        assert "The link works until 28 December 2026." in Client().get(thanks).text
        assert "The link works until 28 December 2026." in Client().get(link_in(Client().get(thanks).text)).text


def test_a_link_holds_for_a_month_and_cannot_be_made_by_others(mona: User, guide: Asset) -> None:
    form(mona, guide)
    link = link_in(Client().get(send()["Location"]).text)
    with clock.at(clock.now() + timedelta(days=32)):
        assert Client().get(link).status_code == 410
        assert Client().post(link).status_code == 410
    assert Client().post(link.replace("?", "x?")).status_code == 404
    assert "/get/" not in Client().get("/f/guide/thanks?get=nonsense").text
    assert not Activity.objects.filter(kind="downloaded").exists()


def test_an_address_elsewhere_is_led_to_wherever_it_leads_on_to_and_counted(mona: User) -> None:
    client = signed_in(mona)
    client.post("/capture/assets", {"title": "A film", "url": "https://films.example/a"})
    form(mona, Asset.objects.get())
    link = link_in(Client().get(send()["Location"]).text)
    page = Client().get(link)
    assert "form-action 'self' http: https:;" in f"{page['Content-Security-Policy']};"
    assert Client().post(link)["Location"] == "https://films.example/a"
    assert Activity.objects.filter(kind="downloaded").count() == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"title": "x"}, "one of the two"),
        ({"title": "", "url": "https://x.example"}, "Please fill this in."),
        ({"title": "x", "url": "javascript:alert(1)"}, "Write a whole address"),
        ({"title": "x", "url": "https://x.example/;script-src"}, "Write a whole address"),
        ({"title": "x", "file": SimpleUploadedFile("x.pdf", b"")}, "empty"),
    ],
)
def test_what_cannot_be_given_is_said_beside_it(mona: User, sent: dict[str, Any], said: str) -> None:
    answer = signed_in(mona).post("/capture/assets", sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Asset.objects.exists()


def test_only_those_who_keep_doors_keep_what_is_given(alice: User, mona: User, guide: Asset) -> None:
    assert signed_in(alice).get("/capture/assets").status_code == 403
    assert signed_in(alice).post(f"/capture/assets/{guide.pk}", {"to": "retire"}).status_code == 403
    signed_in(mona).post(f"/capture/assets/{guide.pk}", {"to": "retire"})
    guide.refresh_from_db()
    assert not guide.is_active


SAID = {
    "title": "The guide", "stage": "consideration", "pains": "no-shows\n\n  double   bookings \nno-shows",
    "persona": "practice managers",
}  # fmt: skip


def test_mona_says_for_whom_and_when_it_is_and_who_calls_reads_it(
    alice: User, mona: User, guide: Asset, make_lead: MakeLead
) -> None:
    client = signed_in(mona)
    assert "Führer 2026.pdf" in client.get(f"/capture/assets/{guide.pk}/change").text
    client.post(f"/capture/assets/{guide.pk}/change", SAID)
    guide.refresh_from_db()
    assert (guide.stage, guide.pains, guide.persona) == (
        "consideration", ["no-shows", "double bookings"], "practice managers",
    )  # fmt: skip
    assert assets.content_of(guide) == PDF, "nobody has put another file in its place"
    assert "Consideration · no-shows, double bookings · for practice managers" in client.get("/capture/assets").text
    form(mona, guide)
    lead = make_lead(alice, email="priya@northgate.example")
    link = link_in(Client().get(send()["Location"]).text)
    asked = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Asked for “The guide” " in asked
    quote = FormDraft(name="Guide", source_type="quote_request", title="Ask", gives=guide.pk)
    doors.keep_form(actor=mona, door=Door.objects.get(), draft=quote)
    offered = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Was offered “The guide” " in offered, "they asked for a quote"
    doors.keep_form(actor=mona, door=Door.objects.get(), draft=replace(quote, source_type="content_download"))
    assert "(an answer to no-shows, double bookings; for the stage of consideration)" in asked
    Client().post(link)
    page = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Downloaded “The guide” " in page
    assert "(an answer to no-shows, double bookings; for the stage of consideration)" in page


def test_another_file_takes_its_place_and_links_that_were_sent_give_it(mona: User, guide: Asset) -> None:
    form(mona, guide)
    link = link_in(Client().get(send()["Location"]).text)
    client, page = signed_in(mona), f"/capture/assets/{guide.pk}/change"
    client.post(page, SAID | {"file": SimpleUploadedFile("guide-2027.pdf", b"%PDF-1.7 new")})
    answer = Client().post(link)
    assert (answer.content, "guide-2027.pdf" in answer["Content-Disposition"]) == (b"%PDF-1.7 new", True)
    client.post(page, SAID | {"url": "https://films.example/a"})
    assert Client().post(link)["Location"] == "https://films.example/a"
    assert not AssetContent.objects.exists()
    client.post(page, SAID | {"url": "https://films.example/a", "file": SimpleUploadedFile("guide.pdf", PDF)})
    assert Client().post(link).content == PDF, "a file takes the place of an address, too"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"title": " "}, "Please fill this in."),
        ({"stage": "soon"}, "Select a valid choice"),
        ({"pains": "\n".join(f"pain {place}" for place in range(9))}, "that matter most"),
        ({"url": "javascript:alert(1)"}, "Write a whole address"),
        ({"url": "https://x.example", "file": SimpleUploadedFile("x.pdf", b"x")}, "one of the two"),
    ],
)
def test_what_cannot_be_said_of_an_asset_changes_nothing(
    mona: User, guide: Asset, more: dict[str, Any], said: str
) -> None:
    answer = signed_in(mona).post(f"/capture/assets/{guide.pk}/change", SAID | {"title": "Another"} | more)
    assert answer.status_code == 422
    assert said in answer.text
    guide.refresh_from_db()
    assert (guide.title, guide.pains, assets.content_of(guide)) == ("The guide", [], PDF)


def test_only_those_who_keep_doors_change_an_asset(alice: User, guide: Asset) -> None:
    client = signed_in(alice)
    assert client.get(f"/capture/assets/{guide.pk}/change").status_code == 403
    assert client.post(f"/capture/assets/{guide.pk}/change", SAID).status_code == 403
