"""procrastinate on PostgreSQL: jobs are stored through Django's connection, in its transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils.module_loading import import_string
from procrastinate import App
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from psycopg import Error as PsycopgError

from workflow_events.delivery.engines.results import enqueued
from workflow_events.delivery.task_interface import (
    BaseTaskBackend,
    InvalidTask,
    Task,
    normalize_json,
    task_enqueued,
)

app = App(connector=DjangoConnector())


class ProcrastinateBackend(BaseTaskBackend):
    """Runs tasks of Django by procrastinate; results are not kept."""

    supports_defer = True
    supports_priority = True
    supports_async_task = True

    def validate_task(self, task: Task[..., Any]) -> None:
        """Raise `InvalidTask` also for a task that asks for its context: there is no result."""
        super().validate_task(task)
        if task.takes_context:
            raise InvalidTask("ProcrastinateBackend gives tasks no context.")

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> Any:
        """Store a job by one statement on Django's connection, in the transaction that is open."""
        self.validate_task(task)
        arguments: Any = normalize_json({"args": args, "kwargs": kwargs})
        job = Job(
            queue=task.queue_name,
            priority=task.priority,
            lock=None,
            queueing_lock=None,
            task_name=run.name,
            task_kwargs={"task": task.module_path, **arguments},
            scheduled_at=task.run_after,
        )
        with _errors_of_django():
            key = app.job_manager.defer_job(job).id
        result = enqueued(task, str(key), args, kwargs, self.alias)
        task_enqueued.send(type(self), task_result=result)
        return result


@app.task(name=f"{__name__}.run")
async def run(*, task: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Call the task that a job is about, in a thread."""
    await asyncio.to_thread(import_string(task).call, *args, **kwargs)


@contextmanager
def _errors_of_django() -> Iterator[None]:
    """Raise an error of the database as Django does, as whoever emits expects it."""
    try:
        yield
    except ConnectorException as error:
        if not isinstance(error.__cause__, PsycopgError):
            raise
        with connection.wrap_database_errors:
            raise error.__cause__ from None
