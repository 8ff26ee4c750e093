"""The embedded PostgreSQL: found, made, started, shared by all commands of a home, restarted, stopped by the last one.

``with ensure(home) as url:`` is all that others need. Knows nothing of Ripeline's tables, of Django or of settings.
"""

from ripeline.postgres.errors import DatabaseError
from ripeline.postgres.lease import ensure

__all__ = ["DatabaseError", "ensure"]
