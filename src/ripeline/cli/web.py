"""``ripeline web``: the pages, served by granian in processes of its own."""

import atexit
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click

from ripeline.cli import ports
from ripeline.cli.opening import TAKEN, opened, prepared_option, settings
from ripeline.cli.output import Failed
from ripeline.config.environment import Environment
from ripeline.postgres.tether import tie


@click.command("web")
@prepared_option
def command(prepared: bool) -> None:
    """Serve the web pages alone, on RIPELINE_BIND and RIPELINE_PORT.

    Any number of web servers may run on the same database, behind a proxy; give them the same RIPELINE_SECRET_KEY.
    """
    given = settings()
    taken = ports.taken(given.bind, given.port)
    if taken:
        raise Failed(taken, status=TAKEN)
    with opened(django=not prepared):
        if not prepared:
            from django.db import connections

            connections.close_all()  # the pages are made in processes of their own
        serve("ripeline.config.asgi:application", given)


def serve(target: str, given: Environment) -> None:
    """Serve an ASGI application in processes of its own, until told to stop."""
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    multiprocessing.set_start_method("spawn")  # a fork would copy our threads' locks in whatever state they are
    server = Granian(
        target,
        address=given.bind,
        port=given.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=given.web_processes,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
        ssl_cert=given.tls_cert,
        ssl_key=given.tls_key,
        respawn_failed_workers=True,
        workers_kill_timeout=8,
    )
    server.signal_handler_interrupt = _once(server.signal_handler_interrupt)  # type: ignore[method-assign]
    server.serve(target_loader=load)


def _once(handler: Callable[..., None]) -> Callable[..., None]:
    """Granian's handler sets an Event, which deadlocks when another signal comes in the middle of it."""
    seen: list[bool] = []

    def first_only(*arguments: Any) -> None:
        if not seen:
            seen.append(True)
            handler(*arguments)

    return first_only


def load(target: str) -> Callable[..., Any]:
    """In each web process: end with the parent, even one that is killed, and give the application."""
    tie(signal.SIGTERM)
    atexit.register(_leave)
    module, _, name = target.partition(":")
    application: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return application


def _leave() -> None:
    """End at once when all is done: granian's threads abort with a panic if they meet an interpreter that is going."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
