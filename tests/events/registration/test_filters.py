"""``filter_events`` (contract section 3)."""

from typing import Any

import pytest

from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        number: int
        text: str = "text"

    return Matter


def test_takes_any_of_the_same_names(matter: type[Event]) -> None:
    """takes any of the same names, `sender` and `event` included, may take none, have defaults."""
    seen: list[Any] = []

    @on(matter)
    @filter_events(lambda: not seen.append("none"))
    @filter_events(lambda sender, event: not seen.append((sender, event.number)))
    @filter_events(lambda number, text="other", unknown=7: not seen.append((number, text, unknown)))
    @filter_events(lambda **rest: not seen.append(sorted(rest)))
    def receiver(number: int) -> None:
        seen.append(number)

    emit(matter, sender=object, number=1, robust=False)
    assert seen == [
        "none",
        (object, 1),
        (1, "text", 7),
        ["event", "number", "sender", "text"],
        1,
    ]


def test_stacks(matter: type[Event]) -> None:
    """stacks: all must hold, the upper one is asked first."""
    seen = []

    @on(matter)
    @filter_events(lambda number: number > 1)
    @filter_events(lambda number: seen.append(number) or number > 2)
    def receiver(number: int) -> None:
        seen.append("ran")

    for number in (1, 2, 3):
        emit(matter, sender=None, number=number, robust=False)
    assert seen == [2, 3, "ran"]


def test_above_on(matter: type[Event]) -> None:
    """above it, where it could only be ignored, it is refused at import."""
    with pytest.raises(RegistrationError, match="stands above @on"):

        @filter_events(lambda: True)
        @on(matter)
        def receiver() -> None: ...

    with pytest.raises(RegistrationError, match="stands above @on"):

        @on(matter)
        @filter_events(lambda: True)
        @on("matter")
        def other() -> None: ...

    with pytest.raises(RegistrationError, match="stands above @on"):

        @filter_events(lambda: True)
        @on(matter)
        @filter_events(lambda: True)
        def third() -> None: ...


def test_a_ready_made_filter_used_often(matter: type[Event]) -> None:
    """`filter_by_task("slug", …)` and such can be kept and used for several receivers."""
    only_two = filter_events(lambda number: number == 2)
    seen = []

    @on(matter)
    @only_two
    def one(number: int) -> None:
        seen.append("one")

    @on(matter)
    @only_two
    def other(number: int) -> None:
        seen.append("other")

    emit(matter, sender=None, number=1)
    emit(matter, sender=None, number=2)
    assert seen == ["one", "other"]


def test_a_direct_call(matter: type[Event]) -> None:
    """a direct call skips nothing that the function itself does, and no filter."""

    @on(matter)
    @filter_events(lambda: False)
    def receiver(number: int) -> int:
        return number + 1

    @filter_events(lambda: False)
    def unregistered(number: int) -> int:
        return number + 1

    assert receiver(1) == unregistered(1) == 2


@pytest.mark.parametrize("predicate", [None, 1, "text"])
def test_what_is_no_predicate(predicate: Any) -> None:
    with pytest.raises(RegistrationError):
        filter_events(predicate)


def test_without_parentheses(matter: type[Event]) -> None:
    """`@filter_events` without a predicate is found when it stands below `@on`."""
    with pytest.raises(RegistrationError):

        @on(matter)
        @filter_events
        def receiver(number: int) -> None: ...


def test_an_unreadable_predicate() -> None:
    """refused at import, with the reason."""
    with pytest.raises(RegistrationError, match="signature"):
        filter_events(dict.update)


def test_a_failing_predicate(matter: type[Event], errors: Any) -> None:
    """its exception is the receiver's failure."""

    @on(matter)
    @filter_events(lambda: 1 / 0)
    def receiver() -> None:
        raise AssertionError

    emit(matter, sender=None, number=1)
    assert errors()[0].receiver.endswith("test_a_failing_predicate.<locals>.receiver")
    assert errors()[0].exc_info[0] is ZeroDivisionError


def test_truth_of_any_value(matter: type[Event]) -> None:
    seen = []
    for value in ("", "yes", 0, [0], None):
        on(matter)(filter_events(lambda value=value: value)(lambda value=value: seen.append(value)))
    emit(matter, sender=None, number=1)
    assert seen == ["yes", [0]]


def test_predicates_belong_to_the_registration(matter: type[Event]) -> None:
    """Options belong to the registration."""
    seen = []

    def receiver(number: int) -> None:
        seen.append(number)

    on(matter)(filter_events(lambda number: number == 1)(receiver))
    on(matter)(filter_events(lambda number: number == 2)(receiver))
    on(matter)(receiver)
    emit(matter, sender=None, number=1)
    assert seen == [1, 1]
    assert len([r for r in registry.receivers if r.function is receiver]) == 3
