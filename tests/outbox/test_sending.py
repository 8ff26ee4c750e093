"""Mail goes out once, over a real mail server, whatever that server answers; and never to whom it must not (I5)."""

import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from itertools import product
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.leads import queries as lead_queries
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.outbox import actions, consent, delivery, queries, rules, suppression
from ripeline.outbox.actions import OutboxError
from ripeline.outbox.delivery import Sender
from ripeline.outbox.letters import Letter, Link
from ripeline.outbox.mail import Mail, Party
from ripeline.outbox.models import MailServer, Message, Suppression, SuppressionReason
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.cast import by, soon
from tests.mail_server import HANG_UP, LOSE_ANSWER, Post, StartPost, nobody_answered
from tests.outbox.conftest import NEWS, PRIYA, SAID_SO, agree, news, thank, tracked_in

pytestmark = pytest.mark.django_db
SendAll = Callable[[], None]


def state(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


# --- what arrives -----------------------------------------------------------------------------------------------------


def test_a_mail_arrives_with_text_and_html_from_our_domain(post: Post, send_all: SendAll) -> None:
    message = thank(name="Priya Raman")
    send_all()
    [arrived] = post.received
    assert (arrived.sender, arrived.to) == ("leads@northwind.example", PRIYA)
    head = arrived.mail
    assert head["From"] == "Northwind Dental <leads@northwind.example>"
    assert head["To"] == f"Priya Raman <{PRIYA}>"
    assert head["Subject"] == "Thank you"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["Message-ID"] == f"<{message.pk.hex}@northwind.example>"
    assert "List-Unsubscribe" not in head, "an answer to them is no list"
    assert "Hello Priya Raman,\n\nWe call you." in arrived.text
    assert "We call you." in arrived.html
    assert state(message) == ("sent", "")
    assert message.context == {}, "what was needed to write it is not kept"
    assert (message.message_id, message.reply) == (head["Message-ID"], "250 2.0.0 taken")


def test_the_same_cause_twice_is_one_mail(post: Post, send_all: SendAll) -> None:
    assert thank(key="form 7").pk == thank(key="form 7").pk
    assert thank(key="form 8").pk != thank(key="form 7").pk
    send_all()
    thank(key="form 7")
    send_all()
    assert len(post.received) == 2


def test_what_is_rolled_back_is_not_sent(post: Post, send_all: SendAll) -> None:
    def capture() -> None:
        with transaction.atomic():
            thank()
            raise RuntimeError("the form could not be kept")

    with pytest.raises(RuntimeError):
        capture()
    send_all()
    assert post.received == []


def test_many_mails_go_over_one_connection(post: Post, send_all: SendAll) -> None:
    for number in range(55):
        thank(f"p{number}@northgate.example")
    send_all()
    assert len(post.received) == 55
    assert post.connections == 1


def test_a_mail_for_later_waits_for_its_day(post: Post, send_all: SendAll) -> None:
    thank(not_before=clock.now() + timedelta(days=2))
    send_all()
    assert post.received == []
    with clock.at(clock.now() + timedelta(days=2, minutes=1)):
        send_all()
    assert len(post.received) == 1


@tried(max_examples=40, deadline=None)
@given(name=st.text(max_size=40), subject=st.text(max_size=60), text=st.text(max_size=200))
def test_nothing_that_somebody_typed_becomes_a_header(name: str, subject: str, text: str) -> None:
    from email import message_from_bytes
    from email.policy import default

    typed = Mail(
        sender=Party("leads@northwind.example", name), to=Party(PRIYA, name), subject=subject,
        text=text.encode("utf-8", "replace").decode(), html="<p>x</p>", message_id="<1@northwind.example>",
        date=clock.now(), reply_to=Party(PRIYA, name), headers={"Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    mail = message_from_bytes(typed.as_bytes(), policy=default)
    assert sorted(mail.keys()) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To", "Subject", "To",
    ]  # fmt: skip
    assert parseaddr(str(mail["From"]))[1] == "leads@northwind.example"
    assert [each.addr_spec for each in mail["To"].addresses] == [PRIYA]


def test_a_name_with_line_breaks_and_a_foreign_alphabet_stays_a_name(post: Post, send_all: SendAll) -> None:
    thank(
        name="Žofie Nováková\r\nBcc: mallory@example.com",
        context={"subject": "Děkujeme\nBcc: x@y.example", "text": "."},
    )
    send_all()
    [arrived] = post.received
    assert arrived.mail["Bcc"] is None
    assert arrived.mail["To"].addresses[0].display_name == "Žofie Nováková Bcc: mallory@example.com"
    assert arrived.mail["Subject"] == "Děkujeme Bcc: x@y.example"
    assert post.asked == [PRIYA]


def test_a_line_that_is_one_dot_does_not_end_the_mail(post: Post, send_all: SendAll) -> None:
    thank(context={"subject": "Dots", "text": "one\n.\n..two\n.QUIT"})
    send_all()
    [arrived] = post.received
    assert "one\n.\n..two\n.QUIT" in arrived.text


def test_what_a_writer_wrote_is_no_markup(post: Post, send_all: SendAll) -> None:
    thank(name="<b>P</b>", context={"subject": "x", "text": "<script>alert(1)</script>\n\nsecond"})
    send_all()
    assert "<script>" not in post.received[0].html
    assert "&lt;script&gt;" in post.received[0].html
    assert "<script>alert(1)</script>" in post.received[0].text


def test_nothing_in_a_letter_is_markup_and_its_lines_break_where_they_did() -> None:
    typed = "<i>&\"$subject{url}'"
    letter = Letter(
        subject=typed, paragraphs=(f"{typed}\nand more",), link=Link(typed, typed), small=(typed,), firm=typed,
        why=typed, unsubscribe=Link(typed, typed),
    )  # fmt: skip
    shown = letter.html()
    assert "<i>" not in shown
    assert shown.count("&lt;i&gt;&amp;&quot;$subject{url}&#x27;") == letter.text().count(typed) + 3, (
        "title, address twice"
    )
    assert "and more</p>" in shown
    assert "{url}&#x27;<br>and more" in shown
    assert (
        f"{typed}\nand more\n\n{typed}:\n{typed}\n\n{typed}\n\n-- \n{typed}\n{typed}\n{typed}: {typed}\n"
        == letter.text()
    )


def test_an_address_with_foreign_letters_needs_a_server_that_takes_them(
    start_post: StartPost, settings: Settings, post: Post
) -> None:
    without = start_post(smtputf8=False)
    for server in (post, without):
        settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}"
        thank("jürgen@münchen.example")
        sender = Sender(answered=nobody_answered)
        assert sender.work()
        sender.close()
    assert post.received[0].to == "jürgen@xn--mnchen-3ya.example"
    assert without.received == []
    assert Message.objects.get(state="failed").reply.endswith("(SMTPUTF8).")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"to": "nobody"}, "to"),
        ({"to": "a@b\r\nc@d.example"}, "to"),
        ({"purpose": NEWS}, "purpose"),
        ({"kind": "asset", "context": {"title": "T", "url": "javascript:alert(1)"}}, "url"),
    ],
)
def test_what_could_never_be_sent_is_refused_at_once(changed: dict[str, object], field: str) -> None:
    with pytest.raises(OutboxError) as refused:
        thank(**changed)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_without_a_mail_server_it_is_kept_as_not_sent_and_does_not_go_out_later(
    settings: Settings, start_post: StartPost, send_all: SendAll
) -> None:
    message = thank()
    assert state(message) == ("stopped", "no_server")
    server = start_post()
    settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}"
    send_all()
    assert server.received == []


# --- what the server answers ------------------------------------------------------------------------------------------


def test_a_refusal_for_now_is_tried_again_later_and_later_with_the_same_message_id(
    post: Post, send_all: SendAll
) -> None:
    message = thank()
    post.rcpt[PRIYA] = "451 4.7.1 greylisted, come back"
    start = clock.now()
    send_all()
    assert state(message) == ("waiting", "")
    assert message.reply == "451 4.7.1 greylisted, come back"
    assert timedelta(0) < message.due_at - start <= timedelta(minutes=2)
    first = message.message_id
    with clock.at(start + timedelta(minutes=2)):
        send_all()
        message.refresh_from_db()
        assert message.due_at - clock.now() == timedelta(minutes=3)
    post.rcpt.clear()
    with clock.at(start + timedelta(minutes=6)):
        send_all()
    assert state(message) == ("sent", "")
    assert [each.mail["Message-ID"] for each in post.received] == [first]


def test_content_refused_for_now_is_tried_again_too(post: Post, send_all: SendAll) -> None:
    message = thank()
    post.content = ["452 4.3.1 disk full"]
    send_all()
    assert state(message) == ("waiting", "")
    with clock.at(clock.now() + timedelta(minutes=2)):
        send_all()
    assert len(post.received) == 1


def test_after_five_days_it_is_given_up_and_said(post: Post, send_all: SendAll) -> None:
    message = thank()
    post.rcpt[PRIYA] = "451 4.7.1 not now"
    start = clock.now()
    for hours in range(0, 24 * 6, 4):
        with clock.at(start + timedelta(hours=hours)):
            send_all()
    assert state(message) == ("failed", "too_late")
    assert len(post.asked) == message.attempts
    assert 15 < message.attempts < 40


def test_an_address_that_does_not_exist_bounces_and_gets_no_more_mail(
    post: Post, send_all: SendAll, lead: Lead
) -> None:
    post.rcpt[PRIYA] = "550 5.1.1 No such user here"
    message = thank(lead_id=lead.pk)
    send_all()
    assert state(message) == ("bounced", "address")
    assert Suppression.objects.get().note == "550 5.1.1 No such user here"
    assert Activity.objects.filter(lead_id=lead.pk, kind="bounced").exists()
    again = thank(f" {PRIYA.upper()} ")
    send_all()
    assert state(again) == ("stopped", "suppressed")
    assert post.asked == [PRIYA]


@pytest.mark.parametrize("words", ["552 5.2.2 Mailbox full", "550 5.7.1 Relaying denied", "554 5.7.1 Spam"])
def test_another_refusal_for_good_ends_the_mail_and_says_nothing_about_the_address(
    words: str, post: Post, send_all: SendAll
) -> None:
    post.rcpt[PRIYA] = words
    message = thank()
    send_all()
    assert state(message) == ("failed", "refused")
    assert message.reply == words
    assert not Suppression.objects.exists()


def test_content_refused_for_good_is_no_bounce(post: Post, send_all: SendAll) -> None:
    post.content = ["554 5.6.0 we do not like it"]
    message = thank()
    send_all()
    assert state(message) == ("failed", "refused")
    assert not Suppression.objects.exists()


def test_one_bad_address_does_not_keep_the_others_waiting(post: Post, send_all: SendAll) -> None:
    post.rcpt["p1@northgate.example"] = "550 5.1.1 no"
    post.rcpt["p3@northgate.example"] = HANG_UP
    for number in range(6):
        thank(f"p{number}@northgate.example")
    send_all()
    assert [each.to[:2] for each in post.received] == ["p0", "p2", "p4", "p5"]
    assert Message.objects.get(to_address="p3@northgate.example").state == "waiting", "nothing had been taken"


def test_a_connection_lost_in_the_middle_leaves_the_mail_in_doubt_and_it_is_not_repeated(
    post: Post, send_all: SendAll
) -> None:
    post.content = [LOSE_ANSWER]
    message = thank()
    send_all()
    assert state(message) == ("doubt", "")
    with clock.at(clock.now() + timedelta(days=1)):
        send_all()
    assert len(post.received) == 1
    other = thank("p2@northgate.example")
    send_all()
    assert state(other) == ("sent", "")


def test_an_administrator_decides_what_is_in_doubt(post: Post, send_all: SendAll, ada: User, alice: User) -> None:
    post.content = [HANG_UP, HANG_UP]
    lost, left = thank(), thank("p2@northgate.example")
    send_all()
    with pytest.raises(PermissionError):
        actions.settle(actor=alice, message_id=lost.pk, again=True)
    assert actions.settle(actor=ada, message_id=lost.pk, again=True)
    assert not actions.settle(actor=ada, message_id=lost.pk, again=True), "it is decided already"
    assert actions.settle(actor=ada, message_id=left.pk, again=False)
    send_all()
    assert state(lost) == ("sent", "")
    assert state(left) == ("stopped", "let_be")
    assert [each.to for each in post.received] == [PRIYA]


def test_a_sender_that_died_leaves_its_mail_in_doubt(post: Post, sender: Sender, send_all: SendAll) -> None:
    message = thank()
    [claimed] = sender._claim()
    delivery.written(claimed)
    assert sender._begin(claimed)
    with clock.at(clock.now() + timedelta(minutes=4)):
        send_all()
        assert state(message) == ("sending", "")
    with clock.at(clock.now() + timedelta(minutes=6)):
        send_all()
    assert state(message) == ("doubt", "")
    assert post.received == []


def test_what_was_claimed_and_not_begun_goes_out_later(post: Post, sender: Sender) -> None:
    message = thank()
    assert Sender(answered=nobody_answered)._claim()
    assert not sender.work(), "another has it"
    with clock.at(clock.now() + rules.LEASE + timedelta(seconds=1)):
        assert sender.work()
    assert state(message) == ("sent", "")


def test_a_server_that_hangs_up_between_mails_is_called_again(post: Post, send_all: SendAll, sender: Sender) -> None:
    thank()
    send_all()
    assert sender._transport
    sender._transport._smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
    thank()
    send_all()
    assert len(post.received) == 2
    assert post.connections == 2


# --- the server itself ------------------------------------------------------------------------------------------------


def test_without_an_answer_mail_waits_and_the_reason_is_kept(
    settings: Settings, post: Post, start_post: StartPost, sender: Sender
) -> None:
    from tests.mail_server import free_port

    port = free_port()
    settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
    message = thank()
    assert not sender.work()
    assert state(message) == ("waiting", "")
    assert "does not answer" in queries.server().error
    assert queries.server().failing_since
    server = start_post(port=port)
    assert not sender.work(), "it rests for some seconds"
    sender._rests_until = 0
    assert sender.work()
    assert len(server.received) == 1
    assert queries.server().error == ""
    assert queries.server().failing_since is None


def test_a_server_that_refuses_our_sender_harms_no_mail(post: Post, sender: Sender) -> None:
    post.sender = "550 5.7.1 you may not send as that"
    message = thank()
    assert not sender.work()
    assert state(message) == ("waiting", "")
    assert "RIPELINE_MAIL_FROM" in queries.server().error
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("scheme", ["smtps", "smtp+tls"])
def test_mail_goes_encrypted_and_signed_in(
    scheme: str, start_post: StartPost, settings: Settings, tls, certificate, monkeypatch: pytest.MonkeyPatch,
    send_all: SendAll,
) -> None:  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    how = {"tls": tls} if scheme == "smtps" else {"starttls": tls, "login": ("ripe line", "p@ss:w/rd")}
    server = start_post(**how)
    user = "" if scheme == "smtps" else "ripe%20line:p%40ss%3Aw%2Frd@"
    settings.SMTP_URL = f"{scheme}://{user}localhost:{server.port}"
    thank()
    send_all()
    assert len(server.received) == 1, queries.server().error


def test_what_is_wrong_with_the_server_is_said_with_what_helps(
    start_post: StartPost, settings: Settings, tls, certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, secret = start_post(), start_post(starttls=tls, login=("u", "right"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.SMTP_URL = "smtp://localhost"
    thank()
    for url, words in (
        (f"smtp+tls://u:wrong@localhost:{secret.port}", "refuses the user or password"),
        (f"smtp+tls://127.0.0.1:{secret.port}", "certificate that cannot be trusted"),
        (f"smtp+tls://localhost:{plain.port}", "offers no STARTTLS"),
        (f"smtps://localhost:{plain.port}", "does not speak TLS there"),
    ):
        settings.SMTP_URL = url
        assert not Sender(answered=nobody_answered).work()
        assert words in queries.server().error
        assert "wrong" not in queries.server().error.replace("wrong version", ""), "no password is shown"
    assert Message.objects.get().state == "waiting"


def test_with_another_secret_key_nothing_is_sent_until_somebody_looked(
    post: Post, settings: Settings, sender: Sender
) -> None:
    agree()
    thank()
    key, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 10
    actions.seed()
    assert queries.is_key_changed()
    assert not sender.work()
    settings.SECRET_KEY = key
    assert sender.work()
    assert len(post.received) == 1


def test_where_no_address_was_noted_yet_another_key_is_as_good(post: Post, settings: Settings, sender: Sender) -> None:
    settings.SECRET_KEY = "another" * 10
    actions.seed()
    agree()
    thank()
    assert sender.work()
    assert len(post.received) == 1


# --- who may get it ---------------------------------------------------------------------------------------------------


def test_mail_for_a_purpose_goes_to_who_agreed_and_says_how_to_stop_it(post: Post, send_all: SendAll) -> None:
    unasked = news("bob@northgate.example")
    agree()
    message = news()
    send_all()
    assert state(unasked) == ("stopped", "unconsented")
    assert state(message) == ("sent", "")
    [arrived] = post.received
    where = arrived.mail["List-Unsubscribe"].strip("<>")
    assert where.startswith("https://leads.northwind.example/unsubscribe/")
    assert arrived.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert where in arrived.text
    assert where in arrived.html


def test_one_click_is_offered_by_https_alone(post: Post, send_all: SendAll, settings: Settings) -> None:
    settings.BASE_URL = "http://127.0.0.1:8000"
    agree()
    news()
    send_all()
    assert post.received[0].mail["List-Unsubscribe"]
    assert post.received[0].mail["List-Unsubscribe-Post"] is None


def test_who_withdrew_after_it_was_written_gets_nothing(post: Post, send_all: SendAll) -> None:
    agree()
    message = news()
    consent.withdraw(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    send_all()
    assert state(message) == ("stopped", "unconsented")


def test_who_stopped_everything_still_gets_answers(post: Post, send_all: SendAll) -> None:
    agree()
    suppression.suppress(address=PRIYA, reason=SuppressionReason.UNSUBSCRIBED)
    newsletter, answer = news(), thank()
    send_all()
    assert state(newsletter) == ("stopped", "suppressed")
    assert state(answer) == ("sent", "")


def test_a_suppressed_address_gets_nothing_until_somebody_lifts_it_with_a_reason(
    post: Post, send_all: SendAll, ada: User, alice: User
) -> None:
    suppression.suppress_by_hand(actor=ada, address=PRIYA, note="asked us to")
    message = thank()
    send_all()
    assert state(message) == ("stopped", "suppressed")
    [held] = queries.suppressions(PRIYA)
    with pytest.raises(PermissionError):
        suppression.lift(actor=alice, suppression_id=held.pk, why="I want to write")
    with pytest.raises(OutboxError):
        suppression.lift(actor=ada, suppression_id=held.pk, why="  ")
    assert suppression.lift(actor=ada, suppression_id=held.pk, why="She asked for mail again")
    assert not suppression.lift(actor=ada, suppression_id=held.pk, why="again")
    thank()
    send_all()
    assert len(post.received) == 1


def test_no_address_stands_in_what_is_suppressed(ada: User) -> None:
    suppression.suppress_by_hand(actor=ada, address=PRIYA, note="asked us to")
    from ripeline.people.models import AuditEntry

    kept = str(Suppression.objects.values().get()) + str(AuditEntry.objects.filter(verb="mail.suppress").values().get())
    assert "priya" not in kept


def test_who_answered_meanwhile_gets_no_reminder(post: Post, lead: Lead, alice: User) -> None:
    agree()
    sender = Sender(answered=lead_queries.answered)
    reminder = news(lead_id=lead.pk, stops_when_answered=True)
    other = news(lead_id=lead.pk)
    with clock.at(clock.now() + timedelta(hours=1)):
        leads.touch(lead.pk, by(alice), kind="call", reached=True, next=soon(days=9), disposition="reached")
    with clock.at(clock.now() + timedelta(hours=2)):
        while sender.work():
            pass
    sender.close()
    assert state(reminder) == ("stopped", "answered")
    assert state(other) == ("sent", "")


def test_who_has_not_answered_is_reminded(post: Post, lead: Lead) -> None:
    agree()
    asked: list[Mapping[UUID, datetime]] = []

    def answered(since: Mapping[UUID, datetime]) -> set[UUID]:
        asked.append(since)
        return lead_queries.answered(since)

    sender = Sender(answered=answered)
    message = news(lead_id=lead.pk, stops_when_answered=True)
    sender.work()
    sender.close()
    assert asked == [{lead.pk: message.created_at}]
    assert state(message) == ("sent", "")


def test_a_mail_taken_back_in_time_does_not_go_out(post: Post, send_all: SendAll, lead: Lead) -> None:
    thank(lead_id=lead.pk, key="x")
    assert actions.cancel(lead_id=lead.pk, kind="thanks", key="x")
    assert not actions.cancel(lead_id=lead.pk, kind="thanks", key="x")
    send_all()
    assert post.received == []


def test_what_a_lead_was_sent_is_on_its_timeline_once_and_is_no_touch(
    post: Post, send_all: SendAll, lead: Lead
) -> None:
    thank(lead_id=lead.pk)
    send_all()
    [entry] = Activity.objects.filter(lead_id=lead.pk, kind="mailed")
    assert entry.data["mail"] == "Thank you"
    assert "We call you" not in str(entry.data) + entry.body
    lead.refresh_from_db()
    assert (lead.touches, lead.first_touch_at) == (0, None)


class Interleaving:
    """Two senders and the people who suppress, lift, agree and withdraw, step by step."""

    def __init__(self, message: Message, ada: User) -> None:
        self.message, self.ada, self.to = message, ada, message.to_address
        self.senders = [Sender(answered=nobody_answered) for _ in range(2)]
        self.hands: list[Message] = []
        self.is_suppressed = self.has_agreed = False
        self.begun = 0

    def suppress(self) -> None:
        suppression.suppress(address=self.to, reason=SuppressionReason.BY_HAND, note="x", actor=self.ada)
        self.is_suppressed = True

    def lift(self) -> None:
        for held in queries.suppressions(self.to):
            suppression.lift(actor=self.ada, suppression_id=held.pk, why="y")
        self.is_suppressed = False

    def agree(self) -> None:
        agree(self.to)
        self.has_agreed = True

    def withdraw(self) -> None:
        consent.withdraw(to=self.to, purpose=NEWS, evidence=SAID_SO)
        self.has_agreed = False

    def claim(self) -> None:
        self.senders.reverse()
        claimed = [each for each in self.senders[0]._claim() if each.pk == self.message.pk]
        self.hands = claimed or self.hands

    def begin(self) -> None:
        for claimed, sender in product(self.hands, self.senders):
            delivery.written(claimed)
            if sender._begin(claimed):
                self.begun += 1
                assert not self.is_suppressed
                assert self.has_agreed or not self.message.purpose


@tried(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.sampled_from(["suppress", "lift", "agree", "withdraw", "claim", "begin"]), max_size=14),
    for_purpose=st.booleans(),
)
def test_whatever_the_order_nothing_begins_that_may_not_go_and_nothing_begins_twice(
    steps: list[str], for_purpose: bool, post: Post, ada: User
) -> None:
    to = f"{uuid4().hex}@northgate.example"
    course = Interleaving(news(to) if for_purpose else thank(to), ada)
    for hour, step in enumerate(["claim", "begin", *steps] if not for_purpose else [*steps, "claim", "begin"]):
        with clock.at(clock.now() + timedelta(hours=hour)):
            getattr(course, step)()
    assert course.begun <= 1
    if not for_purpose:
        assert course.begun == 1, "nothing stood in its way"


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_mail_once(post: Post, in_threads: Callable[..., list[BaseException]]) -> None:
    for number in range(30):
        thank(f"p{number}@northgate.example")

    def work() -> None:
        sender = Sender(answered=nobody_answered)
        while sender.work():
            pass
        sender.close()

    assert in_threads(work, work, work) == []
    assert sorted(each.to for each in post.received) == sorted(f"p{n}@northgate.example" for n in range(30))
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert MailServer.objects.get().worked_at


def test_the_link_of_a_letter_says_who_follows_it_and_leads_where_it_should(
    post: Post, send_all: SendAll, lead: Lead
) -> None:
    agree()
    where = "https://www.northwind.example/planner?x=1"
    context = {"subject": "What is new", "text": "A new planner.", "url": where}
    news(lead_id=lead.pk, context=context)
    news(context=context)
    send_all()
    first, second = sorted((each.text for each in post.received), key=lambda text: "/i/c/" not in text)
    link = tracked_in(first)
    assert (link.target, link.lead_id, link.message) == (where, lead.pk, Message.objects.get(lead_id=lead.pk).pk.hex)
    assert where not in first
    assert where in second, "where nobody is known there is nobody to say"
