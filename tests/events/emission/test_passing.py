"""Errors that no receiver can contain (contract section 4)."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.events.tables import Note
from workflow_events.events import Event, emit, on
from workflow_events.events.emission.frames import end_all
from workflow_events.events.errors import PassesReceivers

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
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("then", ["pass", "swallow", "raise another"])
def test_passes_receivers_whatever_their_options(
    ping: type[Event], raise_exception: bool, then: str, robust: bool, errors: Any
) -> None:
    calls = []

    @on(ping, raise_exception=raise_exception)
    def stops() -> None:
        Note.write("stops")
        try:
            stop()
        except TooLate as error:
            if then == "pass":
                raise
            if then == "raise another":
                raise ValueError("my own") from error

    @on(ping)
    def after() -> None:
        calls.append(1)

    with pytest.raises(TooLate, match="enough"), transaction.atomic():
        emit(ping, sender=None, robust=robust)
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


def test_passes_while_the_transaction_of_a_receiver_is_ended(
    ping: type[Event], errors: Any
) -> None:
    calls = []

    @on(ping)
    def breaks() -> None:
        Note.write("breaks")
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")

    @on(ping)
    def after() -> None:
        calls.append(1)

    def limit(execute: Any, sql: str, *rest: Any) -> Any:
        # What is asked to learn whether the transaction is broken comes too late.
        return stop() if sql == "SELECT 1" else execute(sql, *rest)

    with connection.execute_wrapper(limit), pytest.raises(TooLate):
        emit(ping, sender=None)
    assert not connection.in_atomic_block
    assert calls == Note.all_by() == []
    assert errors() == []


def test_passes_from_a_callback_of_the_commit(ping: type[Event], errors: Any) -> None:
    calls = []

    @on(ping)
    def registers() -> None:
        Note.write("committed")
        transaction.on_commit(stop)

    @on(ping)
    def after() -> None:
        calls.append(1)

    with pytest.raises(TooLate):
        emit(ping, sender=None)
    assert not connection.in_atomic_block
    assert (calls, Note.all_by(), errors()) == ([], ["committed"], [])


def test_outside_of_emissions_there_is_nothing_to_end() -> None:
    with pytest.raises(TooLate):
        stop()
