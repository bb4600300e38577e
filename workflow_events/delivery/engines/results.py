"""The results that our backends give to who enqueues."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from workflow_events.delivery.task_interface import Task, TaskResult, TaskResultStatus


def enqueued(
    task: Task[..., Any], key: str, args: Any, kwargs: Any, alias: str
) -> TaskResult[..., Any]:
    """Return the result of a job that is stored and not yet begun; it stays as it is."""
    return TaskResult(
        task=task,
        id=key,
        status=TaskResultStatus.READY,
        enqueued_at=timezone.now(),
        started_at=None,
        finished_at=None,
        last_attempted_at=None,
        args=list(args),
        kwargs=dict(kwargs),
        backend=alias,
        errors=[],
        worker_ids=[],
    )
