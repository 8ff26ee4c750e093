"""Asks a web server for pages over kept connections, or posts to it, as cheaply as Python can.

What it is to do comes as JSON on stdin; where there are `bodies`, each is posted to the path of its place, once.
"""

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
    if not head.startswith((b"http/1.1 200", b"http/1.1 201")):
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
    head += f"Host: 127.0.0.1:{given['port']}\r\nCookie: {given['cookie']}\r\n"
    json_head = f"{head}Content-Type: application/json\r\n"
    requests = [
        f"POST {path} HTTP/1.1\r\n{json_head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        if body
        else f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
        for path, body in zip(given["paths"], given.get("bodies") or [""] * len(given["paths"]), strict=True)
    ]
    taken: list[float] = []
    failed: list[Exception] = []
    began, used = time.perf_counter(), time.process_time()

    def visit(place: int) -> None:
        try:
            with socket.create_connection(("127.0.0.1", given["port"])) as connection:
                turn = itertools.islice(itertools.cycle(requests), place, None, given["connections"])
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
    seconds = time.perf_counter() - began
    json.dump({"ms": taken, "seconds": seconds, "processor": time.process_time() - used}, sys.stdout)


if __name__ == "__main__":
    main()
