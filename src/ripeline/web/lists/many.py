"""What is done with many leads at once: those ticked, or everything that the list's filters match."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseState
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.finding import lists
from ripeline.leads.finding.matching import matching
from ripeline.leads.many import batches, foreseen, verdicts
from ripeline.leads.models import FARTHEST_NEXT, Batch, BatchState, BatchVerb, Lead
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, Role, User
from ripeline.ripeness import queries as ripeness
from ripeline.web.acting.screens import go
from ripeline.web.frame import selects
from ripeline.web.frame.shell import say, viewer
from ripeline.web.lists.asking import Asked, asked_of_form
from ripeline.web.templatetags.words import plural
from ripeline.worklist import dates
from ripeline.worklist.days import NotADate

AT_ONCE = 200  # leads that are done while one waits; more are the worker's
SPREAD_AT_MOST = 60  # working days
SHOWN = 100  # leads named on a batch's page


class _WrongError(ValueError):
    """What was typed cannot be; `field` says where."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def ticked(request: HttpRequest) -> list[UUID]:
    """The leads ticked, on this page and on others."""
    found = []
    for text in request.POST.getlist("lead")[: batches.TICKED_AT_MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def takes_all(request: HttpRequest) -> bool:
    """Whether everything that matches is meant, not only what was ticked."""
    return bool(request.POST.get("everything"))


@require_POST
def many(request: HttpRequest, verb: str) -> HttpResponse:
    """Ask how (`go` is missing or something is wrong with it), or do it."""
    if verb not in set(BatchVerb):
        raise Http404
    actor, what = viewer(request), BatchVerb(verb)
    if what not in batches.verbs_of(actor):
        raise NotAllowed("Only a leader or an administrator can give many leads at once, and marketing changes none.")
    asked = asked_of_form(request)
    if not takes_all(request) and not ticked(request):
        say(request, "Tick the leads that are meant first.", is_error=True)
        return redirect(asked.here())
    if "go" not in request.POST:
        return _form(request, asked, what)
    try:
        terms = _TERMS[what](request)
        if "quick" in request.POST and _is_more_than_a_page(request):
            return _form(request, asked, what)
        return _do(request, asked, what, terms)
    except _WrongError as wrong:
        return _form(request, asked, what, wrong)


def _is_more_than_a_page(request: HttpRequest) -> bool:
    """Whether leads are meant that one does not see: then what is foreseen is said before it is done."""
    return takes_all(request) or len(set(ticked(request))) > lists.SIZE


def _do(request: HttpRequest, asked: Asked, verb: BatchVerb, terms: dict[str, Any]) -> HttpResponse:
    is_all = takes_all(request)
    ids = None if is_all else ticked(request)
    try:
        batch = batches.ask(
            actor=asked.actor, verb=verb, terms=terms, key=_key(request, verb, asked, ids),
            zone=str(timezone.get_current_timezone()), query=asked.query(), lead_ids=ids,
        )  # fmt: skip
    except LeadError as problem:
        raise _WrongError("", str(problem)) from problem
    if counted(asked, AT_ONCE + 1) <= AT_ONCE if ids is None else len(ids) <= AT_ONCE:
        batches.work(batch.pk, tagged=ripeness.tagged)
    batch.refresh_from_db()
    if batch.state != BatchState.DONE:
        return redirect("lead-batch", batch.pk)
    say(request, words(batch), undo=reverse("lead-batch-undo", args=[batch.pk]) if batch.done else "")
    return redirect(asked.here())


_OF_FORMS = ("csrfmiddlewaretoken",)


def _key(request: HttpRequest, verb: BatchVerb, asked: Asked, ids: Sequence[UUID] | None) -> str:
    """Names the request: what is sent twice is one, but not what a page kept by the browser asks for anew."""
    given = request.POST.get("key") or uuid4().hex
    terms = sorted((name, values) for name, values in request.POST.lists() if name not in ("key", "lead", *_OF_FORMS))
    asks = f"{given} {verb} {asked.query()} {'all' if ids is None else sorted(ids)} {terms}"
    return sha256(asks.encode()).hexdigest()


def _form(request: HttpRequest, asked: Asked, verb: BatchVerb, wrong: _WrongError | None = None) -> HttpResponse:
    is_all = takes_all(request)
    ids = [] if is_all else ticked(request)
    fates = _fates(asked, verb, ids, is_all, to=_taker(request) if verb == BatchVerb.GIVE else None)
    count = fates.total()
    is_capped = count > lists.MANY
    may_change = fates[verdicts.DONE] + fates[verdicts.THERE]  # who is there already can be given to somebody else
    context = {
        "verb": verb, "label": verb.label, "asked": asked, "query": asked.query(), "back": asked.here(),
        "is_all": is_all, "ids": ids, "count": min(count, lists.MANY), "is_capped": is_capped,
        "foretold": foretold(fates, is_capped=is_capped), "changes_none": not (may_change or is_capped),
        "at_once": AT_ONCE, "key": (request.POST.get("key") if wrong else "") or uuid4().hex,
        "typed": request.POST, "wrong": wrong,
        "wrong_field": wrong.field if wrong else "", "wrong_words": str(wrong) if wrong else "",
        "takers": selects.takers(chosen=request.POST.get("to", "")) if verb == BatchVerb.GIVE else "",
        "reasons": _reasons() if verb == BatchVerb.CLOSE else [], "most_days": SPREAD_AT_MOST,
    }  # fmt: skip
    return render(request, "leads/many.html", context, status=422 if wrong else 200)


def _fates(
    asked: Asked, verb: BatchVerb, ids: Sequence[UUID], is_all: bool, to: Responsible | None
) -> Counter[str]:  # fmt: skip
    """What would become of those chosen now: some may be changed by others before it is done."""
    to_whom = to.pk if to else None
    if not is_all:
        return foreseen.of_ticked(asked.actor, verb, ids, to=to_whom)
    return foreseen.of_found(asked.actor, verb, _everything(asked), most=lists.MANY + 1, to=to_whom)


def foretold(fates: Counter[str], *, is_capped: bool) -> str:
    """How many of those chosen will be changed, and why not the rest."""
    changed = fates[verdicts.DONE]
    left = _why_left({why: count for why, count in fates.items() if why != verdicts.DONE})
    if not left:
        return "All of them will be changed." if changed > 1 else "It will be changed."
    if not changed:
        return f"{f'Of the first {lists.MANY:,} none' if is_capped else 'None of them'} can be changed: {left}."
    among = f"Of the first {lists.MANY:,} " if is_capped else ""
    return f"{among}{changed:,} will be changed; left as they are: {left}."


def counted(asked: Asked, most: int) -> int:
    """How many leads everything that matches is, counted no further than `most`."""
    return _everything(asked).order_by()[:most].count()


def _everything(asked: Asked) -> QuerySet[Lead]:
    zone = timezone.get_current_timezone()
    found = matching(asked.actor, asked.filters, zone=zone, scores=asked.tagged(), whole=True)
    return found.filter(lists.narrowed(asked.actor, asked.filters, asked.sort))


def _reasons() -> Sequence[Any]:
    return [reason for reason in catalog.reasons() if reason.state != CloseState.WON]


def _taker(request: HttpRequest) -> Responsible | None:
    """Who was chosen to have them."""
    return next((each for each in people.assignable() if str(each.pk) == request.POST.get("to")), None)


def _to_whom(request: HttpRequest) -> dict[str, Any]:
    to = _taker(request)
    if to is None:
        raise _WrongError("to", "Choose who is to have them.")
    return {"to": str(to.pk), "name": to.name}


def _when(request: HttpRequest) -> dict[str, Any]:
    """The moments, from the first on one a working day if they are to be spread."""
    calendar, now = working_time.calendar_of(viewer(request)), clock.now()
    try:
        when = dates.read(request.POST.get("when", "").replace("\x00", ""), now=now, calendar=calendar)
    except NotADate as problem:
        raise _WrongError("when", str(problem)) from problem
    over = request.POST.get("over", "").strip() or "1"
    if not over.isdecimal() or not 1 <= int(over) <= SPREAD_AT_MOST:
        raise _WrongError("over", f"Between 1 and {SPREAD_AT_MOST} working days.")
    local = when.at.astimezone(calendar.zone)
    days = calendar.coming(local.date(), int(over))
    moments = [when.at, *(calendar.at(day, local.time()) for day in days if day > local.date())][: int(over)]
    if moments[-1] > now + FARTHEST_NEXT - timedelta(hours=1):
        raise _WrongError("over", "The last of them would be more than 400 days away; spread them over fewer days.")
    return {"moments": [moment.isoformat() for moment in moments], "note": when.note}


def _why(request: HttpRequest) -> dict[str, Any]:
    reason = next((each for each in _reasons() if each.code == request.POST.get("reason")), None)
    if reason is None:
        raise _WrongError("reason", "Say why they are let go.")
    return {"reason": reason.code, "note": request.POST.get("note", "").replace("\x00", "").strip()[:2000]}


_TERMS: dict[BatchVerb, Callable[[HttpRequest], dict[str, Any]]] = {
    BatchVerb.GIVE: _to_whom,
    BatchVerb.NEXT: _when,
    BatchVerb.NURTURE: _when,
    BatchVerb.CLOSE: _why,
    BatchVerb.REOPEN: _when,
}


# --- a batch and what became of it ---


@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    found = _found(request, batch_id)
    return render(request, "leads/batch.html", _moving(found) | _outcome(viewer(request), found))


@require_safe
def progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The part of the page that moves, until there is something else to show."""
    found = _found(request, batch_id)
    if found.state in batches.WAITING:
        return render(request, "leads/batch_moving.html", _moving(found))
    return HttpResponseClientRefresh()


@require_POST
def cancel(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    found = _found(request, batch_id)
    batches.cancel(actor=viewer(request), batch_id=found.pk)
    return redirect("lead-batch", found.pk)


@require_POST
def undo(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    try:
        found = batches.undo(actor=viewer(request), batch_id=batch_id)
    except LeadError as error:
        say(request, str(error), is_error=True)
        return go(request, reverse("leads"))
    if found.state == BatchState.UNDO_QUEUED and found.done <= AT_ONCE:
        batches.work(found.pk, tagged=ripeness.tagged)
        found.refresh_from_db()
    if found.state != BatchState.UNDONE or found.undone < found.done:
        return go(request, reverse("lead-batch", args=[found.pk]))
    say(request, f"Taken back: {plural(found.undone, 'lead is,leads are')} as they were.")
    return go(request, Asked.of_text(viewer(request), found.query).here())


def _found(request: HttpRequest, batch_id: UUID) -> Batch:
    """A batch is for whoever asked for it, and for administrators to look at."""
    actor = viewer(request)
    found = Batch.objects.select_related("asked_by").filter(pk=batch_id).first()
    if found is None or (found.asked_by_id != actor.pk and actor.role != Role.ADMIN):
        raise Http404
    return found


def _moving(found: Batch) -> dict[str, Any]:
    undoes = found.state in (BatchState.UNDO_QUEUED, BatchState.UNDOING)
    return {
        "batch": found, "label": found.get_verb_display(), "undoes": undoes,
        "is_waiting": found.state in (BatchState.QUEUED, BatchState.UNDO_QUEUED),
        "came_too_late": found.cancel_asked and found.state == BatchState.DONE and found.position == found.total,
        "is_moving": found.state in batches.WAITING, "share": found.position / found.total if found.total else 0,
    }  # fmt: skip


def _outcome(actor: User, found: Batch) -> dict[str, Any]:
    """What became of it: the counts by reason, and the leads that were left, by name."""
    left = found.items.exclude(outcome__in=["", verdicts.DONE, verdicts.BACK]).order_by("number")
    shown = dict(left.values_list("lead_id", "outcome")[:SHOWN])
    rows = [(row, verdicts.WORDS[shown[row.id]]) for row in lists.chosen(actor, list(shown))]
    changed = found.done - found.undone if found.state == BatchState.UNDONE else 0
    return {
        "words": words(found), "back": Asked.of_text(actor, found.query).here(), "rows": rows,
        "left_count": sum(found.left.values()) + changed, "changed": changed, "shown": SHOWN,
        "may_undo": found.asked_by_id == actor.pk and found.done
        and found.state in (BatchState.DONE, BatchState.CANCELLED, BatchState.FAILED),
    }  # fmt: skip


_DONE = {
    BatchVerb.GIVE: "{} with {} now",
    BatchVerb.NEXT: "{} given their next date",
    BatchVerb.NURTURE: "{} in Keep in touch now",
    BatchVerb.CLOSE: "{} let go",
    BatchVerb.REOPEN: "{} taken up again",
}


def words(found: Batch) -> str:
    """What a batch did, and what it left and why."""
    did = _DONE[BatchVerb(found.verb)].format(plural(found.done, "lead is,leads are"), found.terms.get("name", ""))
    if not found.done:
        did = "Nothing was changed"
    left = _why_left(found.left)
    return f"{did[0].upper()}{did[1:]}" + (f"; left as they are: {left}." if left else ".")


def _why_left(left: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {verdicts.WORDS[why]}" for why, count in sorted(left.items()) if count)


urlpatterns = [
    path("leads/many/<str:verb>", many, name="leads-many"),
    path("leads/batches/<uuid:batch_id>", batch, name="lead-batch"),
    path("leads/batches/<uuid:batch_id>/progress", progress, name="lead-batch-progress"),
    path("leads/batches/<uuid:batch_id>/cancel", cancel, name="lead-batch-cancel"),
    path("leads/batches/<uuid:batch_id>/undo", undo, name="lead-batch-undo"),
]
