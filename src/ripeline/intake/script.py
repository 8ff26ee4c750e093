"""The script that a company puts on its pages, as it is served: compressed once, kept by browsers."""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from ripeline.intake.answers import Answer

_FILE = Path(__file__).with_name("ripeline.js")
_A_YEAR, _A_DAY = 31_536_000, 86_400  # seconds


@lru_cache(maxsize=1)
def plain() -> bytes:
    """The script without its comments and indentation."""
    lines = (line.strip() for line in _FILE.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")).encode()


@lru_cache(maxsize=1)
def compressed() -> bytes:
    return gzip.compress(plain(), compresslevel=9, mtime=0)


@lru_cache(maxsize=1)
def version() -> str:
    """Stands in the tag (?v=…), so that a page may keep that version for good."""
    return hashlib.sha256(plain()).hexdigest()[:10]


def answer(headers: dict[bytes, str], query: str) -> Answer:
    tag = f'"{version()}"'
    lasting = f"v={version()}" in query.split("&")
    kept = f"public, max-age={_A_YEAR}, immutable" if lasting else f"public, max-age={_A_DAY}"
    said = [
        (b"etag", tag.encode()),
        (b"cache-control", kept.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if tag in headers.get(b"if-none-match", ""):
        return Answer(304, b"", said)
    said.append((b"content-type", b"text/javascript; charset=utf-8"))
    if "gzip" in headers.get(b"accept-encoding", ""):
        return Answer(200, compressed(), [*said, (b"content-encoding", b"gzip")])
    return Answer(200, plain(), said)
