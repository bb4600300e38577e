"""Where the time of a completion goes: the application in this process, looked at by a timer.

The server and HTTP are not in it: what they take is the wait of a single client beyond this.
Only the time of the processor is told apart, as the rest is waiting for PostgreSQL, and for the
processor where others want it too.
"""

import io
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable
from types import FrameType
from typing import Any

from django.core.wsgi import get_wsgi_application

from benchmarks.http_cases import Ready, body, make_workflow, ready_items
from benchmarks.report import Report

COMPLETIONS = 2500
WARM_UP = 100
INTERVAL = 0.001
"""Seconds of the processor's time between two looks, or what the system takes for that."""

PARTS = (
    ("The driver (psycopg), system calls included", "/psycopg"),
    (
        "Compiled queries: bind, convert, make instances",
        "/workflow_events/events/database/prepared.py",
    ),
    ("Django's cursors and transactions", "/django/db/backends/"),
    ("Django's cursors and transactions", "/django/db/transaction.py"),
    ("Django's cursors and transactions", "/django/db/utils.py"),
    ("Django's ORM: fields and instances", "/django/db/models/"),
    ("Protected fields of the models", "/workflow_events/workflow/models/"),
    ("Flow and group expressions", "/workflow_events/workflow/expressions/"),
    ("The engine: guards, routing, drafts", "/workflow_events/workflow/"),
    ("Events: occurrences, plans, emissions", "/workflow_events/events/"),
    ("Permissions, visibilities, validations", "/workflow_events/access/"),
    ("Identity", "/workflow_events/auth/"),
    ("Limits", "/workflow_events/graphql/limits/"),
    ("GraphQL: the request, the mutation, the payload", "/workflow_events/graphql/"),
    ("GraphQL: the executor (graphql-core, graphene)", "/graphql/"),
    ("GraphQL: the executor (graphql-core, graphene)", "/graphene/"),
    ("Django's handler, middleware, request and response", "/django/core/"),
    ("Django's handler, middleware, request and response", "/django/http/"),
    ("Django's handler, middleware, request and response", "/django/middleware/"),
    ("Django's handler, middleware, request and response", "/django/urls/"),
    ("Django's handler, middleware, request and response", "/django/views/"),
)
"""What a frame belongs to, by the first piece that fits its place; others are their caller's."""
REST = "The rest"


class Profile:
    """Adds up, per part, the time since the last look, whenever the timer goes off."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._last = 0.0

    def __enter__(self) -> "Profile":
        signal.signal(signal.SIGPROF, self._look)
        self._last = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        now = time.process_time()
        self.seconds[_part_of(frame)] += now - self._last
        self._last = now


def _part_of(frame: FrameType | None) -> str:
    while frame is not None:
        place = frame.f_code.co_filename
        for part, piece in PARTS:
            if piece in place:
                return part
        frame = frame.f_back
    return REST


def run(report: Report) -> None:
    """Print the milliseconds of a completion that each part takes."""
    print(f"{COMPLETIONS} completions in this process, one after the other")
    make_workflow()
    ready = list(ready_items(WARM_UP + COMPLETIONS))
    _complete(ready[:WARM_UP])
    begun, worked = time.perf_counter(), time.process_time()
    with Profile() as profile:
        _complete(ready[WARM_UP:])
    taken, worked = time.perf_counter() - begun, time.process_time() - worked
    report.section("Where the time of a completion goes")
    for part in dict.fromkeys([*(part for part, _ in PARTS), REST]):
        seconds = profile.seconds[part]
        report.line(f"{part} ({seconds / worked:.0%})", seconds / COMPLETIONS * 1000, "ms")
    report.line("The processor, in all", worked / COMPLETIONS * 1000, "ms")
    report.line("From request to answer", taken / COMPLETIONS * 1000, "ms")


def _complete(items: Iterable[Ready]) -> None:
    application = get_wsgi_application()
    for environment in [_environment(body(item)) for item in items]:
        response: Any = application(environment, lambda *_: None)
        answer = b"".join(response)
        response.close()
        assert b"COMPLETED" in answer, answer


def _environment(content: bytes) -> dict[str, Any]:
    """Return what a WSGI server hands to an application (PEP 3333)."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/graphql",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT": "application/json",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    }
