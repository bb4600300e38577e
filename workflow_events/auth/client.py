"""Asks the identity provider, and believes nothing about how it answers."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from workflow_events.auth.deadlines import Connection, Deadline

MAX_ANSWER = 1_000_000
"""Bytes of an answer; a longer one is not read to its end."""
MAX_IDLE = 15
"""Seconds that an unused connection is kept; a firewall forgets it after some more."""
MAX_KEPT = 32
"""Connections that are kept per provider, more than a worker usually has threads."""

_CLOSED: Final = (
    ConnectionError,
    http.client.BadStatusLine,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)
"""How it shows that the peer has closed a connection."""


class NoAnswer(Exception):
    """No complete answer came in time; the message says why, for the log."""


@dataclass(frozen=True)
class Answer:
    """What the provider answered: its status and the bytes of its body."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any] | None:
        """Return the body of a success as a JSON object, or None where it is none."""
        if self.status != HTTPStatus.OK:
            return None
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


class Client:
    """Makes GET requests that end within ``timeout`` seconds, whatever the peer does.

    Takes the seconds, and whether the certificate of ``https`` is verified. Threads may share it;
    connections are kept open and used again. No redirect is followed: a token must not go
    elsewhere.
    """

    def __init__(self, timeout: float, *, verify: bool) -> None:
        self.timeout = timeout
        self._context = ssl.create_default_context()
        if not verify:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE
        self._kept: dict[tuple[str, str], list[tuple[float, Connection]]] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def close(self) -> None:
        """Close the connections that are kept, and keep none from now on."""
        with self._lock:
            self._is_closed = True
            kept = [connection for those in self._kept.values() for _, connection in those]
            self._kept.clear()
        for connection in kept:
            connection.close()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Return the answer, of any status; raise `NoAnswer` where there is none.

        ``deadline`` is for one of several requests that share their time.
        """
        deadline = deadline or Deadline(self.timeout)
        try:
            parts = urlsplit(url)
            return self._from_kept(parts, headers or {}, deadline) or self._from_new(
                parts, headers or {}, deadline
            )
        # ValueError: a provider may send us to what is no URL.
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error

    def _from_kept(
        self, parts: SplitResult, headers: Mapping[str, str], deadline: Deadline
    ) -> Answer | None:
        """Ask on a connection that is open; None where there is none, or its peer closed it."""
        connection = self._take(parts)
        if connection is None:
            return None
        if connection.has_more():
            # It is closed, or would answer with what belongs to the request before.
            connection.close()
            return None
        try:
            return self._exchange(connection, parts, headers, deadline)
        except _CLOSED:
            # While nobody used it. A GET may be repeated (RFC 9110 section 9.2.2).
            return None

    def _from_new(
        self, parts: SplitResult, headers: Mapping[str, str], deadline: Deadline
    ) -> Answer:
        is_tls = parts.scheme == "https"
        port = parts.port or (http.client.HTTPS_PORT if is_tls else http.client.HTTP_PORT)
        if not parts.hostname:
            raise ValueError("the URL has no host")
        connection = Connection(parts.hostname, port, self._context if is_tls else None)
        return self._exchange(connection, parts, headers, deadline)

    def _exchange(
        self,
        connection: Connection,
        parts: SplitResult,
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> Answer:
        connection.deadline = deadline
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        may_stay_open = False
        try:
            connection.request("GET", target, headers={"Accept": "application/json", **headers})
            with connection.getresponse() as response:
                body = response.read(MAX_ANSWER + 1)
                if len(body) > MAX_ANSWER:
                    raise http.client.HTTPException(f"more than {MAX_ANSWER} bytes")
                if response.length:
                    raise http.client.IncompleteRead(body, response.length)
                # After a status of 1xx (RFC 9110 section 15.2), the answer is still to come.
                is_final = response.status >= HTTPStatus.OK
                may_stay_open = is_final and response.isclosed() and not response.will_close
            return Answer(response.status, body)
        finally:
            if may_stay_open:
                self._keep(parts, connection)
            else:
                connection.close()

    def _take(self, parts: SplitResult) -> Connection | None:
        """Return the connection that was used last, if it is not too old."""
        with self._lock:
            kept = self._kept.get((parts.scheme, parts.netloc), [])
            since, connection = kept.pop() if kept else (0.0, None)
            if connection is None or time.monotonic() - since <= MAX_IDLE:
                return connection
            # Those below it are older still.
            too_old = [connection, *(older for _, older in kept)]
            kept.clear()
        for connection in too_old:
            connection.close()
        return None

    def _keep(self, parts: SplitResult, connection: Connection) -> None:
        with self._lock:
            kept = self._kept.setdefault((parts.scheme, parts.netloc), [])
            if len(kept) < MAX_KEPT and not self._is_closed:
                kept.append((time.monotonic(), connection))
                return
        connection.close()
