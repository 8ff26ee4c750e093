"""What somebody agreed to: seen and noted on the record; and chosen by themselves, by the link in a mail."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.outbox import actions, consent, links, queries, suppression
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.consent import Evidence
from ripeline.outbox.models import SuppressionReason
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.cast import MakeLead
from tests.mail_server import Post
from tests.outbox.conftest import NEWS, PRIYA, thank

pytestmark = pytest.mark.django_db
SendAll = Callable[[], None]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def priya(make_lead: MakeLead, alice: User) -> Lead:
    return make_lead(alice, name="Priya Raman", email=PRIYA)


@pytest.fixture
def events(ada: User) -> str:
    actions.say_purpose(actor=ada, code="events", name="Invitations", text="Invite me to your events.")
    return "events"


def typed(**more: str) -> dict[str, str]:
    return {"agreed": "yes", "purpose": NEWS, "address": PRIYA, "how": "Said so by telephone"} | more


# --- on the record ----------------------------------------------------------------------------------------------------


def test_alice_notes_what_priya_told_her_and_sees_how_we_know(alice: User, priya: Lead) -> None:
    client = signed_in(alice)
    assert "They have agreed to no mail" in client.get(f"/leads/{priya.pk}").text
    shown = queries.wording(NEWS)
    yesterday = (timezone.localdate(clock.now()) - timedelta(days=1)).isoformat()
    page = client.post(
        f"/leads/{priya.pk}/agreed", typed(key="k", said_on=yesterday, wording=str(shown.pk)), follow=True
    ).text
    assert queries.has_consent(PRIYA, NEWS)
    assert "Said so by telephone, on " in page
    assert "noted by Alice" in page
    assert shown.text in page
    entry = Activity.objects.get(lead_id=priya.pk, kind="agreed")
    assert (entry.actor, entry.data["purpose"]) == (alice, "News by e-mail")
    client.post(f"/leads/{priya.pk}/agreed", typed(key="k"))
    assert Activity.objects.filter(lead_id=priya.pk, kind="agreed").count() == 1, "noted twice is noted once"


def test_alice_notes_that_priya_was_asked_and_did_not_agree(alice: User, priya: Lead) -> None:
    client = signed_in(alice)
    said = client.post(f"/leads/{priya.pk}/agreed", typed(agreed="not_then", key="k"), follow=True).text
    assert "was asked about “News by e-mail” and did not agree." in said
    assert re.search(r"News by e-mail</b> · asked .*, did not agree", said)
    assert not queries.has_consent(PRIYA, NEWS)
    client.post(f"/leads/{priya.pk}/agreed", typed(key="l"))
    again = client.post(f"/leads/{priya.pk}/agreed", typed(agreed="not_then", key="m"), follow=True).text
    assert "said of “News by e-mail” before still counts" in again
    assert queries.has_consent(PRIYA, NEWS)


@pytest.mark.parametrize("which", ["confirm", "stop", "choose"])
def test_mona_sees_the_pages_that_the_links_in_mail_lead_to_without_any_mail(
    which: str, mona: User, alice: User, priya: Lead
) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=Evidence("form Newsletter"))
    hers = signed_in(mona)
    assert f"/capture/mail-pages/{which}" in hers.get("/capture/questions").text
    page = hers.get(f"/capture/mail-pages/{which}").text
    assert "Nothing here acts." in page
    assert page.count("<form") == page.count('<fieldset class="as-it-looks" disabled>')
    assert "News by e-mail" in page
    assert hers.post(f"/capture/mail-pages/{which}", {"what": "everything"}).status_code == 405
    assert signed_in(alice).get(f"/capture/mail-pages/{which}").status_code == 403
    assert queries.has_consent(PRIYA, NEWS)


def test_mona_reads_the_words_of_a_purpose_from_the_question_and_changes_none(mona: User, ada: User) -> None:
    hers = signed_in(mona)
    assert '<a href="/settings/mail/purposes">the words of that purpose</a>' in hers.get("/capture/questions/new").text
    page = hers.get("/settings/mail/purposes").text
    assert queries.wordings()[0].text in page
    assert "An administrator writes them" in page
    for refused in ('href="/settings/mail"', 'href="/settings/mail/suppressed"', 'name="code"'):
        assert refused not in page
    given = {"code": "tips", "name": "Tips", "text": "You may send me tips."}
    assert hers.post("/settings/mail/purposes", given).status_code == 403
    assert 'name="code"' in signed_in(ada).get("/settings/mail/purposes").text


def test_a_marketer_notes_that_priya_wants_no_more(mona: User, priya: Lead) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=Evidence("form Newsletter"))
    page = signed_in(mona).post(f"/leads/{priya.pk}/agreed", typed(agreed="no", how="Wrote it in a mail"), follow=True)
    assert "gets no more “News by e-mail”" in page.text
    assert not queries.has_consent(PRIYA, NEWS)
    assert Activity.objects.filter(lead_id=priya.pk, kind="unsubscribed").exists()


def test_a_page_sent_again_does_not_undo_what_she_said_since(client: Client, alice: User, priya: Lead) -> None:
    hers = signed_in(alice)
    hers.post(f"/leads/{priya.pk}/agreed", typed(key="k"))
    client.post(links.unsubscribe_path(address_hash(PRIYA), NEWS, priya.pk), {"what": "this"})
    hers.post(f"/leads/{priya.pk}/agreed", typed(key="k"))
    assert not queries.has_consent(PRIYA, NEWS)
    hers.post(f"/leads/{priya.pk}/agreed", typed(key="another"))
    assert queries.has_consent(PRIYA, NEWS), "she has told Alice so once more"


def test_who_does_not_work_with_priya_notes_nothing(bob: User, carol: User, mallory: User, priya: Lead) -> None:
    for user in (bob, carol, mallory):
        client = signed_in(user)
        assert client.post(f"/leads/{priya.pk}/agreed", typed()).status_code in (403, 404), user
        assert "Note what they said" not in client.get(f"/leads/{priya.pk}").text
    assert not queries.has_consent(PRIYA, NEWS)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"how": " "}, "Say how you know."),
        ({"said_on": "2999-01-01"}, "This day is still to come."),
        ({"said_on": "soon"}, "Write a day"),
        ({"purpose": "nothing"}, "There is no purpose"),
        ({"address": "else@example.com"}, "not an address of theirs"),
        ({"agreed": ""}, "Say whether they agreed."),
        ({"wording": "999999"}, "The words have changed since"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(
    alice: User, priya: Lead, wrong: dict[str, str], words: str
) -> None:
    answer = signed_in(alice).post(f"/leads/{priya.pk}/agreed", typed(**({"how": "On the stairs"} | wrong)))
    assert answer.status_code == 422
    assert words in answer.text
    assert "On the stairs" in answer.text or "how" in wrong
    assert not queries.consents(PRIYA), "and nothing is kept of it"


def test_a_yes_of_before_does_not_undo_a_later_no(alice: User, priya: Lead) -> None:
    consent.withdraw(to=PRIYA, purpose=NEWS, evidence=Evidence("one click"))
    before = (timezone.localdate(clock.now()) - timedelta(days=3)).isoformat()
    answer = signed_in(alice).post(f"/leads/{priya.pk}/agreed", typed(said_on=before))
    assert answer.status_code == 422
    assert "That they want it no more was noted on" in answer.text
    assert not queries.has_consent(PRIYA, NEWS)


def test_who_stopped_all_mail_takes_that_back_themselves(alice: User, priya: Lead) -> None:
    suppression.suppress(address=PRIYA, reason=SuppressionReason.UNSUBSCRIBED)
    client = signed_in(alice)
    assert "Only answers to what they ask for" in client.get(f"/leads/{priya.pk}").text
    answer = client.post(f"/leads/{priya.pk}/agreed", typed())
    assert answer.status_code == 422
    assert "They stopped all mail on" in answer.text


def test_who_stopped_all_mail_is_not_said_to_get_what_they_had_agreed_to_before(alice: User, priya: Lead) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=Evidence("form"))
    suppression.suppress(address=PRIYA, reason=SuppressionReason.UNSUBSCRIBED)
    answer = signed_in(alice).post(f"/leads/{priya.pk}/agreed", typed())
    assert answer.status_code == 422
    assert "They stopped all mail on" in answer.text


@pytest.mark.parametrize(("agreed", "stands"), [("yes", "has agreed to"), ("no", "gets no")])
def test_what_stands_already_is_not_said_to_be_noted(alice: User, priya: Lead, agreed: str, stands: str) -> None:
    (consent.give if agreed == "yes" else consent.withdraw)(to=PRIYA, purpose=NEWS, evidence=Evidence("form"))
    page = signed_in(alice).post(f"/leads/{priya.pk}/agreed", typed(agreed=agreed), follow=True).text
    assert f"Nothing changes: Priya Raman {stands} “News by e-mail” already." in page
    assert "It stands on the timeline" not in page


# --- by the link in a mail --------------------------------------------------------------------------------------------


def test_every_mail_to_a_lead_leads_to_where_its_reader_chooses(
    client: Client, post: Post, send_all: SendAll, priya: Lead, events: str
) -> None:
    thank(PRIYA, lead_id=priya.pk)
    send_all()
    token = post.received[0].text.split("/unsubscribe/")[1].split()[0]
    page = client.get(f"/unsubscribe/{token}").text
    assert "News by e-mail" in page
    assert "Invite me to your events." in page
    assert not queries.consents(PRIYA), "looking changes nothing"
    shown = [str(each.pk) for each in queries.wordings()]
    answer = client.post(f"/unsubscribe/{token}", {"what": "choose", "shown": shown, "want": events})
    assert "Invitations" in answer.text
    assert queries.has_consent(PRIYA, events)
    assert not queries.has_consent(PRIYA, NEWS)
    [standing] = queries.consents(PRIYA)
    event = standing.events.get()
    assert (event.how, event.ip) == ("chosen by the link in a mail", "127.0.0.1")
    assert event.wording
    assert event.wording.text == "Invite me to your events."
    assert Activity.objects.filter(lead_id=priya.pk, kind="agreed").exists()
    assert "checked" in client.get(f"/unsubscribe/{token}").text


def test_who_had_stopped_everything_gets_only_what_they_choose(client: Client, events: str) -> None:
    for purpose in (NEWS, events):
        consent.give(to=PRIYA, purpose=purpose, evidence=Evidence("form"))
    path = links.unsubscribe_path(address_hash(PRIYA), "", None)
    client.post(path, {"what": "everything"})
    assert queries.is_suppressed(PRIYA, for_purpose=True)
    assert "checked" not in client.get(path).text
    shown = [str(each.pk) for each in queries.wordings()]
    client.post(path, {"what": "choose", "shown": shown, "want": events})
    assert not queries.is_suppressed(PRIYA, for_purpose=True)
    assert queries.has_consent(PRIYA, events)
    assert not queries.has_consent(PRIYA, NEWS)


def test_that_somebody_stopped_everything_stands_on_their_timeline_once(client: Client, priya: Lead) -> None:
    path = links.unsubscribe_path(address_hash(PRIYA), "", priya.pk)
    for _ in range(2):
        client.post(path, {"what": "everything"})
    entry = Activity.objects.get(lead_id=priya.pk, kind="unsubscribed")
    assert entry.data["purpose"] == "everything they did not ask for"


def test_who_chose_again_after_stopping_everything_is_seen_to_have_on_the_record(
    client: Client, alice: User, priya: Lead, events: str
) -> None:
    consent.give(to=PRIYA, purpose=events, evidence=Evidence("form"), lead_id=priya.pk)
    path = links.unsubscribe_path(address_hash(PRIYA), "", priya.pk)
    shown = [str(each.pk) for each in queries.wordings()]
    with clock.at(clock.now() + timedelta(hours=1)):
        client.post(path, {"what": "everything"})
    with clock.at(clock.now() + timedelta(hours=2)):
        for _ in range(2):
            client.post(path, {"what": "choose", "shown": shown, "want": events})
        page = signed_in(alice).get(f"/leads/{priya.pk}").text
    said = Activity.objects.filter(lead_id=priya.pk, kind__in=["agreed", "unsubscribed"])
    assert list(said.order_by("occurred_at").values_list("kind", flat=True)) == ["agreed", "unsubscribed", "agreed"]
    assert page.index("Agreed to mail: Invitations") < page.index("Wants no more mail"), "the newest stands first"
    assert "chosen by the link in a mail" in page, "and with how we know, under What they agreed to"
    assert "stopped now" not in page


def test_what_the_page_did_not_show_stays_as_it_was(client: Client, events: str) -> None:
    consent.give(to=PRIYA, purpose=events, evidence=Evidence("form"))
    path = links.unsubscribe_path(address_hash(PRIYA), "", None)
    shown = str(queries.wording(NEWS).pk)
    client.post(path, {"what": "choose", "shown": [shown, "x", "٣"], "want": [events, "nothing"]})
    assert queries.has_consent(PRIYA, events)
    assert [each.purpose_id for each in queries.consents(PRIYA)] == [events]


def test_an_address_that_bounced_is_told_that_nothing_goes_there(client: Client) -> None:
    suppression.suppress(address=PRIYA, reason=SuppressionReason.BOUNCED)
    path = links.unsubscribe_path(address_hash(PRIYA), NEWS, None)
    assert "No mail at all goes to your address" in client.get(path).text
    shown = str(queries.wording(NEWS).pk)
    assert "No mail at all" in client.post(path, {"what": "choose", "shown": shown, "want": NEWS}).text
    assert queries.is_suppressed(PRIYA, for_purpose=True)
