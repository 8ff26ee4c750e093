"""What every test has: one PostgreSQL for the whole run, and no network but this machine's own."""

pytest_plugins = ["tests.server_plugin", "tests.network_plugin", "tests.home_plugin", "tests.cast", "tests.mail_server"]
