"""What can go wrong with the embedded database: each a type, with a sentence that says what is and one that says what
to do. The keeper is a process of its own, so errors travel as JSON and come back as the same type."""

from typing import ClassVar


class DatabaseError(Exception):
    """``what`` is wrong, ``do`` is the way out; both are sentences for the person at the terminal."""

    types: ClassVar[dict[str, type["DatabaseError"]]] = {}

    def __init_subclass__(cls) -> None:
        DatabaseError.types[cls.__name__] = cls

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what} {do}")
        self.what = what
        self.do = do

    def to_json(self) -> dict[str, str]:
        """The form in which the keeper hands the error to the commands."""
        return {"type": type(self).__name__, "what": self.what, "do": self.do}

    @staticmethod
    def from_json(value: dict[str, str]) -> "DatabaseError":
        """The error that ``to_json`` described."""
        return DatabaseError.types.get(value["type"], DoesNotStart)(value["what"], value["do"])


class DoesNotStart(DatabaseError):
    """PostgreSQL ended while starting, for a reason we do not know better."""


class TakesTooLong(DatabaseError):
    """It neither started nor failed in the time allowed."""


class DiskFull(DatabaseError):
    """The file system has no room left."""


class WrongPermissions(DatabaseError):
    """Files belong to somebody else, or have modes that PostgreSQL refuses."""


class CannotReach(DatabaseError):
    """The unprivileged user cannot enter the directory of the programs or of the data."""


class NoPrograms(DatabaseError):
    """No PostgreSQL was found that can be used."""


class VersionMismatch(DatabaseError):
    """The data was made by a version of which there are no programs here."""


class AnotherInstance(DatabaseError):
    """A server that Ripeline did not start works on the data directory."""


class OutOfMemory(DatabaseError):
    """The machine refused the memory the server asked for."""
