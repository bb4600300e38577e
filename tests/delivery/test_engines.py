"""One contract for every engine that the database can have."""

import logging
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.backends import (
    ALL,
    DATABASE,
    FOREIGN,
    HEARD,
    IMMEDIATE,
    IN_MEMORY,
    OF_THE_DATABASE,
    PROCRASTINATE,
    ForeignBackend,
    Wakes,
    forget_jobs,
    jobs,
    listening,
    wait_until,
)
from workflow_events.delivery import engines
from workflow_events.delivery.tasks import QUEUE, deliver_due, woken
from workflow_events.events import on

pytestmark = pytest.mark.django_db(transaction=True)

RUNS_ITSELF = [IMMEDIATE]
"""Those that run a job while it is enqueued, with or without a worker."""


@pytest.fixture(autouse=True)
def _no_jobs():
    forget_jobs()
    yield
    forget_jobs()


@pytest.fixture
def use(settings):
    """Return a function that makes a backend the engine of this test."""

    def use(path):
        settings.TASKS = {"default": {"BACKEND": path, "QUEUES": [QUEUE]}}
        return engines.current()

    return use


@pytest.fixture(params=ALL, ids=lambda path: path.rpartition(".")[2])
def engine(request, use):
    """Each of the engines, one after the other."""
    return use(request.param)


@pytest.fixture
def path(engine, settings):
    """The path of the engine's backend."""
    return settings.TASKS["default"]["BACKEND"]


@pytest.fixture
def runner():
    """A runner of this process, which the jobs wake."""
    runner = Wakes()
    with woken(runner):
        yield runner


def statements(captured):
    """Return the statements but those that begin and end transactions."""
    sql = [query["sql"] for query in captured.captured_queries]
    return [each for each in sql if not each.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]


def test_what_is_committed_wakes_a_worker(engine, runner):
    with listening(engine):
        with transaction.atomic():
            engines.nudge()
        if engine.has_worker:
            runner.wait_for(1)
    assert runner.number == 1
    assert jobs() == 0


def test_it_wakes_while_it_listens(engine, runner):
    if not engine.has_worker:
        pytest.skip("its own workers run the jobs")
    with listening(engine):
        for number in range(1, 4):
            with transaction.atomic():
                engines.nudge()
            runner.wait_for(number)
    assert runner.number == 3
    assert jobs() == 0


def test_what_is_rolled_back_leaves_no_job(engine, runner):
    with transaction.atomic():
        engines.nudge()
        transaction.set_rollback(True)
    assert (jobs(), runner.number) == (0, 0)


def test_what_a_savepoint_rolls_back_leaves_no_job(engine, runner):
    with transaction.atomic(), suppress(ZeroDivisionError), transaction.atomic():
        engines.nudge()
        raise ZeroDivisionError
    assert (jobs(), runner.number) == (0, 0)


def test_nobody_is_woken_before_the_commit(engine, runner):
    with listening(engine):
        with transaction.atomic():
            engines.nudge()
            assert runner.number == 0
            assert bool(connection.run_on_commit) is not engine.transactional
        if engine.has_worker:
            runner.wait_for(1)
    assert jobs() == 0


def test_one_statement_in_the_transaction(engine, runner):
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        engines.nudge()
    assert len(statements(captured)) == int(engine.transactional)


def test_outside_of_a_transaction(engine, runner, path):
    engines.nudge()
    assert (jobs(), runner.number) == ((0, 1) if path in RUNS_ITSELF else (1, 0))


def test_jobs_that_nobody_heard_of_are_found(engine, runner, path):
    for _ in range(3):
        engines.nudge()
    assert jobs() == (0 if path in RUNS_ITSELF else 3)
    with listening(engine):
        if engine.has_worker:
            wait_until(lambda: jobs() == 0)
    assert runner.number >= 1
    assert jobs() == 0


def test_many_jobs_are_taken_together(engine, runner):
    if not engine.transactional:
        pytest.skip("not worth it: they are not in the database")
    for _ in range(60):
        engines.nudge()
    with listening(engine):
        wait_until(lambda: jobs() == 0)
    assert 1 <= runner.number < 20


def test_receivers_of_signals_hear_nothing_of_jobs(engine, runner):
    heard = []

    @on([post_save, post_delete])
    def hear(sender):
        heard.append(sender)

    with listening(engine):
        engines.nudge()
        if engine.has_worker:
            runner.wait_for(1)
    assert heard == []


def test_without_a_runner_in_the_process_the_task_delivers(use):
    use(IMMEDIATE)
    with transaction.atomic():
        engines.nudge()
    # Nothing was due; that it delivers is tested where runners are.
    assert deliver_due.func() is None


@pytest.mark.parametrize("path", HEARD)
def test_a_worker_is_for_our_queue(use, runner, path):
    engine = use(path)
    assert engine.has_worker
    assert deliver_due.queue_name == QUEUE
    assert engine.transactional is (path in OF_THE_DATABASE)


def test_a_broker_that_is_away_harms_no_operation(use, caplog, monkeypatch):
    use(FOREIGN)
    monkeypatch.setattr(ForeignBackend, "answers", False)
    with transaction.atomic():
        engines.nudge()
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "the broker is away" in str(record.exc_info[1])


@pytest.mark.parametrize(
    ("path", "limits"),
    [
        (DATABASE, []),
        (IN_MEMORY, ["enqueues after COMMIT"]),
        (FOREIGN, ["enqueues after COMMIT", "has no worker here"]),
        (IMMEDIATE, ["runs the receivers in the process that emits"]),
        pytest.param(
            PROCRASTINATE,
            [],
            marks=pytest.mark.skipif(connection.vendor == "sqlite", reason="needs PostgreSQL"),
        ),
    ],
)
def test_it_says_at_start_what_it_cannot_do(use, caplog, path, limits):
    use(path)
    engines.announce()
    assert len(caplog.records) == (1 if limits else 0)
    for limit in limits:
        assert limit in caplog.text
        assert path in caplog.text


def test_a_job_for_later_waits(use, runner):
    if connection.vendor != "sqlite":
        pytest.skip("procrastinate's own matter")
    engine = use(DATABASE)
    deliver_due.using(run_after=timezone.now() + timedelta(hours=1)).enqueue()
    with listening(engine):
        engines.nudge()
        runner.wait_for(1)
    assert (runner.number, jobs()) == (1, 1)
