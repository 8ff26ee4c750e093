"""Where our own styles, scripts and drawings are: each address is made once, for every page names some ten of them."""

from functools import cache

from django.contrib.staticfiles.storage import StaticFilesStorage


class Storage(StaticFilesStorage):
    """Django's own, whose addresses never change while a process runs."""

    @cache  # noqa: B019 - there is one storage, and few files
    def url(self, name: str | None) -> str:
        return super().url(name)
