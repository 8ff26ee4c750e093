"""Whose an import is: asked by each of its screens."""

from uuid import UUID

from django.http import Http404, HttpRequest

from ripeline.capture import rules
from ripeline.capture.imports import queries
from ripeline.capture.models import ImportRun
from ripeline.people.models import User


def importer(request: HttpRequest) -> User:
    """Who asks, if they may import."""
    assert isinstance(request.user, User)
    rules.require_importer(request.user)
    return request.user


def asked(request: HttpRequest, run_id: UUID) -> ImportRun:
    """The run, if they may see it; Http404 otherwise."""
    run = queries.run(importer(request), run_id)
    if run is None:
        raise Http404
    return run
