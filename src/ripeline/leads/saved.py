"""Ways of looking at the list that people keep under a name, each for themselves."""

from collections.abc import Sequence
from uuid import UUID

from ripeline.leads.deciding import LeadError
from ripeline.leads.models import SavedView
from ripeline.people.models import User

AT_MOST = 20  # for one person: more would be a list to search in


def of(user: User) -> Sequence[SavedView]:
    """What `user` keeps, by name."""
    return list(SavedView.objects.filter(user=user).order_by("name"))


def save(*, actor: User, name: str, query: str) -> SavedView:
    """Keep a list's query under a name; the same name again replaces it. Raises LeadError."""
    name = " ".join(name.split())
    if not name:
        raise LeadError("Give the view a name.")
    if len(name) > 60 or len(query) > 1000:
        raise LeadError("That is too long to keep; a name has at most 60 characters.")
    kept = SavedView.objects.filter(user=actor)
    if kept.exclude(name=name).count() >= AT_MOST:
        raise LeadError(f"You keep {AT_MOST} views already; remove one first.")
    view, _ = SavedView.objects.update_or_create(user=actor, name=name, defaults={"query": query})
    return view


def forget(*, actor: User, view_id: UUID) -> str:
    """Remove one of one's own views; its name, "" if it was not there."""
    view = SavedView.objects.filter(user=actor, pk=view_id).first()
    if view is None:
        return ""
    view.delete()
    return view.name
