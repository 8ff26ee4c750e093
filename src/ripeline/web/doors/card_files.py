"""People from a card file or a pasted signature: read, looked over, then brought in. Nothing is kept before that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from ripeline.capture.arriving.keeping import RefusedError, TooOftenError
from ripeline.capture.arriving.submitted import OWN
from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.in_person import cards, signatures, vcards
from ripeline.capture.in_person.card import HEATS, LONGEST, Card
from ripeline.capture.in_person.vcards import UnreadableCardsError
from ripeline.capture.models import Door, DoorKind
from ripeline.catalog import queries as catalog
from ripeline.leads import record
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.finding.filters import View
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.web.frame.shell import firm_of, say, viewer
from ripeline.web.record.answering import Questions

LABELS = {
    "name": "Name",
    "company": "Company",
    "email": "E-mail",
    "phone": "Telephone",
    "title": "Their role",
    "website": "Web site",
    OTHERS: "Other telephones",
}
ONLY_READ = frozenset({OTHERS})  # has a line only where some were read  # fmt: skip
TYPES = {"email": "email", "phone": "tel"}
FILES_AT_ONCE = 50
KINDS = {"card": DoorKind.CARD, "signature": DoorKind.SIGNATURE}


@dataclass
class Somebody:
    """One of those that were read, as the page shows them."""

    number: int
    fields: dict[str, str]
    note: str = ""
    guessed: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)
    is_taken: bool = True
    here: str = ""  # whose they are already; "" if they are new

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{self.number}-{name}", "label": label, "value": self.fields.get(name, ""),
                "kind": TYPES.get(name, "text"), "is_guessed": name in self.guessed, "error": self.errors.get(name, ""),
            }
            for name, label in LABELS.items()
            if name not in ONLY_READ or self.fields.get(name)
        ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def card_files(request: HttpRequest) -> HttpResponse:
    """Choose files, or paste; what was read is shown on the same address."""
    actor = viewer(request)
    if request.method != "POST":
        return render(request, "leads/cards.html", {"most": vcards.MOST})
    if request.POST.get("step") == "keep":
        return _keep(request, actor)
    text, problem, found = request.POST.get("text", ""), "", list[Somebody]()
    kind = "signature" if text.strip() else "card"
    try:
        found = _pasted(request, text) if kind == "signature" else _uploaded(request)
    except UnreadableCardsError as wrong:
        problem = str(wrong)
    if text.lstrip().upper().startswith("BEGIN:VCARD"):
        kind = "card"
    if problem:
        answer = {"most": vcards.MOST, "text": text, f"{kind}_problem": problem}
        return render(request, "leads/cards.html", answer, status=422)
    return _review(request, actor, found, kind=kind, batch=uuid4().hex)


def _uploaded(request: HttpRequest) -> list[Somebody]:
    files = request.FILES.getlist("files")
    if not files:
        raise UnreadableCardsError("Choose a file, or several.")
    if len(files) > FILES_AT_ONCE:
        raise UnreadableCardsError(f"{FILES_AT_ONCE} files at once; these are {len(files)}.")
    read: list[vcards.Found] = []
    for file in files:
        try:
            read += vcards.read(file.read(vcards.LARGEST + 1))
        except UnreadableCardsError as wrong:
            raise UnreadableCardsError(f"{str(file.name)[:80]}: {wrong}") from wrong
    if len(read) > vcards.MOST:
        raise UnreadableCardsError(f"{vcards.MOST} people at once can be looked over; these are {len(read)}.")
    return [Somebody(number, each.fields, each.note) for number, each in enumerate(read)]


def _pasted(request: HttpRequest, text: str) -> list[Somebody]:
    if text.lstrip().upper().startswith("BEGIN:VCARD"):
        found = vcards.read(text.encode())
        return [Somebody(number, each.fields, each.note) for number, each in enumerate(found)]
    signature = signatures.read(text, country=firm_of(request).country)
    if not signature.fields:
        raise UnreadableCardsError("Nobody can be made out in this. Type them in instead.")
    return [Somebody(0, signature.fields, guessed=frozenset(signature.guessed))]


def _review(
    request: HttpRequest, actor: User, people: Sequence[Somebody], *, kind: str, batch: str, done: str = "",
    form: Questions | None = None,
) -> HttpResponse:  # fmt: skip
    """What was read, to be looked over; the questions of the standard are put once, for all of them."""
    _say_who_is_here(actor, people)
    form = form or Questions()
    faults = sum(bool(each.errors) for each in people) or int(bool(form.errors))
    answer = {
        "form": form,
        "people": people, "kind": kind, "batch": batch, "done": done, "faults": faults, "given": request.POST,
        "numbers": ",".join(str(each.number) for each in people),
        "sources": catalog.sources(), "campaigns": catalog.campaigns(),
        "heats": [(heat.value, *words) for heat, words in HEATS.items()],
    }  # fmt: skip
    return render(request, "leads/cards_review.html", answer, status=422 if faults else 200)


def _say_who_is_here(actor: User, people: Sequence[Somebody]) -> None:
    keys = {each.number: identity.email(each.fields.get("email", "")) for each in people}
    known = identity.resolve(key for key in keys.values() if key)
    for each in people:
        key = keys[each.number]
        if key and key in known:
            each.here = _whose(actor, known[key])


def _whose(actor: User, lead_id: UUID) -> str:
    try:
        lead = record.find(lead_id, actor)
    except Lead.DoesNotExist:
        return "Here already, with another team"
    holder = lead.owner or lead.responsible
    return "Yours already" if lead.owner_id == actor.pk else f"Here already, with {holder.name}"


def _keep(request: HttpRequest, actor: User) -> HttpResponse:
    """Bring in those who are ticked; whoever cannot be taken stays on the page, with what is wrong beside it."""
    given = request.POST
    kind, batch = given.get("kind", "card"), given.get("batch", "")[:40]
    door = cards.built_in(KINDS.get(kind, DoorKind.CARD))
    left, leads = list[Somebody](), list[UUID | None]()
    people = _returned(request)
    form = Questions(given)
    if not form.is_valid():
        return _review(request, actor, people, kind=kind, batch=batch, form=form)
    heat, place, campaign, source = (given.get(name, "") for name in ("heat", "place", "campaign", "source"))
    for each in people:
        if not each.is_taken:
            continue
        card = Card(
            key=f"{batch}:{each.number}", fields=each.fields, note=each.note, answers=form.cleaned_data["answers"],
            heat=heat, place=place, campaign=campaign, source=source,
        )  # fmt: skip
        lead_id, each.errors = _taken(actor, door, card)
        if each.errors:
            left.append(each)
        else:
            leads.append(lead_id)
    done = f"{len(leads)} came in." if len(leads) != 1 else "One came in."
    if left:
        return _review(request, actor, left, kind=kind, batch=batch, done=done if leads else "", form=form)
    if not leads:
        say(request, "Nobody was ticked, so nobody came in.", is_error=True)
        return redirect("card-files")
    say(request, done)
    if len(leads) == 1 and leads[0] and _whose(actor, leads[0]) != "Here already, with another team":
        return redirect("lead", leads[0])
    return redirect("leads") if actor.role in OWN else redirect(f"{reverse('leads')}?view={View.ALL}")  # to see them


def _taken(actor: User, door: Door, card: Card) -> tuple[UUID | None, dict[str, str]]:
    """Whose lead a card is, or what is wrong with it by field."""
    try:
        return cards.take(actor=actor, door=door, card=card)[0].lead_id, {}
    except RefusedError as wrong:
        return None, wrong.errors
    except LeadError as crossed:
        return None, {"name": str(crossed)}
    except TooOftenError:
        return None, {"name": "So many came in that this one must wait a few minutes."}


def _returned(request: HttpRequest) -> list[Somebody]:
    given = request.POST
    numbers = [int(text) for text in given.get("numbers", "").split(",") if text.isdigit()][: vcards.MOST]
    return [
        Somebody(
            number, {name: given.get(f"{number}-{name}", "")[:300] for name in LABELS},
            given.get(f"{number}-note", "")[: LONGEST], is_taken=f"{number}-take" in given,
        )
        for number in numbers
    ]  # fmt: skip


urlpatterns = [path("leads/cards", card_files, name="card-files")]
