"""django-tasks-db: jobs are rows beside the ledger, in its database and its transaction.

Its own worker would write each row twice more, and never take up those of a worker that was
killed. Ours takes the rows away, many at once, then does what they say once.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils.functional import cached_property
from django.utils.module_loading import import_string

from workflow_events.delivery.engines.base import Engine, refuse
from workflow_events.delivery.task_interface import ALIAS

LOOK: Final = 0.015
"""Seconds between two looks, on SQLite, whether somebody else has committed: 30 µs each."""
POLL: Final = 0.25
"""Seconds between two queries for jobs on other databases."""
AT_ONCE: Final = 64
"""The most jobs that one process takes for one; the others wake other processes."""


class DatabaseEngine(Engine):
    """Enqueues by one INSERT, without the signals of models: receivers may listen to those."""

    transactional = True
    has_worker = True

    def check(self) -> None:
        """Refuse a subclass of the backend whose tables no app brings."""
        if not apps.is_installed("django_tasks_db"):
            raise refuse(
                f"{self.backend.__qualname__} needs the tables of django_tasks_db; name "
                "django_tasks_db.DatabaseBackend itself"
            )

    @cached_property
    def jobs(self) -> Any:
        """The rows that its jobs are."""
        return apps.get_model("django_tasks_database.DBTaskResult").objects

    @cached_property
    def at_once(self) -> datetime:
        """What it stores for "at once": no clock has to agree with another one."""
        latest: datetime = import_string("django_tasks_db.models.get_date_max")()
        return latest

    def enqueue(self) -> None:
        """Insert a row that any worker of django-tasks-db can run."""
        job = self.jobs.model(
            id=uuid4(),
            args_kwargs={"args": [], "kwargs": {}},
            priority=self.task.priority,
            task_path=self.task.module_path,
            queue_name=self.task.queue_name,
            backend_name=ALIAS,
            run_after=self.at_once,
        )
        self.jobs.bulk_create([job])

    def listen(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        """Look for jobs whenever another connection has committed, or often."""
        try:
            ready()
            while not stop.is_set():
                version = _version()
                if self._take():
                    self.task.call()
                _wait_for_a_commit(stop, version)
        finally:
            connection.close()

    def _take(self) -> int:
        """Delete jobs that nobody has begun; returns how many."""
        jobs = self.jobs.ready().filter(
            backend_name=ALIAS, queue_name=self.task.queue_name, task_path=self.task.module_path
        )
        # On SQLite, a look does not wait for who writes.
        if not jobs.exists():
            return 0
        with transaction.atomic():
            some = jobs.select_for_update(skip_locked=True)[:AT_ONCE]
            taken: int = self.jobs.filter(pk__in=some.values("pk"))._raw_delete(DEFAULT_DB_ALIAS)
        return taken


def _version() -> int | None:
    """Return a number that changes when another connection commits; None but on SQLite."""
    if connection.vendor != "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        version: int = cursor.fetchone()[0]
    return version


def _wait_for_a_commit(stop: threading.Event, version: int | None) -> None:
    if version is None:
        stop.wait(POLL)
        return
    while not stop.wait(LOOK) and _version() == version:
        pass
