"""Making and changing people, teams and the company. Every privileged act leaves an audit entry."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from ripeline.people import queries, rules
from ripeline.people.models import Absence, AuditEntry, Company, Responsible, ResponsibleKind, Role, Team, User


class PeopleError(ValueError):
    """Something about a person or setting that cannot be; `field` says where to show it."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def seed() -> None:
    """Make the built-in rows: the company, Ripeline itself, the Qualify queue and Keep in touch. Idempotent."""
    with transaction.atomic():
        User.objects.get_or_create(
            is_system=True,
            defaults={"email": "ripeline@localhost", "name": "Ripeline", "role": Role.ADMIN, "password": "!"},
        )
        queue, _ = Responsible.objects.get_or_create(
            code=queries.QUALIFY, defaults={"kind": ResponsibleKind.QUEUE, "name": "Qualify"}
        )
        Responsible.objects.get_or_create(
            code=queries.KEEP_IN_TOUCH, defaults={"kind": ResponsibleKind.PROGRAMME, "name": "Keep in touch"}
        )
        Company.objects.get_or_create(id=1, defaults={"fallback": queue})


def audit(*, actor: User | None, verb: str, target: str = "", **data: Any) -> None:
    """Note a privileged act."""
    AuditEntry.objects.create(actor=actor, verb=verb, target=target[:254], data=data)


def add_user(
    *,
    actor: User,
    email: str,
    name: str = "",
    role: str,
    team: Team | None = None,
    password: str | None = None,
    time_zone: str = "",
) -> User:
    """Add a person, with a password or (None) to be invited by a link; they can be given leads from now on."""
    rules.require_administers(actor)
    email = clean_email(email)
    if role not in Role.values:
        raise PeopleError(f"There is no role {role!r}; the roles are {', '.join(Role.values)}.", "role")
    if time_zone and time_zone not in available_timezones():
        raise PeopleError(f"{time_zone!r} is not a time zone, such as Europe/Lisbon.", "time_zone")
    user = User(email=email, name=name.strip() or _name_from(email), role=role, team=team, time_zone=time_zone)
    if password is None:
        user.set_unusable_password()
    else:
        set_checked_password(user, password)
    try:
        with transaction.atomic():
            _hold_team(team)
            user.save(force_insert=True)
            Responsible.objects.create(kind=ResponsibleKind.REP, user=user, name=user.name)
            audit(actor=actor, verb="user.add", target=email, role=role)
    except IntegrityError as clash:
        raise PeopleError(f"Somebody with the address {email} is already here.", "email") from clash
    return user


def set_checked_password(user: User, password: str) -> None:
    """Set a password that the rules accept, or raise PeopleError; the caller saves."""
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise PeopleError(" ".join(weak.messages), "password") from weak
    user.set_password(password)


def set_password(*, actor: User, user: User, password: str) -> None:
    """Set a new password; every other session of theirs and every link to set one ends with the old."""
    set_checked_password(user, password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        audit(actor=actor, verb="user.password", target=user.email)


def make_first_administrator(
    *, name: str, email: str, password: str, company_name: str, time_zone: str, country: str
) -> User:
    """What the first-run page does; refuses when somebody is already there, also under two submissions at once."""
    with transaction.atomic():
        Company.objects.select_for_update().get(id=1)
        if queries.has_users():
            raise PeopleError("Ripeline already has an administrator; please sign in.")
        set_company(actor=queries.system(), name=company_name, time_zone=time_zone, country=country)
        return add_user(actor=queries.system(), email=email, name=name, role=Role.ADMIN, password=password)


def set_company(*, actor: User, **settings: Any) -> Company:
    """Change the company's settings (name, time_zone, country, currency, imprint, work_days, fallback)."""
    rules.require_administers(actor)
    if settings.get("time_zone", "UTC") not in available_timezones():
        raise PeopleError("That is not a time zone, such as Europe/Lisbon.", "time_zone")
    with transaction.atomic():
        firm = Company.objects.select_for_update().get(id=1)
        for field, value in settings.items():
            setattr(firm, field, value)
        firm.save(update_fields=list(settings))
        audit(actor=actor, verb="company.set", fields=sorted(settings))
    return firm


def add_team(*, actor: User, name: str) -> Team:
    """Add a team."""
    rules.require_administers(actor)
    name = name.strip()
    if not name:
        raise PeopleError("A team needs a name.", "team_name")
    team, made = Team.objects.get_or_create(name=name)
    if made:
        audit(actor=actor, verb="team.add", target=name)
    return team


def rename_team(*, actor: User, team: Team, name: str) -> None:
    """Give a team another name."""
    rules.require_administers(actor)
    name = name.strip()
    if not name:
        raise PeopleError("A team needs a name.", "team_name")
    try:
        with transaction.atomic():
            audit(actor=actor, verb="team.rename", target=team.name, to=name)
            Team.objects.filter(pk=team.pk).update(name=name)
    except IntegrityError as clash:
        raise PeopleError(f"There is a team {name} already.", "team_name") from clash


def remove_team(*, actor: User, team: Team) -> None:
    """Remove a team that nobody is on."""
    rules.require_administers(actor)
    with transaction.atomic():
        if not Team.objects.select_for_update().filter(pk=team.pk).exists():
            return
        if User.objects.filter(team=team).exists():
            raise PeopleError(f"There are people on {team.name}; put them on another team first.")
        audit(actor=actor, verb="team.remove", target=team.name)
        Team.objects.filter(pk=team.pk).delete()


def _hold_team(team: Team | None) -> None:
    """Nobody removes a team while somebody joins it; PeopleError if it is gone already. Within a transaction."""
    if team and not Team.objects.select_for_update().filter(pk=team.pk).exists():
        raise PeopleError(f"The team {team.name} has just been removed; choose another.", "team")


def change_user(*, actor: User, user: User, **changes: Any) -> User:
    """Change what `rules.ALL` names of a person: name, role, minutes_per_day, caps and so on.

    A change of tracking waits in `tracking_told` until the person has been told.
    """
    rules.require(actor, user, *changes)
    if changes.get("time_zone") and changes["time_zone"] not in available_timezones():
        raise PeopleError(f"{changes['time_zone']!r} is not a time zone, such as Europe/Lisbon.", "time_zone")
    if "name" in changes and not changes["name"].strip():
        raise PeopleError("Everybody needs a name.", "name")
    with transaction.atomic():
        if "role" in changes and changes["role"] != Role.ADMIN:
            _refuse_without_administrator(user)
        was = User.objects.select_for_update().values_list("tracking", flat=True).get(pk=user.pk)
        _hold_team(changes.get("team"))
        for field, value in changes.items():
            setattr(user, field, value)
        user.save(update_fields=list(changes))
        if "name" in changes:
            Responsible.objects.filter(user=user).update(name=user.name)
        audit(actor=actor, verb="user.change", target=user.email, **{k: str(v) for k, v in changes.items()})
        if changes.get("tracking", was) != was:
            audit(actor=actor, verb="user.tracking", target=user.email, to=str(user.tracking), was=str(was))
    return user


def told_tracking(user: User) -> None:
    """They have seen how much of their work their leader sees now."""
    user.tracking_told = user.tracking
    User.objects.filter(pk=user.pk).update(tracking_told=user.tracking)


def set_active(*, actor: User, user: User, active: bool) -> None:
    """Let a person sign in and be given leads, or no longer (`routing.actions.deactivate` reassigns first)."""
    rules.require(actor, user, "is_active")
    with transaction.atomic():
        if not active:
            _refuse_without_administrator(user)
        User.objects.filter(pk=user.pk).update(is_active=active)
        Responsible.objects.filter(user=user).update(is_active=active)
        audit(actor=actor, verb="user.activate" if active else "user.deactivate", target=user.email)


def add_absence(*, actor: User, user: User, first_day: date, last_day: date, cover: User | None = None) -> Absence:
    """Somebody will not work on these days, both included; `cover` looks after their leads meanwhile."""
    rules.require(actor, user, "absence")
    if last_day < first_day:
        raise PeopleError("The last day lies before the first.", "last_day")
    if cover and (cover.pk == user.pk or not cover.is_active):
        raise PeopleError(f"{cover.name} cannot cover here; choose somebody else.", "cover")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if user.absences.filter(first_day__lte=last_day, last_day__gte=first_day).exists():
            raise PeopleError(f"{user.name} is away on some of these days already.", "first_day")
        absence = Absence.objects.create(user=user, first_day=first_day, last_day=last_day, cover=cover)
        audit(actor=actor, verb="absence.add", target=user.email, first_day=str(first_day), last_day=str(last_day))
    return absence


def remove_absence(*, actor: User, absence: Absence) -> None:
    """They will work after all. Once more does nothing."""
    rules.require(actor, absence.user, "absence")
    with transaction.atomic():
        if Absence.objects.filter(pk=absence.pk).delete()[0]:
            days = {"first_day": str(absence.first_day), "last_day": str(absence.last_day)}
            audit(actor=actor, verb="absence.remove", target=absence.user.email, **days)


def clean_email(email: str) -> str:
    """The address in lower case, or PeopleError."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as wrong:
        raise PeopleError(f"{email or 'An empty text'} is not an e-mail address.", "email") from wrong
    return email


def _refuse_without_administrator(user: User) -> None:
    """Refuse if nobody else administers. Within a transaction: of two who make each other go, the second waits."""
    if user.role == Role.ADMIN:
        Company.objects.select_for_update().get(id=1)
    others = User.objects.filter(role=Role.ADMIN, is_active=True, is_system=False).exclude(pk=user.pk)
    if user.role == Role.ADMIN and not others.exists():
        raise PeopleError("Ripeline needs at least one administrator; make somebody else one first.", "role")


def _name_from(email: str) -> str:
    return email.split("@")[0].replace(".", " ").replace("_", " ").title()
