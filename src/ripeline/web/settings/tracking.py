"""Settings, Tracking: whose visits are recorded, the tag to paste, whether it works, what pages mean."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.html import escape
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.catalog import tracking
from ripeline.catalog.models import Site
from ripeline.catalog.pages import LABELS, PageKind, PageRules
from ripeline.people.actions import PeopleError
from ripeline.people.rules import require_keeps_catalog
from ripeline.timeline import seen
from ripeline.timeline.hits import Who
from ripeline.web.frame import tries
from ripeline.web.frame.forms import Form
from ripeline.web.frame.shell import say, tabs, viewer

WHO = {Who.HUMAN: "People", Who.BOT: "Bots", Who.SCANNER: "Link scanners", Who.STAFF: "Your own people"}
EMPTY_ROWS = 2  # for new rules, which are asked first
KINDS = [(kind.value, label) for kind, label in LABELS.items()]


class SiteForm(Form):
    address = forms.CharField(
        label="Website",
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "www.example.com"}),
        help_text="Its subdomains belong to it.",
    )


class OwnForm(Form):
    own_networks = forms.CharField(
        label="Addresses your own people come from",
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false", "placeholder": "203.0.113.7"}),
        help_text="Their visits are kept apart. Of an address its network counts (203.0.113.0/24): no more is kept.",
    )
    months_kept = forms.IntegerField(
        label="Months that raw hits are kept",
        min_value=1,
        max_value=60,
        help_text="What leads did stays on their timelines for good.",
    )


@dataclass(frozen=True)
class Line:
    """A site as the page shows it."""

    site: Site
    tag: str
    seen: seen.Seen


COUNTED_AT_ONCE = 100_000  # hits of a day


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, site_form: SiteForm | None = None, own_form: OwnForm | None = None) -> HttpResponse:
    require_keeps_catalog(viewer(request))
    kept = tracking.current()
    initial = {"own_networks": "\n".join(kept.own_networks), "months_kept": kept.months_kept}
    answer = {
        "tabs": tabs(request),
        "site_form": site_form or SiteForm(),
        "own_form": own_form or OwnForm(initial=initial),
        "here": tries.address(request),
        "rules": len(tracking.page_rules()),
        **_day(),
        **_live(),
    }
    answer["tried"] = tracking.tried([line.site.host for line in answer["lines"]])
    is_wrong = (site_form and site_form.errors) or (own_form and own_form.errors)
    return render(request, "tracking/tracking.html", answer, status=422 if is_wrong else 200)


def _tag(site: Site) -> str:
    source = f"{settings.ENV.base_url}/i/r.js?v={settings.SCRIPT_VERSION}"
    return f'<script async src="{escape(source)}" data-site="{site.key}"></script>'


def _day() -> dict[str, Any]:
    """What came in the last day, by site and by who it was."""
    day, totals = seen.last_day(), dict.fromkeys(WHO, 0)
    for each in day.values():
        for who, hits in each.by_who.items():
            totals[Who(who)] += hits
    return {
        "lines": [Line(site, _tag(site), day.get(site.pk, seen.Seen())) for site in tracking.sites()],
        "counts": [(label, totals[who]) for who, label in WHO.items()],
        "total": sum(totals.values()),
    }


def _live() -> dict[str, Any]:
    hit = seen.latest()
    return {"hit": hit, "hit_who": WHO[Who(hit.who)] if hit else "", "hit_id": hit.event_id.hex if hit else ""}


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Whether something has come just now; asked again and again by the page.

    With what is new come the figures of the day, unless they are so many that counting them takes its time.
    """
    require_keeps_catalog(viewer(request))
    found, known = _live(), request.GET.get("of", "")
    is_new = found["hit"] and found["hit_id"] != request.GET.get("seen")
    counted = _day() | {"is_new": True} if is_new and known.isdecimal() and int(known[:9]) < COUNTED_AT_ONCE else {}
    return render(request, "tracking/live.html", {"total": known[:9] if known.isdecimal() else ""} | counted | found)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    form = SiteForm(request.POST)
    if form.is_valid():
        try:
            site = tracking.add_site(actor=viewer(request), address=form.cleaned_data["address"])
        except PeopleError as error:
            form.show(error)
        else:
            say(request, f"Visits to {site.host} are recorded once the tag stands on its pages.")
            return redirect("tracking")
    return _page(request, site_form=form)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Say no more of a site that is none of ours."""
    tracking.forget_tried(actor=viewer(request), host=request.POST.get("host", "")[:190])
    return redirect("tracking")


@require_POST
def remove(request: HttpRequest, site_id: int) -> HttpResponse:
    require_keeps_catalog(viewer(request))
    site = Site.objects.filter(pk=site_id).first()
    if site:
        tracking.remove_site(actor=viewer(request), site=site)
    say(request, f"Nothing more is recorded of {site.host if site else 'that website'}. What came is kept.")
    return redirect("tracking")


@require_POST
def own(request: HttpRequest) -> HttpResponse:
    form, actor = OwnForm(request.POST), viewer(request)
    if form.is_valid():
        try:
            tracking.set_own_networks(actor=actor, text=form.cleaned_data["own_networks"])
            tracking.set_months_kept(actor=actor, months=form.cleaned_data["months_kept"])
        except PeopleError as error:
            form.show(error)
        else:
            say(request, "Kept. Hits that are there already are decided anew in a moment.")
            return redirect("tracking")
    return _page(request, own_form=form)


@dataclass(frozen=True)
class Row:
    """A rule as it stands in the form."""

    number: int
    pattern: str
    kind: str
    error: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def pages(request: HttpRequest) -> HttpResponse:
    """The rules by which pages are of a kind, and what they make of the pages people looked at lately."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    given = _given(request) if request.method == "POST" else list(tracking.page_rules())
    wrong = ""
    place = -1
    if request.method == "POST":
        try:
            rules = tracking.check_rules(given)
            if "preview" not in request.POST:
                tracking.set_page_rules(actor=actor, given=rules)
                say(request, "Kept. Pages that were seen already are decided anew in a moment.")
                return redirect("tracking-pages")
        except PeopleError as error:
            wrong, place = str(error), int(error.field) if error.field else -1
    answer = {
        "tabs": tabs(request),
        "rows": _rows(given, place, wrong),
        "wrong": wrong if place < 0 else "",
        "kinds": KINDS,
        "preview": _preview(given, wrong),
    }
    name = "tracking/preview.html" if request.headers.get("HX-Target") == "preview" else "tracking/pages.html"
    return render(request, name, answer, status=422 if wrong and name.endswith("pages.html") else 200)


def _given(request: HttpRequest) -> list[tuple[str, str]]:
    """What stands in the form; a rule without a pattern is none."""
    pairs = zip(request.POST.getlist("pattern"), request.POST.getlist("kind"), strict=False)
    return [(pattern.strip(), kind) for pattern, kind in pairs if pattern.strip()]


def _rows(given: list[tuple[str, str]], place: int, wrong: str) -> list[Row]:
    empty = [Row(number, "", PageKind.OTHER.value) for number in range(1, EMPTY_ROWS + 1)]
    return empty + [
        Row(number + EMPTY_ROWS + 1, pattern, kind, wrong if number == place else "")
        for number, (pattern, kind) in enumerate(given)
    ]


def _preview(given: list[tuple[str, str]], wrong: str) -> dict[str, Any]:
    if wrong:
        return {"wrong": wrong}
    rules, found = PageRules(given), seen.recent_pages()
    return {"pages": [(host, path, hits, LABELS[PageKind(rules.kind(path))]) for host, path, hits in found]}


urlpatterns = [
    path("settings/tracking", page, name="tracking"),
    path("settings/tracking/live", live, name="tracking-live"),
    path("settings/tracking/sites", add, name="tracking-add"),
    path("settings/tracking/tried", forget, name="tracking-forget"),
    path("settings/tracking/sites/<int:site_id>/remove", remove, name="tracking-remove"),
    path("settings/tracking/own", own, name="tracking-own"),
    path("settings/tracking/pages", pages, name="tracking-pages"),
]
