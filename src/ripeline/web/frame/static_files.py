"""Where our own styles, scripts and drawings are, and how long a browser may keep them.

Each address is made once, for every page names some ten of them. It ends with a mark of what is in the file, so that a
browser need not ask again whether it is still the same; an upgrade gives it another address.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

FOR_GOOD = "public, max-age=31536000, immutable"


class Storage(StaticFilesStorage):
    """Django's own, whose addresses never change while a process runs."""

    @cache  # noqa: B019 - there is one storage, and few files
    def url(self, name: str | None) -> str:
        address, said = super().url(name), mark(name) if name else ""
        return f"{address}?v={said}" if said else address


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves them. Kept for good is only what is asked for by its own mark: while processes are replaced one by one,
    that of the version before does not give its file for the new one's.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = WhiteNoiseMiddleware.serve(static_file, request)
        asked = request.GET.get("v")
        if asked and asked == mark(request.path_info.removeprefix(f"/{settings.STATIC_URL.lstrip('/')}")):
            response["Cache-Control"] = FOR_GOOD
        return response


@cache
def mark(name: str) -> str:
    """Of what is in a file of that name; "" where there is none."""
    found = finders.find(name)
    return blake2b(Path(found).read_bytes(), digest_size=6).hexdigest() if found else ""
