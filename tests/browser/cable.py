"""A cable between the browser and the server that can be cut, and that can swallow answers."""

import socket
import threading
from contextlib import suppress
from enum import Enum, auto


class Is(Enum):
    WHOLE = auto()
    CUT = auto()
    DEAF = auto()  # what is posted arrives, its answer does not come back


class Cable:
    """Listens at `port` and passes on to the server at `to` as long as it `is` whole."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.to, self.how = to, Is.WHOLE
        self._listens = socket.create_server(("localhost", 0), family=socket.AF_INET)
        self.port: int = self._listens.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def turn(self, how: Is) -> None:
        """Cut it, mend it, or make it deaf; what is open is cut in any case."""
        self.how = how
        for each in list(self._open):
            self._shut(each)

    def close(self) -> None:
        self._shut(self._listens)
        self.turn(Is.CUT)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listens.accept()
                if self.how is Is.CUT:
                    near.close()
                    continue
                far = socket.create_connection(self.to)
                self._open |= {near, far}
                said: list[bytes] = [b""]  # the first words of what was asked last
                threading.Thread(target=self._pass, args=(near, far, said, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, said, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, said: list[bytes], is_asking: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if is_asking and piece.startswith((b"GET ", b"POST ")):
                    said[0] = piece[:5]
                if not is_asking and self.how is Is.DEAF and said[0] == b"POST ":
                    break
                target.sendall(piece)
        self._shut(source)
        self._shut(target)

    def _shut(self, each: socket.socket) -> None:
        self._open.discard(each)
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
