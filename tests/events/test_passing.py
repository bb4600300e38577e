"""Errors that no receiver can contain (contract section 4)."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction

from tests.events.tables import Note
from workflow_events.events import Event, emit, on
from workflow_events.events.errors import PassesReceivers
from workflow_events.events.frames import end_all

pytestmark = pytest.mark.usefixtures("tables")


class TooLate(PassesReceivers):
    pass


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


def stop() -> None:
    """Stop everything, as a limit does."""
    error = TooLate("enough")
    end_all(error)
    raise error


@pytest.mark.parametrize("raise_exception", [False, True])
@pytest.mark.parametrize("swallow", [False, True])
def test_passes_receivers_whatever_their_options(
    ping: type[Event], raise_exception: bool, swallow: bool, errors: Any
) -> None:
    calls = []

    @on(ping, raise_exception=raise_exception)
    def stops() -> None:
        Note.write("stops")
        try:
            stop()
        except TooLate:
            if not swallow:
                raise

    @on(ping)
    def after() -> None:
        calls.append(1)

    with pytest.raises(TooLate, match="enough"), transaction.atomic():
        emit(ping, sender=None)
    assert calls == []
    assert Note.all_by() == []
    assert errors() == []


def test_passes_the_emissions_around(ping: type[Event], pong: type[Event], errors: Any) -> None:
    calls = []

    @on(ping)
    def outer() -> None:
        Note.write("outer")
        with suppress(Exception):
            emit(pong, sender=None)
        calls.append("outer went on")
        with suppress(Exception):
            emit(pong, sender=None)

    @on(ping)
    def other() -> None:
        calls.append("other")

    @on(pong)
    def inner() -> None:
        calls.append("inner")
        with suppress(Exception):
            stop()

    @on(pong)
    def behind() -> None:
        calls.append("behind")

    with pytest.raises(TooLate), transaction.atomic():
        emit(ping, sender=None)
    # A second emission in the receiver that went on ends before it calls anybody.
    assert calls == ["inner", "outer went on"]
    assert Note.all_by() == []
    assert errors() == []


def test_the_next_emission_works(ping: type[Event]) -> None:
    calls = []

    @on(ping)
    def sometimes() -> None:
        calls.append(1)
        if len(calls) == 1:
            stop()

    with pytest.raises(TooLate), transaction.atomic():
        emit(ping, sender=None)
    emit(ping, sender=None)
    assert len(calls) == 2


def test_outside_of_emissions_there_is_nothing_to_end() -> None:
    with pytest.raises(TooLate):
        stop()
