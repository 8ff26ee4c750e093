"""Settings, Mail; and the links in mail, which act only when they are posted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.outbox import consent, links, queries
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.models import BounceBox, Message, Suppression
from ripeline.people.models import AuditEntry, User
from tests.mail_server import HANG_UP, Post
from tests.outbox.conftest import NEWS, PRIYA, SAID_SO, agree, news, thank

pytestmark = pytest.mark.django_db
SendAll = Callable[[], None]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def unsubscribe_path() -> str:
    return links.unsubscribe_path(address_hash(PRIYA), NEWS, None)


# --- unsubscribing ----------------------------------------------------------------------------------------------------


def test_a_link_scanner_that_opens_everything_unsubscribes_nobody(client: Client) -> None:
    agree()
    for method in (client.get, client.head, client.options):
        method(unsubscribe_path())
    assert "Opening this page has changed nothing" in client.get(unsubscribe_path()).text
    assert queries.has_consent(PRIYA, NEWS)


def test_a_mail_program_unsubscribes_with_one_click_without_cookies_or_token_of_a_form() -> None:
    agree()
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(unsubscribe_path(), {"List-Unsubscribe": "One-Click"}, headers={"User-Agent": "Mailbox/1"})
    assert answer.status_code == 200
    assert not queries.has_consent(PRIYA, NEWS)
    [standing] = queries.consents(PRIYA)
    event = standing.events.get(state="withdrawn")
    assert (event.how, event.ip, event.user_agent) == ("one click in the mail program", "127.0.0.1", "Mailbox/1")
    assert not Suppression.objects.exists(), "one click stops this purpose"


def test_a_person_chooses_to_stop_everything(client: Client) -> None:
    agree()
    assert "writes to you no more" in client.post(unsubscribe_path(), {"what": "everything"}).text
    assert queries.is_suppressed(PRIYA, for_purpose=True)


def test_a_forged_or_cut_link_stops_nothing(client: Client) -> None:
    agree()
    path = unsubscribe_path()
    for wrong in (path[:-3], path + "x", "/unsubscribe/nothing"):
        assert client.post(wrong, {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert queries.has_consent(PRIYA, NEWS)


def test_the_link_in_a_mail_works_years_later(client: Client, post: Post, send_all: SendAll) -> None:
    agree()
    news()
    send_all()
    path = post.received[0].mail["List-Unsubscribe"].strip("<>").removeprefix("https://leads.northwind.example")
    with clock.at(clock.now() + timedelta(days=2000)):
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not queries.has_consent(PRIYA, NEWS)


# --- confirming -------------------------------------------------------------------------------------------------------


def test_a_confirmation_is_a_page_and_a_click(client: Client, post: Post, send_all: SendAll) -> None:
    consent.ask(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    send_all()
    path = "/confirm/" + post.received[0].text.split("/confirm/")[1].split()[0]
    assert "Was it you?" in client.get(path).text
    assert not queries.has_consent(PRIYA, NEWS)
    assert "that is confirmed" in Client(enforce_csrf_checks=True).post(path).text
    assert queries.has_consent(PRIYA, NEWS)
    with clock.at(clock.now() + timedelta(days=8)):
        assert client.get(path).status_code == client.post(path).status_code == 410


def test_who_stopped_all_mail_by_a_letter_is_told_so_by_the_old_confirm_link(
    client: Client, post: Post, send_all: SendAll
) -> None:
    consent.ask(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    send_all()
    path = "/confirm/" + post.received[0].text.split("/confirm/")[1].split()[0]
    client.post(path)
    client.post(unsubscribe_path(), {"what": "everything"})
    assert "You stopped all mail" in client.post(path).text
    assert not queries.has_consent(PRIYA, NEWS)


def test_a_used_confirm_link_says_so_and_promises_nothing_to_whoever_stopped_all_mail(
    client: Client, alice: User, lead: Lead, post: Post, send_all: SendAll
) -> None:
    consent.ask(to=PRIYA, purpose=NEWS, evidence=SAID_SO, lead_id=lead.pk)
    send_all()
    path = "/confirm/" + post.received[0].text.split("/confirm/")[1].split()[0].partition("?")[0]
    client.post(path)
    for page in (client.get(path).text, client.post(path).text):
        assert "This is confirmed already" in page
    client.post(links.unsubscribe_path(address_hash(PRIYA), "", lead.pk), {"what": "everything"})
    events = [event.state for event in queries.consents(PRIYA)[0].events.all()]
    for page in (client.get(path + "?lang=de").text, client.post(path + "?lang=de").text):
        assert "Sie haben alle E-Mails beendet" in page
        assert "darf Ihnen jetzt schreiben" not in page
    assert queries.is_suppressed(PRIYA, for_purpose=True)
    assert [event.state for event in queries.consents(PRIYA)[0].events.all()] == events
    back = client.get(path).text.split('class="button" href="')[1].split('"')[0]
    assert "Keep this choice" in client.get(back).text, "there they take it back"
    Lead.objects.filter(pk=lead.pk).update(email=PRIYA)
    record = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "stopped now" in record


# --- Settings, Mail ---------------------------------------------------------------------------------------------------


def test_without_a_mail_server_the_page_says_so_and_what_to_set(ada: User) -> None:
    page = signed_in(ada).get("/settings/mail").text
    assert "no mail server is set" in page
    assert "RIPELINE_SMTP_URL" in page
    assert "There is no mail server to try yet" in signed_in(ada).post("/settings/mail/test", follow=True).text


def test_a_test_message_arrives_once_and_its_line_says_so(ada: User, post: Post, send_all: SendAll) -> None:
    client = signed_in(ada)
    for _ in range(2):  # a double click
        client.post("/settings/mail/test", {"key": "k"})
    send_all()
    [arrived] = post.received
    assert arrived.to == ada.email
    page = client.get("/settings/mail").text
    assert f"127.0.0.1:{post.port}" in page
    assert "Test message" in page
    assert "Sent" in page


def test_the_page_never_shows_what_a_mail_says(ada: User, post: Post, send_all: SendAll) -> None:
    said = {"subject": "Confidential subject", "text": "Confidential words"}
    thank(context=said)
    assert "Confidential" not in signed_in(ada).get("/settings/mail").text
    send_all()
    assert "Confidential" not in signed_in(ada).get("/settings/mail").text


def test_what_is_wrong_with_the_server_stands_on_the_page(ada: User, post: Post, send_all: SendAll) -> None:
    post.sender = "550 5.7.1 not as that"
    thank()
    send_all()
    page = signed_in(ada).get("/settings/mail").text
    assert "Mail waits since" in page
    assert "550 5.7.1 not as that" in page


def test_a_message_in_doubt_is_decided_on_the_page_and_audited(ada: User, post: Post, send_all: SendAll) -> None:
    post.content = [HANG_UP]
    message = thank()
    send_all()
    client = signed_in(ada)
    assert "may have arrived" in client.get("/settings/mail?state=doubt").text
    client.post(f"/settings/mail/{message.pk}/settle", {"how": "again"})
    send_all()
    assert len(post.received) == 1
    assert AuditEntry.objects.get(verb="mail.again").actor == ada


def test_states_filter_and_older_pages_are_reached(ada: User, settings: Settings) -> None:
    for number in range(60):
        thank(f"p{number}@northgate.example")
    client = signed_in(ada)
    first = client.get("/settings/mail?state=stopped").text
    assert first.count("@northgate.example") == 50
    older = first.split('href="?state=stopped&amp;before=')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(f"/settings/mail?state=stopped&before={older}").text.count("@northgate.example") == 10
    assert client.get("/settings/mail?state=nonsense&before=nonsense").status_code == 200


def test_the_page_asks_the_same_of_the_database_for_one_message_and_for_fifty(
    ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, counts = signed_in(ada), []
    client.get("/settings/mail")  # what seldom changes is kept from here on
    for many in (1, 49):
        for _ in range(many):
            thank()
        with django_assert_max_num_queries(20) as seen:
            client.get("/settings/mail")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_ada_looks_an_address_up_suppresses_it_and_lifts_it_with_a_reason(ada: User) -> None:
    client = signed_in(ada)
    agree()
    path = "/settings/mail/suppressed"
    assert "Mail may go to this address" in client.post(path, {"address": PRIYA, "how": "look"}).text
    assert client.post(path, {"address": PRIYA, "how": "add"}).status_code == 422, "why?"
    client.post(path, {"address": PRIYA.upper(), "how": "add", "note": "asked by telephone"})
    page = client.post(path, {"address": PRIYA, "how": "look"}).text
    assert "No mail at all" in page
    assert "asked by telephone" in page
    assert "said so by telephone" in page, "what they agreed to, and how"
    [held] = queries.suppressions(PRIYA)
    client.post(f"{path}/{held.pk}/lift", {"why": ""})
    assert queries.is_suppressed(PRIYA, for_purpose=False)
    client.post(f"{path}/{held.pk}/lift", {"why": "wrote to us again"})
    assert not queries.is_suppressed(PRIYA, for_purpose=False)
    assert {entry.verb for entry in AuditEntry.objects.filter(actor=ada)} >= {"mail.suppress", "mail.lift"}


def test_the_list_of_what_is_suppressed_names_no_address(ada: User) -> None:
    client = signed_in(ada)
    client.post("/settings/mail/suppressed", {"address": PRIYA, "how": "add", "note": "x"})
    client.get("/settings/mail/suppressed")
    assert "priya" not in client.get("/settings/mail/suppressed").text.lower()


def test_ada_words_a_purpose(ada: User) -> None:
    client = signed_in(ada)
    form = {"code": "events", "name": "Invitations to events", "text": "Invite me to your events."}
    assert "version 1" in client.post("/settings/mail/purposes", form, follow=True).text
    assert "version 2" in client.post("/settings/mail/purposes", form | {"text": "Other words"}, follow=True).text
    assert client.post("/settings/mail/purposes", form | {"code": "ä ö"}).status_code == 422


def test_the_timeline_says_what_was_sent_to_a_lead_and_what_they_agreed_to(
    alice: User, lead: Lead, post: Post, send_all: SendAll
) -> None:
    thank(lead_id=lead.pk)
    send_all()
    agree(lead_id=lead.pk)
    page = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Mail sent: thank you" in page
    assert "Agreed to mail: News by e-mail" in page
    assert Message.objects.get().state == "sent"


def test_the_page_says_where_mail_that_comes_back_is_read_and_what_is_wrong_with_it(
    ada: User, post: Post, settings: Settings
) -> None:
    assert "RIPELINE_BOUNCES_URL" in signed_in(ada).get("/settings/mail").text
    settings.BOUNCES_URL = "imaps://bounces:hunter2@mail.example/Returned"
    page = signed_in(ada).get("/settings/mail").text
    assert "bounces at mail.example, Returned" in page
    assert "not yet" in page
    assert "hunter2" not in page
    BounceBox.objects.create(error="It does not let bounces in.", failing_since=clock.now())
    assert "It does not let bounces in. It is tried again by itself." in signed_in(ada).get("/settings/mail").text
