"""How somebody of the story comes through a door: as the arrivals that every door of the product makes."""

from datetime import datetime
from uuid import UUID

from ripeline.capture.arriving.admission import Arrival, natural_key
from ripeline.demo.arriving import DOORS, SOURCES, page, place
from ripeline.demo.people import Somebody
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.people.models import User


def key(who: Somebody, first_came: datetime) -> Key:
    """By what somebody is known again."""
    return identity.email(who.email) or natural_key("demo", _person(who), first_came)


def first(
    who: Somebody,
    *,
    kind: str,
    at: datetime,
    message: str = "",
    campaign: str = "",
    landing_page: str = "",
    met_by: User | None = None,
    own: bool = False,
    custom: dict[str, str] | None = None,
) -> Arrival:
    """The first time. `met_by`: who of ours took the card or the call; `own`: whose lead it then is."""
    return Arrival(
        keys=(key(who, at),),
        person=_person(who, custom),
        context=Context(
            door=DOORS.get(kind, "form"), captured_at=at, landing_page=landing_page, message=message,
            place=place(kind, campaign, landing_page), captured_by_id=met_by.pk if met_by else None,
        ),
        source=SOURCES[kind],
        campaign=campaign,
        owner_id=_owner(met_by) if own else None,
    )  # fmt: skip


def again(who: Somebody, known_by: Key, *, kind: str, at: datetime, message: str, campaign: str) -> Arrival:
    """Another time, on our pages."""
    address = page(kind)
    return Arrival(
        keys=(known_by,),
        person=_person(who),
        context=Context(
            door="form", captured_at=at, landing_page=address, message=message, place=place(kind, campaign, address)
        ),
        source=SOURCES[kind],
        campaign=campaign,
    )


def _owner(user: User | None) -> UUID | None:
    return user.pk if user else None


def _person(who: Somebody, custom: dict[str, str] | None = None) -> Person:
    country = who.practice.country
    return Person(
        name=who.name, title=who.title, email=who.email, phone=who.phone, country=country.code,
        language=country.language, company=who.practice.name if who.names_practice else "", custom=custom or {},
    )  # fmt: skip
