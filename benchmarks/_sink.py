"""A mail server that takes everything: `python _sink.py` prints its port, and with `when` a line for each mail, the
second in which the last of it came and to whom it was; QUIT ends a conversation.
"""

import contextlib
import socketserver
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

SAYS_WHEN = "when" in sys.argv


class Conversation(socketserver.StreamRequestHandler):
    """As little SMTP as a client needs."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        self._say(b"220 sink")
        to = ""
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
            if verb == b"DATA":
                self._say(b"354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                if SAYS_WHEN:
                    sys.stdout.write(f"{time.time():.6f} {to}\n")
                    sys.stdout.flush()
            self._say({b"QUIT": b"221 bye"}.get(verb, b"250 OK"))
            if verb == b"QUIT":
                return

    def _say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@contextlib.contextmanager
def sink(*arguments: str) -> Iterator[tuple[int, IO[str]]]:
    """The sink in a process of its own: its port, and what it goes on to say."""
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield int(process.stdout.readline()), process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()
