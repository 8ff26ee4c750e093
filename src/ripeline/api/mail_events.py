"""The address at which an e-mail provider tells what came back: bounces, complaints. The address is the secret."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ripeline.api.answers import KB, say, told_how, too_large
from ripeline.outbox import returning

LARGEST = 5 * KB * KB  # bytes of one batch


@login_not_required
@csrf_exempt  # a provider has no session; the address is the secret
@told_how
@require_http_methods(["HEAD", "POST"])  # some ask for the head, to see whether somebody is there
def events(request: HttpRequest, token: str) -> HttpResponse:
    """200 once all of it is kept; the provider sends again what was answered otherwise."""
    if not settings.MAIL_ESP or not constant_time_compare(token, returning.secret()):
        return say(404, "There is nothing at this address.")
    if request.method == "HEAD":
        return HttpResponse()
    if refusal := too_large(request, LARGEST):
        return refusal
    from ripeline.api import providers  # its libraries are loaded where they are used

    try:
        told = providers.read(settings.MAIL_ESP, request)
    except providers.UnreadableError as wrong:
        return say(400, str(wrong))
    for each in told:
        returning.note(each)
    return JsonResponse({"kept": len(told)})


urlpatterns = [path("h/mail/<str:token>", events, name="mail-events")]
