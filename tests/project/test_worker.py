"""The worker, as a process that is started, works, and is told to stop."""

import signal
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from tests.delivery.backends import IMMEDIATE, wait_until
from tests.project.processes import free_port, run
from tests.project.workers import Place, heard, url
from workflow_events.cli import worker
from workflow_events.delivery.models import LoggedEvent
from workflow_events.events.declaration.identifiers import uuid7

pytestmark = pytest.mark.django_db(transaction=True)

GREETING = "Delivering to 1 receiver (Ctrl-C stops)."


@pytest.fixture
def place(tmp_path, settings):
    return Place(tmp_path, settings)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_delivers_says_nothing_and_stops(place, end):
    place.emit("before")
    with place.worker() as (process, output):
        assert heard(output, "before") == process.pid
        place.emit("during")
        heard(output, "during")
        place.wait_for_states("done", "done")
        process.send_signal(end)
        assert process.wait(timeout=10) == 0
        output.wait_for_the_end()
    assert [line.split()[0] for line in output.lines] == ["Delivering", "heard", "heard"]
    assert output.lines[0] == GREETING


def test_what_has_begun_may_end(place):
    with place.worker() as (process, output):
        place.emit("slow")
        heard(output, "slow")
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert output.wait_for("^ended")
    assert place.states() == ["done"]


def test_what_does_not_end_is_handed_back(place):
    with place.worker(WORKER_GRACE="1") as (process, output):
        place.emit("endless")
        heard(output, "endless")
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert place.states() == ["pending"]
    with place.worker() as (process, output):
        heard(output, "endless")
        process.kill()


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="others write at the same time")
def test_it_stops_while_a_receiver_lets_nobody_write(place):
    """The signal is heard though the worker waits in SQLite to renew its leases."""
    (place.directory / "heard.py").write_text(
        "import threading\n"
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import post_create_case\n"
        "@on(post_create_case, background=True)\n"
        "def hear(case):\n"
        "    case.save()\n"
        "    print('heard', flush=True)\n"
        "    threading.Event().wait(60)\n"
    )
    with place.worker(WORKER_GRACE="0", WORKER_LEASE="3") as (process, output):
        place.emit("locks")
        output.wait_for("^heard")
        with pytest.raises(Exception, match="timed out"):
            process.wait(timeout=1.5)
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert place.states() == ["pending"]


def test_a_second_signal_ends_it_at_once(place):
    with place.worker(WORKER_GRACE="3600") as (process, output):
        place.emit("endless")
        heard(output, "endless")
        process.terminate()
        with pytest.raises(Exception, match="timed out"):
            process.wait(timeout=1)
        process.terminate()
        assert process.wait(timeout=5) == -signal.SIGTERM


def test_it_ends_when_nobody_reacts_to_time_limits(place):
    """Also when threads that receivers have started do not end."""
    (place.directory / "heard.py").write_text(
        "import threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import post_create_case\n"
        "@on(post_create_case, background=True, time_limit=0.2)\n"
        "def hear():\n"
        "    ThreadPoolExecutor().submit(threading.Event().wait, 60).result()\n"
    )
    with place.worker(WORKER_CONCURRENCY="1") as (process, output):
        place.emit("nobody reacts")
        assert process.wait(timeout=30) == 1
        output.wait_for_the_end()
    assert output.lines[-1].endswith(
        "The worker ends, to be started anew: 1 receivers do not react to their time limits"
    )
    assert place.states() == ["pending"]


def test_it_names_its_receivers_and_those_that_are_gone(place):
    place.emit("nobody")
    (place.directory / "other.py").write_text(
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import post_create_case\n"
        "for name in 'ab':\n"
        "    @on(post_create_case, background=True, name=f'letters.{name}')\n"
        "    def receiver(): ...\n"
    )
    with place.started("worker", "-v", EVENT_RECEIVER_MODULES="other") as (_, output):
        line = output.wait_for("WARNING")
    assert output.lines[:3] == [
        "Delivering to 2 receivers (Ctrl-C stops).",
        "  letters.a",
        "  letters.b",
    ]
    assert "Not registered here, so that nobody gets them: heard.hear (1 unfinished). " in line
    assert len(output.lines) == 4
    assert place.states() == ["pending"]


def test_another_engine_works_by_the_sweep(place):
    place.emit("overdue")
    variables = {"EVENT_ENGINE": IMMEDIATE, "WORKER_SWEEP_INTERVAL": "1"}
    with place.worker(**variables) as (process, output):
        assert heard(output, "overdue") == process.pid
        assert "Enqueueing what is overdue for 1 receiver (Ctrl-C stops)." in output.lines
        line = output.wait_for("EVENT_ENGINE")
        assert "runs the receivers in the process that emits" in line
        place.wait_for_states("done")
        process.terminate()
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("command", ["worker", "serve", "migrate"])
def test_an_engine_that_cannot_work_stops_the_start(tmp_path, command):
    variables = {"ENV": "dev", "PORT": str(free_port()), "EVENT_ENGINE": "nowhere.Backend"}
    variables |= {"DATABASE_URL": url()}
    ended = run(command, cwd=tmp_path, EVENT_RECEIVER_MODULES="", **variables)
    assert ended.returncode == 1
    assert ended.stderr == (
        "workflow-events: EVENT_ENGINE: cannot import 'nowhere.Backend': "
        "No module named 'nowhere'\n"
    )


def test_without_tables_it_does_not_start(tmp_path):
    variables = {"ENV": "dev", "EVENT_RECEIVER_MODULES": ""}
    ended = run("worker", cwd=tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/db", **variables)
    assert ended.returncode == 1
    assert ended.stderr.startswith("workflow-events: DATABASE_URL: the tables are missing")
    assert len(ended.stderr.splitlines()) == 1


def test_without_a_database_it_does_not_start(tmp_path):
    url = f"postgres://user@127.0.0.1:{free_port()}/name"
    ended = run("worker", cwd=tmp_path, ENV="dev", EVENT_RECEIVER_MODULES="", DATABASE_URL=url)
    assert ended.returncode == 1
    assert ended.stderr.startswith("workflow-events: DATABASE_URL: the database does not answer")
    assert len(ended.stderr.splitlines()) == 1


def test_it_deletes_what_is_not_kept(monkeypatch, settings):
    settings.EVENT_LOG_RETENTION = 1
    monkeypatch.setattr(worker, "SETTLED", 0.01)
    for days in (2, 0):
        time = timezone.now() - timedelta(days=days)
        LoggedEvent.objects.create(id=uuid7(), name="post_x", time=time, content={"version": 1})
    stop = threading.Event()

    def prune():
        worker._prune(stop)
        connections.close_all()

    thread = threading.Thread(target=prune)
    thread.start()
    wait_until(lambda: LoggedEvent.objects.count() == 1)
    stop.set()
    thread.join(10)
    assert LoggedEvent.objects.get().time > timezone.now() - timedelta(hours=1)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="has no connections to lose")
def test_it_goes_on_when_its_connections_are_lost(place):
    with place.worker(WORKER_SWEEP_INTERVAL="1") as (process, output):
        for number in range(3):
            place.emit(f"case{number}")
            assert heard(output, f"case{number}") == process.pid
            place.wait_for_states(*["done"] * (number + 1))
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        place.emit("last")
        heard(output, "last")
        place.wait_for_states(*["done"] * 4)
        process.terminate()
        assert process.wait(timeout=10) == 0
