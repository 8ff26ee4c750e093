"""What a form gives: the page that the link leads to; and Capture's list of what there is to give."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, re_path
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from ripeline.capture.arriving import giving
from ripeline.catalog import assets
from ripeline.catalog.assets import AssetError, Draft
from ripeline.catalog.models import Stage
from ripeline.people.rules import require_keeps_catalog
from ripeline.web.frame.forms import Form, posted
from ripeline.web.frame.shell import firm_of, say, viewer
from ripeline.web.frame.strangers import words_of


@csrf_exempt  # the token allows it; a mail's reader has no cookie of ours
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def get(request: HttpRequest, token: str = "") -> HttpResponse:
    gift = giving.read(token)
    answer: dict[str, Any] = {"firm": firm_of(request).name, "words": words_of(request)}
    if not giving.is_whole(token):
        return render(request, "mail/cut_short.html", answer, status=404)
    if gift is None:
        return render(request, "form/get_over.html", answer, status=410)
    if request.method != "POST":
        response = render(request, "form/get.html", answer | {"asset": gift.asset, "until": gift.until})
        if gift.asset.url:
            # browsers hold every step of a redirect against this, and where the address leads on to is not ours to know
            where = ["'self'", "http:", "https:"]
            response._csp_replace = {"form-action": where}  # type: ignore[attr-defined]
        return response
    if not _is_shy(request):
        giving.note(gift)
    if gift.asset.url:
        return HttpResponseRedirect(gift.asset.url)
    response = HttpResponse(assets.content_of(gift.asset), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, gift.asset.filename)
    return response


def _is_shy(request: HttpRequest) -> bool:
    """Whether they ask not to be tracked: they get it all the same, and nothing is noted."""
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


class AssetForm(Form):
    title = forms.CharField(label="What it is called", max_length=160, widget=forms.TextInput({"autocomplete": "off"}))
    file = forms.FileField(label="A file", required=False, help_text="Up to 20 MB.")
    url = forms.CharField(label="Or an address elsewhere", max_length=1000, required=False)
    stage = forms.ChoiceField(
        label="For which buying stage", required=False, choices=[("", "Any of them"), *Stage.choices],
        help_text="Whoever calls them sees it: a price list is taken later than a guide.",
    )  # fmt: skip
    pains = forms.CharField(
        label="What it is an answer to", required=False, max_length=1200, widget=forms.Textarea({"rows": 3}),
        help_text="What hurts whoever wants it, in their words; one a line. It is what a call begins with.",
    )  # fmt: skip
    persona = forms.CharField(
        label="For whom it is", required=False, max_length=120, widget=forms.TextInput({"autocomplete": "off"})
    )

    def draft(self) -> Draft:
        given: dict[str, Any] = self.cleaned_data
        file = given["file"]
        return Draft(
            title=given["title"], url=given["url"], file=file, filename=file.name if file else "",
            stage=given["stage"], pains=given["pains"].splitlines(), persona=given["persona"],
        )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def asset_list(request: HttpRequest) -> HttpResponse:
    """What there is to give, and another one."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    form = AssetForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            assets.add(actor=actor, draft=form.draft())
        except AssetError as error:
            form.add_error(error.field, str(error))
        else:
            say(request, "Kept. Choose it on the settings of a form to have it given.")
            return redirect("assets")
    answer = {"here": "assets", "form": form, "assets": assets.all_assets()}
    return render(request, "capture/assets.html", answer, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def asset_change(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Say something else of an asset, or put another file in its place."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    asset = assets.find(asset_id)
    if asset is None:
        raise Http404
    initial = {
        "title": asset.title, "url": asset.url, "stage": asset.stage, "pains": "\n".join(asset.pains),
        "persona": asset.persona,
    }  # fmt: skip
    form = AssetForm(posted(request), request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            assets.change(actor=actor, asset_id=asset_id, draft=form.draft())
        except AssetError as error:
            form.add_error(error.field, str(error))
        else:
            say(request, "Kept. Links that were sent give what is here now.")
            return redirect("assets")
    answer = {"here": "assets", "form": form, "asset": asset}
    return render(request, "capture/asset.html", answer, status=422 if form.errors else 200)


@require_POST
def asset_active(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    assets.set_active(actor=viewer(request), asset_id=asset_id, is_active=request.POST.get("to") == "offer")
    return redirect("assets")


urlpatterns = [
    path("get/<str:token>", get, name="get"),
    re_path(r"^get/?$", get),  # of which nothing is left
    path("capture/assets", asset_list, name="assets"),
    path("capture/assets/<uuid:asset_id>", asset_active, name="asset-active"),
    path("capture/assets/<uuid:asset_id>/change", asset_change, name="asset-change"),
]
