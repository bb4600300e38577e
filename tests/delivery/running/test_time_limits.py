"""Receivers that exceed their time limits."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from tests.delivery.deliveries import states
from tests.delivery.running.workers import background, emit_and_wake, running, until
from tests.events.tables import Note
from workflow_events.delivery.models import Delivery
from workflow_events.delivery.running import runner
from workflow_events.delivery.running.interruption import Interruptible, TimeLimitExceeded
from workflow_events.delivery.running.runner import WorkerBroken
from workflow_events.events import Retry

pytestmark = pytest.mark.django_db(transaction=True)


class TestTimeLimit:
    def test_sync(self) -> None:
        caught: list[BaseException] = []

        @background(time_limit=0.3, retry=Retry(attempts=1))
        def receiver() -> None:
            Note.write("receiver")
            while True:
                try:
                    threading.Event().wait(0.01)
                except Exception as error:
                    caught.append(error)

        with running() as worker:
            emit_and_wake(worker, 1)
            until(lambda: states() == ["dead"])
        delivery = Delivery.objects.get()
        assert delivery.error == ("TimeLimitExceeded: It took longer than its time limit of 0.3 s.")
        assert "in receiver" in delivery.traceback
        assert (Note.all_by(), caught) == ([], [])

    def test_async(self) -> None:
        @background(time_limit=0.3, retry=Retry(attempts=1))
        async def receiver() -> None:
            await Note.objects.acreate(by="receiver")
            await asyncio.sleep(60)

        with running() as worker:
            emit_and_wake(worker, 1)
            until(lambda: states() == ["dead"])
        assert Delivery.objects.get().error.startswith("TimeLimitExceeded: It took")
        assert Note.all_by() == []

    def test_in_the_middle_of_a_statement(self) -> None:
        forever = (
            "SELECT pg_sleep(60)"
            if connection.vendor == "postgresql"
            else "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT max(i) FROM n"
        )

        @background(time_limit=0.3, retry=Retry(attempts=1))
        def receiver(number: int) -> None:
            Note.write(f"endless {number}")
            with connection.cursor() as cursor:
                cursor.execute(forever)

        @background
        def other(number: int) -> None:
            Note.write(f"other {number}")

        with running() as worker:
            emit_and_wake(worker, 1)
            until(lambda: sorted(states()) == ["dead", "done"])
            emit_and_wake(worker, 2)
            until(lambda: sorted(states()) == ["dead", "dead", "done", "done"])
        assert Note.all_by() == ["other 1", "other 2"]

    def test_while_it_waits_for_somebody_else_to_write(self, monkeypatch: Any) -> None:
        begun, locked, interrupted = threading.Event(), threading.Event(), threading.Event()
        interrupt = Interruptible.interrupt

        def observed(*arguments: Any) -> bool:
            not_over = interrupt(*arguments)
            interrupted.set()
            return not_over

        monkeypatch.setattr(Interruptible, "interrupt", observed)

        @background(time_limit=0.3, retry=Retry(attempts=1))
        def receiver() -> None:
            begun.set()
            locked.wait(10)
            Note.objects.update(by="receiver")

        Note.write("before")
        with running() as worker:
            emit_and_wake(worker, 1)
            begun.wait(10)
            with transaction.atomic():
                Note.objects.update(by="somebody else")
                locked.set()
                assert interrupted.wait(20)
            until(lambda: states() == ["dead"])
        assert Delivery.objects.get().error.startswith("TimeLimitExceeded: It took")
        assert Note.all_by() == ["somebody else"]

    def test_one_that_does_not_react_is_given_up(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(runner, "PATIENCE", 0.3)
        release, returned = threading.Event(), threading.Event()

        @background(time_limit=0.2, retry=Retry(attempts=1))
        def hanging(number: int) -> None:
            if number == 1:
                release.wait(30)  # one call: nothing can be raised before it returns
                returned.set()

        @background
        def other() -> None: ...

        with running() as worker:
            emit_and_wake(worker, 1)
            until(lambda: sorted(states()) == ["dead", "done"])
            emit_and_wake(worker, 2)
            until(lambda: sorted(states()) == ["dead", "done", "done", "done"])
            release.set()
        assert Delivery.objects.get(state="dead").error.endswith("It reacts to nothing: given up.")
        assert not returned.is_set()

    def test_what_one_that_does_not_react_has_written_is_undone_at_once(
        self, monkeypatch: Any, settings: Any
    ) -> None:
        """Whoever waits for what it has locked need not wait until it returns."""
        monkeypatch.setattr(runner, "PATIENCE", 0.3)
        # Renewing leases waits for it, too, on SQLite.
        settings.WORKER_LEASE = 0.3
        caught: list[BaseException] = []
        returned, release = threading.Event(), threading.Event()

        @background(time_limit=0.3, retry=Retry(attempts=1))
        def hanging() -> None:
            Note.objects.update(by="hanging")
            try:
                release.wait(30)
            except BaseException as error:
                caught.append(error)
            try:
                Note.objects.update(by="hanging again")
            except Exception as error:
                caught.append(error)
            returned.set()

        Note.write("before")
        with running() as worker:
            emit_and_wake(worker, 1)
            until(lambda: states() == ["dead"])
            Note.objects.update(by="somebody else")
            release.set()
            assert returned.wait(20)
        assert Note.all_by() == ["somebody else"]
        assert [type(error) for error in caught] == [TimeLimitExceeded, OperationalError]

    def test_when_nobody_reacts_the_worker_ends(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(runner, "PATIENCE", 0.3)
        release = threading.Event()

        @background(time_limit=0.2, retry=Retry(attempts=1))
        def receiver() -> None:
            release.wait(30)

        def run() -> None:
            with running() as worker:
                emit_and_wake(worker, 1, 2)
                until(lambda: states() == ["dead", "dead"])

        try:
            with pytest.raises(WorkerBroken, match="2 receivers do not react"):
                run()
        finally:
            release.set()
