"""``await aemit(…)``: what `emit` does, from async code."""

import asyncio
import contextvars
import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from tests.events.emission.loops import run
from tests.events.tables import Note
from workflow_events.events import Event, ReceiverError, aemit, emit, filter_events, on
from workflow_events.events.errors import EventDepthExceeded, UndeclaredEvent

pytestmark = pytest.mark.usefixtures("tables")


def test_returns_the_occurrence(child_seen: type[Event]) -> None:
    @on(child_seen)
    def change(event: Any) -> None:
        event.label = "changed"

    async def main() -> None:
        event: Any = await aemit(child_seen, sender=None, child=None, label="first")
        assert (event.label, event.sender) == ("changed", None)

    run(main)


def test_by_name(matter: type[Event]) -> None:
    got = []

    @on(matter)
    def receiver(event: Event) -> None:
        got.append(event)

    async def main() -> None:
        assert got == [await aemit("matter", sender=None)]
        with pytest.raises(UndeclaredEvent):
            await aemit("mattre", sender=None)

    run(main)


def test_payload_that_does_not_fit(matter: type[Event]) -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="has no attribute 'wrong'"):
            await aemit(matter, sender=None, wrong=1)

    run(main)


def test_nobody_listens(matter: type[Event]) -> None:
    """It costs no thread."""

    async def main() -> int:
        before = threading.active_count()
        await aemit(matter, sender=None)
        return threading.active_count() - before

    assert asyncio.run(main()) == 0


def test_in_order_on_the_loop_of_the_caller(matter: type[Event]) -> None:
    """Sync receivers run in a thread without loop, async ones in the event loop of the caller."""
    got: list[Any] = []

    @on(matter, order=1)
    def second() -> None:
        got.append(threading.current_thread() is threading.main_thread())

    @on(matter, order=2)
    async def third() -> None:
        got.append(asyncio.get_running_loop())
        await Note.objects.acreate(by="third")

    @on(matter)
    def first() -> None:
        Note.write("first")

    async def main() -> None:
        await aemit(matter, sender=None)
        assert got == [False, asyncio.get_running_loop()]

    run(main)
    assert Note.all_by() == ["first", "third"]


def test_failures_across(matter: type[Event], errors: Any) -> None:
    """ReceiverError as from `emit`; what the failed receiver wrote is undone."""

    @on(matter, raise_exception=True)
    async def fails() -> None:
        await Note.objects.acreate(by="fails")
        raise ValueError("no")

    @on(matter)
    def runs() -> None:
        Note.write("runs")

    async def main() -> None:
        with pytest.raises(ReceiverError, match=r"^no$") as caught:
            await aemit(matter, sender=None)
        assert [type(error) for error in caught.value.exceptions] == [ValueError]
        with pytest.raises(ValueError, match=r"^no$"):
            await aemit(matter, sender=None, robust=False)

    run(main)
    assert Note.all_by() == ["runs"]
    assert len(errors()) == 1


def test_stop_iteration(matter: type[Event]) -> None:
    """No future takes it, so that whoever awaited would wait for ever."""

    @on(matter)
    def fails() -> None:
        next(iter([]))

    async def main() -> None:
        with pytest.raises(RuntimeError, match="matter raised StopIteration") as caught:
            await aemit(matter, sender=None, robust=False)
        assert isinstance(caught.value.__cause__, StopIteration)

    run(main)


def test_context_both_ways(matter: type[Event]) -> None:
    """Receivers see the context of the caller, and the caller what they set, as with `emit`."""
    variable = contextvars.ContextVar("variable", default="nothing")
    got = []

    @on(matter)
    def sync() -> None:
        got.append(variable.get())
        variable.set("sync")

    @on(matter)
    async def asynchronous() -> None:
        got.append(variable.get())
        variable.set("async")

    async def main() -> str:
        variable.set("caller")
        await aemit(matter, sender=None)
        return variable.get()

    assert run(main) == "async"
    assert got == ["caller", "sync"]


def test_context_of_several_tasks(matter: type[Event]) -> None:
    """What another task of the same context sets meanwhile stays."""
    variable = contextvars.ContextVar("variable", default="nothing")
    begun, ended = threading.Event(), threading.Event()

    @on(matter)
    def waits() -> None:
        begun.set()
        ended.wait()

    async def main() -> str:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        emission = loop.create_task(aemit(matter, sender=None), context=context)
        await asyncio.to_thread(begun.wait)

        async def other() -> None:
            variable.set("other")
            ended.set()

        await loop.create_task(other(), context=context)
        await emission
        return context[variable]

    assert run(main) == "other"


def test_nested(matter: type[Event]) -> None:
    """Inside an async receiver: the cause is known, the transaction is that of the operation."""

    class Inner(Event):
        pass

    causes = []

    @on(Inner)
    def writes(event: Event) -> None:
        causes.append(event.envelope.cause)
        Note.write("inner")

    @on(matter, raise_exception=True)
    async def outer() -> None:
        await aemit(Inner, sender=None)
        assert await Note.objects.acount() == 1

    with transaction.atomic():
        event = emit(matter, sender=None)
        assert causes == [event.envelope.id]
        assert Note.all_by() == ["inner"]
        transaction.set_rollback(True)
    assert Note.all_by() == []

    async def main() -> None:
        event = await aemit(matter, sender=None)
        assert causes[1:] == [event.envelope.id]

    run(main)
    assert Note.all_by() == ["inner"]


def test_endless_loops_end(matter: type[Event], settings: Any) -> None:
    settings.EVENT_MAX_DEPTH = 3
    calls = []

    @on(matter)
    async def again() -> None:
        calls.append(1)
        await aemit(matter, sender=None)

    async def main() -> None:
        with pytest.raises(EventDepthExceeded, match=r"again .on matter. emits matter"):
            await aemit(matter, sender=None)

    run(main)
    assert len(calls) == 3


def test_under_async_to_sync(matter: type[Event]) -> None:
    """Async code that synchronous code waits for has its thread, connection and transaction."""
    got = []

    @on(matter)
    @filter_events(lambda: True)
    def writes() -> None:
        got.append(threading.current_thread())
        Note.write("inside")

    async def main() -> None:
        await aemit(matter, sender=None)

    with transaction.atomic():
        async_to_sync(main)()
        assert Note.all_by() == ["inside"]
        transaction.set_rollback(True)
    assert Note.all_by() == []
    assert got == [threading.current_thread()]


def test_after_commit(matter: type[Event]) -> None:
    """Outside of a transaction they run at once, before `aemit` returns."""
    got = []

    @on(matter, delivery="commit")
    async def later() -> None:
        got.append(await Note.objects.acount())

    async def main() -> None:
        await aemit(matter, sender=None)
        assert got == [0]

    run(main)
