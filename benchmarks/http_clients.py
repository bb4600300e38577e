"""The load: several clients, each on a connection of its own, that ask again once answered.

All live in one thread, and send bytes prepared beforehand, to take little from the server, which
runs on the same cores.
"""

import gc
import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONTENT_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)\r\n", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
LONGEST_WAIT = 30


@dataclass(frozen=True)
class Turn:
    """What came of a number of requests."""

    seconds: float
    waits: list[float]
    """Seconds from request to answer, sorted."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.waits) / self.seconds

    def percentile(self, percent: int) -> float:
        """Return the wait, in seconds, that so many percent of the requests did not exceed."""
        return self.waits[min(len(self.waits) * percent // 100, len(self.waits) - 1)]


def post(path: str, body: bytes) -> bytes:
    """Return the bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One connection, and the request that waits for its answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONGEST_WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.received = b""

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; return whether the answer is complete."""
        more = self.socket.recv(65536)
        assert more, f"the server closed the connection after {self.received!r}"
        self.received += more
        head, end, body = self.received.partition(END_OF_HEAD)
        if not end:
            return False
        length = CONTENT_LENGTH.search(head + END_OF_HEAD)
        assert length is not None, head
        return len(body) >= int(length[1])


def drive(port: int, requests: Sequence[bytes], clients: int, expected: bytes) -> Turn:
    """Send all requests, each as soon as a client is free.

    Every answer must have status 200 and hold the ``expected`` bytes, else it is an
    ``AssertionError``.
    """
    gc.collect()
    gc.disable()
    try:
        waiting = iter(requests)
        with selectors.DefaultSelector() as selector:
            for _ in range(clients):
                client = Client(port)
                selector.register(client.socket, selectors.EVENT_READ, client)
            begun = time.perf_counter()
            waits = list(_answers(selector, waiting, expected))
            return Turn(time.perf_counter() - begun, sorted(waits))
    finally:
        gc.enable()


def _answers(
    selector: selectors.BaseSelector, waiting: Iterator[bytes], expected: bytes
) -> Iterator[float]:
    for key in list(selector.get_map().values()):
        key.data.ask(next(waiting))
    while selector.get_map():
        ready = selector.select(LONGEST_WAIT)
        assert ready, f"no answer within {LONGEST_WAIT} s"
        for key, _ in ready:
            client: Client = key.data
            if not client.receive():
                continue
            yield time.perf_counter() - client.sent_at
            answer = client.received
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            assert expected in answer, answer
            request = next(waiting, None)
            if request is not None:
                client.ask(request)
                continue
            selector.unregister(client.socket)
            client.socket.close()
