"""What every test has: one PostgreSQL for the whole run, and no network but this machine's own."""

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
