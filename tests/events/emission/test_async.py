"""``async def`` receivers (contract section 3)."""

import asyncio
import functools
import inspect
from typing import Any
from unittest.mock import AsyncMock

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from tests.events.tables import Note
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.errors import RegistrationError


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        number: int = 1

    return Matter


def test_awaited_at_its_place(matter: type[Event]) -> None:
    """`async def` receivers are awaited to completion at their place in the order."""
    got = []

    @on(matter, order=2)
    def last() -> None:
        got.append("last")

    @on(matter, order=1)
    async def middle() -> None:
        got.append("begins")
        await asyncio.sleep(0)
        got.append("ends")

    @on(matter)
    def first() -> None:
        got.append("first")

    emit(matter, sender=None)
    assert got == ["first", "begins", "ends", "last"]


def test_kinds_of_async_callables(matter: type[Event]) -> None:
    """Bound methods, closures, partials and callable objects work, async ones too."""
    got = []

    class Notifier:
        async def method(self, **kwargs: Any) -> None:
            got.append("method")

        async def __call__(self, number: int) -> None:
            got.append("object")

    async def function(bound: int, number: int) -> None:
        got.append("partial")

    mock = AsyncMock()
    # Python before 3.11.3, such as Debian 12's, fails to read that of an AsyncMock.
    mock.__signature__ = inspect.signature(Notifier().method)
    on(matter)(Notifier().method)
    on(matter)(Notifier())
    on(matter)(functools.partial(function, 1))
    on(matter)(functools.partial(Notifier()))
    on(matter)(functools.partial(Notifier().method))
    on(matter)(mock)
    event = emit(matter, sender=None, robust=False)
    assert got == ["method", "object", "partial", "object", "method"]
    mock.assert_awaited_once_with(number=1, sender=None, event=event)


def test_wrapped(matter: type[Event]) -> None:
    """A coroutine that a wrapper returns is awaited, too: it would silently not run."""
    got = []

    def wrapping(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    @on(matter)
    @wrapping
    async def receiver(number: int) -> None:
        got.append(number)

    emit(matter, sender=None, robust=False)
    assert got == [1]


def test_filtered(matter: type[Event]) -> None:
    """`filter_events` works on `async def`."""
    got = []

    @on(matter)
    @filter_events(lambda number: number == 2)
    async def receiver(number: int) -> None:
        got.append(number)

    emit(matter, sender=None, number=1)
    emit(matter, sender=None, number=2)
    assert got == [2]


def test_async_predicates_are_refused() -> None:
    """A coroutine is always true, so that the filter would let everything pass."""

    async def predicate(number: int) -> bool:
        return False

    with pytest.raises(RegistrationError, match="async"):
        filter_events(predicate)


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.usefixtures("tables")
def test_in_the_same_transaction(matter: type[Event], inside: bool) -> None:
    """in the same transaction."""
    got: list[Any] = []

    @on(matter)
    async def receiver() -> None:
        await Note.objects.acreate(by="async")
        await sync_to_async(transaction.on_commit)(lambda: got.append("committed"))
        got.append(await Note.objects.acount())
        got.append(await sync_to_async(lambda: connection.in_atomic_block)())

    if inside:
        with transaction.atomic():
            Note.write("emitter")
            emit(matter, sender=None, robust=False)
            assert got == [2, True]
            transaction.set_rollback(True)
        assert Note.all_by() == []
    else:
        emit(matter, sender=None, robust=False)
        assert got == [1, True, "committed"]
        assert Note.all_by() == ["async"]


@pytest.mark.usefixtures("tables")
def test_emission_inside_an_async_receiver(matter: type[Event]) -> None:
    """Nested emissions know their cause, and their failures stay theirs."""

    class Inner(Event):
        pass

    causes = []

    @on(Inner)
    def writes(event: Any) -> None:
        causes.append(event.envelope.cause)
        Note.write("inner")

    @on(Inner)
    async def fails() -> None:
        await Note.objects.acreate(by="failing")
        raise ValueError

    @on(matter)
    async def outer() -> None:
        await sync_to_async(emit)(Inner, sender=None)
        await Note.objects.acreate(by="outer")

    with transaction.atomic():
        event = emit(matter, sender=None, robust=False)
    assert causes == [event.envelope.id]
    assert Note.all_by() == ["inner", "outer"]


@pytest.mark.usefixtures("tables")
def test_emission_from_async_code(matter: type[Event]) -> None:
    """An emission in async code, by way of `sync_to_async`, awaits async receivers too."""

    @on(matter)
    async def receiver() -> None:
        await Note.objects.acreate(by="async")

    async def main() -> None:
        await sync_to_async(emit)(matter, sender=None, robust=False)

    from asgiref.sync import async_to_sync

    async_to_sync(main)()
    assert Note.all_by() == ["async"]
