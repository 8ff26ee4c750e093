"""Imports in tests happen on a working Monday morning, wherever the test says so."""

from collections.abc import Iterator

import pytest

from ripeline.base import clock
from tests.cast import MONDAY


@pytest.fixture
def on_monday() -> Iterator[None]:
    with clock.at(MONDAY):
        yield
