"""Events to emit and receivers to mute, in the tests of the test kit."""

from typing import Any

import pytest

from workflow_events.events import Event, on


class Clerk:
    """Sends."""


class HeadClerk(Clerk):
    """Sends as well, and is a clerk."""


@pytest.fixture
def matter() -> Any:
    class Matter(Event):
        number: int
        note: Any = None

    return Matter


@pytest.fixture
def other() -> Any:
    class Other(Event):
        pass

    return Other


@pytest.fixture
def heard(matter: Any) -> list[int]:
    """The numbers that the receiver ``hear`` has got."""
    numbers: list[int] = []

    def hear(number: int) -> None:
        numbers.append(number)

    on(matter)(hear)
    return numbers
