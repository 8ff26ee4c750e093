"""What every test has: one PostgreSQL for the whole run, and no network but this machine's own."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.server_plugin",
    "tests.network_plugin",
    "tests.home_plugin",
    "tests.cast",
    "tests.mail_server",
    "tests.imap_server",
]

# Busy cores make single examples slow, and that is no fault of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something dear keep to one worker: it would else be made on each."""
    for item in items:
        known = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - says that it is pytest's own
        shared = [name for name, found in known.items() if name == "built" or found[-1].scope == "module"]
        if shared and not item.get_closest_marker("xdist_group"):
            item.add_marker(
                pytest.mark.xdist_group("built" if "built" in shared else f"{item.path.stem}-{sorted(shared)[0]}")
            )
