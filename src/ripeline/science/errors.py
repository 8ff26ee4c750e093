"""What can be wrong with what is handed to the science, as types a caller can tell apart.

Everything derives from `ScienceError`. Bad input is a `ValueError` too, so a caller that does not care may catch that.
"""


class ScienceError(Exception):
    """Something the science refuses to compute with."""


class InputError(ScienceError, ValueError):
    """An argument has the wrong shape or lies outside its range.

    Attributes
    ----------
    name : str
        The argument, as the function calls it.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


class NotFiniteError(InputError):
    """An argument holds NaN or infinity where a number is needed."""


class UnknownKeyError(InputError):
    """A key (a source type, a signal, a curve, a disposition) that the table does not have."""


class AssumptionError(ScienceError, ValueError):
    """A file of assumptions (`prior.toml`, `recheck.toml`, `market.toml` or one's own) cannot be used as it is."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key


class NotConvergedError(ScienceError):
    """A fit did not settle: nothing is said rather than something wrong."""


class NoEventsError(InputError):
    """Nothing happened of what should be learnt from or compared."""


class SeparationError(InputError):
    """Everything happened: nothing tells those who ripen from those who do not."""
