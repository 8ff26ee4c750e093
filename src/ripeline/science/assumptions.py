"""Reading a file of assumptions: TOML in which every number stands beside its source.

No number of the domain is in the code. A leaf is `{value = …, basis = "…"}`; in a list of rows (source types, terms)
each row has one `basis`. The basis names a source or says "judgement". A key that nobody reads is a typing error and
refused, so that a file of one's own cannot silently change nothing.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from ripeline.science.errors import AssumptionError, InputError

Row = Mapping[str, Any]


class Assumptions:
    """One file, read once, as a context: leaving it refuses keys that nobody asked for.

    What turns out not to make sense inside the context (an `InputError`) becomes an `AssumptionError` of this file.

    Parameters
    ----------
    path : Path
        A TOML file as described above.

    Raises
    ------
    AssumptionError
        The file is missing or is not TOML. The readers below raise it for a missing key, a missing basis, a value of
        the wrong kind or out of range.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self._asked: set[str] = set()
        try:
            self._tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise AssumptionError(self.file, "", str(error)) from error

    def number(self, key: str, *, low: float, high: float) -> float:
        """The number at a dotted key, in [low, high]."""
        return self._in_range(key, self._value(key), low, high)

    def numbers(self, key: str, *, low: float, high: float) -> tuple[float, ...]:
        """The list of numbers at a dotted key, each in [low, high]; at least one."""
        values = self._value(key)
        if not isinstance(values, list) or not values:
            raise AssumptionError(self.file, key, "expected a list of numbers")
        return tuple(self._in_range(key, value, low, high) for value in values)

    def text(self, key: str) -> str:
        """The text at a dotted key."""
        value = self._value(key)
        if not isinstance(value, str):
            raise AssumptionError(self.file, key, "expected text")
        return value

    def basis(self, key: str) -> str:
        """Why the value at a dotted key is what it is."""
        return str(self._leaf(key)["basis"])

    def rows(self, key: str, columns: Mapping[str, type]) -> list[dict[str, Any]]:
        """The rows of a table of tables, each with exactly the given columns (and `basis`), of the given kinds.

        A column of kind float takes whole numbers too; keys (column `key`) may not repeat.
        """
        self._asked.add(key)
        rows = self._tree.get(key)
        if not isinstance(rows, list) or not rows:
            raise AssumptionError(self.file, key, "expected at least one row")
        wanted = {**columns, "basis": str}
        checked = [self._row(f"{key} {row.get('key', number + 1)}", row, wanted) for number, row in enumerate(rows)]
        if len({row["key"] for row in checked}) < len(checked):
            raise AssumptionError(self.file, key, "two rows have the same key")
        return checked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError):
            raise AssumptionError(self.file, error.name, str(error).removeprefix(f"{error.name}: ")) from error
        if error is not None:
            return
        for key in _leaves(self._tree):
            if key not in self._asked:
                raise AssumptionError(self.file, key, "nobody reads this key; is it misspelt?")

    def _row(self, where: str, row: Row, wanted: Mapping[str, type]) -> dict[str, Any]:
        if set(row) != set(wanted):
            odd = ", ".join(sorted(set(row) ^ set(wanted)))
            raise AssumptionError(self.file, where, f"missing or unknown: {odd}")
        checked = {column: self._typed(f"{where}: {column}", row[column], kind) for column, kind in wanted.items()}
        if not checked["basis"].strip():
            raise AssumptionError(self.file, where, "has no basis: name the source, or say judgement")
        return checked

    def _typed(self, where: str, value: object, kind: type) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise AssumptionError(self.file, where, f"expected {kind.__name__}, got {value!r}")
        if isinstance(value, float):
            self._in_range(where, value, -1e12, 1e12)
        return value

    def _leaf(self, key: str) -> Row:
        self._asked.add(key)
        here: Any = self._tree
        for part in key.split("."):
            if not isinstance(here, dict) or part not in here:
                raise AssumptionError(self.file, key, "is missing")
            here = here[part]
        if not isinstance(here, dict) or set(here) != {"value", "basis"} or not str(here["basis"]).strip():
            raise AssumptionError(self.file, key, "expected {value = …, basis = the source, or judgement}")
        return here

    def _value(self, key: str) -> object:
        value: object = self._leaf(key)["value"]
        return value

    def _in_range(self, key: str, value: object, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise AssumptionError(self.file, key, f"expected a number between {low:g} and {high:g}, got {value!r}")
        return float(value)


def _leaves(tree: Row, prefix: str = "") -> Iterator[str]:
    """The dotted keys of everything that is not a section."""
    for key, value in tree.items():
        if isinstance(value, dict) and "value" not in value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
