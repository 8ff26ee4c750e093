"""A form as strangers see it: a page of its own, or a frame in a page of the company's. No cookie, no script needed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.crypto import salted_hmac
from django.utils.html import escape
from django.utils.http import urlencode
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ripeline.base.anew import anew
from ripeline.base.settled import look
from ripeline.capture.arriving import giving, keeping
from ripeline.capture.cells.text import clean
from ripeline.capture.doors import colours, doors, drafts, profiling, proof, submissions, tried_sites
from ripeline.capture.models import Door, Submission
from ripeline.catalog import phrases
from ripeline.leads.decisions.deciding import LeadError
from ripeline.outbox import queries as outbox
from ripeline.people.models import User
from ripeline.web.doors import form_lines
from ripeline.web.frame import errors, tries
from ripeline.web.frame.shell import firm_of

BAIT = "fax"  # asked where nobody sees it
TRAIL = ("page", "referrer", *submissions.TRAIL, "visitor")  # what a page passes on of how somebody came
LONGEST = 500  # characters of each


@login_not_required
@csrf_exempt  # a stranger has no session to abuse, and the page sets no cookie; the proof is what is asked for instead
@xframe_options_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@anew
def form(request: HttpRequest, slug: str) -> HttpResponse:
    with look():  # doors, questions and the words of a consent as they are now
        door = doors.open_door(slug)
        return _nowhere(request) if door is None else _form(request, door)


def _form(request: HttpRequest, door: Door) -> HttpResponse:
    if not door.is_active:
        return _framed(render(request, "form/shut.html", _frame(request, door), status=410), door)
    if request.method != "POST":
        if site := _unnamed(request, door):
            if request.method == "GET" and not request.headers.get("Sec-Purpose"):
                tried_sites.note(door, site)
            return _unnamed_page(request, door, site)
        is_again = "again" in request.GET  # the same look, once more for who is known (form.js)
        if request.method == "GET" and not (_is_ours(request) or is_again or request.headers.get("Sec-Purpose")):
            doors.note(door, "seen")
        return _page(request, door)
    return _received(request, door)


def _received(request: HttpRequest, door: Door) -> HttpResponse:
    """What was sent: taken, or shown again with what is wrong with it."""
    try:
        sent = _sent(request, door)
        if request.POST.get("try") == "1" and isinstance(request.user, User):
            return _tried(request, door, submissions.rehearse(actor=request.user, door=door, sent=sent))
        submission = submissions.take(door=door, sent=sent)
    except proof.StaleProofError:
        return _page(request, door, problem="stale", status=422)
    except keeping.ConflictError:
        return _page(request, door, problem="sent_before", status=422)
    except (keeping.TooOftenError, LeadError) as why:
        return _later(request, door, why)
    except keeping.RefusedError as wrong:
        doors.note(door, "refused")
        return _page(request, door, errors=wrong.errors, status=422)
    return _taken(request, door, submission)


def _taken(request: HttpRequest, door: Door, submission: Submission) -> HttpResponse:
    """On to the thanks, which say what follows by mail, or give at once what no mail will bring."""
    query = {"embed": "1"} if _is_embedded(request) else {}
    if _is_on_dark(request):
        query["ground"] = "dark"
    if door.gives and submission.lead_id and not outbox.can_send():  # no mail will bring it
        query["get"] = giving.path(door.gives, submission.lead_id).rpartition("/")[2]
    if submission.lead_id and _is_to_confirm(submission):
        query["confirm"] = "1"
    address = reverse("form-thanks", args=[door.slug])
    return redirect(f"{address}?{urlencode(query)}" if query else address)


def _is_to_confirm(submission: Submission) -> bool:
    """Whether they agreed to mail, and one that asks them to confirm it is on its way."""
    content = submission.content
    has_agreed = any(isinstance(said, dict) and said.get("given") for said in content["answers"].values())
    return has_agreed and outbox.can_send() and outbox.is_asked(content["person"].get("email", ""))


def _unnamed(request: HttpRequest, door: Door) -> str:
    """The site in a page of which the form is to stand, where nobody named it; else "". Its script says it (embed.js);
    of a frame that somebody wrote by hand the browser does.
    """
    is_framed = request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")
    around = request.GET.get("page", "") if _is_embedded(request) else request.headers.get("Referer", "")
    if not (_is_embedded(request) or is_framed):
        return ""
    parts = urlsplit(around[:LONGEST])
    site = f"{parts.scheme}://{parts.netloc.lower()}"
    if not drafts.is_site(site) or site in door.sites or parts.netloc.lower() == request.get_host().lower():
        return ""
    return site


def _unnamed_page(request: HttpRequest, door: Door, site: str) -> HttpResponse:
    """Words where a browser would show a broken page; they may stand anywhere, and nobody has opened the form."""
    response = render(request, "form/unnamed.html", _frame(request, door) | {"site": site}, status=403)
    response._csp_replace = {"frame-ancestors": ["http:", "https:"]}  # type: ignore[attr-defined]
    return response


def _nowhere(request: HttpRequest) -> HttpResponse:
    """Words, also within a page of whoever still has the snippet of a form that is gone."""
    response = errors.page(request, 404)
    response._csp_replace = {"frame-ancestors": ["http:", "https:"]}  # type: ignore[attr-defined]
    return response


def _later(request: HttpRequest, door: Door, why: Exception) -> HttpResponse:
    """So much has come, or somebody else is at work on the same lead: it is to be sent again after a while."""
    is_much = isinstance(why, keeping.TooOftenError)
    response = _page(request, door, problem="too_often" if is_much else "busy", status=429 if is_much else 503)
    response["Retry-After"] = str(int(keeping.WINDOW.total_seconds())) if is_much else "1"
    return response


@login_not_required
@xframe_options_exempt
@require_safe
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """What is said afterwards; where the company has a page of its own for that, it leads there."""
    door = _door(slug)
    token = request.GET.get("get", "")
    gift = giving.read(token) if token else None
    answer = _frame(request, door) | {
        "get": token if gift else "", "until": gift.until if gift else None,
        "by_mail": bool(door.gives) and outbox.can_send(), "confirms": "confirm" in request.GET and outbox.can_send(),
    }  # fmt: skip
    return _framed(render(request, "form/thanks.html", answer), door)


@login_not_required
@cache_control(max_age=60)
@require_safe
def style(_: HttpRequest, slug: str) -> HttpResponse:
    """The colours and letters of this form, over those of every form."""
    return styled(_door(slug).style)


def styled(chosen: Mapping[str, Any]) -> HttpResponse:
    rules = colours.rules(chosen)
    if "font" in chosen:
        rules.append(f"--font: {chosen['font']};")
    if "corners" in chosen:
        rules.append(f"--r: {chosen['corners']}px;")
    said = f":root {{ {' '.join(rules)} }}\n"
    if dark := colours.rules_in_the_dark(chosen):
        dark_rules = f"{{ {' '.join(dark)} }}"  # where form.css has them
        said += f"@media (prefers-color-scheme: dark) {{ :root:not(.embedded, .own) {dark_rules} }}\n"
        said += f":root.embedded.dark:not(.own) {dark_rules}\n"
    return HttpResponse(said, content_type="text/css")


def _door(slug: str) -> Door:
    door = doors.open_door(slug)
    if door is None:
        raise Http404
    return door


def _is_ours(request: HttpRequest) -> bool:
    """Whether somebody who works here looks at the page: that is no visit."""
    return isinstance(request.user, User)


def _is_embedded(request: HttpRequest) -> bool:
    return "embed" in request.GET or request.POST.get("embed") == "1"


def _is_on_dark(request: HttpRequest) -> bool:
    """Whether the page around it is dark where it stands (embed.js looks)."""
    return "dark" in (request.GET.get("ground"), request.POST.get("ground"))


def _sent(request: HttpRequest, door: Door) -> submissions.Sent:
    given = request.POST
    trail = {name: clean(given[name])[:LONGEST] for name in TRAIL if name != "page" and given.get(name, "").strip()}
    return submissions.Sent(
        proof=proof.read(door, given.get("proof", "")),
        fields={name: given.getlist(name) for name in given},
        address=salted_hmac("ripeline.submission", tries.address(request)).hexdigest(),
        bait=given.get(BAIT, ""),
        base_url=request.build_absolute_uri("/").rstrip("/"),
        page=clean(given.get("page", ""))[:LONGEST],
        trail=trail,
    )


def _tried(request: HttpRequest, door: Door, found: submissions.Rehearsal) -> HttpResponse:
    """What whoever set the form up sees instead of the thanks, when they try it."""
    return _framed(
        render(request, "form/tried.html", _frame(request, door) | {"words": phrases.EN, "found": found}), door
    )


def _page(
    request: HttpRequest, door: Door, *, errors: Mapping[str, str] | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page, with what was typed and what is wrong with it; `problem` names the phrase for what is of no field."""
    errors = errors or {}
    lines = form_lines.of(door, request.POST, _known(request, door), errors)
    answer = _frame(request, door) | {
        "lines": lines,
        "consent": form_lines.last_consent(lines),
        "proof": proof.issue(door),
        "bait": BAIT,
        "passed_on": _passed_on(request, door),
        "is_trial": _is_ours(request) and "1" in (request.GET.get("try"), request.POST.get("try")),
        "problem": getattr(phrases.of(door.language), problem) if problem else "",
        "faults": len(errors),
    }
    return _framed(render(request, "form/form.html", answer, status=status), door)


def preview(request: HttpRequest, door: Door, style_url: str) -> HttpResponse:
    """Its own page as a stranger would see it at first, to be looked at only: within the settings of the form."""
    lines = form_lines.of(door, QueryDict(), None, {})
    answer = _frame(request, door) | {
        "lines": lines, "consent": form_lines.last_consent(lines), "is_preview": True, "style_url": style_url,
    }  # fmt: skip
    return _framed(render(request, "form/form.html", answer), door)


def _frame(request: HttpRequest, door: Door) -> dict[str, Any]:
    """What every page of a form needs."""
    return {
        "door": door, "firm": firm_of(request), "words": phrases.of(door.language), "embedded": _is_embedded(request),
        "is_own": colours.is_own(door.style), "on_dark": _is_on_dark(request),
    }  # fmt: skip


def _known(request: HttpRequest, door: Door) -> profiling.Known | None:
    """What is known of who looks at the page; nothing, once they give an address that is not theirs."""
    given = request.POST if request.method == "POST" else request.GET
    known = profiling.of_visitor(door, clean(given.get("visitor", ""))[:LONGEST])
    return None if known and given.get("email") and not known.is_of(given["email"]) else known


def _passed_on(request: HttpRequest, door: Door) -> dict[str, str]:
    """How they came, which the page hands on to what is sent: by the frame's address, or by this page's own."""
    given = request.POST if request.method == "POST" else request.GET
    kept = {name: clean(given[name])[:LONGEST] for name in TRAIL if given.get(name, "").strip()}
    if request.method != "POST" and "page" not in kept:
        kept["page"] = request.build_absolute_uri(reverse("form", args=[door.slug]))
        referrer = request.headers.get("Referer", "")
        if referrer and "again" not in given:  # then it is this page itself, and says what it was told (form.js)
            kept["referrer"] = referrer[:LONGEST]
    return kept


def _framed(response: HttpResponse, door: Door) -> HttpResponse:
    """Only we ourselves, and the sites that somebody named, may show the form in a page of theirs."""
    response._csp_replace = {"frame-ancestors": ["'self'", *door.sites]}  # type: ignore[attr-defined]
    return response


def snippet(request: HttpRequest, door: Door) -> str:
    """What to paste into a page to have the form there; who reads that page without scripts gets a link to it."""
    script, title = request.build_absolute_uri("/static/ripeline/embed.js"), escape(door.title)
    return (
        f'<script src="{script}" data-form="{door.slug}" data-title="{title}" async></script>'
        f'<noscript><a href="{address(request, door)}">{title}</a></noscript>'
    )


def address(request: HttpRequest, door: Door, **query: str) -> str:
    """The form's own page."""
    found = request.build_absolute_uri(reverse("form", args=[door.slug]))
    return f"{found}?{urlencode(query)}" if query else found


urlpatterns = [
    path("f/<slug:slug>", form, name="form"),
    path("f/<slug:slug>/thanks", thanks, name="form-thanks"),
    path("f/<slug:slug>/style.css", style, name="form-style"),
]
