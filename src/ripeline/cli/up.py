"""``ripeline up``: everything from one command, until one Ctrl-C."""

import contextlib
import http.client
import os
import ssl
import sys
import threading
import time
from pathlib import Path

import click

from ripeline.cli import instance, ports
from ripeline.cli.opening import TAKEN, database, find_home, point_to, prepare_schema, settings, start_django
from ripeline.cli.output import Failed, say
from ripeline.cli.supervisor import Child, Supervisor, own_command
from ripeline.config import home
from ripeline.config.environment import Environment
from ripeline.postgres import KeeperNews, wait_until_stopped


@click.command("up")
@click.option("--port", type=int, help="Listen on this port (RIPELINE_PORT; 8000).")
@click.option("--bind", help="Listen on this address (RIPELINE_BIND; 127.0.0.1). 0.0.0.0: every network.")
@click.option("--tls-cert", help="Serve HTTPS with this certificate file (RIPELINE_TLS_CERT).")
@click.option("--tls-key", help="The certificate's private key file (RIPELINE_TLS_KEY).")
@click.option("--demo", is_flag=True, help="Serve the demo company, in a home of its own.")
def command(port: int | None, bind: str | None, tls_cert: str | None, tls_key: str | None, demo: bool) -> None:
    """Serve Ripeline: the database, the web pages and the worker, supervised.

    What crashes is started again. Ctrl-C stops everything in order; a second one does not wait.
    """
    named = {"PORT": port, "BIND": bind, "TLS_CERT": tls_cert, "TLS_KEY": tls_key}
    os.environ.update({f"RIPELINE_{name}": str(value) for name, value in named.items() if value is not None})
    given = settings()
    if not instance.serving(find_home(given, demo=demo, make=False)) and (taken := ports.taken(given.bind, given.port)):
        raise Failed(taken, status=TAKEN)
    place = find_home(given, demo=demo)
    with instance.only_one(place, given.base_url):
        if not _serve(given, place, demo=demo):
            raise Failed("Stopped, without waiting for what did not end by itself.", status=130)
        stopped = given.database_url or wait_until_stopped(place)
    say("Stopped." if stopped else "Stopped. The database stays up for another command that uses it.")


def _serve(given: Environment, place: Path, *, demo: bool) -> bool:
    """Everything between the database's start and its stop; False when somebody would not wait for the end."""
    for_children = {**os.environ, "RIPELINE_HOME": str(place), "PYTHONUNBUFFERED": "1"}
    news = KeeperNews(place)
    with database(given, place) as url:
        point_to(place, url)
        start_django()
        prepare_schema()
        welcome = _welcome(given, place, demo=demo)
        say("Starting …")
        stop_waiting = threading.Event()
        threading.Thread(target=_announce, args=(given, welcome, stop_waiting), daemon=True).start()
        children = [Child(name, own_command(name, "--prepared"), for_children) for name in ("web", "worker")]

        def tell_news() -> None:
            for line in news.read():
                _say("database", line)

        try:
            return Supervisor(children, say=_say, tick=tell_news).run()
        finally:
            stop_waiting.set()


def _welcome(given: Environment, place: Path, *, demo: bool) -> str:
    """What to print once the pages answer: where to go, and how to sign in or begin."""
    from django.db import connections

    from ripeline.people import queries

    address = given.base_url
    lines = [f"Ripeline is ready: {address}"]
    if demo:
        from ripeline.demo import build

        build.ensure_demo(progress=say)
        lines += build.sign_in_hint().splitlines()
    elif not queries.has_users():
        lines += [f"Nobody is here yet. Make the first administrator: {first_run(given, place)}"]
        if given.beyond_loopback:
            lines += ["That link is the key to this installation: whoever has it can become the administrator."]
    connections.close_all()
    return "\n  ".join([*lines, f"Everything is kept in {place}. Ctrl-C stops Ripeline."])


def first_run(given: Environment, place: Path) -> str:
    """The address of the first-run page; with the token that it asks for when other machines can reach it."""
    token = f"?token={home.setup_token(place)}" if given.beyond_loopback else ""
    return f"{given.base_url}/first-run{token}"


def _announce(given: Environment, welcome: str, stop: threading.Event) -> None:
    """Print the welcome when the sign-in page answers."""
    begun = time.monotonic()
    said = False
    while not stop.wait(0.1):
        if _answers(given):
            click.echo(f"\n  {welcome}\n")
            return
        if not said and time.monotonic() - begun > 20:
            say("Still waiting for the sign-in page to answer …")
            said = True


def _answers(given: Environment) -> bool:
    where = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(given.bind, given.bind)  # noqa: S104 - compared
    connection = (
        http.client.HTTPSConnection(where, given.port, timeout=5, context=ssl._create_unverified_context())  # noqa: S323
        if given.tls_cert
        else http.client.HTTPConnection(where, given.port, timeout=5)
    )
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/sign-in", headers={"Host": "localhost"})
        return connection.getresponse().status < 400
    return False


_line = threading.Lock()
_COLOURS = {"web": "cyan", "worker": "magenta", "database": "green"}


def _say(name: str, text: str) -> None:
    """One line under the name of who says it; whole lines, whoever else is talking."""
    with _line, contextlib.suppress(OSError):  # a closed terminal is no reason to stop serving
        click.echo(f"{click.style(f'{name:8}', fg=_COLOURS.get(name), dim=True)} {text}", file=sys.stderr)
