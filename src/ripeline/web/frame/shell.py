"""The frame of every page: the rail for the role, what the palette offers, toasts, and where `/` leads."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, path, reverse
from django.utils.safestring import SafeString

from ripeline.leads import queries as leads
from ripeline.people.models import Company, Role, User
from ripeline.people.working_time import company

_EVERYBODY = frozenset(Role)
_SELLERS = frozenset({Role.ADMIN, Role.LEADER, Role.SDR, Role.REP})
_READ_FIGURES = frozenset({Role.ADMIN, Role.LEADER, Role.MARKETER, Role.REP})
_READ_EVERYBODYS = _READ_FIGURES - {Role.REP}
_KEEP_CATALOG = frozenset({Role.ADMIN, Role.MARKETER})
_BRING_LEADS = frozenset({Role.ADMIN, Role.LEADER, Role.MARKETER, Role.SDR})


@dataclass(frozen=True)
class Entry:
    """A page or verb, and the roles that have a use for it."""

    label: str
    url_name: str
    icon: str
    roles: frozenset[str] = _EVERYBODY
    under: str = ""  # the first part of the paths that belong to it; without one it is not in the rail
    chord: str = ""  # the key after g that goes there, from every page


RAIL = (
    Entry("Today", "today", "sun", _SELLERS, under="today"),
    Entry("Leads", "leads", "users", under="leads"),
    Entry("Imports", "imports", "file-up", _BRING_LEADS, under="imports"),
    Entry("Capture", "capture", "door-open", _KEEP_CATALOG, under="capture"),
    Entry("Insight", "insight", "chart-line", _READ_FIGURES, under="insight"),
    Entry("Settings", "settings", "settings", under="settings"),
)
SETTINGS = (
    Entry("Your profile", "profile", "circle-user"),
    Entry("Who looked", "looks", "eye"),
    Entry("People", "people", "users-round", frozenset({Role.ADMIN, Role.LEADER})),
    Entry("Teams", "teams", "network", frozenset({Role.ADMIN})),
    Entry("Company", "company", "building-2", frozenset({Role.ADMIN})),
    Entry("Reasons", "reasons", "message-square-text", _KEEP_CATALOG),
    Entry("Tracking", "tracking", "footprints", _KEEP_CATALOG),
    Entry("Ripening", "prior", "sprout", frozenset({Role.ADMIN})),
    Entry("Mail", "mail", "mail", frozenset({Role.ADMIN})),
    Entry("Keys", "keys", "key-round", frozenset({Role.ADMIN})),
)
PAGES = (
    *RAIL,
    Entry("Are they ripening?", "insight", "chart-line", _READ_FIGURES),
    Entry("What is leaking?", "leaks", "chart-line", _READ_FIGURES),
    Entry("Is the model right?", "insight-model", "chart-line", _READ_EVERYBODYS),
    Entry("What would it bring us?", "market", "chart-line", _READ_EVERYBODYS),
    Entry("Seen differently", "disputes", "message-circle"),
    Entry("Possible duplicates", "duplicates", "users"),
    Entry("Under way, and done lately", "jobs", "list-checks"),
    Entry("Booths", "booths", "tent"),
    Entry("What forms give", "assets", "download", _KEEP_CATALOG),
    Entry("Links that are counted", "links", "link", _KEEP_CATALOG),
    *SETTINGS,
)
VERBS = (
    Entry("Add a lead", "lead-new", "user-plus", chord="n"),
    Entry("Note a call that comes in", "call", "phone-incoming", chord="c"),
    Entry("Bring in a card file or a signature", "card-files", "contact", chord="v"),
    Entry("Import a spreadsheet", "imports", "file-up", _BRING_LEADS),
    Entry("Make a form", "form-new", "clipboard-list", _KEEP_CATALOG),
    Entry("Set up a booth", "booth-new", "tent", _KEEP_CATALOG),
    Entry("Invite somebody", "invite", "mail-plus", frozenset({Role.ADMIN})),
)
# What to do while there is no lead at all.
START = {
    Entry("Import your spreadsheet", "imports", "file-up", _BRING_LEADS): (
        "Any spreadsheet or export of leads: current, old, won and lost ones. You see what becomes of it first."
    ),
    Entry("Invite your people", "invite", "mail-plus", frozenset({Role.ADMIN})): (
        "Everybody gets a short list of their own each day. Alone? Then the leads are yours."
    ),
    Entry("Look at what we assume", "prior", "sprout", frozenset({Role.ADMIN})): (
        "How leads ripen, from published figures, each with its source. Your own outcomes replace them."
    ),
    Entry("Set up your day", "profile", "circle-user"): "Your time zone, and how many minutes a day you have.",
}


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    icon: str
    is_current: bool = False
    chord: str = ""


@dataclass(frozen=True)
class Toast:
    """Said once, after a deed. `undo` is the URL that takes it back, posted with `key`."""

    text: str
    undo: str = ""
    level: str = ""
    key: str = ""


def say(request: HttpRequest, text: str, *, undo: str = "", is_error: bool = False) -> None:
    """Show a toast on this answer if it is a page or a part of one, else on the next page."""
    level = messages.ERROR if is_error else messages.INFO
    messages.add_message(request, level, text, extra_tags=json.dumps({"undo": undo}))


def take_toasts(request: HttpRequest) -> list[Toast]:
    """The toasts not shown yet; they are shown once."""
    return [
        Toast(
            text=message.message,
            level="error" if message.level == messages.ERROR else "",
            key=uuid4().hex,
            **json.loads(message.extra_tags or "{}"),
        )
        for message in messages.get_messages(request)
    ]


def viewer(request: HttpRequest) -> User:
    """Whoever is signed in; a view without `login_not_required` always has somebody."""
    assert isinstance(request.user, User)
    return request.user


def firm_of(request: HttpRequest) -> Company:
    """The company's settings, read once for each request."""
    found: Company | None = getattr(request, "company", None)
    return found or company()


def context(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs."""
    user = getattr(request, "user", None)
    toasts = partial(take_toasts, request)
    if not isinstance(user, User) or not user.is_authenticated:
        return {"toasts": toasts}
    here = request.path.strip("/").split("/")[0]
    return {
        "toasts": toasts,
        "company": firm_of(request),
        "rail": _rail(user.role, here if here in _UNDER else ""),
        "dialogs": _dialogs(user.role),
    }


_UNDER = frozenset(entry.under for entry in RAIL)


@lru_cache(maxsize=len(Role) * (len(RAIL) + 1))
def _rail(role: str, here: str) -> SafeString:
    """The entries of the rail, made once: they depend on nothing but the role and where one is."""
    links = [Link(entry.label, url, entry.icon, is_current=here == entry.under) for entry, url in _for(role, RAIL)]
    return render_to_string("parts/rail_entries.html", {"rail": links})


@lru_cache(maxsize=len(Role))
def _dialogs(role: str) -> SafeString:
    """The palette and the list of keys, made once: they depend on nothing but the role."""
    given = {
        "palette_pages": [Link(entry.label, url, entry.icon) for entry, url in _for(role, PAGES)],
        "palette_verbs": [Link(entry.label, url, entry.icon, chord=entry.chord) for entry, url in _for(role, VERBS)],
        "palette_url": _address("palette") or "",
    }
    return render_to_string("parts/dialogs.html", given)


def _for(role: str, entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """The entries that `role` has a use for and that lead somewhere."""
    return [(entry, url) for entry in entries if role in entry.roles and (url := _address(entry.url_name))]


def tabs(request: HttpRequest) -> list[Link]:
    """The sections of the settings that this role has."""
    assert isinstance(request.user, User)
    return [
        Link(entry.label, url, entry.icon, is_current=request.path == url or request.path.startswith(f"{url}/"))
        for entry, url in _for(request.user.role, SETTINGS)
    ]


def verbs_for(role: str) -> dict[str, str]:
    """The address of each verb that this role has a use for and that leads somewhere, by its URL name."""
    return {entry.url_name: url for entry, url in _for(role, VERBS)}


@lru_cache(maxsize=64)
def _address(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


def home(request: HttpRequest) -> HttpResponse:
    """`/` leads to the first thing this role works with; where there is no lead yet, to how to get some."""
    assert isinstance(request.user, User)
    if leads.is_empty():
        choices = [
            {"label": entry.label, "url": url, "icon": entry.icon, "text": START[entry]}
            for entry, url in _for(request.user.role, START)
        ]
        return render(
            request, "start.html", {"start_choices": choices, "brings_leads": request.user.role in _BRING_LEADS}
        )
    return redirect(_for(request.user.role, RAIL)[0][1])


urlpatterns = [path("", home, name="home")]
