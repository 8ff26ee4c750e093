"""A mail server that takes everything and counts it: `python _sink.py` prints its port; QUIT ends a conversation."""

import socketserver
import sys


class Conversation(socketserver.StreamRequestHandler):
    """As little SMTP as a client needs."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        self._say(b"220 sink")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self._say(b"354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
            self._say({b"QUIT": b"221 bye"}.get(verb, b"250 OK"))
            if verb == b"QUIT":
                return

    def _say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


if __name__ == "__main__":
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()
