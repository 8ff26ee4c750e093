"""The intake's half of the web process, and all of `ripeline intake`."""

from ripeline.config import environment, home
from ripeline.intake.app import Door, Terms


def terms() -> Terms:
    """What the environment says of the intake."""
    given = environment.load()
    return Terms(
        database_url=given.database_url or "postgresql:///ripeline",
        secret=given.secret_key or home.secret_key(home.locate(given)),
        queue=given.intake_queue,
        rate=given.intake_rate,
        is_proxied=given.trusted_proxy,
    )


application = Door(terms())
