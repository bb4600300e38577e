"""Clients that ask a server at the same moment, each on a connection of its own."""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

LOST = "LOST"
"""The code of an answer that never came, as the worker died."""
BROKEN = "BROKEN"
"""The code of an answer that no client can do anything with."""
TIMEOUT = 60
HEAD_START = 0.003
"""Seconds that one client may be ahead, so that every order of the operations is met."""


@dataclass(frozen=True)
class Request:
    """One mutation with its input."""

    mutation: str
    input: dict[str, Any]
    returning: str = "clientMutationId"

    def body(self) -> bytes:
        """The document and its variables, as JSON."""
        name = self.mutation[0].upper() + self.mutation[1:]
        document = (
            f"mutation($input: {name}Input!) {{ {self.mutation}(input: $input) "
            f"{{ {self.returning} }} }}"
        )
        return json.dumps({"query": document, "variables": {"input": self.input}}).encode()


@dataclass(frozen=True)
class Answer:
    """What the server said; ``code`` is None when the mutation succeeded."""

    code: str | None
    data: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    moment: float = field(default_factory=time.monotonic)
    """When it came."""


def ask(port: int, request: Request) -> Answer:
    """Ask alone; raises `AssertionError` when the mutation fails."""
    [answer] = ask_at_once(port, request)
    assert answer.code is None, f"{request} failed: {answer}"
    return answer


def ask_at_once(port: int, *requests: Request) -> list[Answer]:
    """Ask all of it at the same moment: each worker waits for a last byte, which come together."""
    answers: list[Answer | None] = [None] * len(requests)
    barrier = threading.Barrier(len(requests))
    delays = [0.0] * len(requests)
    if len(requests) > 1:
        delays[random.randrange(len(requests))] = random.uniform(0, HEAD_START)

    def one(place: int) -> None:
        answers[place] = _ask(port, requests[place].body(), barrier, delays[place])

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in answers, "a client failed"
    return [answer for answer in answers if answer is not None]


def _ask(port: int, body: bytes, barrier: threading.Barrier, delay: float) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.putrequest("POST", "/graphql")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
        connection.endheaders(body[:-1])
        barrier.wait(TIMEOUT)
        time.sleep(delay)
        connection.send(body[-1:])
        response = connection.getresponse()
        return _read(response.status, response.read().decode())
    except (http.client.HTTPException, ConnectionError) as error:
        return Answer(LOST, text=repr(error))
    finally:
        connection.close()


def _read(status: int, text: str) -> Answer:
    try:
        said = json.loads(text)
    except ValueError:
        return Answer(BROKEN, text=f"{status}: {text[:300]}")
    if errors := said.get("errors"):
        code = errors[0].get("extensions", {}).get("code", BROKEN) if status == 200 else BROKEN
        return Answer(code, text=f"{status}: {errors}")
    return Answer(None if status == 200 else BROKEN, data=said["data"], text=text[:300])
