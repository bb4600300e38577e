"""`emit` in an event loop, where its receivers can be left to that loop."""

import asyncio
import gc
from typing import Any

import pytest

from tests.events.emission.loops import run
from tests.events.tables import Note
from workflow_events.events import Event, aemit, emit, filter_events, on
from workflow_events.events.emission.running_loop import scheduled
from workflow_events.events.errors import (
    ConcurrentAssignment,
    EventDepthExceeded,
)


async def all_done() -> None:
    """Wait for the receivers that have been scheduled."""
    while scheduled:
        await asyncio.wait(scheduled)


def test_scheduled_in_order(matter: type[Event], errors: Any) -> None:
    """Async receivers with `atomic=False`: one after the other, after `emit` has returned."""
    got: list[Any] = []

    @on(matter, atomic=False, order=1)
    async def last(event: Event) -> None:
        got.append(event)

    @on(matter, atomic=False)
    @filter_events(lambda: False)
    async def filtered() -> None:
        got.append("filtered")

    @on(matter, atomic=False)
    async def first() -> None:
        got.append("begin")
        await asyncio.sleep(0)
        got.append("end")
        raise ValueError("no")

    async def main() -> None:
        event = emit(matter, sender=None)
        assert got == []
        gc.collect()
        await all_done()
        assert got == ["begin", "end", event]

    asyncio.run(main())
    [record] = errors()
    assert record.receiver.endswith("first")
    # In synchronous code they run at their place, as ever.
    got.clear()
    event = emit(matter, sender=None)
    assert got == ["begin", "end", event]


def test_scheduled_at_the_same_time(matter: type[Event], errors: Any) -> None:
    """Concurrent ones of the same order."""
    got = []

    async def main() -> None:
        barrier = asyncio.Barrier(2)

        for name in ("one", "two"):

            async def meets(name: str = name) -> None:
                await barrier.wait()
                got.append(name)

            on(matter, atomic=False, concurrent=True)(meets)

        @on(matter, atomic=False, order=1)
        async def last() -> None:
            got.append("last")

        emit(matter, sender=None)
        async with asyncio.timeout(30):
            await all_done()

    asyncio.run(main())
    assert sorted(got[:2]) == ["one", "two"]
    assert got[2:] == ["last"]
    assert errors() == []


@pytest.mark.usefixtures("tables")
def test_what_the_scheduled_may_do(matter: type[Event], errors: Any) -> None:
    """SQL as in any async code; `aemit`, whose events have theirs as cause; no assignment."""

    class Inner(Event):
        pass

    class Labelled(Event):
        label: str = ""

    got = []

    @on(Inner)
    def inner(event: Event) -> None:
        got.append(event.envelope.cause)
        Note.write("inner")

    @on(Labelled, atomic=False, concurrent=True)
    async def emits() -> None:
        await Note.objects.acreate(by="emits")
        await aemit(Inner, sender=None)

    @on(Labelled, atomic=False)
    async def assigns(event: Any) -> None:
        event.label = "assigned"

    async def main() -> None:
        event = emit(Labelled, sender=None)
        await all_done()
        assert got == [event.envelope.id]
        assert event.label == ""

    run(main)
    assert Note.all_by() == ["emits", "inner"]
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentAssignment)


@pytest.mark.usefixtures("tables")
def test_endless_loops_of_the_scheduled(matter: type[Event], errors: Any, settings: Any) -> None:
    settings.EVENT_MAX_DEPTH = 3
    got = []

    @on(matter, atomic=False)
    async def again() -> None:
        got.append("again")
        await aemit(matter, sender=None)

    @on(matter, atomic=False, order=1)
    async def never() -> None:
        got.append("never")

    async def main() -> None:
        emit(matter, sender=None)
        await all_done()

    run(main)
    assert got == ["again"] * 3
    assert isinstance(errors()[-1].exc_info[1], EventDepthExceeded)


def test_loop_that_ends(matter: type[Event], errors: Any) -> None:
    """What the end of the loop cancels is in the log."""

    @on(matter, atomic=False)
    async def waits() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        emit(matter, sender=None)
        await asyncio.sleep(0)

    asyncio.run(main())
    [record] = errors()
    assert isinstance(record.exc_info[1], asyncio.CancelledError)
