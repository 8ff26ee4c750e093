"""How a verb on one lead is carried out for a page: found, not stale, acted, answered with the screen it came from.

A form carries `key` (the request: the same again changes nothing) and `seen` (the lead's last decision when the form
was shown: if a colleague decided something since, the form says so instead of acting). The answer is the screen the
form was on, as it stands now; where something cannot be, the same screen with the reason beside the field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from ripeline.leads import record
from ripeline.leads.decisions.deciding import By, LeadError, lock, once_more
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from ripeline.web.acting import screens

Deed = Callable[["Request"], "screens.Said"]


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


def also(asked: Request, what: str) -> By:
    """The request of a second decision that the same form makes."""
    return By(asked.actor, "web", f"{asked.by.key}:{what}"[:120])


class Beside(LeadError):
    """What cannot be, said beside another field than the verb's usual one."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


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
                beside = error.field if isinstance(error, Beside) else field
                return screens.refuse(request, asked.lead.pk, screens.Wrong(beside, str(error)))
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
    """Raise LeadError if somebody else has decided something about this lead since the form was shown.

    Looked at under the lead's lock, which the verb then holds: of two at once the second sees what the first decided.
    """
    seen = asked.text("seen")
    if not seen:
        return
    last = lock(asked.lead.pk).decision_id
    if last is None or seen == str(last):  # a form of nothing yet says "none"
        return
    mine = Activity.objects.filter(lead_id=asked.lead.pk, origin="web", event_key__startswith=asked.by.key)
    if mine.exists():
        return  # this very request was carried out before: its action answers so
    entry = Activity.objects.select_related("actor").filter(pk=last).first()
    if entry and entry.actor_id != asked.actor.pk and not entry.actor.is_system:
        raise LeadError(
            f"{entry.actor.name} changed this lead since you opened it. Here it is as it stands now; nothing of yours"
            " was saved, so look and repeat it if it still holds."
        )
