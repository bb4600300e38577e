"""A worker's loop: threads, limits, leases, waking and ending."""

import asyncio
import gc
import threading
import time
import weakref
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from tests.delivery.deliveries import abandon, states
from tests.delivery.running.workers import (
    Ran,
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
from workflow_events.delivery.running import runner
from workflow_events.delivery.running.runner import Runner
from workflow_events.delivery.running.slots import Work
from workflow_events.delivery.running.time_limits import Limits
from workflow_events.events import Retry, emit, on
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


def test_woken() -> None:
    """Nobody waits for the sweep."""
    threads = set()

    @background
    def receiver(number: int) -> None:
        threads.add(threading.get_ident())
        Note.write(str(number))

    with running() as worker:
        emit_and_wake(worker, 1)
        until(lambda: states() == ["done"])
        emit_and_wake(worker, 2, 3)
        until(lambda: states() == ["done"] * 3)
    assert sorted(Note.all_by()) == ["1", "2", "3"]
    assert threading.get_ident() not in threads
    assert set(Delivery.objects.values_list("worker", flat=True)) == {worker.worker}


def test_what_was_due_before_it_began() -> None:
    background(nothing())
    emit(Ran, sender=None)
    with running():
        until(lambda: states() == ["done"])


def test_found_by_the_sweep(settings: Any) -> None:
    settings.WORKER_SWEEP_INTERVAL = 1
    background(nothing())
    with running():
        emit(Ran, sender=None)
        until(lambda: states() == ["done"])


def test_a_retry_does_not_wait_for_the_sweep() -> None:
    calls = []

    @background(retry=Retry(base=0.4))
    def receiver() -> None:
        calls.append(time.monotonic())
        if len(calls) < 3:
            raise ValueError

    with running() as worker:
        emit_and_wake(worker, 1)
        until(lambda: states() == ["done"])
    assert len(calls) == 3
    assert calls[2] - calls[0] >= 0.2 + 0.4


def test_at_once_and_no_more_than_there_are_slots() -> None:
    both = threading.Barrier(2, timeout=20)
    now, most = [0], [0]

    @background
    def one() -> None:
        now[0] += 1
        most[0] = max(most[0], now[0])
        both.wait()
        now[0] -= 1

    @background
    def other() -> None:
        one()

    with running() as worker:
        emit_and_wake(worker, 1, 2, 3)
        until(lambda: states() == ["done"] * 6)
    assert most == [2]


def test_async_ones_have_slots_of_their_own() -> None:
    everybody = threading.Barrier(4, timeout=20)

    @background
    async def receiver(number: int) -> None:
        await Note.objects.acreate(by=str(number))
        await asyncio.to_thread(everybody.wait)

    @background
    async def failing(number: int) -> None:
        await Note.objects.acreate(by="failing")
        raise ValueError

    # SQLite has one writer at a time: those that write cannot meet inside of transactions.
    waits = connection.vendor == "postgresql"

    @background
    def blocking(number: int) -> None:
        if waits and number == 1:
            everybody.wait()

    if not waits:
        everybody = threading.Barrier(1)
    with running() as worker:
        emit_and_wake(worker, 1, 2, 3)
        until(lambda: sorted(states()) == ["done"] * 6 + ["pending"] * 3, seconds=30)
    assert sorted(Note.all_by()) == ["1", "2", "3"]


def test_a_receiver_that_is_slow_leaves_a_slot_to_the_others() -> None:
    release = threading.Event()

    @background
    def slow() -> None:
        release.wait(20)

    @background
    def quick() -> None: ...

    with running() as worker:
        emit_and_wake(worker, 1, 2, 3)
        until(lambda: Delivery.objects.filter(receiver="quick", state="done").count() == 3)
        assert Delivery.objects.filter(receiver="slow", state="running").count() == 1
        release.set()
        until(lambda: states() == ["done"] * 6)


def test_a_free_slot_is_no_reason_to_look_for_everybody(monkeypatch: Any) -> None:
    """Nothing of the other one was due, and nobody has said that something is."""
    claim, looked_for = ledger.claim, []

    def noting(worker: str, receivers: list[str], limit: int) -> list[Delivery]:
        looked_for.append(receivers)
        return claim(worker, receivers, limit)

    background(nothing(), name="busy")
    on(Stepped, delivery="background", name="other")(nothing())
    monkeypatch.setattr(ledger, "claim", noting)
    for _ in range(6):
        emit(Ran, sender=None)
    with running() as worker:
        until(lambda: states() == ["done"] * 6)
        assert sum("other" in receivers for receivers in looked_for) == 2
        emit(Stepped, sender=None, about=uuid4())
        worker.wake()
        until(lambda: states() == ["done"] * 7)


def test_alone_a_receiver_has_all_slots() -> None:
    both = threading.Barrier(2, timeout=20)

    @background
    def receiver() -> None:
        both.wait()

    with running() as worker:
        emit_and_wake(worker, 1, 2)
        until(lambda: states() == ["done"] * 2)


class TestWhatWaitsBehind:
    """It goes on when the one before it has ended, not when the lease of that would."""

    def test_while_other_slots_are_full(self) -> None:
        release, held = threading.Event(), threading.Semaphore(0)
        steps: list[int] = []

        def holding() -> None:
            held.release()
            release.wait(20)

        for name in ("one", "other"):
            on(Ran, delivery="background", name=name)(holding)

        @on(Stepped, delivery="background", name="receiver")
        async def receiver(number: int) -> None:
            steps.append(number)
            while number == 1 and not ended.is_set():
                await asyncio.sleep(0.01)

        ended = threading.Event()
        with running() as worker:
            emit_and_wake(worker, 1)
            assert held.acquire(timeout=20)
            assert held.acquire(timeout=20)
            step(worker, 1, 2)
            until(lambda: steps == [1])
            until_put_off()
            ended.set()
            until(lambda: steps == [1, 2])
            release.set()
            until(lambda: states() == ["done"] * 4)

    def test_when_that_ends_while_its_worker_is_about_to_look(self, monkeypatch: Any) -> None:
        release, steps = threading.Event(), []

        @on(Stepped, delivery="background", name="receiver")
        def receiver(number: int) -> None:
            steps.append(number)
            if number == 1:
                release.wait(20)

        def about_to_look() -> None:
            if is_to_end.is_set() and not release.is_set():
                release.set()
                until(lambda: states() == ["done", "pending"])
                threading.Event().wait(0.2)

        is_to_end = threading.Event()
        monkeypatch.setattr(runner, "close_if_lost", about_to_look)
        with running() as worker:
            step(worker, 1, 2)
            until(lambda: steps == [1])
            until_put_off()
            is_to_end.set()
            worker.wake()
            until(lambda: states() == ["done", "done"])


def step(worker: Runner, *numbers: int) -> None:
    case = uuid4()
    for number in numbers:
        emit(Stepped, sender=None, about=case, number=number)
    worker.wake()


def until_put_off() -> None:
    """Wait until whoever looked has put off the last one."""
    until(lambda: Delivery.objects.latest("pk").due > timezone.now())


@pytest.mark.parametrize("kind", [KeyboardInterrupt, BaseException])
def test_whatever_is_raised_is_a_failure(kind: type[BaseException]) -> None:
    """Also what a receiver, or a library that it calls, means to pass everybody."""

    @background(time_limit=None)
    def receiver(number: int) -> None:
        Note.write(str(number))
        if number == 1:
            raise kind("by the receiver")

    with running() as worker:
        emit_and_wake(worker, 1)
        until(lambda: states() == ["dead"])
        emit_and_wake(worker, 2)
        until(lambda: states() == ["dead", "done"])
    dead = Delivery.objects.get(state="dead")
    assert (dead.error, dead.attempts) == (f"{kind.__name__}: by the receiver", 1)
    assert Note.all_by() == ["2"]


def test_what_has_ended_is_kept_nowhere() -> None:
    """Neither events nor deliveries fill the memory until time limits would have been over."""
    works: list[weakref.ref[Work]] = []

    @background
    def receiver() -> None: ...

    class Watched(Limits):
        def watch(self, work: Work) -> None:
            works.append(weakref.ref(work))
            super().watch(work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "Limits", Watched)
        with running() as worker:
            for number in range(1, 6):
                emit_and_wake(worker, number)
                until(lambda number=number: states() == ["done"] * number)
            gc.collect()
            assert len(works) == 5
            assert [work() for work in works[:3]] == [None] * 3


def test_leases_are_renewed(settings: Any) -> None:
    settings.WORKER_LEASE = 3
    release = threading.Event()

    @background
    def receiver() -> None:
        release.wait(20)

    with running() as worker:
        emit_and_wake(worker, 1)
        until(lambda: states() == ["running"])
        first = Delivery.objects.get().lease
        until(lambda: Delivery.objects.get().lease != first)
        release.set()
        until(lambda: states() == ["done"])
    assert Delivery.objects.get().attempts == 1


def test_taken_over_from_a_worker_that_died() -> None:
    background(nothing())
    emit(Ran, sender=None)
    abandon(*ledger.claim("dead", registry.in_background, 1))
    with running() as worker:
        until(lambda: states() == ["done"])
    delivery = Delivery.objects.get()
    assert (delivery.worker, delivery.attempts) == (worker.worker, 2)


def test_drained() -> None:
    @background
    def receiver(number: int) -> None:
        Note.write(str(number))
        if number == 2:
            raise ValueError

    for number in range(5):
        emit(Ran, sender=None, number=number)
    assert Runner().drain() == 5
    assert sorted(Note.all_by()) == ["0", "1", "3", "4"]
    assert Runner().drain() == 0


def test_two_workers_share() -> None:
    @background
    def receiver(number: int) -> None:
        Note.write(str(number))

    with running() as one, running() as other:
        for number in range(40):
            emit(Ran, sender=None, number=number)
            (one if number % 2 else other).wake()
        until(lambda: states() == ["done"] * 40, seconds=60)
    assert sorted(map(int, Note.all_by())) == list(range(40))
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
