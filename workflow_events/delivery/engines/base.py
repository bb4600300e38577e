"""What delivery asks of an engine, and what an engine says of itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from workflow_events.delivery.task_interface import BaseTaskBackend, Task


class Engine:
    """Wakes workers when something is due; one subclass for each kind of backend.

    Takes the task that it enqueues, and the class of the backend.
    """

    transactional: ClassVar[bool] = False
    """Whether a job is stored in the transaction that enqueues it, and with it or not at all."""
    has_worker: ClassVar[bool] = False
    """Whether a worker of ours hears of its jobs; else its own workers run the receivers."""

    def __init__(self, task: Task[[], None], backend: type[BaseTaskBackend]) -> None:
        self.task: Any = task
        self.backend = backend

    def check(self) -> None:
        """Raise `ImproperlyConfigured` where it cannot work with these settings."""

    def nudge(self) -> None:
        """Enqueue a job in the open transaction, or else after its COMMIT."""
        if self.transactional:
            self.enqueue()
        else:
            transaction.on_commit(self.enqueue, robust=True)

    def enqueue(self) -> None:
        """Enqueue a job now."""
        self.task.enqueue()

    def listen(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        """Run the jobs of our queue in this process until ``stop`` is set.

        Calls ``ready`` when it has begun to. Raises an error when the engine does not answer; who
        listens then begins anew (`engines.listening`). Only where it `has_worker`.
        """
        raise NotImplementedError

    def limits(self) -> list[str]:
        """Return what an operator should know that it cannot do."""
        limits = []
        if not self.transactional:
            limits.append(
                "enqueues after COMMIT: `workflow-events worker` finds what is lost in between"
            )
        if not self.has_worker:
            limits.append(
                "has no worker here: its own run the receivers, and `workflow-events worker` "
                "enqueues what is overdue"
            )
        return limits


def refuse(reason: str) -> ImproperlyConfigured:
    """Return the error that stops a start which this engine cannot serve."""
    return ImproperlyConfigured(f"EVENT_ENGINE: {reason}")
