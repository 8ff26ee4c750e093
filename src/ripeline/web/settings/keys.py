"""Settings, Keys: what programs sign in with."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from ripeline.people import keys as people_keys
from ripeline.people.actions import PeopleError
from ripeline.people.rules import require_administers
from ripeline.web.frame.forms import Form, posted
from ripeline.web.frame.shell import say, tabs, viewer


class KeyForm(Form):
    name = forms.CharField(label="Which program is it for?", max_length=80)
    scopes = forms.MultipleChoiceField(
        label="What it may do", choices=list(people_keys.SCOPES.items()), widget=forms.CheckboxSelectMultiple,
        initial=list(people_keys.SCOPES),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The keys there are, and a new one; its secret is shown on this one answer."""
    actor = viewer(request)
    require_administers(actor)
    form, secret = KeyForm(posted(request)), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = people_keys.issue(actor=actor, **form.cleaned_data)
        except PeopleError as error:
            form.show(error)
        else:
            form = KeyForm()
    answer = {
        "tabs": tabs(request), "form": form, "secret": secret, "keys": people_keys.all_keys(),
        "scopes": people_keys.SCOPES,
        "address": request.build_absolute_uri("/api/v1/enquiries"),
    }  # fmt: skip
    response = render(request, "people/keys.html", answer, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    people_keys.revoke(actor=viewer(request), key_id=key_id)
    say(request, "The key is revoked; what it brought stays.")
    return redirect("keys")


urlpatterns = [
    path("settings/keys", keys, name="keys"),
    path("settings/keys/<uuid:key_id>/revoke", revoke, name="key-revoke"),
]
