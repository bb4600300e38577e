"""Connections whose whole life, from the name's look-up to the last byte, has one end."""

import http.client
import io
import select
import socket
import ssl
import threading
import time
from typing import Any


class Deadline:
    """A point in time, ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left; raise `TimeoutError` when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no complete answer in time")
        return left


class Connection(http.client.HTTPConnection):
    """An HTTP connection on which nothing waits longer than until ``deadline``.

    A timeout of a socket counts from the last byte, so that a peer who sends one now and then is
    waited for without end; here each wait gets what is left. Set ``deadline`` before a request.
    Takes the TLS context, or None for plain HTTP.
    """

    deadline: Deadline

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self._context = context
        # `Host` names the port only where it is not the scheme's own (RFC 9110 section 7.2).
        self.default_port = http.client.HTTPS_PORT if context else http.client.HTTP_PORT

    def connect(self) -> None:
        """Connect to the first address of the host that answers; raise `OSError` if none does."""
        addresses = _addresses(self.host, self.port, self.deadline)
        connected = self._connected(addresses)
        try:
            if self._context is not None:
                connected.settimeout(self.deadline.remaining())
                connected = self._context.wrap_socket(connected, server_hostname=self.host)
        except BaseException:
            connected.close()
            raise
        self.sock = _Socket(connected, self)

    def has_more(self) -> bool:
        """Say whether something has come since the last answer: more bytes, or the end."""
        return isinstance(self.sock, _Socket) and self.sock.is_readable()

    def _connected(self, addresses: list[Any]) -> socket.socket:
        failure: OSError = OSError("the host has no address")
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            # One address that swallows everything leaves time for the others.
            share = self.deadline.remaining() / (len(addresses) - tried)
            candidate = socket.socket(family, kind, protocol)
            try:
                candidate.settimeout(share)
                candidate.connect(address)
                candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                candidate.close()
                failure = error
            else:
                return candidate
        raise failure


class _Socket:
    """What `http.client` uses of a socket."""

    def __init__(self, wrapped: socket.socket, connection: Connection) -> None:
        self._wrapped = wrapped
        self._connection = connection

    def sendall(self, data: Any) -> None:
        self._wrapped.settimeout(self._connection.deadline.remaining())
        self._wrapped.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self._wrapped, self._connection))

    def is_readable(self) -> bool:
        if isinstance(self._wrapped, ssl.SSLSocket) and self._wrapped.pending():
            return True
        poll = select.poll()
        poll.register(self._wrapped, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        # The socket itself stays open for the stream of an answer that is still being read.
        self._wrapped.close()


class _Stream(io.RawIOBase):
    """The bytes that arrive, each wait for them within the deadline."""

    def __init__(self, wrapped: socket.socket, connection: Connection) -> None:
        self._wrapped = wrapped
        self._raw = wrapped.makefile("rb", buffering=0)
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._wrapped.settimeout(self._connection.deadline.remaining())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _addresses(host: str, port: int, deadline: Deadline) -> list[Any]:
    """Look the host up in a thread of its own, as nothing can interrupt a look-up."""
    found: list[Any] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=look_up, name="oidc-look-up", daemon=True)
    thread.start()
    thread.join(deadline.remaining())
    if thread.is_alive():
        raise TimeoutError("the name of the host was not resolved in time")
    if failed:
        raise failed[0]
    return found
