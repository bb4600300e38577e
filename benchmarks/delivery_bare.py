"""Jobs of the bare engine that do what our receivers do, for its own worker to run.

Loaded like a module of receivers, by whoever stores such jobs and by the engine's worker.
"""

from django.db import connection, transaction

from benchmarks.delivery_receivers import write
from workflow_events.delivery.task_interface import task

QUEUE = "workflow_events"
AT_ONCE = 1000

if connection.vendor == "postgresql":
    from procrastinate.contrib.django import app

    @app.task(name="bare_insert", queue=QUEUE)
    def insert(number: int) -> None:
        """Write one row."""
        write(number)

    @app.task(name="bare_nothing", queue=QUEUE)
    def nothing(number: int) -> None:
        """Do nothing."""

    def store(kind: str, number: int) -> None:
        """Store so many jobs of a kind."""
        jobs = {"insert": insert, "nothing": nothing}[kind]
        for begun in range(0, number, AT_ONCE):
            places = range(begun, min(begun + AT_ONCE, number))
            jobs.batch_defer(*({"number": place} for place in places))

    UNFINISHED = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
    CLEAR = "TRUNCATE procrastinate_jobs CASCADE"

else:

    @task(queue_name=QUEUE)
    def insert_row(number: int) -> None:
        """Write one row."""
        write(number)

    @task(queue_name=QUEUE)
    def do_nothing(number: int) -> None:
        """Do nothing."""

    def store(kind: str, number: int) -> None:
        """Store so many jobs of a kind."""
        job = {"insert": insert_row, "nothing": do_nothing}[kind]
        with transaction.atomic():
            for place in range(number):
                job.enqueue(place)

    UNFINISHED = (
        "SELECT count(*) FROM django_tasks_database_dbtaskresult "
        "WHERE status IN ('READY', 'RUNNING')"
    )
    CLEAR = "DELETE FROM django_tasks_database_dbtaskresult"
