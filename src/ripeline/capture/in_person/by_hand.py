"""One lead by hand: typed in by whoever met them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from ripeline.base import clock
from ripeline.capture.arriving import places, typed_phones
from ripeline.capture.arriving.admission import Admitted, Arrival, Result, admit
from ripeline.capture.arriving.arrivals import Policy
from ripeline.capture.arriving.submitted import OWN
from ripeline.capture.cells import values
from ripeline.capture.cells.text import BadValueError, clean, clean_lines
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.decisions.deciding import LeadError, once_more
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import IdentityKind
from ripeline.leads.rules import NotAllowed
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness


class CaptureError(ValueError):
    """What was typed cannot be taken; `field` is where, "" if it is the whole."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Captured:
    """The lead, whether it is new, and remarks on what was typed."""

    lead_id: UUID
    result: Result
    reopened: bool = False
    remarks: tuple[str, ...] = ()


def capture_one(
    *, actor: User, name: str = "", email: str = "", phone: str = "", company: str = "", title: str = "",
    website: str = "", country: str = "", source: str = "", campaign: str = "", place: str = "", message: str = "",
    answers: Mapping[str, Any] | None = None, owner_id: UUID | None = None, account_id: UUID | None = None,
    key: str = "",
) -> Captured:  # fmt: skip
    """Take one person in, now, and score them at once. Whoever is here already is brought up to date instead: by who
    may work on them in full, by others only with what was missing.

    A rep's own find is theirs, unless `owner_id` says whose. `account_id`: the company where somebody new belongs, as
    long as `company` is its name; else the one of the address. `answers` are as `asking.taken_all` has read them.
    `key` names the request: the same again changes nothing.
    Raises CaptureError, and NotAllowed for those who may not sign in.
    """
    if not actor.is_active:
        raise NotAllowed("Only people who are here can add leads.")
    remarks: list[str] = []
    key = key or uuid4().hex
    home = working_time.country()
    person = Person(
        name=clean(name)[:200], title=clean(title)[:200], company=clean(company)[:200], country=country[:2],
        email=_read("email", email, values.email, remarks),
        phone=_read("phone", phone, lambda text: values.phone(text, country=country, home=home), remarks),
        website=_read("website", website, values.domain, remarks),
    )  # fmt: skip
    said = {"name": person.name, "company": person.company, "phone": person.phone}
    telephone = typed_phones.keep(said, clean(phone), country=country, home=home)
    person = replace(person, other_phones=said.get(typed_phones.OTHERS, "").split())
    if not (person.name or person.email or person.phone):
        raise CaptureError("Say at least a name, an e-mail address or a telephone number.", "name")
    address = identity.email(person.email)
    arrival = Arrival(
        keys=(address,) if address else (Key(IdentityKind.NATURAL, f"by_hand:{key}"[:254]),),
        person=person,
        context=Context(
            door="by_hand", captured_at=clock.now(), message=clean_lines(message)[:20_000], captured_by_id=actor.pk,
            trail={typed_phones.BESIDE: telephone} if telephone else {},
            place=clean(place)[:places.LONGEST], answers=answers or {}, event_key=f"by_hand:{key}"[:120],
        ),
        source=clean(source)[:160],
        campaign=clean(campaign)[:160],
        account_id=account_id,
        owner_id=owner_id or (actor.pk if actor.role in OWN else None),
        policy=Policy.ALWAYS,
        corrects=False,
    )  # fmt: skip
    try:
        return _taken(arrival, actor, remarks)
    except LeadError as crossed:
        raise CaptureError(str(crossed)) from crossed


@once_more
def _taken(arrival: Arrival, actor: User, remarks: list[str]) -> Captured:
    with transaction.atomic():
        (found,) = admit([arrival], actor=actor, origin="by_hand")
        return _scored(found, remarks)


def _scored(found: Admitted, remarks: list[str]) -> Captured:
    if found.lead_id is None:
        raise CaptureError(found.reason, "email")
    ripeness.rescore([found.lead_id])
    return Captured(found.lead_id, found.result, found.reopened, tuple(remarks))


def _read(field: str, text: str, read: Callable[[str], Any], remarks: list[str]) -> str:
    text = clean(text)
    if not text:
        return ""
    try:
        value, remark = read(text)
    except BadValueError as problem:
        raise CaptureError(f"{str(problem)[:1].upper()}{str(problem)[1:]}.", field) from problem
    if remark:
        remarks.append(remark)
    return str(value)
