"""What is sent with a request is let go with its answer, whenever the process looks for rings."""

import io
import weakref
from typing import Any

import pytest

from ripeline.config.wsgi import application

FORM = "application/x-www-form-urlencoded"


class Sent(io.BytesIO):
    """A body that one can watch."""


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/leads"])
def test_a_body_stays_no_longer_than_its_answer(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, kept = Sent(b"name=" + b"x" * 1_000_000), list[Any]()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(body.getvalue())), "wsgi.input": body, "wsgi.errors": None,
        "wsgi.url_scheme": "http",
    }  # fmt: skip
    make = application.request_class
    monkeypatch.setattr(application, "request_class", lambda given: kept.append(make(given)) or kept[-1])
    answer = application(environ, lambda *_: None)
    answer.close()
    (request,) = kept  # as a ring would keep it
    assert not {"_body", "_post", "_files", "_stream"} & vars(request).keys()
    watched = weakref.ref(body)
    del body
    assert watched() is None, "nor is what was never read"
