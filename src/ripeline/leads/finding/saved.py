"""Ways of looking at the list that people keep under a name: for themselves, for a team, for everybody.

Whoever keeps a view, and an administrator, may change it; sharing one is for those whose work is other people's lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from ripeline.base import clock
from ripeline.base.settled import Settled
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.models import Audience, DefaultView, SavedView
from ripeline.people import actions as people
from ripeline.people.models import Role, Team, User
from ripeline.people.rules import NotAllowed

AT_MOST = 20  # that one person keeps: more would be a list to search in
LONGEST = 2000  # characters of a query
_SHARING = frozenset({Role.LEADER, Role.MARKETER, Role.ADMIN})


@dataclass(frozen=True)
class Sharing:
    """Who else is to see a view."""

    audience: str = Audience.MINE
    team: Team | None = None


def may_share(actor: User) -> bool:
    """Whether `actor` may keep views for others: a leader for the own team or all, a marketer or admin for any."""
    return actor.role in _SHARING


def may_change(actor: User, view: SavedView) -> bool:
    """Whether the view is the actor's to rename, replace, share or remove."""
    return view.user_id == actor.pk or (actor.role == Role.ADMIN and view.audience != Audience.MINE)


_all = Settled(
    lambda: tuple(SavedView.objects.filter(removed_at=None).select_related("user", "team")),
    "saved_view",
    "user",
    "team",
)


def of(user: User) -> Sequence[SavedView]:
    """What `user` keeps or is shown, their own first, each by name. Shared: to be read."""
    return sorted(
        (view for view in _all.now() if _is_shown(view, user)), key=lambda view: (view.user_id != user.pk, view.name)
    )


_defaults = Settled(lambda: dict(DefaultView.objects.values_list("user_id", "view_id")), "default_view")


def default_of(user: User) -> SavedView | None:
    """The view that `user` begins with, if they chose one and still see it."""
    chosen = _defaults.now().get(user.pk)
    return next((view for view in _all.now() if view.pk == chosen and _is_shown(view, user)), None)


def _is_shown(view: SavedView, user: User) -> bool:
    """Whether `user` sees a view: their own, what is for everybody, for their team, and an administrator any team's."""
    if view.user_id == user.pk or view.audience == Audience.EVERYBODY:
        return True
    is_of_team = user.team_id is not None and view.team_id == user.team_id
    return view.audience == Audience.TEAM and (user.role == Role.ADMIN or is_of_team)


def called(name: str) -> Sequence[SavedView]:
    """Every view of this name, whoever keeps it: for whoever has the machine."""
    found = SavedView.objects.filter(name=" ".join(name.split()), removed_at__isnull=True, user__is_active=True)
    return list(found.select_related("user").order_by("user__email"))


class NameTaken(LeadError):
    """One keeps a view of this name already; it may be replaced, where one says so."""

    def __init__(self, view: SavedView) -> None:
        super().__init__(f"You keep a view “{view.name}” already.")
        self.view = view


def save(
    *, actor: User, name: str, query: str, sharing: Sharing | None = None, replaces: UUID | None = None
) -> SavedView:
    """Keep a list's query under a name. The view of this name gives way only where it is the one that `replaces`
    names; what it was is kept for Undo. Raises LeadError, NameTaken.
    """
    name, query = _checked(name, query)
    with transaction.atomic():
        kept = SavedView.objects.select_for_update(of=("self",)).filter(user=actor, removed_at__isnull=True)
        mine = {view.name: view for view in kept.select_related("team")}
        view = mine.get(name) or SavedView(user=actor, name=name)
        if name in mine:
            if view.pk != replaces:
                raise NameTaken(view)
            _keep_before(view)
        elif len(mine) >= AT_MOST:
            raise LeadError(f"You keep {AT_MOST} views already; remove one first.")
        view.query = query
        if sharing is not None:
            _share(actor, view, sharing)
        try:
            with transaction.atomic():
                view.save()
        except IntegrityError as problem:  # kept in another window in this moment
            raise LeadError(f"You keep a view “{name}” already.") from problem
    return view


def change(*, actor: User, view_id: UUID, name: str | None = None, query: str | None = None,
           sharing: Sharing | None = None) -> SavedView:  # fmt: skip
    """Rename a view, replace what it asks for, or share it otherwise. Raises LeadError, NotAllowed."""
    with transaction.atomic():
        view = _own(actor, view_id)
        if query is not None and query != view.query:
            _keep_before(view)
        view.name, view.query = _checked(view.name if name is None else name, view.query if query is None else query)
        if sharing is not None:
            _share(actor, view, sharing)
        if _name_is_taken(view):
            raise LeadError(f"A view is called “{view.name}” already; choose another name.")
        view.save()
    return view


def before(view: SavedView) -> SavedView | None:
    """What a view was before it was replaced, as long as that is kept."""
    older = SavedView.objects.filter(user=view.user_id, name=view.name, removed_at__isnull=False)
    return older.order_by("-removed_at", "-pk").first()


def put_back(*, actor: User, view_id: UUID, before_id: UUID) -> SavedView:
    """Undo of replacing: the view asks for what it asked for, and is for whom it was. Raises LeadError."""
    with transaction.atomic():
        view = _own(actor, view_id)
        older = SavedView.objects.select_for_update().filter(pk=before_id, removed_at__isnull=False, user=view.user_id)
        was = older.filter(name=view.name).first()
        if was is None:
            raise LeadError("What this view was is gone for good.")
        team = Team.objects.filter(pk=was.team_id).first() if was.team_id else None
        _share(actor, view, Sharing(was.audience, team))
        view.query = was.query
        view.save()
        was.delete()
    return view


def _keep_before(view: SavedView) -> None:
    """A copy of a view that is to be replaced, as one that was removed: for Undo."""
    SavedView.objects.create(
        user_id=view.user_id, name=view.name, query=view.query, audience=view.audience, team_id=view.team_id,
        removed_at=clock.now(),
    )  # fmt: skip


def forget(*, actor: User, view_id: UUID) -> SavedView | None:
    """Remove a view; None if it was not there any more. `bring_back` undoes it."""
    with transaction.atomic():
        try:
            view = _own(actor, view_id)
        except LeadError:
            return None
        view.removed_at = clock.now()
        view.save(update_fields=["removed_at"])
    return view


def bring_back(*, actor: User, view_id: UUID) -> SavedView:
    """Undo of removing: whoever begins with it does so again. Raises LeadError if its name is in use by now."""
    with transaction.atomic():
        view = SavedView.objects.select_for_update().filter(pk=view_id).first()
        if view is None or not may_change(actor, view):
            raise LeadError("This view is gone for good.")
        if _name_is_taken(view):
            raise LeadError(f"A view is called “{view.name}” again; rename that one first.")
        view.removed_at = None
        view.save(update_fields=["removed_at"])
    return view


def begin_with(*, actor: User, view_id: UUID | None) -> None:
    """Choose the view that one's list begins with; None: the usual one."""
    if view_id is None:
        DefaultView.objects.filter(user=actor).delete()
        return
    view = SavedView.objects.filter(pk=view_id, removed_at__isnull=True).first()
    if view is None or not _is_shown(view, actor):
        raise LeadError("This view is no longer there.")
    DefaultView.objects.update_or_create(user=actor, defaults={"view_id": view_id})


def tidy(*, before: datetime) -> int:
    """Remove for good what was removed before a moment; how many."""
    return SavedView.objects.filter(removed_at__lt=before).delete()[0]


def _own(actor: User, view_id: UUID) -> SavedView:
    found = SavedView.objects.select_for_update().filter(pk=view_id, removed_at__isnull=True).first()
    if found is None or (found.user_id != actor.pk and found.audience == Audience.MINE):
        raise LeadError("This view is no longer there.")
    if not may_change(actor, found):
        raise NotAllowed(f"“{found.name}” is kept by {found.user.name}; you can keep one of your own like it.")
    return found


def _name_is_taken(view: SavedView) -> bool:
    same = SavedView.objects.filter(user=view.user_id, name=view.name, removed_at__isnull=True)
    return same.exclude(pk=view.pk).exists()


def _share(actor: User, view: SavedView, sharing: Sharing) -> None:
    if sharing.audience != Audience.MINE:
        if not may_share(actor):
            raise NotAllowed("Views for others are kept by leaders, marketing and administrators.")
        if sharing.audience == Audience.TEAM and sharing.team is None:
            raise LeadError("Choose the team that is to see this view.")
        if actor.role == Role.LEADER and sharing.team is not None and sharing.team.pk != actor.team_id:
            raise NotAllowed("You can share a view with your own team, or with everybody.")
    given = (view.audience, view.team_id)
    view.audience = sharing.audience
    view.team = sharing.team if sharing.audience == Audience.TEAM else None
    if given != (view.audience, view.team_id):
        people.audit(actor=actor, verb="view.share", target=view.name, audience=view.audience,
                     team=view.team.name if view.team else "")  # fmt: skip


def _checked(name: str, query: str) -> tuple[str, str]:
    name = " ".join(name.split())
    if not name:
        raise LeadError("Give the view a name.")
    if len(name) > 60 or len(query) > LONGEST:
        raise LeadError("That is too long to keep; a name has at most 60 characters.")
    return name, query
