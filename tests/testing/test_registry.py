"""After each test, and each class of tests, the registry is as it was."""

import unittest

import pytest

from workflow_events.events import Event, on
from workflow_events.events.declaration.event import declared
from workflow_events.events.registration.registry import registry

BEFORE = list(registry.receivers)


@pytest.mark.parametrize("run", [1, 2])
def test_what_a_test_registers_is_forgotten(run: int) -> None:
    assert registry.receivers == BEFORE

    class Matter(Event):
        number: int

    on(Matter)(lambda number: None)
    assert len(registry.receivers) == len(BEFORE) + 1


class WithSetUp(unittest.TestCase):
    """What a class registers is there for all of its tests."""

    @classmethod
    def setUpClass(cls) -> None:
        class MatterOfSetUp(Event):
            pass

        on(MatterOfSetUp)(lambda: None)

    def test_it_is_there(self) -> None:
        assert len(registry.receivers) == len(BEFORE) + 1
        assert "matter_of_set_up" in declared

    def test_it_is_still_there(self) -> None:
        self.test_it_is_there()


def test_what_a_class_registers_is_forgotten() -> None:
    assert registry.receivers == BEFORE
    assert "matter_of_set_up" not in declared
