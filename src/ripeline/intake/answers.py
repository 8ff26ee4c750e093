"""What the intake answers: JSON in words, an empty picture, a way on. Nothing else."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from ripeline.catalog import phrases

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
Headers = list[tuple[bytes, bytes]]
_NEVER_KEPT = (b"cache-control", b"no-store")


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes = b""
    headers: Headers = []


class Refused(Exception):
    """A request that cannot be taken: its answer."""

    def __init__(self, status: int, error: str, *, retry_after: int = 0, **more: Any) -> None:
        super().__init__(error)
        headers = [(b"retry-after", str(retry_after).encode())] if retry_after else []
        self.answer = _json(status, {"error": error, **more}, headers)


def accepted(events: int) -> Answer:
    """Stored for good: said only after COMMIT."""
    return _json(202, {"accepted": events}, [])


def _json(status: int, body: Mapping[str, Any], headers: Headers) -> Answer:
    return Answer(status, msgspec.json.encode(body), [(b"content-type", b"application/json"), _NEVER_KEPT, *headers])


def pixel() -> Answer:
    return Answer(200, GIF, [(b"content-type", b"image/gif"), _NEVER_KEPT])


def onward(target: str) -> Answer:
    """To the page that a link leads to."""
    headers = [(b"location", target.encode()), _NEVER_KEPT, (b"referrer-policy", b"no-referrer")]
    return Answer(302, b"", headers)


def not_a_link(language: str = "") -> Answer:
    """For somebody who followed a link that we did not make, or that was cut on its way: in a language they read."""
    words = phrases.accepted(language)
    page = (
        f'<!doctype html><html lang="{words.code}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{words.not_whole}</title><h1>{words.not_whole}</h1><p>{words.not_whole_why}</p></html>"
    )
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", b"default-src 'none'"),
        _NEVER_KEPT,
    ]
    return Answer(404, page.encode(), headers)
