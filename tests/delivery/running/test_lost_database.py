"""Workers whose database is away for a while."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.delivery.deliveries import states
from tests.delivery.running.workers import background, emit_and_wake, nothing, running, until
from tests.events.tables import Note
from workflow_events.delivery import ledger
from workflow_events.delivery.running import runner
from workflow_events.events import Retry

pytestmark = pytest.mark.django_db(transaction=True)


class TestLostDatabase:
    def test_it_goes_on_when_it_is_back(
        self, monkeypatch: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        background(nothing())
        is_gone, tried = threading.Event(), []
        claim = ledger.claim

        def claim_if_there(*arguments: Any) -> Any:
            if is_gone.is_set():
                tried.append(1)
                raise OperationalError("gone")
            return claim(*arguments)

        monkeypatch.setattr(ledger, "claim", claim_if_there)
        monkeypatch.setattr(runner, "SHORT_PAUSE", 0.05)
        with running() as worker:
            is_gone.set()
            emit_and_wake(worker, 1)
            until(lambda: len(tried) == 3)
            is_gone.clear()
            until(lambda: states() == ["done"])
        assert [record.getMessage() for record in caplog.records] == [
            "The ledger cannot be written, or not read; trying again: gone",
            "The database answers again",
        ]

    def test_an_outage_that_all_slots_meet_is_one(self, settings: Any, monkeypatch: Any) -> None:
        settings.WORKER_CONCURRENCY = 8
        met = threading.Barrier(8)
        monkeypatch.setattr(runner, "SHORT_PAUSE", 0.2)
        monkeypatch.setattr(ledger, "mark_failed", _gone)

        @background
        def receiver(number: int) -> None:
            if number < 9:
                met.wait(20)
                raise OperationalError("gone")

        with running() as worker:
            emit_and_wake(worker, *range(1, 9))
            emit_and_wake(worker, 9)
            until(lambda: "done" in states())

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a file has no server")
    def test_connections_that_the_server_ended(self, caplog: pytest.LogCaptureFixture) -> None:
        """In the middle of a receiver, and while all are idle."""
        calls = []
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [own] = cursor.fetchone()

        @background(retry=Retry(base=0.1))
        def receiver(number: int) -> None:
            calls.append(number)
            Note.write(str(number))
            if calls == [1]:
                end_all_but(own)
                Note.write("lost")

        with running() as worker:
            emit_and_wake(worker, 1)
            until(lambda: states() == ["done"])
            end_all_but(own)
            emit_and_wake(worker, 2)
            until(lambda: states() == ["done", "done"])
        assert calls == [1, 1, 2]
        assert Note.all_by() == ["1", "2"]


def _gone(*_: Any) -> None:
    raise OperationalError("gone")


def end_all_but(own: int) -> None:
    from tests.workflow.test_lost_connections import elsewhere

    with elsewhere() as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
            [own],
        )
