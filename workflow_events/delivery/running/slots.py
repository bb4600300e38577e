"""A thread that runs deliveries, one after the other, on a connection of its own."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable

from django.db import connection, reset_queries

from workflow_events.delivery.models import Delivery
from workflow_events.delivery.running.execution import execute
from workflow_events.delivery.running.interruption import (
    Interruptible,
    Interruption,
    TimeLimitExceeded,
    replace_connection,
)
from workflow_events.events.database.lost_connections import close_if_lost
from workflow_events.events.registration.registry import registry


class Work:
    """A delivery that a slot runs, as its runner sees it."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.attempt = Interruptible()
        self.ended = False
        """Whether the slot is through with it; set last."""
        self.error: BaseException | None = None
        """Why it could not be noted how it ended, if it could not."""
        self._limit = registry.in_background[delivery.receiver].options.time_limit
        limit = float("inf") if self._limit is None else self._limit
        self.late_at = time.monotonic() + limit
        """When its time limit is over, by the monotonic clock."""

    def too_late(self) -> TimeLimitExceeded:
        """Return the reason why it is interrupted at its time limit."""
        return TimeLimitExceeded(f"It took longer than its time limit of {self._limit:g} s.")


class Slot:
    """Runs what it is given in a thread, which ends when it is told to stop."""

    def __init__(self, name: str, freed: Callable[[], None]) -> None:
        self._freed = freed
        self._given: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        # Daemon: a receiver that does not react must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def give(self, work: Work) -> None:
        """Run a delivery; the slot must be free."""
        self._given.put(work)

    def stop(self) -> None:
        """End the thread when it is through with what it runs."""
        self._given.put(None)

    def join(self, seconds: float) -> None:
        """Wait so long at most for the thread to end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while (work := self._next()) is not None:
                contextvars.copy_context().run(self._deliver, work)
                work.ended = True
                self._freed()
        finally:
            connection.close()

    def _next(self) -> Work | None:
        idle = connection.settings_dict["CONN_MAX_AGE"]
        try:
            return self._given.get(timeout=idle)
        except queue.Empty:
            connection.close()
            return self._given.get()

    def _deliver(self, work: Work) -> None:
        try:
            close_if_lost()
            execute(work.delivery, work.attempt)
        except Interruption as error:
            work.error = error
        except Exception as error:
            work.error = error
            connection.close()
        finally:
            reset_queries()
            if work.attempt.sent is None:
                connection.close_if_unusable_or_obsolete()
            else:
                replace_connection()
