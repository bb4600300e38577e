"""Running what changes the database without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from workflow_events.events.tracing.traced import traced
from workflow_events.events.tracing.traces import Trace


@contextmanager
def dry_run() -> Iterator[Trace]:
    """Run the body, traced, in a transaction that is rolled back, however the body ends.

    Gives the `Trace`, for `explained`. Nothing is stored for the background, no worker is woken,
    nothing runs after COMMIT, and mail that is sent by the backend
    ``workflow_events.events.tracing.mail.EmailBackend`` stays in memory. Inside of a transaction,
    only what the body did is rolled back. Raises what the body raises, and `TracedAlready` inside
    of another trace.
    """
    with transaction.atomic():
        try:
            with traced(dry_run=True) as trace:
                yield trace
        finally:
            transaction.set_rollback(True)
