"""Consent for each purpose: asked, confirmed by a link, given, withdrawn, each with its evidence."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.outbox import actions, consent, links, queries, suppression
from ripeline.outbox.actions import OutboxError
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.consent import Evidence
from ripeline.outbox.links import Unsubscribing
from ripeline.outbox.models import SuppressionReason
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.mail_server import Post
from tests.outbox.conftest import NEWS, PRIYA, SAID_SO

pytestmark = pytest.mark.django_db
SendAll = Callable[[], None]


def by_form() -> Evidence:
    return Evidence("form Newsletter", wording=queries.wording(NEWS), ip="192.0.2.7", user_agent="Firefox")


def token_in(text: str, verb: str = "confirm") -> str:
    return text.split(f"/{verb}/")[1].split()[0].partition("?")[0]


def states() -> list[tuple[str, str]]:
    [standing] = queries.consents(PRIYA)
    return [(event.state, event.how) for event in standing.events.order_by("at")]


def test_double_opt_in_from_the_form_to_the_click(post: Post, send_all: SendAll, lead: Lead) -> None:
    consent.ask(to=PRIYA, name="Priya Raman", purpose=NEWS, evidence=by_form(), lead_id=lead.pk)
    assert not queries.has_consent(PRIYA, NEWS)
    send_all()
    [asked] = post.received
    assert asked.mail["Subject"] == "Please confirm: News by e-mail"
    token = token_in(asked.text)
    assert consent.confirmable(token)
    assert not queries.has_consent(PRIYA, NEWS), "looking has changed nothing"
    assert consent.confirm(token=token, evidence=Evidence("link", ip="2001:db8::1"))
    assert consent.confirm(token=token, evidence=Evidence("link")), "a second click changes nothing"
    assert queries.has_consent(f" {PRIYA.title()} ", NEWS)
    assert states() == [("pending", "form Newsletter"), ("given", "link")]
    [standing] = queries.consents(PRIYA)
    first, second = standing.events.order_by("at")
    assert first.wording
    assert (first.wording.version, first.ip, first.user_agent) == (1, "192.0.2.7", "Firefox")
    assert second.ip == "2001:db8::1"
    assert Activity.objects.get(lead_id=lead.pk, kind="agreed").data["purpose"] == "News by e-mail"


def test_a_form_filled_in_ten_times_asks_once_a_day(post: Post, send_all: SendAll) -> None:
    for _ in range(10):
        consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    send_all()
    assert len(post.received) == 1
    with clock.at(clock.now() + timedelta(days=1)):
        consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
        send_all()
    assert len(post.received) == 2
    assert len(states()) == 11


def test_who_agreed_already_is_asked_nothing(post: Post, send_all: SendAll) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    send_all()
    assert post.received == []
    assert queries.has_consent(PRIYA, NEWS)


def test_a_link_ends_after_seven_days_and_is_for_one_asking_and_one_purpose(post: Post, send_all: SendAll) -> None:
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    send_all()
    token = token_in(post.received[0].text)
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        assert consent.confirm(token=token, evidence=SAID_SO) is None
    assert consent.confirm(token=token[:-1] + ("a" if token[-1] != "a" else "b"), evidence=SAID_SO) is None
    assert links.unsubscribing(token) is None, "it is signed for one purpose alone"
    consent.withdraw(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    assert consent.confirm(token=token, evidence=SAID_SO) is None
    with clock.at(clock.now() + timedelta(days=1)):
        consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
        assert consent.confirm(token=token, evidence=SAID_SO) is None, "the link of the first asking"
        assert not queries.has_consent(PRIYA, NEWS)


def test_a_confirmation_nobody_needs_any_more_is_not_sent(post: Post, send_all: SendAll) -> None:
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    consent.give(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    send_all()
    assert post.received == []


def test_unsubscribing_counts_at_once_and_once(lead: Lead) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=SAID_SO, lead_id=lead.pk)
    what = Unsubscribing(address_hash(PRIYA), NEWS, lead.pk)
    for _ in range(3):
        consent.unsubscribe(what=what, everything=False, evidence=Evidence("one click"))
    assert not queries.has_consent(PRIYA, NEWS)
    assert states() == [("given", "said so by telephone"), ("withdrawn", "one click")]
    assert Activity.objects.filter(lead_id=lead.pk, kind="unsubscribed").count() == 1


def test_who_was_asked_and_did_not_agree_stops_nothing_by_choosing_no_mail(lead: Lead) -> None:
    consent.decline(to=PRIYA, purpose=NEWS, evidence=by_form(), lead_id=lead.pk)
    what = Unsubscribing(address_hash(PRIYA), NEWS, lead.pk)
    consent.choose(what=what, shown={NEWS: queries.wording(NEWS)}, wanted=[], evidence=Evidence("their page"))
    assert [state for state, _ in states()] == ["declined"]
    assert not Activity.objects.filter(lead_id=lead.pk, kind="unsubscribed").exists()


def test_who_was_never_asked_can_stop_it_too() -> None:
    what = Unsubscribing(address_hash(PRIYA), NEWS, None)
    consent.unsubscribe(what=what, everything=True, evidence=Evidence("one click"))
    assert states() == [("withdrawn", "one click")]
    assert queries.is_suppressed(PRIYA, for_purpose=True)
    assert not queries.is_suppressed(PRIYA, for_purpose=False)


def test_who_had_agreed_stopped_all_mail_and_asks_for_it_again_confirms_anew(
    post: Post, send_all: SendAll, lead: Lead
) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    suppression.suppress(address=PRIYA, reason=SuppressionReason.UNSUBSCRIBED)
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form(), lead_id=lead.pk)
    assert not queries.has_consent(PRIYA, NEWS), "anybody may have typed their address"
    send_all()
    [asked] = post.received
    assert consent.confirm(token=token_in(asked.text), evidence=Evidence("link"))
    assert queries.has_consent(PRIYA, NEWS)
    assert not queries.is_suppressed(PRIYA, for_purpose=True)


def test_who_confirms_after_stopping_everything_gets_mail_again(post: Post, send_all: SendAll) -> None:
    suppression.suppress(address=PRIYA, reason=SuppressionReason.UNSUBSCRIBED)
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    send_all()
    consent.confirm(token=token_in(post.received[0].text), evidence=Evidence("link"))
    assert not queries.is_suppressed(PRIYA, for_purpose=True)
    assert queries.suppressions(PRIYA)[0].lifted_why == "They confirmed: News by e-mail"


def test_an_address_that_bounced_is_not_asked(post: Post, send_all: SendAll) -> None:
    suppression.suppress(address=PRIYA, reason=SuppressionReason.BOUNCED)
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    send_all()
    assert post.received == []


def test_other_words_are_a_new_version_and_the_evidence_keeps_the_old(ada: User, alice: User) -> None:
    consent.give(to=PRIYA, purpose=NEWS, evidence=by_form())
    said = actions.say_purpose(actor=ada, code=NEWS, name="News", text="Write to me every Monday.")
    assert said.version == 2
    assert actions.say_purpose(actor=ada, code=NEWS, name="News", text="Write to me every Monday.").version == 2
    [standing] = queries.consents(PRIYA)
    [event] = standing.events.all()
    assert event.wording
    assert event.wording.version == 1
    with pytest.raises(PermissionError):
        actions.say_purpose(actor=alice, code=NEWS, name="Mine", text="x")


@pytest.mark.parametrize(("to", "purpose"), [("nobody", NEWS), (PRIYA, "no_such")])
def test_what_cannot_be_agreed_to_is_refused(to: str, purpose: str) -> None:
    with pytest.raises(OutboxError):
        consent.ask(to=to, purpose=purpose, evidence=by_form())
    assert not queries.consents(PRIYA)


def test_an_address_is_the_same_however_it_is_written() -> None:
    same = {address_hash(each) for each in ("Priya@Northgate.example", " priya@NORTHGATE.EXAMPLE ", PRIYA)}
    assert len(same) == 1
    assert address_hash("x@münchen.example") == address_hash("X@xn--mnchen-3ya.example")
    assert address_hash("priya+news@northgate.example") not in same
    assert address_hash("nobody") == ""


def test_whoever_was_asked_last_in_words_that_nobody_knows_does_not_confirm_those_of_an_earlier_asking(
    post: Post, send_all: SendAll
) -> None:
    consent.ask(to=PRIYA, purpose=NEWS, evidence=by_form())
    with clock.at(clock.now() + timedelta(minutes=5)):
        consent.ask(to=PRIYA, purpose=NEWS, evidence=Evidence("form of before"))
        send_all()
        assert consent.confirm(token=token_in(post.received[0].text), evidence=Evidence("link"))
    [standing] = queries.consents(PRIYA)
    assert standing.events.get(state="given").wording is None
