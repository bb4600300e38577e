"""procrastinate in particular: its worker's end, its leavings, and other tasks than ours."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from procrastinate.worker import Worker

from tests.delivery import backends
from tests.delivery.backends import PROCRASTINATE, Wakes, forget_jobs, jobs, listening, wait_until
from workflow_events.delivery import engines
from workflow_events.delivery.engines import procrastinate_worker
from workflow_events.delivery.engines.procrastinate import app
from workflow_events.delivery.task_interface import InvalidTask, TaskResultStatus, task
from workflow_events.delivery.tasks import QUEUE, woken

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def _own(settings):
    settings.TASKS = {"default": {"BACKEND": PROCRASTINATE, "QUEUES": [QUEUE]}}
    forget_jobs()
    backends.noted.clear()
    yield
    forget_jobs()


def query(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else None


def end_other_connections():
    """Do to the connections of the worker what a restart of the database does."""
    return len(
        query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )


def test_it_listens_again_when_its_connections_are_lost(caplog):
    caplog.set_level("INFO", "workflow_events.delivery")
    runner = Wakes()
    with woken(runner), listening(engines.current()):
        for number in range(1, 4):
            engines.nudge()
            wait_until(lambda number=number: runner.number >= number and jobs() == 0)
            assert end_other_connections() >= 2
        engines.nudge()
        runner.wait_for(4)
    said = [r.getMessage() for r in caplog.records if r.name == "workflow_events.delivery"]
    assert len([line for line in said if "does not answer" in line]) <= 3


def test_its_worker_has_what_ours_replaces():
    assert type(Worker(app)._new_job_event) is asyncio.Event


def test_no_job_waits_for_the_next_look(monkeypatch):
    """Each comes while the one before it is put away."""
    runner = Wakes()
    # Long, but for the job that comes before it listens.
    monkeypatch.setattr(procrastinate_worker, "POLL", 10.0)
    with woken(runner), listening(engines.current()):
        engines.nudge()
        runner.wait_for(1)
        began = time.monotonic()
        for number in range(2, 102):
            engines.nudge()
            runner.wait_for(number)
        assert time.monotonic() - began < 10


def test_it_ends_soon():
    engine, stop, ready = engines.current(), threading.Event(), threading.Event()
    thread = threading.Thread(target=engine.listen, args=(stop, ready.set))
    thread.start()
    assert ready.wait(20)
    stop.set()
    thread.join(2)
    assert not thread.is_alive()
    assert query("SELECT COUNT(*) FROM procrastinate_workers") == [(0,)]


def test_what_killed_workers_left_is_removed():
    [(killed,), (alive,)] = query(
        "INSERT INTO procrastinate_workers (last_heartbeat) "
        "VALUES (now() - interval '61 s'), (now() - interval '31 s') RETURNING id"
    )
    for worker in (killed, alive, None):
        query(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) "
            "VALUES (%s, 'gone', 'doing', %s)",
            QUEUE,
            worker,
        )
    query(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) "
        "VALUES ('other', 'theirs', 'doing', %s)",
        killed,
    )
    left = "SELECT queue_name, worker_id FROM procrastinate_jobs WHERE status = 'doing' ORDER BY id"
    with listening(engines.current()):
        wait_until(lambda: len(query(left)) == 2)
        # Of another queue: its business.
        assert query(left) == [(QUEUE, alive), ("other", None)]
        workers = [key for (key,) in query("SELECT id FROM procrastinate_workers")]
        assert alive in workers
        assert killed not in workers


def test_it_runs_any_task_of_its_queue():
    result = backends.note.enqueue(1, [2], three={"four": None})
    backends.note_later.enqueue("later")
    assert (result.status, result.args) == (TaskResultStatus.READY, [1, [2]])
    with listening(engines.current()):
        wait_until(lambda: jobs() == 0)
    assert backends.noted == [((1, [2]), {"three": {"four": None}}), (("later",), {})]


def test_a_task_for_later_waits():
    backends.note.using(run_after=timezone.now() + timedelta(hours=1)).enqueue("later")
    backends.note.using(priority=-1).enqueue("low")
    backends.note.using(priority=1).enqueue("high")
    with listening(engines.current()):
        wait_until(lambda: jobs() == 1)
    assert backends.noted == [(("high",), {}), (("low",), {})]


def test_a_task_that_fails_is_not_kept(caplog):
    backends.fail.enqueue()
    backends.note.enqueue()
    with listening(engines.current()):
        wait_until(lambda: jobs() == 0)
    assert backends.noted == [((), {})]


def test_no_task_gets_a_context():
    with pytest.raises(InvalidTask, match="gives tasks no context"):
        task(queue_name=QUEUE, takes_context=True)(backends.with_context).enqueue()
    assert jobs() == 0


def test_an_error_of_the_database_is_one_of_django():
    with transaction.atomic():
        query("ALTER TABLE procrastinate_jobs RENAME TO away")
        with pytest.raises(DatabaseError, match="procrastinate_jobs"):
            engines.nudge()
        transaction.set_rollback(True)
    assert jobs() == 0
