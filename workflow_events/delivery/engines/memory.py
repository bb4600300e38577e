"""An engine within one process, for tests: its jobs are gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, Final
from uuid import uuid4

from workflow_events.delivery.engines.base import Engine
from workflow_events.delivery.engines.results import enqueued
from workflow_events.delivery.task_interface import (
    BaseTaskBackend,
    Task,
    task_enqueued,
)

PATIENCE: Final = 0.05
"""Seconds until it looks whether it is to stop."""


class InMemoryBackend(BaseTaskBackend):
    """Keeps jobs in the order in which they were enqueued, until somebody runs them."""

    supports_async_task = True
    jobs: ClassVar[SimpleQueue[tuple[Any, list[Any], dict[str, Any]]]] = SimpleQueue()
    """Task and arguments of each job that nobody has run yet."""

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> Any:
        """Take a job; returns its result, which stays as it is."""
        self.validate_task(task)
        self.jobs.put((task, list(args), dict(kwargs)))
        result = enqueued(task, uuid4().hex, args, kwargs, self.alias)
        task_enqueued.send(type(self), task_result=result)
        return result


class InMemoryEngine(Engine):
    """Enqueues after COMMIT: the queue knows no transaction."""

    has_worker = True

    def listen(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        """Run the jobs one after the other."""
        ready()
        while not stop.is_set():
            try:
                task, args, kwargs = InMemoryBackend.jobs.get(timeout=PATIENCE)
            except Empty:
                continue
            task.call(*args, **kwargs)
