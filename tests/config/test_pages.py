"""A page is handed over whole, a long answer part by part, and who goes away in the middle leaves nothing running."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ripeline.config.pages import Pages
from tests.mail_server import free_port

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


class Sender:
    """Somebody who sends a form, and stays."""

    has_sent = False

    async def __call__(self) -> dict[str, Any]:
        if self.has_sent:
            await asyncio.Event().wait()
        self.has_sent = True
        return {"type": "http.request", "body": b"name=Priya", "more_body": False}


def asked(application: Any, sent: list[Any] | None = None) -> list[Any]:
    """What goes out."""
    sent = [] if sent is None else sent

    async def send(message: Any) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        thread.submit(lambda: asyncio.run(Pages(application, threads=2)(SCOPE, Sender(), send))).result()
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


STREAMS = """
import json, threading, time
from ripeline.config import pages

made, ended = [], []

def application(environ, start):
    start("200 OK", [("content-type", "text/plain")])
    if environ["PATH_INFO"] == "/how":
        return Whole([json.dumps({"made": len(made), "ended": len(ended)}).encode()])
    return stream()

class Whole(list):
    streaming = False

def stream():
    try:
        for at in range(2000):
            made.append(at)
            yield b"x" * 65_536
            time.sleep(0.002)
    finally:
        ended.append(True)

pages.PATIENCE = 2.0
app = pages.Pages(application, threads=2)
"""


@contextmanager
def served(at: Path) -> Iterator[int]:
    """A long answer from the real server, with two threads for whoever asks."""
    (at / "streams.py").write_text(STREAMS)
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    path = os.pathsep.join([str(at), *sys.path])
    server = subprocess.Popen([*command, "streams:app"], env={**os.environ, "PYTHONPATH": path}, cwd=at)
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            threading.Event().wait(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def how_it_stands(port: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/how", timeout=30) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def until_ended(port: int, count: int) -> dict[str, int]:
    for _ in range(300):
        if (now := how_it_stands(port))["ended"] >= count:
            return now
        threading.Event().wait(0.1)
    raise AssertionError(f"still at work: {now}")


def ask_for_much(port: int) -> socket.socket:
    asking = socket.create_connection(("127.0.0.1", port), timeout=30)
    asking.sendall(b"GET /much HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert asking.recv(4096).startswith(b"HTTP/1.1 200")
    return asking


def test_who_goes_away_or_takes_nothing_more_of_a_long_answer_keeps_no_thread(tmp_path: Path) -> None:
    with served(tmp_path) as port:
        for _ in range(2):
            ask_for_much(port).close()
        assert until_ended(port, 2)["made"] < 4000, "nothing is made for who has gone"
        idle = [ask_for_much(port) for _ in range(2)]  # and reads no further
        assert until_ended(port, 4)["made"] < 8000
        for each in idle:
            each.close()
