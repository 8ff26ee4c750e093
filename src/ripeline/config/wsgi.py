"""Django's half of the web process."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ripeline.config.settings")
django.setup(set_prefix=False)


class Request(WSGIRequest):
    """What was asked; what was sent with it is let go with the answer.

    A request holds itself, by the user that it would be asked for. So it stays until the process looks for rings: a
    megabyte that a stranger sent would stay as long.
    """

    def close(self) -> None:
        super().close()
        for name in ("_body", "_post", "_files", "_stream"):
            self.__dict__.pop(name, None)
        self.environ.pop("wsgi.input", None)


class Handler(WSGIHandler):
    request_class = Request


application = Handler()
