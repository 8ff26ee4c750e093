"""The links in mail that act without a sign-in: confirm, unsubscribe, choose what may come.

Looking shows and posting acts: what scans links on the way only looks.
"""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ripeline.catalog.phrases import Language, Phrases
from ripeline.outbox import consent, links, queries
from ripeline.outbox.consent import Evidence
from ripeline.outbox.links import Unsubscribing
from ripeline.outbox.models import Consent
from ripeline.outbox.queries import Choice
from ripeline.people.rules import require_keeps_catalog
from ripeline.people.working_time import company
from ripeline.web.frame import tries
from ripeline.web.frame.shell import viewer
from ripeline.web.frame.strangers import words_of

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def _evidence(request: HttpRequest, how: str) -> Evidence:
    return Evidence(how=how, ip=tries.address(request), user_agent=request.headers.get("User-Agent", ""))


@csrf_exempt  # RFC 8058: a mail program posts it; the token is what allows it
@login_not_required
@never_cache
@get_or_post
def unsubscribe(request: HttpRequest, token: str = "") -> HttpResponse:
    """Stop one purpose (one click does that) or everything, or choose what may come."""
    what = links.unsubscribing(token)
    if what is None:
        return render(request, "mail/unsubscribe_over.html", _answer(request), status=404)
    words = words_of(request, queries.agreed_in(what.address_hash, what.purpose))
    answer = _answer(request) | {
        "words": words, "purpose": queries.called(what.purpose, words.code) if what.purpose else "",
        "nothing": queries.gets_nothing(what.address_hash),
    }  # fmt: skip
    if request.method != "POST":
        choices = queries.choices(what.address_hash, words.code)
        return render(request, "mail/unsubscribe.html", answer | {"choices": choices})
    if request.POST.get("what") == "choose":
        wanted = _choose(request, what, words)
        return render(request, "mail/chosen.html", answer | {"wanted": wanted})
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    everything = request.POST.get("what") == "everything" or not what.purpose
    how = "one click in the mail program" if one_click else "link in a mail"
    consent.unsubscribe(what=what, everything=everything, evidence=_evidence(request, how))
    return render(request, "mail/unsubscribed.html", answer | {"everything": everything})


def _choose(request: HttpRequest, what: Unsubscribing, words: Phrases) -> list[str]:
    """Keep what they chose of what the page showed, in the words that it showed; the names of what they get."""
    shown = {each.purpose_id: each for each in queries.words_shown(request.POST.getlist("shown")[:100])}
    wanted = [code for code in request.POST.getlist("want")[:100] if code in shown]
    evidence = _evidence(request, "chosen by the link in a mail")
    consent.choose(what=what, shown=shown, wanted=wanted, evidence=evidence, language=words.code)
    return sorted(shown[code].called for code in set(wanted))


@csrf_exempt  # the token allows it; a mail's reader has no cookie of ours
@login_not_required
@never_cache
@get_or_post
def confirm(request: HttpRequest, token: str = "") -> HttpResponse:
    """The second half of a double opt-in."""
    if not links.is_whole_confirming(token):
        return render(request, "mail/cut_short.html", _answer(request), status=404)
    asked = consent.confirmable(token)
    before = consent.used(token)
    if before and (before.is_given or queries.stopped_all(before.address_hash)):
        return _confirmed_before(request, before)
    if request.method == "POST" and asked:
        asked = consent.confirm(token=token, evidence=_evidence(request, "link in the mail that asked"))
        if asked:
            return render(request, "mail/confirmed.html", _answer(request) | {"purpose": _called(request, asked)})
    if asked is None:
        return render(request, "mail/confirm_over.html", _answer(request), status=410)
    return render(request, "mail/confirm.html", _answer(request) | {"purpose": _called(request, asked)})


def _confirmed_before(request: HttpRequest, asked: Consent) -> HttpResponse:
    """A link that was used: it records nothing again, and promises no mail to somebody who stopped all of it since."""
    hashed = asked.address_hash
    answer = _answer(request) | {
        "purpose": _called(request, asked), "nothing": queries.gets_nothing(hashed),
        "stopped": queries.stopped_all(hashed),
        "choose": links.in_language(links.unsubscribe_path(hashed, "", asked.lead_id), words_of(request).code),
    }  # fmt: skip
    return render(request, "mail/confirmed_before.html", answer)


def _called(request: HttpRequest, asked: Consent) -> str:
    return queries.called(asked.purpose_id, words_of(request).code)


@never_cache
@require_safe
def see(request: HttpRequest, which: str) -> HttpResponse:
    """What people see by the links of a mail, for whoever keeps the doors; it does nothing, and needs no mail."""
    require_keeps_catalog(viewer(request))
    purposes = [Choice(each, False) for each in queries.wordings(language=words_of(request).code)]
    named = purposes[0].wording.called if purposes else "News"
    back = "purposes" if request.GET.get("from") == "purposes" else "questions"  # both lead here
    answer = _answer(request) | {
        "seen": True, "purpose": named, "choices": purposes, "back": back, "languages": Language.choices,
    }  # fmt: skip
    if which == "confirm":
        return render(request, "mail/confirm.html", answer)
    return render(request, "mail/unsubscribe.html", answer | ({} if which == "stop" else {"purpose": ""}))


def _answer(request: HttpRequest) -> dict[str, Any]:
    """What every page here needs: who writes, and the words of the mail that led here."""
    return {"firm": company().name or "Ripeline", "words": words_of(request)}


urlpatterns = [
    re_path(r"^capture/mail-pages/(?P<which>stop|choose|confirm)$", see, name="mail-page"),
    path("unsubscribe/<str:token>", unsubscribe, name="unsubscribe"),
    path("confirm/<str:token>", confirm, name="confirm"),
    re_path(r"^unsubscribe/?$", unsubscribe),  # of which nothing is left
    re_path(r"^confirm/?$", confirm),
]
