"""Where a file and Ripeline say otherwise of where somebody stands: which, and letting the file be right about them."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from ripeline.capture.imports import righting
from ripeline.capture.imports.righting import Done, What
from ripeline.leads.decisions.deciding import LeadError
from ripeline.web.frame.shell import say, viewer
from ripeline.web.imports.access import asked

# Of each kind: its title, what stands there, and what is done, by the button and once it is.
_WORDS = {
    What.DEALS: (
        "Deals open there, of leads closed here",
        "A deal that began before its lead ended here opens nobody again by itself. What is taken up goes out again "
        "with the import.",
        "Take up again with their deals", "taken up again, with the deal that the file has of them",
    ),
    What.OPEN: (
        "Open there, closed here",
        "Who ended here stays so, whatever a file says of them. Taking them up can be taken back on the record.",
        "Take them up again", "open again, and due now",
    ),
    What.ENDED: (
        "Ended there, open here",
        "Somebody here decided, tried to reach them or promised a day since, or the import was to close nobody. "
        "Closing them can be taken back on the record.",
        "Close them as the file says", "closed as the file says",
    ),
}  # fmt: skip


@require_http_methods(["GET", "POST"])
def standing(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Which, and what there is to do; asked to, it is done with those that are ticked."""
    run, actor = asked(request, run_id), viewer(request)
    if request.method == "POST":
        what = next((each for each in What if each == request.POST.get("what")), None)
        rows = {int(row) for row in request.POST.getlist("row") if row.isascii() and row.isdigit()}
        if what is None or not rows:
            say(request, "Tick whom it is about first.", is_error=True)
            return redirect("import-standing", run.pk)
        try:
            done = righting.put_right(run, actor, what, rows, key=request.POST.get("key") or uuid4().hex)
        except LeadError as problem:
            say(request, str(problem), is_error=True)
        else:
            say(request, _said(what, done), is_error=not done.count)
        return redirect("import-standing", run.pk)
    found = righting.lines(run, actor)
    kinds = [
        (what, *_WORDS[what][:3], lines, any(each.may for each in lines)) for what, lines in found.items() if lines
    ]
    return render(
        request, "imports/standing.html", {"run": run, "kinds": kinds, "key": uuid4().hex, "most": righting.SHOWN}
    )


def _said(what: What, done: Done) -> str:
    left = "; ".join(f"{each.lead}: {each.why.rstrip('.')}" for each in done.left[:5])
    rest = f" Left as they are: {left}{' …' if len(done.left) > 5 else ''}." if left else ""
    if not done.count:
        return f"Nothing was changed.{rest}"
    who = "One lead is" if done.count == 1 else f"{done.count:,} leads are"
    return f"{who} {_WORDS[what][3]}.{rest}"


urlpatterns = [path("imports/<uuid:run_id>/standing", standing, name="import-standing")]
