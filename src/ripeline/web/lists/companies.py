"""Companies that may be one, beside the possible duplicates of people: pairs, side by side, one of two, and back."""

from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.leads.decisions.deciding import By, LeadError
from ripeline.leads.doubles import company_merging, same_company
from ripeline.leads.doubles.same_company import Has
from ripeline.leads.finding.filters import Filters, View
from ripeline.leads.models import Account
from ripeline.people.models import Role, User
from ripeline.web.acting import screens
from ripeline.web.frame.selects import list_address
from ripeline.web.frame.shell import say, viewer
from ripeline.web.lists.duplicates import after

PAGE = 30


@require_safe
def pairs(request: HttpRequest) -> HttpResponse:
    """The pairs that the viewer may decide about, the likeliest first, and what they may take back."""
    actor = viewer(request)
    found = same_company.open_pairs(actor, limit=PAGE + 1, after=after(request.GET.get("after", "")))
    shown = found[:PAGE]
    more = f"{reverse('same-companies')}?after={shown[-1].points}_{shown[-1].id}" if len(found) > PAGE else ""
    page = {
        "page": "companies", "pairs": shown, "more": more, "looks_only": actor.role == Role.MARKETER,
        "merges": company_merging.last(actor), "key": uuid4().hex,
    }  # fmt: skip
    return render(request, "leads/same_companies.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, one_id: UUID, other_id: UUID) -> HttpResponse:
    """The two side by side; sent, they are one."""
    actor = viewer(request)
    survivor, duplicate = _both(actor, one_id, other_id)
    problem = ""
    if request.method == "POST":
        try:
            return _merge(request, actor, survivor.account, duplicate.account)
        except LeadError as error:
            problem = str(error)
            survivor, duplicate = _both(actor, one_id, other_id)
    both = [(has, _people(has.account)) for has in (survivor, duplicate)]
    owners = [str(has.account.owner) if has.account.owner else "" for has in (survivor, duplicate)]
    page = {
        "survivor": survivor, "duplicate": duplicate, "both": both, "key": uuid4().hex, "problem": problem,
        "owners": owners if owners[0] != owners[1] and all(owners) else [],
        "is_merged": bool(survivor.account.merged_into_id or duplicate.account.merged_into_id),
    }  # fmt: skip
    return render(request, "leads/compare_companies.html", page, status=422 if problem else 200)


def _both(actor: User, one_id: UUID, other_id: UUID) -> tuple[Has, Has]:
    """Both, the one that stays first. Raises NotAllowed unless `actor` may make them one."""
    found = list(Account.objects.select_related("owner").filter(pk__in=(one_id, other_id)))
    if len(found) != 2:
        raise Http404
    same_company.require(actor, found[0], found[1])
    has = same_company.having(found)
    people = {pk: each.people for pk, each in has.items()}
    survivor, duplicate = company_merging.order(found[0], found[1], people)
    return has[survivor.pk], has[duplicate.pk]


def _people(account: Account) -> str:
    """The list in which the people of a company are."""
    return f"{list_address()}?{Filters(view=View.ALL.value, q=account.name).url()}"


def _merge(request: HttpRequest, actor: User, survivor: Account, duplicate: Account) -> HttpResponse:
    if request.POST.get("survivor") != str(survivor.pk):  # it was shown otherwise
        raise LeadError("What these two have has changed since you opened this. Here they are as they stand now.")
    takes = {field for field in company_merging.CHOSEN if request.POST.get(f"take:{field}") == "theirs"}
    by = By(actor, "web", request.POST.get("key", "")[:60] or uuid4().hex)
    made = company_merging.merge(survivor_id=survivor.pk, duplicate_id=duplicate.pk, by=by, takes=takes)
    words = f"{survivor} and {duplicate} are one company now, called {made.survivor.name}."
    say(request, words, undo=reverse("company-unmerge", args=[made.pk]))
    return redirect("same-companies")


@require_POST
def unmerge(request: HttpRequest, merge_id: UUID) -> HttpResponse:
    """Take a merge back."""
    by = By(viewer(request), "web", request.POST.get("key", "")[:60] or uuid4().hex)
    try:
        company_merging.unmerge(merge_id=merge_id, by=by)
    except LeadError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, "They are two companies again.")
    return screens.go(request, reverse("same-companies"))


@require_POST
def apart(request: HttpRequest, one_id: UUID, other_id: UUID) -> HttpResponse:
    """They are two companies."""
    undo = reverse("company-ask-again", args=[one_id, other_id])
    return _decided(
        request, one_id, other_id, are_two=True, words="Two companies, then. You are not asked again.", undo=undo
    )


@require_POST
def ask_again(request: HttpRequest, one_id: UUID, other_id: UUID) -> HttpResponse:
    """Take that back."""
    return _decided(request, one_id, other_id, are_two=False, words="You are asked about them again.")


def _decided(
    request: HttpRequest, one_id: UUID, other_id: UUID, *, are_two: bool, words: str, undo: str = ""
) -> HttpResponse:
    try:
        same_company.decide(one_id=one_id, other_id=other_id, actor=viewer(request), are_two=are_two)
    except LeadError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, words, undo=undo)
    return screens.go(request, reverse("same-companies"))


urlpatterns = [
    path("leads/duplicates/companies", pairs, name="same-companies"),
    path("companies/<uuid:one_id>/compare/<uuid:other_id>", compare, name="company-compare"),
    path("companies/<uuid:one_id>/apart/<uuid:other_id>", apart, name="company-apart"),
    path("companies/<uuid:one_id>/ask-again/<uuid:other_id>", ask_again, name="company-ask-again"),
    path("companies/merges/<uuid:merge_id>/undo", unmerge, name="company-unmerge"),
]
