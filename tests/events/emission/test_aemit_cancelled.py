"""``await aemit(…)`` that is cancelled, or awaited with others: each emission runs to its end."""

import asyncio
from typing import Any

import pytest

from tests.events.emission.loops import run
from tests.events.tables import Note
from workflow_events.events import Event, aemit, emit, on

pytestmark = pytest.mark.usefixtures("tables")


def test_several_at_once_take_turns(matter: type[Event]) -> None:
    """Emissions gathered by `asyncio.gather` are not mixed, not even by their async receivers."""

    class Numbered(Event):
        number: int

    got: list[Any] = []

    @on(Numbered)
    async def first(number: int) -> None:
        got.append(("begin", number))
        await Note.objects.acreate(by=str(number))
        await asyncio.sleep(0)
        got.append(("end", number))

    @on(Numbered, order=1)
    def last(number: int) -> None:
        got.append(("last", number))

    expected = [(step, number) for number in range(3) for step in ("begin", "end", "last")]

    async def gather() -> None:
        await asyncio.gather(*(aemit(Numbered, sender=None, number=n) for n in range(3)))

    run(gather)
    assert got == expected
    got.clear()
    Note.objects.all().delete()
    on(matter)(gather)
    emit(matter, sender=None, robust=False)
    assert got == expected
    assert Note.all_by() == ["0", "1", "2"]


def test_cancelled(matter: type[Event], errors: Any) -> None:
    """The emission runs to its end, and only then the cancellation goes on."""
    got = []

    async def main() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        @on(matter)
        async def waits() -> None:
            begun.set()
            await go_on.wait()
            await Note.objects.acreate(by="waits")

        @on(matter)
        def last() -> None:
            got.append("last")

        task = asyncio.create_task(aemit(matter, sender=None))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert got == ["last"]

    run(main)
    assert Note.all_by() == ["waits"]
    assert errors() == []


def test_cancelled_and_failed(matter: type[Event]) -> None:
    """What the emission has raised is the cause of the cancellation that goes on."""

    async def main() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        @on(matter)
        async def fails() -> None:
            begun.set()
            await go_on.wait()
            raise ValueError("no")

        task = asyncio.create_task(aemit(matter, sender=None, robust=False))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert isinstance(caught.value.__cause__, ValueError)

    run(main)


def test_time_limit_of_the_caller(matter: type[Event]) -> None:
    """`asyncio.timeout` around it ends when the emission does."""
    got = []

    async def main() -> None:
        limit = asyncio.timeout(None)

        @on(matter)
        async def late() -> None:
            limit.reschedule(asyncio.get_running_loop().time() - 1)
            for _ in range(9):
                await asyncio.sleep(0)
            got.append("late")

        with pytest.raises(TimeoutError):
            async with limit:
                await aemit(matter, sender=None)

    run(main)
    assert got == ["late"]
