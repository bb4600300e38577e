"""A worker's loop: threads, limits, leases, waking and ending."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from tests.delivery.deliveries import abandon, states
from tests.events.tables import Note, Tables
from workflow_events.delivery import ledger
from workflow_events.delivery.models import Delivery
from workflow_events.delivery.running import runner
from workflow_events.delivery.running.interruption import Interruptible, TimeLimitExceeded
from workflow_events.delivery.running.runner import Runner, WorkerBroken
from workflow_events.delivery.running.slots import Work
from workflow_events.delivery.running.time_limits import Limits
from workflow_events.events import Event, Retry, emit, on
from workflow_events.events.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


class Ran(Event):
    number: int = 1


class Stepped(Event, case=lambda about: about):
    about: UUID
    number: int = 1


@pytest.fixture(autouse=True)
def _tables(transactional_db: None, settings: Any) -> Iterator[None]:
    settings.WORKER_SWEEP_INTERVAL = 3600
    settings.WORKER_CONCURRENCY = 2
    settings.WORKER_ASYNC_CONCURRENCY = 4
    settings.WORKER_GRACE = 5
    Tables.make()
    yield
    Tables.drop()


def background(function: Any = None, **options: Any) -> Any:
    def register(function: Any) -> Any:
        named = {"name": function.__name__, **options}
        return on(Ran, delivery="background", **named)(function)

    return register(function) if function else register


@contextmanager
def running() -> Iterator[Runner]:
    """Run a worker in a thread until the block ends; what ends it is raised."""
    stop, ends = threading.Event(), []
    worker = Runner()

    def run() -> None:
        try:
            worker.run(stop)
        except BaseException as error:
            ends.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()
    if ends:
        raise ends[0]


def until(holds: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until something holds."""
    ended, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < ended, "it does not hold in time"
        pause.wait(0.02)


def emit_and_wake(worker: Runner, *numbers: int) -> None:
    for number in numbers:
        emit(Ran, sender=None, number=number)
    worker.wake()


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
    background(_nothing())
    emit(Ran, sender=None)
    with running():
        until(lambda: states() == ["done"])


def _nothing() -> Callable[[], None]:
    def receiver() -> None: ...

    return receiver


def test_found_by_the_sweep(settings: Any) -> None:
    settings.WORKER_SWEEP_INTERVAL = 1
    background(_nothing())
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

    background(_nothing(), name="busy")
    on(Stepped, delivery="background", name="other")(_nothing())
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
        background(_nothing())
        before = set(threading.enumerate())
        with running() as worker:
            emit_and_wake(worker, 1, 2)
            until(lambda: states() == ["done"] * 2)
        until(lambda: set(threading.enumerate()) <= before)


class TestLostDatabase:
    def test_it_goes_on_when_it_is_back(
        self, monkeypatch: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        background(_nothing())
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


def test_taken_over_from_a_worker_that_died() -> None:
    background(_nothing())
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
