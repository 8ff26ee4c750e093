"""What is done with one lead, from the record and from Today alike: each verb an address, a POST, one decision.

A form carries `key` (the request: the same again changes nothing) and `seen` (the lead's last decision when the form
was shown: if a colleague decided something since, the form says so instead of acting). The answer is the screen the
form was on, as it stands now; where something cannot be, the same screen with the reason beside the field.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from ripeline.base import clock
from ripeline.capture import values
from ripeline.capture.text import BadValueError
from ripeline.catalog import queries as catalog
from ripeline.leads import actions, merging, record
from ripeline.leads.deciding import By, LeadError, Next, once_more
from ripeline.leads.models import Lead, NextKind
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, Role, User
from ripeline.timeline.models import Activity
from ripeline.web import screens
from ripeline.worklist import actions as worklist
from ripeline.worklist import dates
from ripeline.worklist.redating import redate as redate_outcome

Deed = Callable[["Request"], "screens.Said"]
_WHEN_EMPTY = "Say when, for example “in 3 weeks”."


@dataclass(frozen=True)
class Request:
    """One verb on its way: who, on which lead, with what was typed."""

    http: HttpRequest
    actor: User
    lead: Lead
    verb: str

    def text(self, name: str) -> str:
        return self.http.POST.get(name, "").replace("\x00", "").strip()

    @property
    def by(self) -> By:
        """The key names the verb too: another verb from the same form is another request."""
        return By(self.actor, "web", f"{self.text('key')[:60] or uuid4().hex}:{self.verb}"[:120])


def deed(verb: str, field: str = "") -> Callable[[Deed], Callable[[HttpRequest, UUID], HttpResponse]]:
    """Make a view of a verb: find the lead, refuse a stale form, act, answer with the screen it came from."""

    def wrap(act: Deed) -> Callable[[HttpRequest, UUID], HttpResponse]:
        @require_POST
        def view(request: HttpRequest, lead_id: UUID) -> HttpResponse:
            assert isinstance(request.user, User)
            asked = Request(request, request.user, find(request.user, lead_id), verb)
            try:
                said = _carry_out(act, asked)
            except LeadError as error:
                return screens.refuse(request, asked.lead.pk, screens.Wrong(field, str(error)))
            return screens.answer(request, asked.lead.pk, said)

        return view

    return wrap


@once_more
def _carry_out(act: Deed, asked: Request) -> screens.Said:
    """Act, all or nothing: what cannot be leaves nothing of it behind, be it two steps."""
    with transaction.atomic():
        _refuse_stale(asked)
        return act(asked)


def find(viewer: User, lead_id: UUID) -> Lead:
    """The lead, or 404, which does not tell what is not there from what may not be found."""
    try:
        return record.find(lead_id, viewer)
    except Lead.DoesNotExist as missing:
        raise Http404("There is no such lead.") from missing


def _refuse_stale(asked: Request) -> None:
    """Raise LeadError if somebody else has decided something about this lead since the form was shown."""
    seen, last = asked.text("seen"), asked.lead.decision_id
    if not seen or last is None or seen == str(last):  # a form of nothing yet says "none"
        return
    mine = Activity.objects.filter(lead_id=asked.lead.pk, origin="web", event_key__startswith=asked.by.key)
    entry = Activity.objects.select_related("actor").filter(pk=last).first()
    if mine.exists():
        return  # this very request was carried out before: its action answers so
    if entry and entry.actor_id != asked.actor.pk and not entry.actor.is_system:
        raise LeadError(
            f"{entry.actor.name} changed this lead since you opened it. Here it is as it stands now; nothing of yours"
            " was saved, so look and repeat it if it still holds."
        )


@deed("outcome")
def outcome(asked: Request) -> screens.Said:
    """What came of a contact; the next date sets itself."""
    note, private = asked.text("note"), bool(asked.text("private"))
    if note and private:
        actions.note(asked.lead.pk, _also(asked, "note"), text=note, is_private=True)
    to_keep_in_touch = bool(asked.text("to_keep_in_touch"))  # the offer's own button
    which = "no_answer" if to_keep_in_touch else asked.text("outcome")
    done = worklist.record_outcome(
        asked.lead.pk,
        By(asked.actor, "web", f"{asked.by.key}:{which}"[:120]),
        outcome=which,
        note="" if private else note,
        channel=asked.text("channel") or "call",
        to_keep_in_touch=to_keep_in_touch,
    )
    return screens.Said(done.words, done.activity_id, may_redate=done.lead.next_at is not None, lead=done.lead)


def _also(asked: Request, what: str) -> By:
    return By(asked.actor, "web", f"{asked.by.key}:{what}"[:120])


@deed("next", "when")
def set_next(asked: Request) -> screens.Said:
    """Snooze: the next date, in words."""
    if not asked.text("when"):
        raise LeadError(_WHEN_EMPTY)
    done = worklist.record_outcome(asked.lead.pk, asked.by, outcome="snooze", next_text=asked.text("when"))
    return screens.Said(done.words, done.activity_id)


@deed("won", "amount")
def won(asked: Request) -> screens.Said:
    amount = _amount(asked.text("amount"))
    currency = asked.lead.currency or working_time.company().currency
    done = worklist.record_outcome(
        asked.lead.pk, asked.by, outcome="won", amount=amount, currency=currency if amount is not None else ""
    )
    return screens.Said(done.words, done.activity_id)


# A number, with a currency's sign or code: "12k" and "3/4" are not taken for 12 and 34.
_AMOUNT = re.compile(r"\s*(?:[A-Z]{3}|[^\w\s.,/-])?\s*[\d.,\s'’]+(?:[A-Z]{3}|[^\w\s.,/-])?\s*")


def _amount(text: str) -> Decimal | None:
    """An amount as people type it: 12500, 12 500, 12.500,00, €12,500.50; None for nothing."""
    kept = "".join(c for c in text if c.isdigit() or c in ".,")
    if not text.strip():
        return None
    whole, mark, cents = kept.rpartition("," if kept.rfind(",") > kept.rfind(".") else ".")
    if not mark or len(cents) == 3:  # 12.500 and 12,500 are thousands
        whole, cents = kept, ""
    try:
        amount = Decimal(f"{whole.replace(',', '').replace('.', '') or '0'}.{cents or '0'}")
    except InvalidOperation:
        raise LeadError(f"“{text[:40]}” is not an amount; write for example 12500.") from None
    if not kept or not _AMOUNT.fullmatch(text) or amount >= Decimal(10) ** 12:
        raise LeadError(f"“{text[:40]}” is not an amount; write for example 12500.")
    return amount


@deed("keep", "until")
def keep_in_touch(asked: Request) -> screens.Said:
    done = worklist.record_outcome(asked.lead.pk, asked.by, outcome="green_later", next_text=asked.text("until"))
    return screens.Said(done.words, done.activity_id, may_redate=True, lead=done.lead)


@deed("note", "note")
def note(asked: Request) -> screens.Said:
    private = bool(asked.text("private"))
    actions.note(asked.lead.pk, asked.by, text=asked.text("note"), is_private=private)
    return screens.Said("The note is kept; only you see it." if private else "The note is kept.", stays=True)


@deed("give", "to")
def give(asked: Request) -> screens.Said:
    to = next((each for each in people.assignable() if str(each.pk) == asked.text("to")), None)
    if to is None:
        raise LeadError("Choose who is to have this lead.")
    done = actions.give(asked.lead.pk, asked.by, to=to, why={"rule": "by_hand", "by": asked.actor.name})
    return screens.Said(f"{asked.lead} is with {to.name} now.", done.activity_id)


@deed("close", "reason")
def close(asked: Request) -> screens.Said:
    """Let go for a reason, lost or disqualified."""
    reason = next((each for each in catalog.reasons() if each.code == asked.text("reason")), None)
    if reason is None:
        raise LeadError("Choose a reason; it is what others learn from.")
    done = actions.close(asked.lead.pk, asked.by, reason=reason, body=asked.text("said"))
    return screens.Said(
        f"{asked.lead}: {reason.get_state_display().lower()}, {reason.label.lower()}.", done.activity_id
    )


@deed("reopen", "when")
def reopen(asked: Request) -> screens.Said:
    """Take a closed lead up again, by default from now on."""
    now = clock.now()
    when = None
    if asked.text("when"):
        when = dates.read(asked.text("when"), now=now, calendar=working_time.calendar_of(asked.actor))
    following = Next(when.at if when else now, NextKind.REOPENED, when.note if when else "", committed=bool(when))
    done = actions.reopen(asked.lead.pk, asked.by, to=_desk(asked), next=following, why="taken up again by hand")
    words = f"{asked.lead} is open again"
    if when:
        words += f", next {dates.say(when.at, now=now, calendar=working_time.calendar_of(asked.actor))}"
        words += f" ({when.day_off_words})" if when.day_off else ""
    return screens.Said(f"{words}.", done.activity_id)


def _desk(asked: Request) -> Responsible:
    """Who works a lead taken up again: its owner while here, else whoever takes it up, else the queue."""
    owner = asked.lead.owner
    if owner and owner.is_active:
        return people.responsible_of(owner)
    return people.built_in(people.QUALIFY) if asked.actor.role == Role.MARKETER else people.responsible_of(asked.actor)


@deed("edit", "name")
def edit(asked: Request) -> screens.Said:
    names = [name for name in screens.EDITABLE if name in asked.http.POST]
    fields: dict[str, Any] = {name: asked.text(name)[:200] for name in names}
    if fields.get("phone") and fields["phone"] != asked.lead.phone:
        fields["phone"] = _phone(fields["phone"], asked.lead)
    if "amount" in fields:
        fields["amount"] = _amount(fields["amount"])
        fields["currency"] = (asked.lead.currency or working_time.company().currency) if fields["amount"] else ""
    changed = {name: value for name, value in fields.items() if value != getattr(asked.lead, name)}
    if not changed:
        return screens.Said("Nothing was changed.", stays=True)
    done = actions.edit(asked.lead.pk, asked.by, fields=changed)
    return screens.Said("Changed.", done.activity_id, stays=True)


def _phone(text: str, lead: Lead) -> str:
    """A number as it is kept, so that the same number is found again however it is typed."""
    try:
        return values.phone(text, country=lead.country or working_time.company().country).value[:40]
    except BadValueError as problem:
        raise LeadError(f"{str(problem)[:1].upper()}{str(problem)[1:]}.") from problem


@deed("merge")
def merge(asked: Request) -> screens.Said:
    """This record and another are one person: the open one stays; of two open ones, this."""
    try:
        other = find(asked.actor, UUID(asked.text("other")))
    except ValueError:
        raise LeadError("Choose the other record.") from None
    survivor, duplicate = (other, asked.lead) if _is_open(other) and not _is_open(asked.lead) else (asked.lead, other)
    merging.merge(survivor_id=survivor.pk, duplicate_id=duplicate.pk, by=asked.by)
    undo_url = reverse("lead-unmerge", args=[duplicate.pk])
    return screens.Said(f"{duplicate} and {survivor} are one record now.", undo_url=undo_url, stays=True, lead=survivor)


def _is_open(lead: Lead) -> bool:
    return lead.closed_at is None


@require_POST
def unmerge(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Take a merge back; the address names the record that was merged away."""
    assert isinstance(request.user, User)
    survivor = find(request.user, lead_id)
    try:
        merging.unmerge(duplicate_id=lead_id, by=By(request.user, "web", request.POST.get("key") or uuid4().hex))
    except LeadError as error:
        return screens.refuse(request, survivor.pk, screens.Wrong("", str(error)))
    return screens.answer(request, survivor.pk, screens.Said("They are two records again.", stays=True))


@require_POST
def undo(request: HttpRequest, lead_id: UUID, activity_id: UUID) -> HttpResponse:
    """Take the last decision back."""
    assert isinstance(request.user, User)
    by = By(request.user, "web", f"{request.POST.get('key') or uuid4().hex}:undo")
    try:
        words = worklist.undo(activity_id, by)
    except LeadError as error:
        return screens.refuse(request, lead_id, screens.Wrong("", str(error)))
    return screens.answer(request, lead_id, screens.Said(words, opens=lead_id))


@deed("redate", screens.REDATE)
def redate(asked: Request) -> screens.Said:
    """Another next date for what was just noted: taken back and noted again with it, which one undo takes back."""
    if not asked.text("when"):
        raise LeadError(_WHEN_EMPTY)
    try:
        activity_id = UUID(asked.text("of"))
    except ValueError:
        raise LeadError("There is nothing whose date could be changed.") from None
    done = redate_outcome(activity_id, asked.by, next_text=asked.text("when"))
    return screens.Said(done.words, done.activity_id, may_redate=True, lead=done.lead)


@require_safe
def when(request: HttpRequest) -> HttpResponse:
    """What is understood of a date in words, while it is being typed."""
    assert isinstance(request.user, User)
    text = request.GET.get("when", "") or request.GET.get("until", "")
    if not text.strip():
        return HttpResponse("")
    now, calendar = clock.now(), working_time.calendar_of(request.user)
    try:
        found = dates.read(text.replace("\x00", ""), now=now, calendar=calendar)
    except LeadError as error:
        return HttpResponse(format_html('<span class="wrong">{}</span>', str(error)))
    local = found.at.astimezone(calendar.zone)
    said = dates.say(found.at, now=now, calendar=calendar)
    exact = f"{local:%A} {local.day} {local:%B %Y, %H:%M}"
    note_words = format_html(" · “{}”", found.note) if found.note else ""
    off = ""
    if found.day_off:
        off = f"{found.day_off_words}, kept for its time: " if found.has_time else f"{found.day_off_words}: "
    return HttpResponse(format_html("{}<b>{}</b> · {}{}", off, said, exact, note_words))


_VERBS = {
    "outcome": outcome, "next": set_next, "won": won, "keep": keep_in_touch, "note": note, "give": give, "close": close,
    "reopen": reopen, "edit": edit, "merge": merge, "redate": redate,
}  # fmt: skip

urlpatterns = [
    *(path(f"leads/<uuid:lead_id>/{verb}", view, name=f"lead-{verb}") for verb, view in _VERBS.items()),
    path("leads/<uuid:lead_id>/unmerge", unmerge, name="lead-unmerge"),
    path("leads/<uuid:lead_id>/undo/<uuid:activity_id>", undo, name="lead-undo"),
    path("when", when, name="when"),
]
