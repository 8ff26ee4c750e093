"""The physical lines of a file, streamed in bounded memory, with the way back that a stray quote asks for."""

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

MAX_LINE = 2 * 1024 * 1024  # bytes
BLOCK = 256 * 1024  # bytes read at a time
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")  # encodings whose line ends are not single bytes


class Line(NamedTuple):
    content: bytes
    end: int  # offset of the next line
    is_long: bool = False  # longer than MAX_LINE: only its beginning is here


class Lines:
    """The file's physical lines, ended by \\n, \\r\\n or \\r, each with its end; can step back."""

    def __init__(self, file: BinaryIO, offset: int = 0) -> None:
        self._file = file
        self._ahead = self._read(offset)
        self._back: list[Line] = []

    def next(self) -> Line | None:
        """The next line, None at the end of the file."""
        return self._back.pop() if self._back else next(self._ahead, None)

    def back(self, lines: list[Line]) -> None:
        """Give `lines`, the last ones taken, back."""
        self._back.extend(reversed(lines))

    def seek(self, offset: int) -> None:
        """Go on at `offset`, which begins a line."""
        self._back.clear()
        self._ahead = self._read(offset)

    def _read(self, offset: int) -> Iterator[Line]:
        self._file.seek(offset)
        rest = b""
        while block := self._file.read(BLOCK):
            lines = (rest + block).splitlines(keepends=True)
            rest = lines.pop()  # its end, or the \n of its \r\n, may be in the next block
            for content in lines:
                offset += len(content)
                yield Line(content, offset)
            if len(rest) > MAX_LINE:
                head = rest[:10_000]
                offset, rest = self._end_of_line(rest, offset)
                yield Line(head, offset, is_long=True)
        for content in rest.splitlines(keepends=True):
            offset += len(content)
            yield Line(content, offset)

    def _end_of_line(self, rest: bytes, offset: int) -> tuple[int, bytes]:
        """Skip an endless line that begins at `offset` with `rest`: where the next begins, and what was read of it."""
        while True:
            first = rest.splitlines(keepends=True)[0]
            if len(first) < len(rest) or first.endswith(b"\n"):
                return offset + len(first), rest[len(first) :]
            block = self._file.read(BLOCK)
            if not block:
                return offset + len(rest), b""
            kept = b"\r" if rest.endswith(b"\r") else b""  # its \n may follow
            offset += len(rest) - len(kept)
            rest = kept + block


@contextmanager
def as_text(file: BinaryIO, encoding: str) -> Iterator[BinaryIO]:
    """`file` itself, or a temporary copy in UTF-8 where its encoding does not keep ASCII bytes (UTF-16 and UTF-32)."""
    if encoding not in WIDE:
        yield file
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        while block := file.read(BLOCK):
            copy.write(decoder.decode(block).encode())
        copy.write(decoder.decode(b"", final=True).encode())
        yield copy
