"""Pure decisions about people: who may change what about whom (the last column of I8), in one place."""

from ripeline.people.models import Role, User


class NotAllowed(PermissionError):
    """The actor may not do this; says so in words."""


OWN = frozenset({"name", "time_zone", "minutes_per_day", "absence"})  # what everybody decides about themselves
LED = frozenset(
    {"weight", "lead_cap", "experience", "intake_cap", "tracking", "absence"}
)  # what a leader decides about their team
ALL = OWN | LED | {"role", "team", "is_active", "link"}


def administers(actor: User) -> bool:
    """Whether `actor` may change the company, and who works here and as what."""
    return actor.is_active and (actor.is_system or actor.role == Role.ADMIN)


def leads(actor: User, user: User) -> bool:
    """Whether `actor` is the leader of the team that `user` is on."""
    return actor.is_active and actor.role == Role.LEADER and actor.team_id is not None and actor.team_id == user.team_id


def changeable(actor: User, user: User) -> frozenset[str]:
    """What `actor` may change about `user`, by name."""
    if administers(actor):
        return ALL
    own = OWN if actor.is_active and actor.pk == user.pk else frozenset()
    return own | (LED if leads(actor, user) else frozenset())


def sees(actor: User, user: User) -> bool:
    """Whether `actor` may look at what is kept about `user`."""
    return bool(changeable(actor, user))


def require(actor: User, user: User, *what: str) -> None:
    """Raise NotAllowed unless `actor` may change all of `what` about `user`."""
    if not set(what) <= changeable(actor, user):
        raise NotAllowed(f"Only an administrator may change that about {user.name}.")


def require_administers(actor: User) -> None:
    """Raise NotAllowed unless `actor` administers."""
    if not administers(actor):
        raise NotAllowed("Only an administrator may change who works here and the company's settings.")


KEEP_CATALOG = frozenset({Role.ADMIN, Role.MARKETER})


def keeps_catalog(actor: User) -> bool:
    """Whether `actor` may change the catalog and the doors (I8, the last column but one)."""
    return actor.is_active and (actor.is_system or actor.role in KEEP_CATALOG)


def require_keeps_catalog(actor: User) -> None:
    """Raise NotAllowed unless `actor` keeps the catalog and the doors."""
    if not keeps_catalog(actor):
        raise NotAllowed("Only marketing and administrators may change how leads come in.")
