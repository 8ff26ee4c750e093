"""The mappings that are remembered: a list, with a name for each, which can be forgotten."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from ripeline.capture.imports import remembered
from ripeline.web.frame.shell import say
from ripeline.web.imports.access import importer


@require_safe
def mappings(request: HttpRequest) -> HttpResponse:
    return render(request, "imports/remembered.html", {"mappings": remembered.listed(importer(request))})


@require_POST
def rename(request: HttpRequest, mapping_id: int) -> HttpResponse:
    remembered.rename(actor=importer(request), mapping_id=mapping_id, name=request.POST.get("name", ""))
    say(request, "The name is kept.")
    return redirect("import-mappings")


@require_POST
def forget(request: HttpRequest, mapping_id: int) -> HttpResponse:
    if remembered.forget(actor=importer(request), mapping_id=mapping_id):
        say(request, "Forgotten. The next file with these headings is looked at anew.")
    return redirect("import-mappings")


urlpatterns = [
    path("imports/mappings", mappings, name="import-mappings"),
    path("imports/mappings/<int:mapping_id>/name", rename, name="import-mapping-name"),
    path("imports/mappings/<int:mapping_id>/forget", forget, name="import-mapping-forget"),
]
