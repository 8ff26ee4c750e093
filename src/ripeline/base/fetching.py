"""Fetching a file from an address that somebody typed, without letting them reach what only this machine can reach.

Each host is resolved once, every address it has is judged, and the connection goes to one of those judged: what a name
says a moment later does not matter. A redirect is a new address and is judged anew. What is read is bounded in size
and time. Proxies from the environment are not used: they would do the resolving.
"""

import contextlib
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

BLOCK = 64 * 1024
IN_MEMORY = 1024 * 1024
REDIRECTS = 5
SILENCE = 20.0  # seconds without a byte
ASKED = 5.0  # seconds for where a host lies, while somebody waits
PATIENCE = 300.0  # seconds for all of it
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOVED = (301, 302, 303, 307, 308)
_BUSY = (408, 425, 429)  # come later, they mean


class FetchError(Exception):
    """It could not be fetched; a sentence."""

    def __init__(self, text: str, *, may_pass: bool = False) -> None:
        super().__init__(text)
        self.may_pass = may_pass  # by itself, within the hour


class PrivateError(FetchError):
    """Its host lies within, and is not named among those from which files may be fetched all the same."""


@dataclass(frozen=True)
class Fetched:
    """A file as it came, at its beginning; `tag` and `changed` are to be sent along the next time."""

    file: BinaryIO
    name: str
    tag: str
    changed: str


@dataclass(frozen=True)
class _Where:
    """A URL in its parts."""

    url: str
    is_tls: bool
    host: str
    port: int
    target: str  # path and query


@contextmanager
def fetched(
    url: str,
    *,
    largest: int,
    tag: str = "",
    changed: str = "",
    private: Collection[str] = (),
    patience: float = PATIENCE,
) -> Iterator[Fetched | None]:
    """The file at `url`, of at most `largest` bytes; None where it is as it was when `tag` and `changed` were given.

    `private`: hosts that may lie in a private network. Raises FetchError.
    """
    until = time.monotonic() + patience
    headers = {"User-Agent": "Ripeline", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
    asked = {"If-None-Match": tag, "If-Modified-Since": changed}
    headers |= {name: value for name, value in asked.items() if value}
    where = _where(url)
    with SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
        for _ in range(REDIRECTS + 1):
            with _opened(where, private, until) as line, closing(_answered(line, where, headers)) as answer:
                if answer.status in _MOVED:
                    where = _next(where, answer.getheader("Location") or "")
                    continue
                if answer.status == 304 and (tag or changed):
                    yield None
                    return
                if answer.status != 200:
                    raise FetchError(
                        f"{where.host} answered “{f'{answer.status} {_plain(answer.reason)}'.strip()}”.",
                        may_pass=answer.status >= 500 or answer.status in _BUSY,
                    )
                _copy(answer, cast(BinaryIO, kept), where, largest)
                if time.monotonic() >= until:  # cut: without a length its end looks like any
                    raise FetchError("")
            kept.seek(0)
            yield Fetched(
                cast(BinaryIO, kept), _name(where, answer), _plain(answer.getheader("ETag") or "")[:200],
                _plain(answer.getheader("Last-Modified") or "")[:60],
            )  # fmt: skip
            return
        raise FetchError(f"{where.host} sends from one address to the next, more than {REDIRECTS} times.")


def problem_of(url: str) -> str:
    """What is wrong with an address as it is written, in a sentence; "" if nothing is."""
    try:
        _where(url)
    except FetchError as problem:
        return str(problem)
    return ""


def private_problem_of(url: str, private: Collection[str] = ()) -> str:
    """Why nothing would be fetched from an address: it lies within; "" if not, or if nobody can say just now.

    For whoever types it: the answer is looked up, for a few seconds at most; what counts is found out at each fetching.
    """
    where = _where(url)
    found: list[str] = []

    def look() -> None:
        try:
            _addresses(where, private)
        except PrivateError as problem:
            found.append(str(problem))
        except FetchError:
            pass  # a host that is not there now may be there at night

    asking = threading.Thread(target=look, daemon=True)
    asking.start()
    asking.join(ASKED)
    return found[0] if found else ""


def is_allowed(address: Address) -> bool:
    """Whether an address is out in the world: not this machine, not its network, and none of those in disguise."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if not inner and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_allowed(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _where(url: str) -> _Where:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchError("This is not an address such as https://www.example.com/leads.csv.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError("This is not an address such as https://www.example.com/leads.csv.")
    if any(not c.isprintable() or c.isspace() for c in url):
        raise FetchError("An address has no spaces or line breaks; write %20 for a space.")
    if parts.username or parts.password:
        raise FetchError("Put no name and password into the address: it is shown to your colleagues.")
    try:
        host = parts.hostname.rstrip(".").encode("idna").decode() if not _ip(parts.hostname) else parts.hostname
    except UnicodeError:
        raise FetchError(f"“{parts.hostname[:100]}” is no name of a host.") from None
    is_tls = parts.scheme == "https"
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    )
    return _Where(url, is_tls, host, port or (443 if is_tls else 80), target)


def _next(where: _Where, location: str) -> _Where:
    """Where a redirect leads."""
    if not location:
        raise FetchError(f"{where.host} sends on without saying where.")
    found = _where(urljoin(where.url, location))
    if where.is_tls and not found.is_tls:
        raise FetchError(f"{where.host} sends on to an address without encryption ({found.host}); it is not followed.")
    return found


@contextmanager
def _opened(where: _Where, private: Collection[str], until: float) -> Iterator[http.client.HTTPConnection]:
    """A connection to an address that was judged; it is cut when the time is over, whatever is being waited for."""
    with ExitStack() as open_:
        plain = open_.enter_context(_connected(where, _addresses(where, private), until))
        watchdog = threading.Timer(max(until - time.monotonic(), 0), _cut, [plain.fileno()])
        watchdog.daemon = True
        open_.callback(watchdog.cancel)
        watchdog.start()
        line = http.client.HTTPConnection(where.host, where.port)
        line.default_port = 443 if where.is_tls else 80
        line.sock = open_.enter_context(_encrypted(plain, where)) if where.is_tls else plain
        open_.callback(line.close)
        try:
            yield line
        except FetchError:
            if time.monotonic() >= until:
                raise FetchError(f"{where.host} sends too slowly; it was given up.", may_pass=True) from None
            raise


def _connected(where: _Where, addresses: Sequence[str], until: float) -> socket.socket:
    """The first that answers."""
    why = "no answer"
    for address in addresses:
        wait = min(until - time.monotonic(), SILENCE)
        if wait <= 0:
            break
        try:
            return socket.create_connection((address, where.port), timeout=wait)
        except OSError as problem:
            why = problem.strerror or why
    raise FetchError(f"{where.host} cannot be reached ({_plain(why)}).", may_pass=True)


def _encrypted(plain: socket.socket, where: _Where) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=where.host)
    except ssl.SSLCertVerificationError as problem:
        raise FetchError(f"{where.host} has no valid certificate ({_plain(problem.verify_message)}).") from None
    except OSError:
        raise FetchError(f"{where.host} does not answer with encryption; is it http://?") from None


def _cut(number: int) -> None:
    """End a connection from outside, by a copy of its handle: whoever reads from it gets its end."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as same:
        same.shutdown(socket.SHUT_RDWR)


def _addresses(where: _Where, private: Collection[str]) -> list[str]:
    """Every address of a host; none of them may be private, unless the host is named among `private`."""
    addresses = [where.host] if _ip(where.host) else _looked_up(where)
    if where.host not in private and not all(is_allowed(ipaddress.ip_address(a.split("%")[0])) for a in addresses):
        is_here = all(ipaddress.ip_address(a.split("%")[0]).is_loopback for a in addresses)
        raise PrivateError(
            f"{where.host} is {'this machine itself' if is_here else 'in a private network'}, from which nothing is "
            "fetched. If it shall be all the same, whoever runs this installation names it in RIPELINE_PRIVATE_HOSTS."
        )
    return addresses


def _looked_up(where: _Where) -> list[str]:
    try:
        found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        is_sure = isinstance(problem, UnicodeError) or problem.errno == socket.EAI_NONAME
        raise FetchError(f"There is no host called {where.host}.", may_pass=not is_sure) from None
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _answered(line: http.client.HTTPConnection, where: _Where, headers: dict[str, str]) -> http.client.HTTPResponse:
    try:
        line.request("GET", where.target, headers=headers)
        return line.getresponse()
    except TimeoutError:
        raise FetchError(f"{where.host} does not answer in time.", may_pass=True) from None
    except (OSError, http.client.HTTPException):
        raise FetchError(f"{where.host} does not answer as a web server does.", may_pass=True) from None


def _copy(answer: http.client.HTTPResponse, kept: BinaryIO, where: _Where, largest: int) -> None:
    """What was answered, whole, or FetchError."""
    size = answer.length or 0  # as it says
    try:
        if size <= largest:
            size = 0
            while size <= largest and (block := answer.read1(BLOCK)):
                size += len(block)
                kept.write(block)
    except (OSError, http.client.HTTPException):
        raise FetchError(f"{where.host} broke off in the middle of the file.", may_pass=True) from None
    if size > largest:
        raise FetchError(f"The file is larger than {largest / 1024**2:,.0f} MB.")
    if answer.length:  # less came than it said
        raise FetchError(f"{where.host} broke off in the middle of the file.", may_pass=True)


def _name(where: _Where, answer: http.client.HTTPResponse) -> str:
    """What the file is called: as the server says, else by the end of its address."""
    said = answer.headers.get_filename() or unquote(urlsplit(where.url).path).rpartition("/")[2]
    return _plain(said).replace("\\", "/").rpartition("/")[2].strip()[-200:] or "file.csv"


def _plain(text: str) -> str:
    """What a server says, for a sentence."""
    return "".join(c for c in text if c.isprintable())[:200].strip()


def _ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True
