"""What is done with one lead, from the record and from Today alike: each verb an address, a POST, one decision."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from ripeline.base import clock
from ripeline.capture.cells import values
from ripeline.capture.cells.text import BadValueError
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import By, LeadError, Next
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead, NextKind
from ripeline.leads.words.numbers import written
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, Role, User
from ripeline.web.acting import screens
from ripeline.web.acting.deeds import Beside, Request, also, deed, find
from ripeline.web.frame import amounts
from ripeline.worklist import actions as worklist
from ripeline.worklist import dates
from ripeline.worklist.redating import redate as redate_outcome

_WHEN_EMPTY = "Say when, for example “in 3 weeks”."


@deed("outcome")
def outcome(asked: Request) -> screens.Said:
    """What came of a contact; the next date sets itself."""
    note, private = asked.text("note"), bool(asked.text("private"))
    if note and private:
        actions.note(asked.lead.pk, also(asked, "note"), text=note, is_private=True)
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


@deed("next", "when")
def set_next(asked: Request) -> screens.Said:
    """Snooze: the next date, in words."""
    if not asked.text("when"):
        raise LeadError(_WHEN_EMPTY)
    done = worklist.record_outcome(asked.lead.pk, asked.by, outcome="snooze", next_text=asked.text("when"))
    return screens.Said(done.words, done.activity_id)


@deed("won", "amount")
def won(asked: Request) -> screens.Said:
    amount = amounts.read(asked.text("amount"))
    currency = asked.lead.currency or working_time.company().currency
    done = worklist.record_outcome(
        asked.lead.pk, asked.by, outcome="won", amount=amount, currency=currency if amount is not None else "",
        deal_id=_deal(asked.text("deal")),
    )  # fmt: skip
    return screens.Said(done.words, done.activity_id)


def _deal(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise LeadError("Choose which deal was won.") from None


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


@deed("edit", "edit-name")
def edit(asked: Request) -> screens.Said:
    names = [name for name in screens.EDITABLE if name in asked.http.POST]
    fields: dict[str, Any] = {name: asked.text(name)[:200] for name in names}
    if fields.get("phone") and fields["phone"] != asked.lead.phone:
        fields["phone"] = _beside("phone", partial(_phone, lead=asked.lead), fields["phone"])
    if "amount" in fields:
        fields["amount"] = _beside("amount", amounts.read, fields["amount"])
        fields["currency"] = (asked.lead.currency or working_time.company().currency) if fields["amount"] else ""
    changed = {name: value for name, value in fields.items() if value != getattr(asked.lead, name)}
    if not changed:
        return screens.Said("Nothing was changed.", stays=True)
    done = actions.edit(asked.lead.pk, asked.by, fields=changed)
    return screens.Said("Changed.", done.activity_id, stays=True)


@deed("take-off")
def take_off(asked: Request) -> screens.Said:
    """A telephone that is not theirs."""
    number = asked.text("number")[:40]
    done = actions.take_off(asked.lead.pk, asked.by, number=number)
    return screens.Said(f"{written(number)} was taken off.", done.activity_id, stays=True)


def _beside(field: str, read: Callable[[str], Any], text: str) -> Any:
    """What is read of a field of the record; where it cannot be, that is said beside it."""
    try:
        return read(text)
    except LeadError as problem:
        raise Beside(f"edit-{field}", str(problem)) from problem


def _phone(text: str, lead: Lead) -> str:
    """A number as it is kept, so that the same number is found again however it is typed."""
    home = values.reading_country("", [lead.phone], working_time.country())
    if values.other_phones(text, country=lead.country, home=home):
        raise LeadError("Write one number here; the others go into a note.")
    try:
        return values.phone(text, country=lead.country, home=home).value[:40]
    except BadValueError as problem:
        raise LeadError(f"{str(problem)[:1].upper()}{str(problem)[1:]}.") from problem


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
    "reopen": reopen, "edit": edit, "redate": redate, "take-off": take_off,
}  # fmt: skip

urlpatterns = [
    *(path(f"leads/<uuid:lead_id>/{verb}", view, name=f"lead-{verb}") for verb, view in _VERBS.items()),
    path("leads/<uuid:lead_id>/unmerge", unmerge, name="lead-unmerge"),
    path("leads/<uuid:lead_id>/undo/<uuid:activity_id>", undo, name="lead-undo"),
    path("when", when, name="when"),
]
