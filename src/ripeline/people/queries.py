"""Who is there."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from datetime import date, datetime
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When

from ripeline.base.reading import read, rows
from ripeline.base.settled import Settled
from ripeline.people.models import Absence, AuditEntry, Experience, Responsible, ResponsibleKind, Role, Team, User

QUALIFY = "qualify"
KEEP_IN_TOUCH = "keep_in_touch"
SELLERS = (Role.REP, Role.SDR, Role.LEADER, Role.ADMIN)  # who may be responsible for a lead


def has_users() -> bool:
    """Whether anybody can sign in yet; if not, the first-run page makes the administrator."""
    return User.objects.filter(is_system=False).exists()


_system = Settled(lambda: User.objects.get(is_system=True), "user")


def system() -> User:
    """Ripeline itself, the actor where nobody acted."""
    return copy(_system.now())


def people() -> QuerySet[User]:
    """Everybody who has or had a sign-in, active first."""
    return User.objects.filter(is_system=False).select_related("team").order_by("-is_active", "name", "id")


def has_administrator() -> bool:
    """Whether anybody who can sign in administers."""
    return User.objects.filter(is_system=False, is_active=True, role=Role.ADMIN).exists()


def built_in(code: str) -> Responsible:
    """The queue or programme with this code (`QUALIFY`, `KEEP_IN_TOUCH`)."""
    return Responsible.objects.get(code=code)


def responsible(responsible_id: UUID) -> Responsible:
    """Who may be responsible for leads, by id."""
    return Responsible.objects.select_related("user").get(pk=responsible_id)


def responsible_of(user: User) -> Responsible:
    """The row under which a person is responsible for leads."""
    return Responsible.objects.get(user=user)


class _Desks:
    """Who is on which team, and under which row each is responsible for leads: ids."""

    def __init__(self) -> None:
        self.of: dict[UUID, UUID] = {}  # by person
        self.team: dict[UUID | None, tuple[list[UUID], list[UUID]]] = {}  # people and their desks, by team
        for user, team, desk in rows(
            'SELECT person.id, person.team_id, responsible.id FROM "user" AS person '
            "LEFT JOIN responsible ON responsible.user_id = person.id"
        ):
            users, desks = self.team.setdefault(team, ([], []))
            users.append(user)
            if desk:
                self.of[user] = desk
                desks.append(desk)


_desks = Settled(_Desks, "user", "responsible")


def around(users: Collection[UUID], team_id: UUID | None) -> tuple[list[UUID], list[UUID], list[UUID]]:
    """Of these people their desks (the rows under which they are responsible for leads), and of a team (None: of those
    on none) who is on it, and their desks: ids. Shared: to be read."""
    found = _desks.now()
    return [found.of[user] for user in users if user in found.of], *found.team.get(team_id, ([], []))


def of_team(team_id: UUID | None) -> tuple[Collection[UUID], Collection[UUID]]:
    """Ids of the people on a team (None: of those on none), and of their desks. Shared: to be read."""
    return _desks.now().team.get(team_id, ([], []))


_nobodys = Settled(
    lambda: list(Responsible.objects.exclude(kind=ResponsibleKind.REP).values_list("pk", flat=True)), "responsible"
)


def nobodys() -> list[UUID]:
    """Ids of the queues and programmes."""
    return list(_nobodys.now())


INTAKE = {Experience.NOVICE: 40, Experience.STEADY: 30, Experience.VETERAN: 15}
"""New leads a week at most, where nothing else is set (judgement: novices learn from many, veterans follow up few and
good ones; Sabnis et al. 2013)."""


def intake_cap(user: User) -> int:
    """How many new leads a week somebody gets at most beside their own and those of their companies."""
    return INTAKE[Experience(user.experience)] if user.intake_cap is None else user.intake_cap


def _read_users() -> Mapping[UUID, User]:
    return {user.pk: user for user in read(User, "")}


def _read_responsibles() -> Mapping[UUID, Responsible]:
    users = _read_users()
    found = {each.pk: each for each in read(Responsible, "")}
    for each in found.values():
        each.user = users[each.user_id] if each.user_id else None
    return found


_users = Settled(_read_users, "user")
_responsibles = Settled(_read_responsibles, "responsible", "user")


def users(ids: Collection[UUID]) -> Mapping[UUID, User]:
    """People by id: everybody, and these of all. Shared: to be read."""
    return _users.of(ids)


def responsibles(ids: Collection[UUID]) -> Mapping[UUID, Responsible]:
    """Who may be responsible for leads, by id, each with its person: all of them, and these. Shared: to be read."""
    return _responsibles.of(ids)


def _read_assignable() -> Sequence[Responsible]:
    able = Responsible.objects.filter(Q(user__isnull=True) | Q(user__role__in=SELLERS), is_active=True)
    return tuple(able.select_related("user").order_by("kind", "name"))


_assignable = Settled(_read_assignable, "responsible", "user")


def assignable() -> Sequence[Responsible]:
    """Active people who follow up leads, queues and programmes: to whom a lead can be given. Shared: to be read."""
    return _assignable.now()


def teams() -> QuerySet[Team]:
    """Every team by name, with how many active `people` are on it."""
    active = Count("members", filter=Q(members__is_active=True))
    return Team.objects.annotate(people=active, ever=Count("members")).order_by("name")


def absences(user: User, *, since: date) -> QuerySet[Absence]:
    """Somebody's absences that are not over on `since`, in their order."""
    return Absence.objects.filter(user=user, last_day__gte=since).select_related("cover").order_by("first_day")


def away_on(users: Collection[UUID], day: date) -> dict[UUID, Absence]:
    """Who of these people is away on `day`."""
    found = Absence.objects.filter(user__in=users, first_day__lte=day, last_day__gte=day).select_related("cover")
    return {absence.user_id: absence for absence in found}


def covers_for(user: User) -> QuerySet[User]:
    """Who could look after somebody's leads while they are away: the active sellers, the own team first."""
    others = people().filter(is_active=True, role__in=SELLERS).exclude(pk=user.pk)
    same = Case(When(team__isnull=False, team=user.team_id, then=0), default=1, output_field=IntegerField())
    return others.order_by(same, "name", "pk")


def tracking_changes(user: User, limit: int = 5) -> Sequence[AuditEntry]:
    """When and by whom it was changed how much of their work their leader sees, newest first."""
    found = AuditEntry.objects.filter(verb="user.tracking", target=user.email).select_related("actor")
    return list(found.order_by("-at", "-pk")[:limit])


_covers = Settled(
    lambda: rows("SELECT cover_id, user_id, first_day, last_day FROM absence WHERE cover_id IS NOT NULL"), "absence"
)
_queues = Settled(
    lambda: list(Responsible.objects.filter(kind=ResponsibleKind.QUEUE).values_list("pk", "is_active")), "responsible"
)


def queues() -> list[UUID]:
    """Ids of the queues, those that are no longer used among them."""
    return [queue for queue, _ in _queues.now()]


def covered_by(user: User, day: date) -> frozenset[UUID]:
    """Ids of the absent people whom `user` covers on `day`."""
    covers = _covers.now()
    return frozenset(away for cover, away, first, last in covers if cover == user.pk and first <= day <= last)


def desks(user: User, days: Collection[date], *, queues: bool) -> list[UUID]:
    """Ids of the rows under which `user`, and whoever they cover on each of these days, are responsible for leads;
    with `queues` also those of the queues."""
    users = {user.pk} | frozenset.intersection(*(covered_by(user, day) for day in days))
    of = _desks.now().of
    found = [of[user] for user in users if user in of]
    return found + [queue for queue, is_active in _queues.now() if is_active] if queues else found


def audited_since(verb: str, target: str, since: datetime) -> int:
    """How often something was noted since a moment, by the index: what limits on tries count."""
    return AuditEntry.objects.filter(verb=verb, target=target[:254], at__gte=since).count()


def sees_otherwise_since(user: User, moment: datetime) -> bool:
    """Whether somebody was given another role or team since."""
    changes = AuditEntry.objects.filter(verb="user.change", target=user.email, at__gte=moment)
    return changes.filter(data__has_any_keys=["role", "team"]).exists()
