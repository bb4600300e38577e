"""Workers that are told to stop."""

import threading
import time
from typing import Any
from uuid import uuid4

import pytest

from tests.delivery.deliveries import states
from tests.delivery.running.workers import (
    Stepped,
    background,
    emit_and_wake,
    nothing,
    running,
    until,
)
from tests.events.tables import Note
from workflow_events.delivery import ledger
from workflow_events.delivery.models import Delivery
from workflow_events.events import emit, on
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


class TestStopping:
    def test_what_runs_may_finish(self) -> None:
        begun, release = threading.Event(), threading.Event()

        @background
        def receiver() -> None:
            begun.set()
            release.wait(20)

        with running() as worker:
            emit_and_wake(worker, 1, 2, 3)
            assert begun.wait(20)
            until(lambda: states() == ["running", "running", "pending"])
            threading.Timer(0.3, release.set).start()
        assert states() == ["done", "done", "pending"]

    def test_what_does_not_is_handed_back(self, settings: Any) -> None:
        settings.WORKER_GRACE = 0
        begun = threading.Event()

        @background
        def receiver() -> None:
            Note.write("receiver")
            begun.set()
            while True:
                threading.Event().wait(0.01)

        with running() as worker:
            emit_and_wake(worker, 1)
            assert begun.wait(20)
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts, delivery.error) == ("pending", 0, "")
        assert Note.all_by() == []
        assert ledger.something_is_due(registry.in_background)

    def test_nobody_waits_for_one_that_lets_nobody_write(self, settings: Any) -> None:
        """On SQLite, leases cannot be renewed meanwhile: the grace period ends all the same."""
        settings.WORKER_GRACE, settings.WORKER_LEASE = 0, 3
        begun = threading.Event()

        @background
        def receiver() -> None:
            Note.write("receiver")
            begun.set()
            while True:
                threading.Event().wait(0.01)

        with running() as worker:
            emit_and_wake(worker, 1)
            assert begun.wait(20)
            threading.Event().wait(1.2)  # until it waits to renew the lease
            stopped = time.monotonic()
        assert time.monotonic() - stopped < 8
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts) == ("pending", 0)
        assert Note.all_by() == []

    def test_what_waits_behind_may_go_on_at_once(self) -> None:
        begun, release = threading.Event(), threading.Event()
        case = uuid4()

        @on(Stepped, delivery="background", name="receiver")
        def receiver() -> None:
            begun.set()
            release.wait(20)

        with running() as worker:
            for _ in range(2):
                emit(Stepped, sender=None, about=case)
                worker.wake()
            assert begun.wait(20)
            # Put off behind the one that runs, by somebody who looked.
            assert not ledger.something_is_due(registry.in_background)
            threading.Timer(0.3, release.set).start()
        assert states() == ["done", "pending"]
        assert ledger.something_is_due(registry.in_background)

    def test_nothing_is_left_behind(self) -> None:
        background(nothing())
        before = set(threading.enumerate())
        with running() as worker:
            emit_and_wake(worker, 1, 2)
            until(lambda: states() == ["done"] * 2)
        until(lambda: set(threading.enumerate()) <= before)
