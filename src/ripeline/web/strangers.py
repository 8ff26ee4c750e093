"""Pages that strangers reach: in the language that the link of a mail names, else in one their browser asks for."""

from django.http import HttpRequest

from ripeline.catalog import phrases
from ripeline.catalog.phrases import Phrases

PLACES = ("/f/", "/get/", "/confirm/", "/unsubscribe/", "/l/")  # where nobody comes who works here


def words_of(request: HttpRequest) -> Phrases:
    return phrases.named(request.GET.get("lang", "")) or phrases.accepted(request.headers.get("Accept-Language", ""))


def is_for_strangers(request: HttpRequest) -> bool:
    return request.path.startswith(PLACES)
