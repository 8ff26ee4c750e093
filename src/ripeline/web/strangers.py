"""Pages that strangers reach by the links of a mail: in the language that the link names."""

from django.http import HttpRequest

from ripeline.catalog import phrases
from ripeline.catalog.phrases import Phrases


def words_of(request: HttpRequest) -> Phrases:
    return phrases.of(request.GET.get("lang", ""))
