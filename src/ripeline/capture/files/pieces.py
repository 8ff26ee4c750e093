"""The uploaded file itself: kept in pieces in the database, read back as if it were one file, a piece at a time."""

import hashlib
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple
from uuid import UUID

from ripeline.capture.models import ImportPiece, ImportRun

PIECE = 1024 * 1024  # bytes
LARGEST = 256 * PIECE  # of a file
_HELD = 4  # pieces in memory at a time


class Weighed(NamedTuple):
    """How long a file is, in bytes, and its SHA-256."""

    size: int
    digest: str


def weigh(file: BinaryIO) -> Weighed:
    """Read a file through once; of one that is larger than LARGEST only as far as to know that it is."""
    found, size = hashlib.sha256(), 0
    for content in _pieces(file):
        found.update(content)
        size += len(content)
        if size > LARGEST:
            break
    return Weighed(size, found.hexdigest())


def store(run_id: UUID, file: BinaryIO, *, is_workbook: bool = False) -> int:
    """Keep a file’s content for a run, instead of what was kept; in a transaction, and in bounded memory. Its size."""
    ImportPiece.objects.filter(run=run_id, is_workbook=is_workbook).delete()
    size = 0
    for number, content in enumerate(_pieces(file)):
        ImportPiece.objects.create(run_id=run_id, is_workbook=is_workbook, number=number, content=content)
        size += len(content)
    return size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while content := file.read(PIECE):
        yield content


def forget(run_id: UUID) -> None:
    """Let the content go: every row of it is accounted for. A workbook stays for the sheets that were left."""
    ImportPiece.objects.filter(run=run_id, is_workbook=False).delete()


def forget_workbook(run_id: UUID) -> None:
    """Let a workbook go: its sheet is chosen, and kept as text."""
    ImportPiece.objects.filter(run=run_id, is_workbook=True).delete()


def opened(run: ImportRun) -> BinaryIO:
    """What is read of the file of a run, to be read anywhere: the file, or the sheet of a workbook, as text."""
    size = run.size if run.sheet_size is None else run.sheet_size
    return io.BufferedReader(_Pieces(run.pk, size), buffer_size=256 * 1024)


def opened_workbook(run: ImportRun) -> BinaryIO:
    """The workbook of a run that has not started, as it was uploaded."""
    return io.BufferedReader(_Pieces(run.pk, run.size, is_workbook=True), buffer_size=256 * 1024)


class _Pieces(io.RawIOBase):
    """A file in pieces; each is fetched when it is first read, and only the last few are held."""

    def __init__(self, run_id: UUID, size: int, *, is_workbook: bool = False) -> None:
        super().__init__()
        self._size = size
        self._at = 0

        @lru_cache(maxsize=_HELD)
        def piece(number: int) -> bytes:
            kept = ImportPiece.objects.values_list("content", flat=True)
            return bytes(kept.get(run=run_id, is_workbook=is_workbook, number=number))

        self._piece = piece

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, PIECE)
        content = self._piece(number)[start : start + len(buffer)]
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
