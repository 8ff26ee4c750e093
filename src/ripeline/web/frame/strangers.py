"""Pages that strangers reach: in the language that the link of a mail names, else in theirs as far as that is known,
else in one that their browser asks for.
"""

from django.http import HttpRequest

from ripeline.catalog import phrases
from ripeline.catalog.phrases import Phrases

PLACES = ("/f/", "/get/", "/confirm/", "/unsubscribe/", "/l/")  # where nobody comes who works here


def words_of(request: HttpRequest, known: str = "") -> Phrases:
    """`known`: the language in which they agreed to what the link is about."""
    found = phrases.named(request.GET.get("lang", "")) or phrases.named(known)
    return found or phrases.accepted(request.headers.get("Accept-Language", ""))


def is_for_strangers(request: HttpRequest) -> bool:
    return request.path.startswith(PLACES)
