"""Settings, Mail: how mail leaves, what became of each message, who gets none, what people agree to. Administrators."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture.arriving import giving
from ripeline.catalog.phrases import Language
from ripeline.outbox import actions, queries, returning, suppression
from ripeline.outbox.actions import OutboxError
from ripeline.outbox.delivery import transport
from ripeline.outbox.imap import Mailbox
from ripeline.outbox.kinds import label
from ripeline.outbox.models import Message, MessageState
from ripeline.outbox.rules import REASONS
from ripeline.people import rules
from ripeline.people.models import User
from ripeline.web.frame import letters
from ripeline.web.frame.forms import Form, posted
from ripeline.web.frame.shell import firm_of, say, tabs, viewer

PAGE = 50
STATES = {
    "waiting": "Waiting",
    "doubt": "In doubt",
    "bounced": "Bounced",
    "failed": "Not sent",
    "stopped": "Held back",
    "sent": "Sent",
}
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


class AddressForm(Form):
    """An address to look up, or to send no more mail to."""

    address = forms.CharField(
        label="Address",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    note = forms.CharField(
        label="Why they get no more mail",
        max_length=300,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def complain(self, error: OutboxError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class PurposeForm(Form):
    """What people can agree to, and the words by which they do."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Letters, digits and _. An existing one is changed; other words are kept as a new version.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(
        label="For who is asked in", required=False,
        choices=[("", "Any language that has no words of its own"),
                 *((each.value, each.label) for each in Language if each != Language.ENGLISH)],
    )  # fmt: skip
    name = forms.CharField(label="Name", max_length=120, widget=forms.TextInput({"autocomplete": "off"}))
    text = forms.CharField(
        label="Words they agree to", max_length=2000, widget=forms.Textarea({"rows": 4, "autocomplete": "off"})
    )

    def complain(self, error: OutboxError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


def words(message: Message) -> str:
    """What became of a message, in a few words; never what it says."""
    if message.state in (MessageState.STOPPED, MessageState.FAILED):
        return REASONS.get(message.reason, message.reason)
    if message.state == MessageState.BOUNCED:
        return REASONS["address"]
    if message.state == MessageState.DOUBT:
        return "The connection broke while it was handed over: it may have arrived."
    if message.state == MessageState.WAITING and message.attempts:
        return f"Put off by the mail server, {message.attempts} {'try' if message.attempts == 1 else 'tries'} so far"
    return ""


def administrator(request: HttpRequest) -> User:
    actor = viewer(request)
    rules.require_administers(actor)
    return actor


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """How mail leaves, and what became of it."""
    administrator(request)
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    before = _cursor(request.GET.get("before", ""))
    found = queries.messages(state=state, before=before, limit=PAGE + 1)
    shown, lately, left = found[:PAGE], queries.lately(), queries.backlog()
    older = {"state": state, "before": f"{shown[-1].created_at.isoformat()}_{shown[-1].pk}"} if shown else {}
    answer = _frame(request) | {
        "rows": [{"message": each, "kind": label(each.kind), "words": words(each)} for each in shown],
        "key": uuid4().hex,
        "state": state,
        "states": STATES,
        "left": left,
        "held": len(queries.held_for_a_server()),
        "lately": {code: lately.get(code, 0) for code in STATES},
        "older": f"?{urlencode(older)}" if len(found) > PAGE else "",
        "newer": f"?{urlencode({'state': state})}" if before else "",
    }
    return render(request, "mail/mail.html", answer)


def _frame(request: HttpRequest) -> dict[str, Any]:
    way = transport() if queries.can_send() else None
    return {
        "tabs": tabs(request),
        "way": way.name if way else "",
        "sender": settings.MAIL_FROM,
        "reply_to": settings.MAIL_REPLY_TO or "",
        "events": _events(request) if settings.MAIL_ESP else "",
        "bounces": _bounces(),
        "imprint": firm_of(request).imprint,
        "is_german_law": firm_of(request).country == "DE",
        "server": queries.server(),
        "is_key_changed": queries.is_key_changed(),
    }


def _bounces() -> dict[str, Any]:
    """The mailbox to which mail comes back, and how it was the last time; nothing where none is set."""
    if not settings.BOUNCES_URL:
        return {}
    mailbox = Mailbox(settings.BOUNCES_URL)
    return {"name": mailbox.name, "folder": mailbox.folder, "box": queries.bounce_box()}


def _events(request: HttpRequest) -> str:
    """The address at which the provider tells what came back."""
    return letters.root(request) + reverse("mail-events", args=[returning.secret()])


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    moment, _, pk = text.partition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at, UUID(pk)) if at.tzinfo else None
    except ValueError:
        return None


@require_POST
def try_out(request: HttpRequest) -> HttpResponse:
    """A message to oneself; the form's own key makes a double click one mail."""
    actor = administrator(request)
    if not queries.can_send():
        say(request, "There is no mail server to try yet; this page says how to set one.", is_error=True)
        return redirect("mail")
    key = request.POST.get("key", "")[:100] or uuid4().hex
    message = actions.send_test(actor=actor, key=key, base_url=letters.root(request))
    say(request, f"A test message is on its way to {message.to_address}. Its line below says what became of it.")
    return redirect("mail")


@require_POST
def send_held(request: HttpRequest) -> HttpResponse:
    """Send late what was held back for want of a server."""
    try:
        sent = actions.send_held(actor=administrator(request), anew=giving.anew)
    except OutboxError as error:
        say(request, str(error), is_error=True)
    else:
        way = "It is on its way" if sent == 1 else f"{sent} are on their way"
        say(request, f"{way}; what became of it stands below." if sent else "Nothing is held back.")
    return redirect("mail")


@require_POST
def settle(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """What to do about a message in doubt."""
    actor = administrator(request)
    again = request.POST.get("how") == "again"
    if not actions.settle(actor=actor, message_id=message_id, again=again):
        say(request, "This was decided already.", is_error=True)
    elif again:
        say(request, "It is sent once more. If it had arrived, they have it twice.")
    else:
        say(request, "It is left as it was.")
    return redirect("mail")


@get_or_post
def suppressed(request: HttpRequest) -> HttpResponse:
    """Look an address up, suppress it, and see what is suppressed. What is typed stays out of the page's address."""
    actor = administrator(request)
    form = AddressForm(posted(request))
    answer: dict[str, Any] = {"tabs": tabs(request), "form": form}
    if request.method == "POST" and form.is_valid():
        address, note = form.cleaned_data["address"].strip(), form.cleaned_data["note"]
        try:
            if not actions.is_address(address):
                raise OutboxError(f"{address} is not an e-mail address.", "address")
            if request.POST.get("how") == "add":
                was_new = suppression.suppress_by_hand(actor=actor, address=address, note=note)
                say(request, "No more mail goes there." if was_new else "It was suppressed already.")
                return redirect("suppressed")
            answer["looked"] = {
                "address": address,
                "suppressions": queries.suppressions(address),
                "consents": queries.consents(address),
                "messages": [
                    {"message": each, "kind": label(each.kind), "words": words(each)}
                    for each in queries.messages(address=address, limit=10)
                ],
            }
        except OutboxError as error:
            form.complain(error)
    before = _cursor(request.GET.get("before", ""))
    found = queries.suppressed(before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    older = urlencode({"before": f"{shown[-1].at.isoformat()}_{shown[-1].pk}"}) if shown else ""
    answer |= {"rows": shown, "older": f"?{older}" if len(found) > PAGE else "", "newer": "?" if before else ""}
    return render(request, "mail/suppressed.html", answer, status=422 if form.errors else 200)


@require_POST
def lift(request: HttpRequest, suppression_id: UUID) -> HttpResponse:
    """Let mail go there again, with the reason."""
    actor = administrator(request)
    try:
        lifted = suppression.lift(actor=actor, suppression_id=suppression_id, why=request.POST.get("why", ""))
    except OutboxError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, "Mail may go there again." if lifted else "That was lifted already.", is_error=not lifted)
    return redirect("suppressed")


@get_or_post
def purposes(request: HttpRequest) -> HttpResponse:
    """What people can agree to, in which words. Whoever keeps the doors reads them, administrators write them."""
    actor = viewer(request)
    may_write = rules.administers(actor)
    if not may_write:
        (rules.require_administers if request.method == "POST" else rules.require_keeps_catalog)(actor)
    form = PurposeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            said = actions.say_purpose(actor=actor, **form.cleaned_data)
        except OutboxError as error:
            form.complain(error)
        else:
            say(request, f"Kept: {said.called}, version {said.version} of its words.")
            return redirect("purposes")
    answer = {
        "tabs": tabs(request),
        "form": form,
        "may_write": may_write,
        "purposes": queries.every_wording(),
    }
    return render(request, "mail/purposes.html", answer, status=422 if form.errors else 200)


urlpatterns = [
    path("settings/mail", mail, name="mail"),
    path("settings/mail/test", try_out, name="mail-test"),
    path("settings/mail/held", send_held, name="mail-held"),
    path("settings/mail/<uuid:message_id>/settle", settle, name="mail-settle"),
    path("settings/mail/suppressed", suppressed, name="suppressed"),
    path("settings/mail/suppressed/<uuid:suppression_id>/lift", lift, name="suppression-lift"),
    path("settings/mail/purposes", purposes, name="purposes"),
]
