"""The embedded PostgreSQL: found, made, started, shared by all commands of a home, restarted, stopped by the last one.

``with ensure(home) as url:`` is all that others need. Knows nothing of Ripeline's tables, of Django or of settings.
"""

from ripeline.postgres.errors import DatabaseError
from ripeline.postgres.lease import ensure
from ripeline.postgres.watching import KeeperNews, is_kept, wait_until_stopped

__all__ = ["DatabaseError", "KeeperNews", "ensure", "is_kept", "wait_until_stopped"]
