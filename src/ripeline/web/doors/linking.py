"""Capture, Links: short addresses that are counted, each with its QR code; and what such an address leads to."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import segno
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture.doors import doors
from ripeline.capture.models import Door, DoorKind
from ripeline.catalog import linking
from ripeline.catalog import queries as catalog
from ripeline.catalog.linking import LinkError
from ripeline.catalog.models import CountedLink
from ripeline.people.rules import require_keeps_catalog
from ripeline.timeline import links as tracked
from ripeline.timeline import seen
from ripeline.web.frame import letters
from ripeline.web.frame.forms import Form, posted
from ripeline.web.frame.shell import firm_of, say, viewer
from ripeline.web.frame.strangers import words_of

PAGE = 50
QUIET = 4  # modules of white around a code, by which cameras find it
PICTURES = {  # content type and pixels a module: a print is sharp to 30 cm at 72 dots an inch
    "svg": ("image/svg+xml", 10),
    "png": ("image/png", 24),
}


@login_not_required
@never_cache
@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """On to the intake, which counts it and leads where it leads: this only knows what the short address stands for."""
    link = linking.find(code)
    if link is None or not link.is_active:
        answer = {"firm": firm_of(request).name, "words": words_of(request)}
        return render(request, "form/link_over.html", answer, status=410 if link else 404)
    token = tracked.make(tracked.Link("click", linking.target(link), code=link.code), settings.SECRET_KEY)
    return HttpResponseRedirect(f"/i/c/{token}")


class LinkForm(Form):
    name = forms.CharField(
        label="Where it will stand", max_length=120, widget=forms.TextInput({"autocomplete": "off"}),
        help_text="For example: LinkedIn post in May, poster at the fair.",
    )  # fmt: skip
    address = forms.CharField(
        label="Where it leads", max_length=1000,
        widget=forms.URLInput({"autocomplete": "off", "placeholder": "https://www.example.com/offer"}),
    )  # fmt: skip
    campaign = forms.CharField(
        label="Campaign", max_length=160, required=False,
        widget=forms.TextInput({"list": "campaigns", "autocomplete": "off"}),
    )  # fmt: skip
    tells = forms.BooleanField(
        label="Tell the page by utm_source and utm_campaign", required=False, initial=True,
        help_text="A form that they send there is then credited to the campaign, unless the form has one of its own.",
    )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A link as the list shows it."""

    link: CountedLink
    short: str
    clicks: seen.Clicks


@require_http_methods(["GET", "HEAD", "POST"])
def link_list(request: HttpRequest) -> HttpResponse:
    """The links there are with their clicks, and another one."""
    require_keeps_catalog(viewer(request))
    form = LinkForm(posted(request))
    if request.method == "POST" and form.is_valid() and (link := _kept(request, form)):
        say(request, f"Its address is {short(request, link)}.")
        return redirect("links")
    page = Paginator(linking.links(), PAGE).get_page(request.GET.get("page"))
    clicks = seen.clicks([link.code for link in page])
    rows = [Row(link, short(request, link), clicks.get(link.code, seen.Clicks())) for link in page]
    answer = {
        "here": "links",
        "form": form,
        "page": page,
        "rows": rows,
        "key": uuid4().hex,
        "campaigns": catalog.campaigns(),
    }
    return render(request, "capture/links.html", answer, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Lead it elsewhere: what is printed stays good."""
    require_keeps_catalog(viewer(request))
    link = linking.find(code)
    if link is None:
        raise Http404
    initial = {
        "name": link.name, "address": link.address, "tells": link.tells,
        "campaign": link.campaign.name if link.campaign else "",
    }  # fmt: skip
    form = LinkForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid() and _kept(request, form, code):
        say(request, "Kept. Whoever follows it from now on gets there.")
        return redirect("links")
    host = urlsplit(letters.root(request)).hostname or ""
    answer = {
        "here": "links", "form": form, "link": link, "short": short(request, link), "door": _door(request, link),
        "campaigns": catalog.campaigns(), "is_near": host in ("localhost", "::1") or host.startswith("127."),
    }  # fmt: skip
    return render(request, "capture/link.html", answer, status=422 if form.errors else 200)


def _kept(request: HttpRequest, form: LinkForm, code: str = "") -> CountedLink | None:
    given: dict[str, Any] = form.cleaned_data
    try:
        return linking.keep(actor=viewer(request), code=code, key=request.POST.get("key", "")[:64], **given)
    except LinkError as error:
        form.add_error(error.field, str(error))
        return None


@require_POST
def active(request: HttpRequest, code: str) -> HttpResponse:
    linking.set_active(actor=viewer(request), code=code, is_active=request.POST.get("to") == "open")
    return redirect("links")


@require_safe
def picture(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The short address as a QR code, which a phone reads off a poster; with ?keep=1 as a file."""
    require_keeps_catalog(viewer(request))
    link = linking.find(code)
    if link is None:
        raise Http404
    content_type, scale = PICTURES[form]
    drawn = BytesIO()
    said = {"title": link.name} if form == "svg" else {}
    segno.make_qr(short(request, link), error="m").save(
        drawn, kind=form, scale=scale, border=QUIET, light="white", **said
    )
    response = HttpResponse(drawn.getvalue(), content_type=content_type)
    name = f"{slugify(link.name) or 'link'}-{link.code}.{form}"
    response["Content-Disposition"] = content_disposition_header("keep" in request.GET, name) or ""
    return response


def _door(request: HttpRequest, link: CountedLink) -> Door | None:
    """The form of ours that it leads to."""
    found = re.fullmatch(r"/f/([-\w]+)/?", urlsplit(link.address).path)
    if not found or not link.address.startswith(f"{letters.root(request)}/"):
        return None
    return doors.open_door(found[1], DoorKind.FORM)


def short(request: HttpRequest, link: CountedLink) -> str:
    """The address to give away."""
    return letters.root(request) + reverse("follow", args=[link.code])


urlpatterns = [
    path("l/<slug:code>", follow, name="follow"),
    path("capture/links", link_list, name="links"),
    path("capture/links/<slug:code>", change, name="link"),
    path("capture/links/<slug:code>/active", active, name="link-active"),
    *(path(f"capture/links/<slug:code>/qr.{form}", picture, {"form": form}, name=f"link-{form}") for form in PICTURES),
]
