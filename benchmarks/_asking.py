"""Asks a web server for pages over kept connections, as cheaply as Python can; what it says comes as JSON on stdin."""

import itertools
import json
import socket
import sys
import threading
import time


def ask(connection: socket.socket, request: bytes) -> None:
    """One page, read to its end; it must be there."""
    connection.sendall(request)
    answer = bytearray()
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(connection)
    head = bytes(answer[:end]).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"{request.split()[1].decode()} answered {head.splitlines()[0].decode()}")
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    left = length - (len(answer) - end - 4)
    while left > 0:
        left -= len(_more(connection))


def _more(connection: socket.socket) -> bytes:
    got = connection.recv(262_144)
    if not got:
        raise RuntimeError("the connection was closed")
    return got


def main() -> None:
    given = json.load(sys.stdin)
    head = "".join(f"{name}: {value}\r\n" for name, value in given["headers"].items())
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{given['port']}\r\nCookie: {given['cookie']}\r\n{head}\r\n".encode()
        for path in given["paths"]
    ]
    taken: list[float] = []
    failed: list[Exception] = []
    began = time.perf_counter()

    def visit(place: int) -> None:
        try:
            with socket.create_connection(("127.0.0.1", given["port"])) as connection:
                turn = itertools.islice(itertools.cycle(requests), place, None)
                for count in itertools.count():
                    if count >= given["times"] and time.perf_counter() - began >= given["seconds"]:
                        break
                    start = time.perf_counter()
                    ask(connection, next(turn))
                    taken.append((time.perf_counter() - start) * 1000)
        except Exception as problem:
            failed.append(problem)

    visitors = [threading.Thread(target=visit, args=(place,)) for place in range(given["connections"])]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    if failed:
        raise failed[0]
    json.dump({"ms": taken, "seconds": time.perf_counter() - began}, sys.stdout)


if __name__ == "__main__":
    main()
