"""The kinds of mail: one list, so that everybody can grep what is sent and by whom. Each says how it is written.

A kind that answers somebody (`for_purpose` false) is transactional and needs no consent; any other is sent for a
purpose that they agreed to, and carries the links to stop it. What a writer needs comes in the message's `context`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from ripeline.base import clock
from ripeline.catalog import phrases
from ripeline.catalog.phrases import Phrases
from ripeline.outbox import links, queries
from ripeline.outbox.letters import Letter, Link, greeting, paragraphs_of
from ripeline.outbox.models import Consent, ConsentState, Message
from ripeline.people import links as passwords
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.people.working_time import company
from ripeline.timeline import links as tracked


class NobodyError(Exception):
    """There is no longer anybody to write this to."""


Writer = Callable[[Message], Letter]


@dataclass(frozen=True)
class Kind:
    code: str
    label: str
    write: Writer
    for_purpose: bool = False


def address(message: Message, path: str) -> str:
    """An absolute link, on the address under which the page was open that caused the mail, or the one that is set."""
    return f"{message.context.get('base_url') or settings.BASE_URL}{path}"


def firm() -> str:
    return company().name or "Ripeline"


def _choosing(message: Message, words: Phrases, label: str, purpose: str = "") -> Link:
    """The page on which the owner of this mailbox chooses what else comes; looking at it changes nothing."""
    return Link(label, _page(message, words, links.unsubscribe_path(message.address_hash, purpose, message.lead_id)))


def _page(message: Message, words: Phrases, path: str) -> str:
    """A page of ours, in the language of the mail."""
    return address(message, links.in_language(path, words.code))


def _words(message: Message) -> Phrases:
    """The fixed words: of mail for a purpose, in the language in which they agreed to it; else in that of the door that
    caused the mail (`context`: language), or of the company's country.
    """
    agreed = queries.agreed_in(message.address_hash, message.purpose) if message.purpose else ""
    found = phrases.named(agreed) or phrases.named(message.context.get("language", ""))
    return found or phrases.of(phrases.of_country(company().country))


def _tracked(message: Message, target: str) -> str:
    """The link that says who follows it and then leads on; the target itself where there is nobody to say."""
    if not (message.lead_id and tracked.is_web_address(target)):
        return target
    link = tracked.Link(
        "click", target, lead_id=message.lead_id, message=message.pk.hex, place=1, sent=int(clock.now().timestamp())
    )
    return address(message, f"/i/c/{tracked.make(link, settings.SECRET_KEY)}")


def _colleague(message: Message) -> User:
    found = people.people().filter(email=message.to_address, is_active=True).first()
    if found is None:
        raise NobodyError
    return found


def _invitation(message: Message) -> Letter:
    user, name = _colleague(message), firm()
    if user.has_usable_password():  # they have chosen one meanwhile
        raise NobodyError
    return Letter(
        subject=f"{name} invites you to Ripeline",
        paragraphs=(
            greeting(user.name),
            f"you are invited to Ripeline, where {name} follows up its leads. Choose a password, and you are in.",
        ),
        link=Link("Choose a password", address(message, passwords.path(user))),
        small=("The link works once, for three days.",),
        firm=name,
    )


def _reset(message: Message) -> Letter:
    user = _colleague(message)
    return Letter(
        subject="A new password for Ripeline",
        paragraphs=(greeting(user.name), "here you set a new password for Ripeline."),
        link=Link("Set a new password", address(message, passwords.path(user))),
        small=(
            "The link works once, for three days. If you did not ask for it, nothing needs to be done: "
            "your password stays as it is.",
        ),
        firm=firm(),
    )


def _test(message: Message) -> Letter:
    return Letter(
        subject="Mail from Ripeline arrives",
        paragraphs=(
            greeting(message.to_name),
            "this is the test message that you asked for. It came the way every mail of Ripeline goes, "
            "so invitations, resets and answers to forms will arrive too.",
        ),
        small=(f"Its Message-ID is {message.message_id}.",),
        firm=firm(),
        imprint=company().imprint,
    )


def _import_stopped(message: Message) -> Letter:
    """A file that is imported by itself was not. `context`: place, problem, schedule (its id)."""
    user, given = _colleague(message), message.context
    return Letter(
        subject=f"Not imported: {given['place']}"[:200],
        paragraphs=(
            greeting(user.name),
            f"{given['place']} is imported by itself, and could not be this time: {given['problem']}",
            "It is tried again at its next time; we write again only after it has gone well once more.",
        ),
        link=Link("Look at it", address(message, f"/imports/scheduled/{given['schedule']}")),
        firm=firm(),
    )


def _confirm(message: Message) -> Letter:
    """Double opt-in. `context`: consent (its id)."""
    consent = Consent.objects.filter(pk=message.context["consent"], state=ConsentState.PENDING).first()
    if consent is None:  # confirmed or withdrawn meanwhile
        raise NobodyError
    name, words = firm(), _words(message)
    purpose = queries.called(consent.purpose_id, words.code)
    path = links.confirm_path(consent.pk, consent.since)
    return Letter(
        subject=words.confirm_subject.replace("{}", purpose),
        paragraphs=(
            greeting(message.to_name, words),
            words.confirm_text.replace("{firm}", name).replace("{purpose}", purpose),
        ),
        link=Link(words.it_was_me, _page(message, words, path)),
        small=(words.holds_a_week,),
        firm=name,
        imprint=company().imprint,
        words=words,
    )


def _asset(message: Message) -> Letter:
    """What they asked for. `context`: title; url, or a path of ours and until when it leads there; and if you like
    subject and text.
    """
    given, words = message.context, _words(message)
    said = paragraphs_of(given.get("text") or words.asked_for.replace("{}", given["title"]))
    target = given.get("url") or _page(message, words, given["path"])
    until = date.fromisoformat(given["until"]) if given.get("until") else None
    if until and until < timezone.localdate(clock.now(), ZoneInfo(company().time_zone)):
        until = None  # sent once more when it was over: its page says so, and how to get another
    return Letter(
        subject=given.get("subject") or given["title"],
        paragraphs=(greeting(message.to_name, words), *said),
        link=Link(given.get("label") or words.open_asset.replace("{}", given["title"]), target),
        small=(words.works_until.replace("{}", phrases.day(words, until)),) if until else (),
        firm=firm(),
        imprint=company().imprint,
        unsubscribe=_choosing(message, words, words.choose_mail),
        words=words,
    )


def _thanks(message: Message) -> Letter:
    """An answer to a form. `context`: subject, text."""
    words = _words(message)
    return Letter(
        subject=message.context["subject"],
        paragraphs=(greeting(message.to_name, words), *paragraphs_of(message.context["text"])),
        firm=firm(),
        imprint=company().imprint,
        unsubscribe=_choosing(message, words, words.choose_mail),
        words=words,
    )


def _letter(message: Message) -> Letter:
    """Mail for a purpose. `context`: subject, text, and if you like url with label."""
    given, words = message.context, _words(message)
    choosing = _choosing(message, words, words.stop_or_choose, message.purpose)
    headers = {"List-Unsubscribe": f"<{choosing.url}>"}
    if choosing.url.startswith("https://"):  # RFC 8058 knows one click by HTTPS alone
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return Letter(
        subject=given["subject"],
        paragraphs=(greeting(message.to_name, words), *paragraphs_of(given["text"])),
        link=Link(given.get("label") or words.read_more, _tracked(message, given["url"])) if given.get("url") else None,
        firm=firm(),
        imprint=company().imprint,
        why=words.agreed_to.replace("{}", queries.called(message.purpose, words.code)),
        unsubscribe=choosing,
        headers=headers,
        words=words,
    )


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("invitation", "Invitation", _invitation),
        Kind("reset", "New password", _reset),
        Kind("import_stopped", "Scheduled import", _import_stopped),
        Kind("test", "Test message", _test),
        Kind("confirm", "Please confirm", _confirm),
        Kind("asset", "What they asked for", _asset),
        Kind("thanks", "Thank you", _thanks),
        Kind("letter", "Letter", _letter, for_purpose=True),
    )
}


def label(kind: str) -> str:
    """A kind in words, also one that is no longer sent."""
    return KINDS[kind].label if kind in KINDS else kind
