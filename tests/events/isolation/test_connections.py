"""Threads, fresh connections, lost ones, and errors that pass (contract section 4)."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    OperationalError,
    close_old_connections,
    connection,
    connections,
    transaction,
)

from tests.events.conftest import state_of_connection
from tests.events.tables import Note, Parent
from workflow_events.events import Event, emit, on

pytestmark = pytest.mark.usefixtures("tables")

POSTGRESQL_ONLY = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer, and it is in this process"
)


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        name: str = ""

    return Matter


class Thread(threading.Thread):
    """Runs a function on a connection of its own; `finish` raises what it raised."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.function = function
        self.error: BaseException | None = None
        self.state: dict[str, Any] = {}
        self.start()

    def run(self) -> None:
        try:
            self.function()
            self.state = state_of_connection()
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()

    def finish(self) -> None:
        self.join(30)
        assert not self.is_alive(), "the thread hangs"
        if self.error is not None:
            raise self.error
        assert not self.state["in_atomic_block"]
        assert not self.state["needs_rollback"]
        assert self.state["autocommit"]
        assert self.state["savepoint_ids"] == self.state["atomic_blocks"] == []
        assert self.state["execute_wrappers"] == []
        assert self.state["frame"] is None


def fail() -> None:
    raise ValueError


def block() -> None:
    with transaction.atomic():
        Note.write("one")


def block_without_savepoint() -> None:
    with transaction.atomic(savepoint=False):
        Note.write("one")


def inner_block_fails() -> None:
    Note.write("one")
    try:
        with transaction.atomic():
            Note.write("two")
            fail()
    except ValueError:
        pass


def empty_block_first() -> None:
    with transaction.atomic():
        pass
    Note.write("one")


def row_is_locked() -> None:
    assert list(Note.objects.select_for_update()) == []
    Note.write("one")


def rows_are_streamed() -> None:
    assert list(Note.objects.iterator(chunk_size=1)) == []
    Note.write("one")


@pytest.mark.parametrize(
    "act",
    [
        block,
        block_without_savepoint,
        inner_block_fails,
        empty_block_first,
        row_is_locked,
        rows_are_streamed,
    ],
)
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_on_a_connection_not_yet_open(
    matter: type[Event], act: Callable[[], None], fails: bool, nested: bool, errors: Any
) -> None:
    """Outside a transaction each receiver runs in one of its own, on any connection."""
    committed = []

    @on(matter)
    def first() -> None:
        transaction.on_commit(lambda: committed.append("early"))
        act()
        transaction.on_commit(lambda: committed.append("late"))
        if fails:
            raise ValueError

    @on(matter)
    def second() -> None:
        assert connection.in_atomic_block
        Note.write("second")

    class Outer(Event):
        pass

    on(Outer)(lambda: emit(matter, sender=None) and None)
    Thread(lambda: emit(Outer if nested else matter, sender=None)).finish()
    assert Note.all_by() == [*([] if fails else ["one"]), "second"]
    assert committed == ([] if fails else ["early", "late"])
    assert len(errors()) == fails


def test_many_threads(matter: type[Event]) -> None:
    """Emissions in several threads know nothing of each other."""
    barrier = threading.Barrier(4, timeout=20)
    seen: list[tuple[str, Any]] = []

    class Inner(Event):
        name: str

    @on(matter)
    def outer(event: Any, name: str) -> None:
        barrier.wait()
        event.name = name * 2
        inner = emit(Inner, sender=None, name=name)
        assert inner.envelope.cause == event.envelope.id

    on(matter)(lambda name: seen.append(("outer", name)))
    on(Inner)(lambda name: barrier.wait() and None)
    on(Inner)(lambda name: seen.append(("inner", name)))
    threads = [
        Thread(lambda name=name: emit(matter, sender=None, name=name, robust=False))
        for name in "abcd"
    ]
    for thread in threads:
        thread.finish()
    expected = [("inner", n) for n in "abcd"] + [("outer", n * 2) for n in "abcd"]
    assert sorted(seen) == expected


@POSTGRESQL_ONLY
def test_many_threads_that_write(matter: type[Event], errors: Any) -> None:
    """Each is isolated on its own connection."""
    barrier = threading.Barrier(4, timeout=20)

    @on(matter)
    def fails(name: str) -> None:
        Note.write(f"failing {name}")
        barrier.wait()
        raise ValueError

    @on(matter)
    def writes(name: str) -> None:
        Note.write(name)
        barrier.wait()

    def operate(name: str) -> None:
        with transaction.atomic() if name in "ab" else nullcontext():
            emit(matter, sender=None, name=name)

    for thread in [Thread(lambda name=name: operate(name)) for name in "abcd"]:
        thread.finish()
    assert sorted(Note.all_by()) == ["a", "b", "c", "d"]
    assert len(errors()) == 4


def test_a_thread_inside_a_receiver(matter: type[Event]) -> None:
    """What a receiver starts in a thread of its own is no part of it."""
    causes = []

    class Inner(Event):
        pass

    on(Inner)(lambda event: causes.append(event.envelope.cause))
    on(matter)(lambda: Thread(lambda: emit(Inner, sender=None, robust=False)).finish())
    emit(matter, sender=None, robust=False)
    assert causes == [None]


@POSTGRESQL_ONLY
def test_a_replaced_connection(matter: type[Event], errors: Any) -> None:
    """`connections[alias] = …`, as Django's live server does it, is the connection then."""

    @on(matter)
    def fails() -> None:
        Note.write("failing")
        raise ValueError

    def operate() -> None:
        emit(matter, sender=None)
        first = connections[DEFAULT_DB_ALIAS]
        other = first.copy()
        connections[DEFAULT_DB_ALIAS] = other
        try:
            with transaction.atomic():
                Note.write("emitter")
                emit(matter, sender=None)
        finally:
            first.close()

    Thread(operate).finish()
    assert Note.all_by() == ["emitter"]


@POSTGRESQL_ONLY
@pytest.mark.parametrize("writes", [False, True])
def test_a_connection_that_a_receiver_closes(
    matter: type[Event], writes: bool, errors: Any
) -> None:
    """a lost connection is not contained; the next emission finds everything in order."""
    ran = []

    @on(matter)
    def closes() -> None:
        if writes:
            Note.write("closing")
        connection.close()

    on(matter)(lambda: ran.append(1))

    def operate() -> None:
        try:
            emit(matter, sender=None)
        except DatabaseError:
            ran.append("lost")
        assert not connection.in_atomic_block
        Note.write("usable")
        closes_no_more.append(True)

    closes_no_more: list[bool] = []
    Thread(operate).finish()
    assert Note.all_by() == ["usable"]
    assert ran


@POSTGRESQL_ONLY
@pytest.mark.parametrize("outside", [False, True])
def test_a_connection_that_is_lost(matter: type[Event], outside: bool, errors: Any) -> None:
    """Not contained: a lost connection. Nothing is stored, and the next request goes on."""

    @on(matter)
    def loses() -> None:
        Note.write("lost")
        terminate(connection.connection.info.backend_pid)
        Note.write("never")

    def operate() -> None:
        try:
            with nullcontext() if outside else transaction.atomic():
                emit(matter, sender=None)
        except DatabaseError:
            pass
        close_old_connections()
        Note.write("usable")

    Thread(operate).finish()
    assert Note.all_by() == ["usable"]


@POSTGRESQL_ONLY
def test_a_stale_connection(matter: type[Event], errors: Any) -> None:
    """A health check is due at the first SQL of a request, in a receiver too."""
    on(matter)(lambda: Note.write("receiver"))

    def operate() -> None:
        Note.objects.count()
        terminate(connection.connection.info.backend_pid)
        connection.health_check_enabled = True
        connection.health_check_done = False  # as at the beginning of a request
        emit(matter, sender=None)

    Thread(operate).finish()
    assert errors() == []
    assert Note.all_by() == ["receiver"]


def terminate(pid: int) -> None:
    def do() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    Thread(do).finish()


@POSTGRESQL_ONLY
@pytest.mark.parametrize("outside", [False, True])
def test_deadlocks_pass(matter: type[Event], outside: bool, errors: Any) -> None:
    """Not contained: a serialization failure, or a deadlock; the transaction must be run again."""
    for slug in "ab":
        Parent.objects.create(slug=slug)
    both = threading.Barrier(2, timeout=20)
    outcomes: list[str] = []

    @on(matter)
    def locks_two(name: str) -> None:
        Parent.objects.filter(pk=name[0]).update(name=name)
        both.wait()
        Parent.objects.filter(pk=name[1]).update(name=name)

    def operate(name: str) -> None:
        try:
            with nullcontext() if outside else transaction.atomic():
                emit(matter, sender=None, name=name)
            outcomes.append("stored")
        except OperationalError as error:
            outcomes.append(error.__cause__.sqlstate)  # type: ignore[union-attr]

    threads = [Thread(lambda name=name: operate(name)) for name in ("ab", "ba")]
    for thread in threads:
        thread.finish()
    assert sorted(outcomes) == ["40P01", "stored"]
    assert errors() == []
    assert len(set(Parent.objects.values_list("name", flat=True))) == 1


@POSTGRESQL_ONLY
def test_serialization_failures_pass(matter: type[Event], errors: Any) -> None:
    """Not contained: a serialization failure."""
    Parent.objects.create(slug="a")

    @on(matter)
    def overtaken() -> None:
        Parent.objects.filter(pk="a").update(name="mine")

    def operate() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            Parent.objects.get()
            Thread(lambda: Parent.objects.update(name="theirs")).finish()
            emit(matter, sender=None)

    with pytest.raises(OperationalError, match="could not serialize"):
        Thread(operate).finish()
    assert Parent.objects.get().name == "theirs"
    assert errors() == []
