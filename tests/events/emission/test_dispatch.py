"""Emitting: `emit`, `occur`, `deliver`, `is_heard`, and the error of receivers (section 4)."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import pickle
import traceback
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from tests.events.tables import Note
from workflow_events.events import Event, ReceiverError, emit, on
from workflow_events.events.emission.dispatch import deliver, is_heard, occur


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        number: int = 1

    return Matter


def raising(error: Exception) -> Any:
    def receiver() -> None:
        raise error

    return receiver


def test_receiver_error(matter: type[Event], errors: Any) -> None:
    """`ReceiverError`, an `ExceptionGroup` of all the exceptions; its message joins theirs with
    ", " (of a `ValidationError`, its `messages`).
    """
    failures = [
        ValueError("one"),
        ValidationError(["two", "three"]),
        ValidationError({"field": ["four"]}),
        PermissionDenied(),
    ]
    for failure in failures:
        on(matter, raise_exception=True)(raising(failure))
    on(matter)(raising(ValueError("silent")))
    with pytest.raises(ReceiverError) as caught:
        emit(matter, sender=None)
    error = caught.value
    assert isinstance(error, ExceptionGroup)
    assert list(error.exceptions) == failures
    assert error.message == str(error) == "one, two, three, four, "
    assert error.event == "matter"
    assert list(error.receivers) == [f"{__name__}.raising.<locals>.receiver"] * 4
    assert len(errors()) == 5
    assert "in receiver" in "".join(traceback.format_exception(error))


def test_receiver_error_is_a_group(matter: type[Event]) -> None:
    """an `ExceptionGroup`: `except*` and `split` work, and keep event and receivers."""
    on(matter, raise_exception=True)(raising(ValueError("a")))
    on(matter, raise_exception=True)(raising(KeyError("b")))
    caught: list[Any] = []
    try:
        emit(matter, sender=None)
    except* ValueError as group:
        caught.append(group)
    except* KeyError as group:
        caught.append(group)
    assert [type(group) for group in caught] == [ReceiverError, ReceiverError]
    assert [len(group.receivers) for group in caught] == [1, 1]
    assert caught[0].event == "matter"


def test_receiver_error_can_be_pickled(matter: type[Event]) -> None:
    """It may cross processes, as the errors of background workers and of test runners do."""
    error = ReceiverError("matter", ["a.b"], [ValueError("x")])
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.event, copy.receivers, copy.message) == ("matter", ("a.b",), "x")


def test_errors_with_odd_texts(matter: type[Event], errors: Any) -> None:
    """other receivers run, whatever the text of an exception is."""

    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    ran = []
    on(matter, raise_exception=True)(raising(Odd()))
    on(matter)(raising(ValueError("100 %s %d {x}")))
    on(matter)(lambda: ran.append(1))
    with pytest.raises(ReceiverError):
        emit(matter, sender=None)
    assert ran == [1]
    assert len(errors()) == 2
    assert errors()[1].getMessage().endswith(": 100 %s %d {x}")


def test_no_receivers(matter: type[Event]) -> None:
    event = emit(matter, sender="me", number=2)
    assert (event.number, event.sender) == (2, "me")


def test_occur_and_deliver(matter: type[Event]) -> None:
    """`deliver` tells whether a receiver wrote; the occurrence is the one that was made."""
    got = []
    occurrence = occur(matter, int, {"number": 3})
    assert deliver(occurrence) is False
    on(matter, sender=int)(lambda event, number: got.append((event, number)))
    assert deliver(occurrence) is False
    assert got == [(occurrence, 3)]
    with pytest.raises(TypeError, match="nmuber"):
        occur(matter, int, {"nmuber": 3})


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("atomic", [False, True])
def test_deliver_tells_of_writes(matter: type[Event], atomic: bool) -> None:
    """True when a receiver wrote to the database, a failed one too."""
    actions: list[Any] = []
    on(matter, atomic=atomic)(lambda: actions.pop()())
    for action, wrote in [(Note.objects.count, False), (lambda: Note.write("a"), True)]:
        actions.append(action)
        with transaction.atomic():
            assert deliver(occur(matter, None, {})) is wrote


@pytest.mark.usefixtures("tables")
def test_deliver_tells_of_nested_writes(matter: type[Event]) -> None:
    """What a nested emission wrote, the receiver around it wrote."""

    class Inner(Event):
        pass

    on(Inner)(lambda: Note.write("a"))
    on(matter)(lambda: emit(Inner, sender=None) and None)
    with transaction.atomic():
        assert deliver(occur(matter, None, {})) is True


def test_is_heard(matter: type[Event]) -> None:
    assert not is_heard(matter, int)
    on(matter, sender=int)(lambda: None)
    assert is_heard(matter, int)
    assert is_heard(matter, bool)
    assert not is_heard(matter, str)


def test_delivered_twice(matter: type[Event]) -> None:
    """The same occurrence inside its own receiver: each delivery is one of its own."""
    depths = []

    @on(matter)
    def again(event: Any) -> None:
        depths.append(event.number)
        if event.number < 3:
            event.number += 1
            deliver(event)

    event = emit(matter, sender=None, robust=False)
    assert depths == [1, 2, 3]
    assert event.number == 3


def test_a_failed_assignment_around_a_nested_emission(matter: type[Event], errors: Any) -> None:
    """what this receiver changed in the payload is undone, what nested receivers saw or not."""

    class Inner(Event):
        pass

    seen = []

    @on(matter)
    def outer(event: Any) -> None:
        event.number = 2
        emit(Inner, sender=None)
        event.number = 3
        raise ValueError

    on(Inner)(lambda: seen.append("inner"))
    on(matter)(lambda number: seen.append(number))
    assert emit(matter, sender=None).number == 1
    assert seen == ["inner", 1]
    assert len(errors()) == 1


def test_many_receivers_of_many_shapes(matter: type[Event], errors: Any) -> None:
    """The log names the very receiver that failed, wherever in the running order it is."""
    shapes: list[Any] = [
        lambda n: lambda: fail_on(n),
        lambda n: lambda number: fail_on(n),
        lambda n: lambda event, **rest: fail_on(n),
    ]
    failing = set(range(0, 60, 7))
    ran = []

    def fail_on(n: int) -> None:
        ran.append(n)
        if n in failing:
            raise ValueError(n)

    for n in range(60):
        on(matter, atomic=n % 5 > 0, raise_exception=n % 2 == 0)(shapes[n // 4 % 3](n))
    with pytest.raises(ReceiverError) as caught:
        emit(matter, sender=None)
    assert ran == list(range(60))
    assert [record.exc_info[1].args[0] for record in errors()] == sorted(failing)
    assert [error.args[0] for error in caught.value.exceptions] == [0, 14, 28, 42, 56]
