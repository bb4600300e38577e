"""Endless loops (contract section 4)."""

from contextlib import nullcontext, suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from tests.events.tables import Note
from workflow_events.events import Event, EventDepthExceeded, ReceiverError, emit, on

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def ping() -> type[Event]:
    class Ping(Event):
        pass

    return Ping


@pytest.fixture
def pong() -> type[Event]:
    class Pong(Event):
        pass

    return Pong


def write() -> None:
    Note.write(f"note {Note.objects.count()}")


@pytest.mark.parametrize("raising", [False, True])
@pytest.mark.parametrize("outside", [False, True])
def test_prints_the_cycle(
    ping: type[Event], pong: type[Event], raising: bool, outside: bool, errors: Any
) -> None:
    """prints the cycle receiver by receiver, passes every receiver, rolls back the outermost."""

    class Start(Event):
        pass

    @on(Start, raise_exception=raising)
    def start() -> None:
        write()
        emit(ping, sender=None)

    @on(ping, raise_exception=raising)
    def to_pong() -> None:
        write()
        emit(pong, sender=None)

    @on(pong, raise_exception=raising)
    def to_ping() -> None:
        write()
        emit(ping, sender=None)

    block: Any = nullcontext() if outside else transaction.atomic()
    with pytest.raises(EventDepthExceeded) as caught, block:
        emit(Start, sender=None)
    lines = str(caught.value).splitlines()
    assert lines[0] == "Events are nested deeper than EVENT_MAX_DEPTH=64. The cycle is:"
    names = [line.replace(f"{__name__}.test_prints_the_cycle.<locals>.", "") for line in lines]
    assert sorted(names[1:]) == ["  to_ping (on pong) emits ping", "  to_pong (on ping) emits pong"]
    assert Note.all_by() == []
    assert errors() == []


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("atomic", [False, True])
def test_passes_receivers_that_swallow(ping: type[Event], outside: bool, atomic: bool) -> None:
    """passes every receiver whatever its options."""
    calls = []

    @on(ping, atomic=atomic)
    def swallows() -> None:
        calls.append(1)
        if atomic or not outside:
            write()
        with suppress(Exception):
            emit(ping, sender=None)

    @on(ping)
    def other() -> None:
        if atomic or not outside:
            write()

    with pytest.raises(EventDepthExceeded), nullcontext() if outside else transaction.atomic():
        emit(ping, sender=None)
    assert Note.all_by() == []
    assert len(calls) == 64


def test_swallowing_outermost_emitter(ping: type[Event]) -> None:
    """An emitter may catch it: the guard belongs to the emission, and the next one works."""

    @on(ping)
    def again() -> None:
        if again.on:
            emit(ping, sender=None)

    again.on = True
    with pytest.raises(EventDepthExceeded):
        emit(ping, sender=None)
    again.on = False
    emit(ping, sender=None)


def test_two_receivers_per_event_do_not_explode(ping: type[Event], settings: Any) -> None:
    """`EVENT_MAX_DEPTH` ends them: 2 to the power of 64 calls would not end."""
    settings.EVENT_MAX_DEPTH = 20
    calls = []
    for _ in range(2):

        @on(ping)
        def again() -> None:
            calls.append(1)
            try:
                emit(ping, sender=None)
            except Exception:
                write()
                raise

    with pytest.raises(EventDepthExceeded, match="EVENT_MAX_DEPTH=20"), transaction.atomic():
        emit(ping, sender=None)
    assert len(calls) == 20


def test_two_swallowing_receivers_per_event(ping: type[Event], settings: Any) -> None:
    """Once exceeded, every emission inside the outermost one ends at once."""
    settings.EVENT_MAX_DEPTH = 20
    calls = []
    for _ in range(2):

        @on(ping)
        def again() -> None:
            calls.append(1)
            with suppress(Exception):
                emit(ping, sender=None)

    with pytest.raises(EventDepthExceeded), transaction.atomic():
        emit(ping, sender=None)
    assert len(calls) <= 40


def test_depth_that_is_allowed(ping: type[Event]) -> None:
    """default 64: with ORM work in blocks of their own, far from Python's recursion limit."""
    depths = []

    @on(ping, raise_exception=True)
    def again(event: Any) -> None:
        depths.append(1)
        if len(depths) < 64:
            with transaction.atomic():
                write()
                with transaction.atomic():
                    emit(ping, sender=None)
                Note.objects.filter(by="note 0").first()

    with transaction.atomic():
        emit(ping, sender=None)
    assert len(depths) == 64
    assert len(Note.all_by()) == 63


def test_through_async_receivers(ping: type[Event], settings: Any) -> None:
    """ends them, through async receivers too."""
    settings.EVENT_MAX_DEPTH = 10

    @on(ping)
    async def again() -> None:
        await sync_to_async(write)()
        with suppress(Exception):
            await sync_to_async(emit)(ping, sender=None)

    with pytest.raises(EventDepthExceeded), transaction.atomic():
        emit(ping, sender=None)
    assert Note.all_by() == []


def test_receiver_error_of_a_loop_that_ends(ping: type[Event], errors: Any) -> None:
    """A failure at the bottom is a `ReceiverError` at every level above, once each in the log."""
    depths = []

    @on(ping, raise_exception=True)
    def again() -> None:
        depths.append(1)
        if len(depths) == 3:
            raise ValueError("bottom")
        emit(ping, sender=None)

    with pytest.raises(ReceiverError) as caught, transaction.atomic():
        emit(ping, sender=None)
    assert str(caught.value) == "bottom"
    assert len(errors()) == 3
