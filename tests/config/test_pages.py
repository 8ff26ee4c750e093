"""A page is handed over whole, a long answer part by part, and who goes away in the middle leaves nothing running."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ripeline.config.pages import Pages

SCOPE = {
    "type": "http", "method": "POST", "path": "/leads", "query_string": b"q=keller", "http_version": "1.1",
    "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 4000), "headers": [(b"host", b"here")],
}  # fmt: skip


class Whole(list[bytes]):
    """An answer that is there at once, as Django's usual one."""

    streaming = False
    closed = False

    def close(self) -> None:
        self.closed = True


async def _body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"name=Priya", "more_body": False}


def asked(application: Any, sent: list[Any] | None = None, *, gone_after: int = 99) -> list[Any]:
    """What goes out; after so many messages nobody is there any more."""
    sent = [] if sent is None else sent

    async def send(message: Any) -> None:
        if len(sent) >= gone_after:
            raise ConnectionError("nobody is there any more")
        sent.append(message)

    asyncio.run(Pages(application, threads=2)(SCOPE, _body, send))
    return sent


def test_a_page_is_made_in_a_thread_and_goes_out_whole_with_what_was_sent_for_it() -> None:
    page, made_in = Whole(), []

    def application(environ: Any, start: Any) -> Whole:
        made_in.append(threading.current_thread())
        start("201 Created", [("Content-Type", " text/html "), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        page.extend([environ["QUERY_STRING"].encode(), b" ", environ["wsgi.input"].read()])
        return page

    begun, body = asked(application)
    assert begun == {
        "type": "http.response.start", "status": 201,
        "headers": [(b"content-type", b"text/html"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")],
    }  # fmt: skip
    assert body == {"type": "http.response.body", "body": b"q=keller name=Priya"}
    assert page.closed
    assert made_in != [threading.main_thread()]


def parts(count: list[int]) -> Iterator[bytes]:
    """A long answer, and how many of its parts were made."""
    for at in range(5):
        count.append(at)
        yield b"%d," % at


def test_a_long_answer_goes_out_part_by_part_and_no_part_is_made_before_the_last_is_out() -> None:
    made, sent = list[int](), list[Any]()
    ahead = []

    def application(_: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        for part in parts(made):
            ahead.append(len(made) - (len(sent) - 1))
            yield part

    asked(application, sent)
    assert b"".join(message.get("body", b"") for message in sent) == b"0,1,2,3,4,"
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * 5 + [False]
    assert set(ahead) == {1}


def test_who_goes_away_in_the_middle_of_a_long_answer_leaves_no_thread_at_work() -> None:
    made, ended = list[int](), []

    def application(_: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            yield from parts(made)
        finally:
            ended.append(True)

    with pytest.raises(ConnectionError):
        asked(application, gone_after=3)
    assert made == [0, 1, 2]
    assert ended == [True]
