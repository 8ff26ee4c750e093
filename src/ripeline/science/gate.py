"""The gate: a public function passes its arguments through here once, and computes without further checks."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ripeline.science.errors import InputError, NotFiniteError, UnknownKeyError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

BLOCK = 1 << 15
"""Rows handled at a time where the intermediate arrays should stay in the processor's cache."""


def blocks(n: int) -> Iterator[slice]:
    """Slices of `BLOCK` rows that cover `range(n)` in order."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def vector(
    name: str, values: ArrayLike, *, n: int | None = None, low: float = -np.inf, high: float = np.inf
) -> FloatArray:
    """A float vector of length n, every entry finite and in [low, high]; a single number is repeated n times.

    Raises
    ------
    InputError
        Not numbers, the wrong length, or outside the range.
    NotFiniteError
        NaN or infinity.
    """
    array = _numbers(name, values)
    if array.ndim == 0 and n is not None:
        array = np.full(n, float(array))
    if array.ndim != 1 or (n is not None and len(array) != n):
        raise InputError(name, f"expected {'one value per lead' if n is None else f'{n} values'}, got {array.shape}")
    _check_range(name, array, low, high)
    return array


def optional(name: str, values: ArrayLike, *, n: int) -> FloatArray:
    """A vector of length n in which NaN says that there is none; a single number is repeated n times."""
    array = _numbers(name, values)
    if array.ndim == 0:
        array = np.full(n, float(array))
    if array.shape != (n,):
        raise InputError(name, f"expected {n} values, got {array.shape}")
    return array


def matrix(name: str, values: ArrayLike, *, columns: int) -> NDArray[np.floating]:
    """A matrix with the given number of columns, every entry finite; single precision is kept as it is."""
    array = np.asarray(values)
    if array.dtype != np.float32:
        array = _numbers(name, values)
    if array.size == 0 and array.ndim < 2:
        array = array.reshape(0, columns)
    if array.ndim != 2 or array.shape[1] != columns:
        raise InputError(name, f"expected a matrix with {columns} columns, got shape {array.shape}")
    _check_range(name, array, -np.inf, np.inf)
    return array


def number(name: str, value: float, *, low: float = -np.inf, high: float = np.inf) -> float:
    """One finite number in [low, high]."""
    return float(vector(name, [value], low=low, high=high)[0])


def codes(name: str, values: str | ArrayLike, *, keys: Sequence[str], n: int | None = None) -> IntArray:
    """Positions in `keys`, from keys or from positions; a single one is repeated n times.

    Raises
    ------
    UnknownKeyError
        A key that is not in `keys`, or a position outside it.
    InputError
        The wrong length, or neither keys nor whole numbers.
    """
    array = np.atleast_1d(np.asarray(values)) if n is None else np.asarray(values)
    if array.dtype.kind in "UO":
        array = _positions(name, array, keys)
    elif array.dtype.kind not in "iub" and array.size:
        raise InputError(name, f"expected keys or whole numbers, got {array.dtype}")
    array = array.astype(np.int64, copy=False)
    if array.ndim == 0:
        array = np.full(1 if n is None else n, int(array))
    if array.ndim != 1 or (n is not None and len(array) != n):
        raise InputError(name, f"expected {n} values, got {array.shape}")
    if array.size and (array.min() < 0 or array.max() >= len(keys)):
        raise UnknownKeyError(name, f"positions must be 0 to {len(keys) - 1} ({', '.join(keys)})")
    return array


def flags(name: str, values: ArrayLike, *, n: int) -> BoolArray:
    """Yes or no per lead; a single one is repeated n times."""
    array = np.asarray(values)
    if array.dtype.kind not in "biu":
        raise InputError(name, f"expected true or false, got {array.dtype}")
    if array.ndim == 0:
        array = np.full(n, bool(array))
    if array.shape != (n,):
        raise InputError(name, f"expected {n} values, got {array.shape}")
    return array.astype(np.bool_)


def _positions(name: str, array: NDArray[np.generic], keys: Sequence[str]) -> IntArray:
    place = {key: position for position, key in enumerate(keys)}
    try:
        found = np.array([place[key] for key in array.ravel().tolist()], dtype=np.int64)
    except (KeyError, TypeError) as error:
        raise UnknownKeyError(name, f"{error.args[0]!r} is none of {', '.join(keys)}") from None
    return found.reshape(array.shape)


def _numbers(name: str, values: ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(name, "expected numbers") from None


def _check_range(name: str, array: NDArray[np.floating], low: float, high: float) -> None:
    if not array.size:
        return
    # One pass each: the extremes are NaN or infinite exactly when some entry is.
    least, most = float(array.min()), float(array.max())
    if not (np.isfinite(least) and np.isfinite(most)):
        raise NotFiniteError(name, "NaN or infinite values; say what is unknown with the argument meant for it")
    if least < low or most > high:
        raise InputError(name, f"must be between {low:g} and {high:g}, got {least:g} to {most:g}")
