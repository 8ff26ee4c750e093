"""Who may import, and whose imports somebody may see."""

from django.db.models import Q

from ripeline.capture.models import ImportRun
from ripeline.leads.rules import NotAllowed
from ripeline.people.models import Role, User

IMPORTERS = frozenset({Role.ADMIN, Role.LEADER, Role.MARKETER, Role.SDR})
_SEE_ALL = frozenset({Role.ADMIN, Role.MARKETER})  # who may see every lead's context anyhow


def may_import(actor: User) -> bool:
    """Whether somebody may bring in a file of leads or outcomes."""
    return actor.is_active and (actor.is_system or actor.role in IMPORTERS)


def require_importer(actor: User) -> None:
    """Raise NotAllowed unless `actor` may import."""
    if not may_import(actor):
        raise NotAllowed("Imports are made by administrators, leaders, marketers and SDRs. Ask one of them.")


def may_undo(actor: User, run: ImportRun) -> bool:
    """Whether somebody may take an import back: whoever made it, and administrators."""
    return may_import(actor) and (actor.is_system or actor.role == Role.ADMIN or run.started_by_id == actor.pk)


def require_undoer(actor: User, run: ImportRun) -> None:
    """Raise NotAllowed unless `actor` may take this import back."""
    if not may_undo(actor, run):
        raise NotAllowed(f"An import is taken back by whoever made it ({run.started_by.name}) or an administrator.")


def seen_by(actor: User, *, whose: str = "started_by") -> Q:
    """The runs that `actor` may see, with their rejected rows: their own; a leader's team's; for some roles all."""
    if not may_import(actor):
        return Q(pk__in=[])
    if actor.is_system or actor.role in _SEE_ALL:
        return Q()
    mine = Q(**{whose: actor})
    return mine | Q(**{f"{whose}__team": actor.team_id}) if actor.role == Role.LEADER and actor.team_id else mine
