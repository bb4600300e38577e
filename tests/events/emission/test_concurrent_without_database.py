"""``@on(…, concurrent=True)``: what uses the database is refused before it is executed."""

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction

from tests.events.emission.loops import Meeting
from tests.events.tables import Note
from workflow_events.events import Event, aemit, emit, on
from workflow_events.events.errors import (
    ConcurrentSQL,
)


async def create() -> None:
    await Note.objects.acreate(by="concurrent")


async def count() -> None:
    await Note.objects.acount()


async def enter_block() -> None:
    def block() -> None:
        with transaction.atomic():
            raise AssertionError("entered")

    await sync_to_async(block)()


async def enter_block_without_savepoint() -> None:
    def block() -> None:
        with transaction.atomic(savepoint=False):
            Note.write("concurrent")

    await sync_to_async(block)()


async def wait_for_commit() -> None:
    await sync_to_async(transaction.on_commit)(lambda: Note.write("concurrent"))


async def emit_heard() -> None:
    await aemit(Heard.event, sender=None)


async def emit_heard_in_thread() -> None:
    await sync_to_async(emit)(Heard.event, sender=None)


async def emit_heard_in_loop() -> None:
    emit(Heard.event, sender=None)


async def emit_after_commit() -> None:
    await aemit(Heard.after_commit, sender=None)


async def emit_to_background() -> None:
    await aemit(Heard.background, sender=None)


async def swallow() -> None:
    try:
        await create()
    except ConcurrentSQL:
        raise ConcurrentSQL("swallowed, and nothing is broken") from None


class Heard:
    """Events of which each has a receiver."""

    event: type[Event]
    after_commit: type[Event]
    background: type[Event]

    @classmethod
    def declare(cls) -> None:
        class Heard(Event): ...

        class HeardAfterCommit(Event): ...

        class HeardInBackground(Event): ...

        cls.event, cls.after_commit, cls.background = Heard, HeardAfterCommit, HeardInBackground

        @on(Heard)
        def hears() -> None:
            raise AssertionError("heard")

        @on(HeardAfterCommit, delivery="commit")
        def hears_after_commit() -> None:
            raise AssertionError("heard")

        @on(HeardInBackground, background=True)
        def hears_in_background() -> None:
            raise AssertionError("heard")


USES = [
    create,
    count,
    enter_block,
    enter_block_without_savepoint,
    wait_for_commit,
    emit_heard,
    emit_heard_in_thread,
    emit_heard_in_loop,
    emit_after_commit,
    emit_to_background,
    swallow,
]
CASES = {
    f"{use.__name__}, {'inside' if inside else 'outside'} a transaction": (use, inside)
    for use in USES
    for inside in (True, False)
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.usefixtures("tables")
def test_no_database(
    matter: type[Event],
    notebook: Any,
    errors: Any,
    case: tuple[Callable[[], Awaitable[None]], bool],
) -> None:
    """SQL is a clear error that points to the background, and nothing has been executed."""
    use, inside = case
    Heard.declare()
    meeting = Meeting(2)

    @on(matter, concurrent=True)
    async def uses_database() -> None:
        await meeting.wait()
        await use()

    @on(matter, concurrent=True)
    async def does_not() -> None:
        await meeting.wait()

    sent = []

    def note(execute: Any, sql: str, *arguments: Any) -> Any:
        sent.append(sql)
        return execute(sql, *arguments)

    @on(matter, order=1)
    def writes() -> None:
        assert sent == []
        Note.write("after")

    block = transaction.atomic() if inside else contextlib.nullcontext()
    with block, connection.execute_wrapper(note):
        emit(matter, sender=None)
    assert Note.all_by() == ["after"]
    assert notebook.stored == []
    [record] = errors()
    error = record.exc_info[1]
    assert isinstance(error, ConcurrentSQL)
    if use is not swallow:
        assert "uses_database is registered with concurrent=True" in str(error)
        assert "background=True" in str(error)


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.usefixtures("tables")
def test_connection_that_is_not_open_yet(matter: type[Event], errors: Any, inside: bool) -> None:
    """Opening it forgets what Django was to do after COMMIT: nothing of that is lost."""
    got = []

    @on(matter)
    def registers() -> None:
        transaction.on_commit(lambda: got.append("committed"))

    @on(matter, concurrent=True)
    async def uses_database() -> None:
        await create()

    @on(matter, concurrent=True)
    async def registers_too() -> None:
        await wait_for_commit()

    @on(matter, order=1)
    def writes() -> None:
        Note.write("after")

    connection.close()
    if inside:
        with transaction.atomic():
            emit(matter, sender=None)
    else:
        emit(matter, sender=None)
    assert Note.all_by() == ["after"]
    assert got == ["committed"]
    assert [type(r.exc_info[1]) for r in errors()] == [ConcurrentSQL] * 2


@pytest.mark.usefixtures("tables")
def test_context_of_its_own(matter: type[Event], errors: Any) -> None:
    """A task in another context does not tell whose it is, and is refused all the same."""

    @on(matter, concurrent=True)
    async def begins_task() -> None:
        await asyncio.create_task(create(), context=contextvars.Context())

    emit(matter, sender=None)
    assert Note.all_by() == []
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentSQL)
    assert "context of its own" in str(record.exc_info[1])


@pytest.mark.usefixtures("tables")
def test_thread_of_its_own(matter: type[Event], errors: Any) -> None:
    """Another thread has another connection, which is nobody else's."""
    got = []

    @on(matter, concurrent=True)
    async def counts() -> None:
        def count() -> int:
            try:
                return Note.objects.count()
            finally:
                connections.close_all()

        got.append(await sync_to_async(count, thread_sensitive=False)())

    emit(matter, sender=None)
    assert got == [0]
    assert errors() == []
