"""Listens to procrastinate: its worker, for our queue only, in a loop of its own."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Final, Literal

from django.conf import settings
from django.db import connection
from procrastinate import App, JobContext
from procrastinate.contrib.django import connector_params
from procrastinate.jobs import Status
from procrastinate.middleware import AsyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from psycopg import AsyncConnection

from workflow_events.delivery.engines.base import Engine, refuse
from workflow_events.delivery.engines.procrastinate import app
from workflow_events.delivery.tasks import QUEUE

STALLED: Final = 60.0
"""Seconds without a heartbeat, which comes every ten, after which a worker counts as killed."""
PATIENCE: Final = 5.0
"""Seconds for which the listening waits for a connection, or for its own end."""
LOOK: Final = 0.1
"""Seconds between two looks whether to stop."""
POLL: Final = 1.0
"""Seconds between two queries for jobs, of which NOTIFY has said nothing."""
AT_ONCE: Final = 4
"""How many times as many jobs as receivers run at once one process takes for one."""

_TAKE: Final = """
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT id FROM procrastinate_jobs
     WHERE status = 'todo' AND queue_name = %(queue)s AND task_name = %(task)s
       AND args = %(args)s AND (scheduled_at IS NULL OR scheduled_at <= now())
     ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class ProcrastinateEngine(Engine):
    """Hears of a job by NOTIFY; any number of workers on any number of machines."""

    transactional = True
    has_worker = True

    def check(self) -> None:
        """Refuse another database than PostgreSQL."""
        if connection.vendor != "postgresql":
            raise refuse(f"{self.backend.__qualname__} needs PostgreSQL, and DATABASE_URL another")

    def listen(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        """Run procrastinate's worker, on connections of its own, for our queue only."""
        asyncio.run(_listen(stop, ready))


async def _listen(stop: threading.Event, ready: Callable[[], None]) -> None:
    parameters = connector_params()
    # Whether it answers is known at once; the pool would try for half a minute.
    await (await AsyncConnection.connect(**parameters)).close()
    connector = PsycopgConnector(
        kwargs=parameters, min_size=1, max_size=2, timeout=PATIENCE, configure=_without_transactions
    )
    async with app.with_connector(connector).open_async() as worker:
        running = [
            asyncio.create_task(_work(worker)),
            asyncio.create_task(_clear_up(worker)),
            asyncio.create_task(_until(stop)),
        ]
        ready()
        ended, others = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.wait(running, timeout=PATIENCE)
    for task in ended:
        task.result()
    if not stop.is_set():
        raise ConnectionError("procrastinate's worker has ended")


async def _without_transactions(connection: AsyncConnection[Any]) -> None:
    """Let each statement be a transaction: BEGIN and COMMIT would take longer than most."""
    await connection.set_autocommit(True)


class _News(asyncio.Event):
    """An event that whoever waits for it takes, and nobody else forgets.

    procrastinate clears its own after it has looked for jobs: one that comes meanwhile would wait
    for the next poll.
    """

    async def wait(self) -> Literal[True]:
        await super().wait()
        super().clear()
        return True

    def clear(self) -> None:
        """Keep what nobody has waited for yet."""


async def _work(app: App) -> None:
    worker = Worker(
        app,
        queues=[QUEUE],
        name="workflow-events",
        concurrency=1,
        fetch_job_polling_interval=POLL,
        shutdown_graceful_timeout=PATIENCE,
        delete_jobs="always",
        worker_middleware=[_also_for_others],
        install_signal_handlers=False,
        stalled_worker_timeout=STALLED,
    )
    worker._new_job_event = _News()
    await worker.run()  # type: ignore[no-untyped-call]


async def _clear_up(worker: App) -> None:
    """Remove, every now and then, what workers that were killed have left.

    Their jobs need not run again: what they announced is in the ledger.
    """
    manager = worker.job_manager
    while True:
        stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED)
        for job in stalled:
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
        await manager.prune_stalled_workers(STALLED)
        await asyncio.sleep(STALLED)


async def _until(stop: threading.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(LOOK)


async def _also_for_others(call: AsyncCallNext, context: JobContext, _worker: Worker) -> None:
    """Run a job, then delete those that say the same, and run it for all of them once more.

    What they announce is stored, and is seen by who looks after they are gone.
    """
    await call()
    alike = await context.app.connector.execute_query_all_async(
        _TAKE,
        queue=context.job.queue,
        task=context.job.task_name,
        args=context.job.task_kwargs,
        limit=AT_ONCE * settings.WORKER_CONCURRENCY,
    )
    if alike:
        await call()
