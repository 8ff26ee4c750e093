"""Signing in and out, first run, and the links by which somebody sets a password."""

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.config.logs import WithoutLinks
from ripeline.outbox.models import Message
from ripeline.people import actions, links, queries
from ripeline.people.models import AuditEntry, Company, User
from ripeline.web.frame import tries
from ripeline.web.public import sign_in
from tests.cast import PASSWORD
from tests.mail_server import Post

SendAll = Callable[[], None]

FIRST = {
    "company_name": "Northwind Dental",
    "time_zone": "Europe/Lisbon",
    "country": "PT",
    "name": "Ada Lindqvist",
    "email": "ada@example.com",
    "password": "ripe tomatoes in may",
}
NEW = {"password": "green apples in june"}


def signs_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> int:
    return client.post("/sign-in", {"email": email, "password": password}, **more).status_code


# --- first run --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_with_nobody_here_every_page_leads_to_the_first_run(client: Client) -> None:
    for path in ("/", "/settings/people", "/sign-in"):
        assert client.get(path, follow=True).redirect_chain[-1][0] == "/first-run"


@pytest.mark.django_db
def test_the_first_run_makes_an_administrator_who_is_signed_in(client: Client) -> None:
    answer = client.post("/first-run", FIRST, follow=True)
    assert "Good to have you here, Ada Lindqvist" in answer.text
    assert "Import your spreadsheet" in answer.text or "Invite your people" in answer.text
    ada = queries.people().get()
    assert (ada.role, ada.email) == ("admin", "ada@example.com")
    assert Company.objects.get().time_zone == "Europe/Lisbon"


@pytest.mark.django_db
def test_the_first_run_is_closed_for_ever_afterwards(client: Client, alice: User) -> None:
    assert client.get("/first-run").headers["Location"] == "/"
    assert client.post("/first-run", FIRST).headers["Location"] == "/"
    assert queries.people().get() == alice


@pytest.mark.django_db(transaction=True)
def test_of_two_who_submit_at_once_one_becomes_administrator() -> None:
    start, answers = Barrier(2), []

    def submit(email: str) -> None:
        start.wait()
        answers.append(Client().post("/first-run", FIRST | {"email": email}).headers["Location"])
        connection.close()

    threads = [Thread(target=submit, args=(f"{name}@example.com",)) for name in ("ada", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queries.people().count() == 1
    assert answers == ["/", "/"]


@pytest.mark.django_db
def test_a_weak_password_is_refused_beside_its_field_and_what_was_typed_stays(client: Client) -> None:
    answer = client.post("/first-run", FIRST | {"password": "password12"})
    assert answer.status_code == 422
    assert "too common" in answer.text
    assert 'value="Northwind Dental"' in answer.text
    assert not queries.has_users()


@pytest.mark.django_db
def test_where_others_can_reach_it_the_first_run_wants_the_token(client: Client, settings: Settings) -> None:
    settings.SETUP_TOKEN = "a-long-token"
    assert client.get("/first-run").status_code == 403
    assert client.get("/first-run?token=another").status_code == 403
    assert client.post("/first-run", FIRST).status_code == 403
    assert "a-long-token" in client.get("/first-run?token=a-long-token").text
    assert client.post("/first-run", FIRST | {"token": "a-long-token"}).status_code == 302
    assert queries.has_users()


# --- in and out -------------------------------------------------------------------------------------------------------


def test_alice_signs_in_and_out(client: Client, alice: User) -> None:
    assert signs_in(client, "Alice@Example.com") == 302
    assert client.get("/settings/profile").status_code == 200
    client.post("/sign-out")
    assert client.get("/settings/profile").headers["Location"] == "/sign-in?next=/settings/profile"


def test_the_session_gets_another_key_at_sign_in(client: Client, alice: User) -> None:
    client.get("/sign-in")
    client.session.save()
    before = client.session.session_key
    signs_in(client, alice.email)
    assert client.session.session_key != before


def test_signing_out_needs_a_post(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/settings/profile").status_code == 200


def test_a_wrong_password_says_so_without_saying_who_is_here(client: Client, alice: User) -> None:
    known = client.post("/sign-in", {"email": alice.email, "password": "wrong"})
    unknown = client.post("/sign-in", {"email": "nobody@example.com", "password": "wrong"})
    assert known.status_code == unknown.status_code == 422
    words = "This e-mail and password do not belong together."
    assert words in known.text
    assert words in unknown.text


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/settings/people", "/settings/people"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_only_pages_of_ours_are_led_to(client: Client, alice: User, wanted: str, led_to: str) -> None:
    answer = client.post("/sign-in", {"email": alice.email, "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == led_to


def test_after_ten_failures_for_one_person_even_the_right_password_waits(client: Client, alice: User) -> None:
    for _ in range(tries.FOR_ONE_PERSON):
        assert signs_in(client, alice.email, "wrong") == 422
    answer = client.post("/sign-in", {"email": alice.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait a quarter of an hour" in answer.text
    with clock.at(clock.now() + tries.WINDOW + timedelta(seconds=1)):
        assert signs_in(client, alice.email) == 302


def test_a_stranger_elsewhere_cannot_lock_anybody_out(client: Client, ada: User) -> None:
    for _ in range(tries.FOR_ONE_PERSON):
        assert signs_in(client, ada.email, "wrong", REMOTE_ADDR="192.0.2.66") == 422
    assert signs_in(client, ada.email, REMOTE_ADDR="192.0.2.66") == 429
    assert signs_in(client, ada.email, REMOTE_ADDR="192.0.2.7") == 302


def test_colleagues_behind_one_proxy_who_mistype_do_not_lock_the_administrator_out(client: Client, ada: User) -> None:
    for number in range(100):
        signs_in(client, f"colleague{number % 20}@example.com", "wrong")
    assert signs_in(client, ada.email) == 302


def test_many_failures_from_one_address_are_stopped_whomever_they_name(
    client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "FROM_ONE_ADDRESS", 30)
    for number in range(30):
        signs_in(client, f"guess{number}@example.com", "wrong")
    assert signs_in(client, bob.email) == 429
    assert signs_in(client, bob.email, REMOTE_ADDR="192.0.2.7") == 302


def test_the_present_password_cannot_be_guessed_in_an_open_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    new = {"password": "green apples in june"}
    for _ in range(tries.FOR_ONE_PERSON):
        assert client.post("/settings/password", {"current": "wrong", **new}).status_code == 422
    answer = client.post("/settings/password", {"current": PASSWORD, **new})
    assert answer.status_code == 429
    assert "Wait a quarter of an hour" in answer.text
    with clock.at(clock.now() + tries.WINDOW + timedelta(seconds=1)):
        assert client.post("/settings/password", {"current": PASSWORD, **new}).status_code == 302


def test_behind_a_trusted_proxy_the_address_is_what_the_proxy_saw(
    client: Client, alice: User, settings: Settings
) -> None:
    settings.ENV = replace(settings.ENV, trusted_proxy=True)
    signs_in(client, alice.email, "wrong", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.4"})
    assert AuditEntry.objects.get(verb="sign_in.failed_from").target == "198.51.100.4"


def test_the_limits_are_read_by_their_index(db: None) -> None:
    entries = [AuditEntry(verb="sign_in.failed", target=f"{number}@example.com") for number in range(3000)]
    AuditEntry.objects.bulk_create(entries)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_entry")
        cursor.execute(
            "EXPLAIN SELECT count(*) FROM audit_entry WHERE verb = 'sign_in.failed' AND target = 'a' AND at >= %s",
            [clock.now() - tries.WINDOW],
        )
        assert "audit_verb_target" in " ".join(row[0] for row in cursor.fetchall())


def test_who_no_longer_works_here_is_signed_out_at_once(client: Client, alice: User, ada: User) -> None:
    client.force_login(alice)
    assert client.get("/settings/profile").status_code == 200
    actions.set_active(actor=ada, user=alice, active=False)
    assert client.get("/settings/profile").status_code == 302
    assert signs_in(client, alice.email) == 422


def test_ripeline_itself_cannot_sign_in(client: Client, alice: User) -> None:
    assert signs_in(client, "ripeline@localhost", "!") == 422


# --- links ------------------------------------------------------------------------------------------------------------


def test_the_path_of_a_link_is_a_page(client: Client, alice: User) -> None:
    assert client.get(links.path(alice)).status_code == 200


def test_looking_at_a_link_changes_nothing_and_sending_sets_the_password(client: Client, alice: User) -> None:
    path = links.path(alice)
    for _ in range(3):  # a link scanner looks too
        assert client.get(path).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert client.post(path, NEW).headers["Location"] == "/"
    alice.refresh_from_db()
    assert alice.check_password(NEW["password"])
    assert client.get("/settings/profile").status_code == 200


def test_a_link_works_once(client: Client, alice: User) -> None:
    path = links.path(alice)
    client.post(path, NEW)
    answer = Client().post(path, {"password": "somebody elses choice"})
    assert answer.status_code == 410
    assert "This link is over" in answer.text
    alice.refresh_from_db()
    assert alice.check_password(NEW["password"])


def test_using_one_link_ends_the_others(client: Client, alice: User) -> None:
    one, other = links.path(alice), links.path(alice)
    client.post(one, NEW)
    assert client.get(other).status_code == 410


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What stands in the log that an operator reads."""
    (handler,) = [h for h in logging.getLogger().handlers if any(isinstance(f, WithoutLinks) for f in h.filters)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def test_a_link_that_still_holds_is_in_no_log(client: Client, alice: User, log: io.StringIO) -> None:
    path = links.path(alice)
    assert client.post(path, {"password": "short"}).status_code == 422
    assert "/reset/…" in log.getvalue()
    assert path.rpartition("/")[2] not in log.getvalue()


@pytest.mark.parametrize("path", ["/h/5ec2e7", "/h/mail/5ec2e7", "/get/5ec2e7", "/unsubscribe/5ec2e7"])
def test_an_address_that_is_its_own_secret_is_in_no_log(db: None, path: str, log: io.StringIO) -> None:
    assert Client().post(path).status_code >= 400
    assert path.removesuffix("5ec2e7") + "…" in log.getvalue()
    assert "5ec2e7" not in log.getvalue()


def test_a_form_that_was_sent_with_something_missing_is_no_warning(db: None, client: Client, log: io.StringIO) -> None:
    assert client.post("/first-run", {}).status_code == 422
    assert client.get("/nowhere").status_code == 404
    told = [line.split()[2] for line in log.getvalue().splitlines() if "django.request" in line]
    assert told == ["INFO", "WARNING"]


def test_a_link_ends_after_three_days(client: Client, alice: User) -> None:
    path = links.path(alice)
    with clock.at(clock.now() + timedelta(days=2, hours=23)):
        assert client.get(path).status_code == 200
    with clock.at(clock.now() + timedelta(days=3, hours=1)):
        assert client.get(path).status_code == 410


def test_a_link_is_for_one_purpose_and_one_person(client: Client, ada: User, alice: User, bob: User) -> None:
    _, purpose, who, token = links.path(alice).split("/")
    assert purpose == "reset"
    assert client.get(f"/invitation/{who}/{token}").status_code == 410
    assert client.get(f"/reset/{links.path(bob).split('/')[2]}/{token}").status_code == 410
    assert client.get(f"/reset/{who}/{token[:-1]}x").status_code == 410
    for nonsense in ("AAAA", "!!!", "%00", "MQ"):
        assert client.get(f"/reset/{nonsense}/{token}").status_code == 410


def test_the_link_of_somebody_who_left_is_over(client: Client, alice: User, ada: User) -> None:
    path = links.path(alice)
    actions.set_active(actor=ada, user=alice, active=False)
    assert client.get(path).status_code == 410


def test_an_invitation_lets_somebody_choose_the_first_password(client: Client, ada: User) -> None:
    dora = actions.add_user(actor=ada, email="dora@example.com", name="Dora", role="rep")
    path = links.path(dora)
    assert path.startswith("/invitation/")
    assert client.post(path, {"password": "short"}).status_code == 422
    assert client.post(path, NEW).status_code == 302
    assert signs_in(Client(), "dora@example.com", NEW["password"]) == 302


def test_a_new_password_signs_every_other_browser_out(client: Client, alice: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    client.post(links.path(alice), NEW)
    assert elsewhere.get("/settings/profile").status_code == 302


# --- forgotten --------------------------------------------------------------------------------------------------------


def test_without_a_mail_server_the_page_says_whom_to_ask(client: Client, alice: User) -> None:
    assert "Ask one of your administrators" in client.get("/forgot-password").text
    assert "Ask one of your administrators" in client.post("/forgot-password", {"email": alice.email}).text


def test_a_link_is_mailed_and_the_answer_does_not_say_who_is_here(
    client: Client, alice: User, post: Post, send_all: SendAll
) -> None:
    known = client.post("/forgot-password", {"email": "ALICE@example.com"})
    unknown = client.post("/forgot-password", {"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace("alice@example.com", "") == unknown.text.replace("nobody@example.com", "")
    send_all()
    [letter] = post.received
    assert letter.to == alice.email
    path = "/reset/" + letter.text.split("/reset/")[1].split()[0]
    assert client.get(path).status_code == 200
    assert Message.objects.get(to_address="nobody@example.com").reason == "nobody"


def test_asking_costs_the_same_for_who_is_here_and_who_is_not(
    client: Client, alice: User, post: Post, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked = []
    for email in ("once@example.com", "nobody@example.com", alice.email):  # the first reads what is kept from then on
        with django_assert_max_num_queries(30) as seen:
            client.post("/forgot-password", {"email": email})
        asked.append(len(seen))
    assert asked[1] == asked[2]


def test_nobody_is_flooded_with_links(client: Client, alice: User, post: Post, send_all: SendAll) -> None:
    for _ in range(sign_in.LETTERS_FOR_ONE_PERSON + 3):
        assert client.post("/forgot-password", {"email": alice.email}).status_code == 200
    send_all()
    assert len(post.received) == sign_in.LETTERS_FOR_ONE_PERSON


def test_links_in_mail_carry_the_address_people_open(
    client: Client, alice: User, settings: Settings, post: Post, send_all: SendAll
) -> None:
    settings.ENV = replace(settings.ENV, base_url_given="https://leads.example.com")
    client.post("/forgot-password", {"email": alice.email}, headers={"Host": "localhost"})
    send_all()
    assert "https://leads.example.com/reset/" in post.received[0].text


def test_a_foreign_host_name_never_reaches_a_letter(client: Client, alice: User, post: Post) -> None:
    answer = client.post("/forgot-password", {"email": alice.email}, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert not Message.objects.exists()


# --- what anybody may open --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_ready_says_whether_the_database_answers(client: Client) -> None:
    assert client.get("/-/ready").status_code == 200


def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError
    from django.db.backends.postgresql.base import DatabaseWrapper

    def refuse(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(DatabaseWrapper, "cursor", refuse)
    assert client.get("/-/ready").status_code == 503


def test_no_robot_is_wanted(client: Client) -> None:
    assert "Disallow: /" in client.get("/robots.txt").text


def test_every_answer_carries_the_content_policy(client: Client, alice: User) -> None:
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_signing_in_asks_little_of_the_database(
    client: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(2):
        client.get("/sign-in")
