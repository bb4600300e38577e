"""Tracing: which receivers the events of a block meet, and what becomes of each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

from workflow_events.events.errors import TracedAlready
from workflow_events.events.registration.registry import registry
from workflow_events.events.tracing.traces import Trace, current


@contextmanager
def traced(*, dry_run: bool = False) -> Iterator[Trace]:
    """Trace what the body emits in this context; other threads and requests are not traced.

    Gives the `Trace`, for `explained`; events that nobody hears are in it, too. Cascades are walked
    row by row meanwhile. With ``dry_run``, receivers after COMMIT and those with ``atomic=False``
    or ``dry_run=False`` are listed and not run, nothing is stored for the background, and
    ``event.envelope.dry_run`` is true. What the other receivers write stays: to undo it as well,
    use `dry_run`. Raises `TracedAlready` inside of another trace.
    """
    if current.get() is not None:
        raise TracedAlready("A trace is under way in this context; look into that one.")
    connection = connections[DEFAULT_DB_ALIAS]
    trace = Trace(connection, dry_run=dry_run)
    with registry.tracing():
        token = current.set(trace)
        connection.execute_wrappers.append(trace.count)
        try:
            yield trace
        finally:
            connection.execute_wrappers.remove(trace.count)
            current.reset(token)
            trace.end()
