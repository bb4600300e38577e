"""``@on(…, concurrent=True)``: receivers that run at the same time, without the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.dispatch import Signal

from tests.events.emission.loops import Meeting, run
from tests.events.tables import Note
from workflow_events.events import Event, ReceiverError, aemit, emit, on
from workflow_events.events.emission.frames import end_all
from workflow_events.events.errors import (
    ConcurrentSQL,
    PassesReceivers,
    RegistrationError,
)


async def noop() -> None: ...


def test_overlap(matter: type[Event], errors: Any) -> None:
    """Neighbours of the same order overlap; other orders and receivers keep their place."""
    got: list[str] = []
    first, second = Meeting(3), Meeting(2)

    def meets(name: str, meeting: Meeting) -> Callable[..., Awaitable[None]]:
        async def receiver() -> None:
            got.append(f"{name} begins")
            await meeting.wait()
            got.append(f"{name} ends")

        return receiver

    @on(matter, order=1)
    def between() -> None:
        got.append("between")

    on(matter, concurrent=True)(meets("a", first))
    on(matter, concurrent=True, atomic=False)(meets("b", first))
    on(matter, concurrent=True, raise_exception=True)(meets("c", first))
    on(matter, concurrent=True, order=2)(meets("d", second))
    on(matter, concurrent=True, order=2)(meets("e", second))
    on(matter, concurrent=True, order=3)(meets("f", Meeting(1)))

    emit(matter, sender=None)
    assert got[:3] == ["a begins", "b begins", "c begins"]
    assert sorted(got[3:6]) == ["a ends", "b ends", "c ends"]
    assert got[6:9] == ["between", "d begins", "e begins"]
    assert sorted(got[9:11]) == ["d ends", "e ends"]
    assert got[11:] == ["f begins", "f ends"]
    assert errors() == []


def test_neighbours_only(matter: type[Event]) -> None:
    """One that is not concurrent has its place between those of the same order, too."""
    got = []

    @on(matter, concurrent=True)
    async def first() -> None:
        got.append("first")

    @on(matter)
    def second() -> None:
        got.append("second")

    @on(matter, concurrent=True)
    async def third() -> None:
        got.append("third")

    emit(matter, sender=None, robust=False)
    assert got == ["first", "second", "third"]


@pytest.mark.usefixtures("tables")
def test_on_the_loop_of_aemit(matter: type[Event]) -> None:
    got = []
    meeting = Meeting(2)

    for _ in range(2):

        @on(matter, concurrent=True)
        async def receiver() -> None:
            await meeting.wait()
            got.append(asyncio.get_running_loop())

    async def main() -> None:
        await aemit(matter, sender=None)
        assert got == [asyncio.get_running_loop()] * 2

    run(main)


def test_each_fails_on_its_own(matter: type[Event], errors: Any) -> None:
    got = []
    meeting = Meeting(3)

    @on(matter, concurrent=True)
    async def fails() -> None:
        await meeting.wait()
        raise ValueError("logged")

    @on(matter, concurrent=True, raise_exception=True)
    async def refuses() -> None:
        await meeting.wait()
        raise KeyError("raised")

    @on(matter, concurrent=True)
    async def runs() -> None:
        await meeting.wait()
        await asyncio.sleep(0)
        got.append("runs")

    @on(matter)
    def after() -> None:
        got.append("after")

    with pytest.raises(ReceiverError) as caught:
        emit(matter, sender=None)
    assert [name.rpartition(".")[2] for name in caught.value.receivers] == ["refuses"]
    assert got == ["runs", "after"]
    assert [r.receiver.rpartition(".")[2] for r in errors()] == ["fails", "refuses"]


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), KeyboardInterrupt(), asyncio.CancelledError(), PassesReceivers("enough")],
    ids=lambda error: type(error).__name__,
)
def test_what_ends_all(matter: type[Event], errors: Any, error: BaseException) -> None:
    """What passes receivers, and with `robust=False` all, cancels the others and waits for them."""
    got = []
    meeting = Meeting(3)

    @on(matter, concurrent=True)
    async def waits() -> None:
        try:
            await meeting.wait()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            got.append("cancelled")
            await asyncio.sleep(0)
            got.append("cleaned up")
            raise

    @on(matter, concurrent=True)
    async def ends() -> None:
        await meeting.wait()
        raise error

    @on(matter, concurrent=True)
    async def failed_already() -> None:
        try:
            await meeting.wait()
            await asyncio.Event().wait()
        finally:
            raise KeyError("while it cleaned up")

    @on(matter)
    def never() -> None:
        got.append("never")

    with pytest.raises(type(error)) as caught:
        emit(matter, sender=None, robust=not isinstance(error, ValueError))
    assert caught.value is error
    assert caught.value.__notes__ == [
        "Another receiver had failed beside it: KeyError('while it cleaned up')"
    ]
    assert got == ["cancelled", "cleaned up"]
    assert errors() == []


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="since Python 3.12")
@pytest.mark.usefixtures("tables")
def test_eager_tasks(matter: type[Event], errors: Any) -> None:
    """A loop may begin tasks at once; what ends all then keeps the next from being begun."""
    got = []

    @on(matter, concurrent=True)
    async def begins() -> None:
        got.append("begins")
        await asyncio.Event().wait()

    @on(matter, concurrent=True)
    async def ends() -> None:
        raise ValueError("no")

    @on(matter, concurrent=True)
    async def never() -> None:
        got.append("never")

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="no"):
            await aemit(matter, sender=None, robust=False)

    run(main)
    assert got == ["begins"]


def test_cancelled_around(matter: type[Event]) -> None:
    """asgiref cancels what it waits for in a thread; the receivers end with it."""
    got = []

    async def main() -> None:
        meeting = Meeting(3)

        for _ in range(2):

            @on(matter, concurrent=True)
            async def waits() -> None:
                await meeting.wait()
                try:
                    await asyncio.Event().wait()
                finally:
                    got.append("ended")

        task = asyncio.create_task(sync_to_async(emit)(matter, sender=None))
        await meeting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert got == ["ended"] * 2


def test_events_that_nobody_hears(matter: type[Event], errors: Any) -> None:
    class Unheard(Event): ...

    causes = []

    @on(matter, concurrent=True)
    async def emits() -> None:
        emit(Unheard, sender=None)
        inner = await aemit(Unheard, sender=None)
        causes.append(inner.envelope.cause)

    event = emit(matter, sender=None)
    assert causes == [event.envelope.id]
    assert errors() == []


@pytest.mark.usefixtures("tables")
def test_after_commit(matter: type[Event], errors: Any) -> None:
    """Receivers after COMMIT run at the same time likewise, and without the database likewise."""
    got = []
    meeting = Meeting(3)

    for name in ("a", "b"):

        @on(matter, delivery="commit", concurrent=True)
        async def receiver(name: str = name) -> None:
            await meeting.wait()
            got.append(name)

    @on(matter, delivery="commit", concurrent=True)
    async def uses_database() -> None:
        await meeting.wait()
        await Note.objects.acreate(by="concurrent")

    with transaction.atomic():
        emit(matter, sender=None)
        assert got == []
    assert sorted(got) == ["a", "b"]
    assert Note.all_by() == []
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentSQL)


def test_signals(errors: Any) -> None:
    """Of a signal it is only known when it is sent what it carries."""
    signal = Signal()
    got = []

    @on(signal, concurrent=True)
    async def receiver(number: int) -> None:
        got.append(number)

    @on(signal, concurrent=True)
    async def asks_for_more(number: int, absent: int) -> None: ...

    signal.send(None, number=1)
    assert got == [1]
    [record] = errors()
    assert "absent" in str(record.exc_info[1])


def test_end_of_everything_that_is_swallowed(matter: type[Event]) -> None:
    """What ends all emissions, such as the time limit of a request, ends them all the same."""
    got = []

    @on(matter, concurrent=True)
    async def swallows() -> None:
        end_all(PassesReceivers("enough"))

    @on(matter)
    def never() -> None:
        got.append("never")

    with pytest.raises(PassesReceivers, match="enough"):
        emit(matter, sender=None)
    assert got == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "background": ({"background": True}, "contradicts background=True"),
    "delivery": ({"delivery": "background"}, "contradicts background=True"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_registrations(matter: type[Event], options: Any, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        on(matter, concurrent=True, **options)(noop)


def test_sync_receivers_are_refused(matter: type[Event]) -> None:
    with pytest.raises(RegistrationError, match="synchronous: concurrent=True is for async def"):

        @on(matter, concurrent=True)
        def synchronous() -> None: ...

    emit(matter, sender=None)
