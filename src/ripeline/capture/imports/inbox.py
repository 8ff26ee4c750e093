"""The inbox: one directory of the machine from which files may be imported by themselves, and nothing outside of it.

Every step from the directory down is opened by itself and never through a symbolic link, so that no name, link or
change in between leads elsewhere. Only plain files are read.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

STILL = 5.0  # seconds for which a file must not have changed: it may still be on its way in
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not keep us waiting


class InboxError(Exception):
    """There is no such file to be read; a sentence."""

    def __init__(self, text: str, *, may_pass: bool = False) -> None:
        super().__init__(text)
        self.may_pass = may_pass  # by itself, within the hour


class StillWrittenError(InboxError):
    """It is changing just now; look again in a moment."""


def problem_of(place: str) -> str:
    """What is wrong with a place in the inbox as it is written, in a sentence; "" if nothing is."""
    parts = place.split("/")
    if place.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\0" in place or "\\" in place:
        return "Name the file as it is called in the inbox, such as leads.csv or crm/leads-*.csv."
    if any("*" in part or "?" in part for part in parts[:-1]):
        return "A * may stand in the name of the file, not of its folders."
    return ""


@contextmanager
def opened(inbox: Path, place: str, *, now: float) -> Iterator[tuple[str, BinaryIO]]:
    """The name and content of the file at `place`; with * or ? in it, of the newest file that is called so.

    Raises InboxError.
    """
    if problem := problem_of(place):
        raise InboxError(problem)
    *folders, name = place.split("/")
    at = _entered(inbox, folders, place)
    try:
        name = _newest(at, name, place)
        try:
            handle = os.open(name, _FILE, dir_fd=at)
        except OSError as problem_:
            raise _refused(place, problem_) from problem_
        with open(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise InboxError(f"{place} in the inbox is not a file.")
            if now - STILL < found.st_mtime <= now + STILL:
                raise StillWrittenError(f"{place} is being written just now.")
            yield name, file
    finally:
        os.close(at)


def _entered(inbox: Path, folders: list[str], place: str) -> int:
    """The folder, entered step by step; to be closed."""
    try:
        at = os.open(inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # whoever sets it may make it a link
    except OSError as problem:
        raise InboxError(f"The inbox {inbox} cannot be read ({problem.strerror}).", may_pass=True) from problem
    for folder in folders:
        try:
            inner = os.open(folder, _FOLDER, dir_fd=at)
        except OSError as problem:
            raise _refused(place, problem) from problem
        finally:
            os.close(at)
        at = inner
    return at


def _newest(at: int, name: str, place: str) -> str:
    if "*" not in name and "?" not in name:
        return name
    with os.scandir(at) as entries:
        found = [
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
            for entry in entries
            if fnmatchcase(entry.name, name.replace("[", "[[]")) and entry.is_file(follow_symlinks=False)
        ]
    if not found:
        raise _missing(place)
    return max(found)[1]


def _refused(place: str, problem: OSError) -> InboxError:
    if isinstance(problem, FileNotFoundError):
        return _missing(place)
    return InboxError(f"{place} in the inbox cannot be read ({problem.strerror}). Links are not followed.")


def _missing(place: str) -> InboxError:
    return InboxError(f"There is no file {place} in the inbox.", may_pass=True)  # it may be late
