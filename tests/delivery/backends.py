"""The backends that the contract of engines is tested with, and who is woken by them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.db import connection, connections

from workflow_events.delivery.engines.base import Engine
from workflow_events.delivery.engines.listening import keep_listening
from workflow_events.delivery.engines.memory import InMemoryBackend
from workflow_events.delivery.engines.results import enqueued
from workflow_events.delivery.task_interface import BaseTaskBackend, task
from workflow_events.delivery.tasks import QUEUE

PATIENCE = 20.0

IMMEDIATE = f"{BaseTaskBackend.__module__.removesuffix('.base')}.immediate.ImmediateBackend"
DUMMY = f"{BaseTaskBackend.__module__.removesuffix('.base')}.dummy.DummyBackend"
DATABASE = "django_tasks_db.DatabaseBackend"
PROCRASTINATE = "workflow_events.delivery.engines.procrastinate.ProcrastinateBackend"
IN_MEMORY = "workflow_events.delivery.engines.memory.InMemoryBackend"
FOREIGN = "tests.delivery.backends.ForeignBackend"

OF_THE_DATABASE = [DATABASE] + [PROCRASTINATE] * (connection.vendor == "postgresql")
"""Those that store jobs in the transaction."""
HEARD = [IN_MEMORY, *OF_THE_DATABASE]
"""Those whose jobs a worker of ours hears of."""
ALL = [*HEARD, IMMEDIATE, FOREIGN]


class ForeignBackend(BaseTaskBackend):
    """One that nobody has heard of; its worker is `work`."""

    jobs: ClassVar[list] = []
    answers: ClassVar[bool] = True

    def enqueue(self, task, args, kwargs):
        if not self.answers:
            raise ConnectionError("the broker is away")
        self.jobs.append(task)
        return enqueued(task, "key", args, kwargs, self.alias)

    @classmethod
    def work(cls) -> None:
        while cls.jobs:
            cls.jobs.pop(0).call()


class Wakes:
    """A runner that only counts how often it was woken."""

    def __init__(self) -> None:
        self.number = 0
        self._changed = threading.Condition()

    def wake(self) -> None:
        with self._changed:
            self.number += 1
            self._changed.notify_all()

    def wait_for(self, number: int) -> None:
        """Wait until it was woken so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.number >= number, PATIENCE)


@contextmanager
def listening(engine: Engine) -> Iterator[None]:
    """Do what makes the engine's jobs run, until the block ends."""
    if not engine.has_worker:
        yield
        ForeignBackend.work()
        return
    stop, heard = threading.Event(), threading.Event()

    class Observed:
        """The engine, and when it has begun to listen."""

        @staticmethod
        def listen(stop, ready) -> None:
            engine.listen(stop, lambda: (ready(), heard.set()))

    def listen() -> None:
        keep_listening(Observed, stop)
        connections.close_all()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert heard.wait(PATIENCE)
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask until it holds, with a limit."""
    end, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.01)


def jobs() -> int:
    """Return how many jobs any of the engines has stored and not yet finished."""
    stored = InMemoryBackend.jobs.qsize() + len(ForeignBackend.jobs)
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in {"django_tasks_database_dbtaskresult", "procrastinate_jobs"} & tables:
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            stored += cursor.fetchone()[0]
    return stored


def forget_jobs() -> None:
    """Empty all queues."""
    ForeignBackend.jobs.clear()
    while not InMemoryBackend.jobs.empty():
        InMemoryBackend.jobs.get()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs; DELETE FROM procrastinate_workers")


noted: list[tuple] = []
"""What `note` was called with."""


@task(queue_name=QUEUE)
def note(*args, **kwargs):
    """Note the arguments: any task that is not ours."""
    noted.append((args, kwargs))


@task(queue_name=QUEUE)
async def note_later(*args):
    noted.append((args, {}))


@task(queue_name=QUEUE)
def fail():
    raise ValueError("as it should")


def with_context(context):
    """Ask for what not every backend can give."""
