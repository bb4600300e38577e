"""The test kit under Django's ``TestCase`` and plain unittest, run by unittest itself."""

import unittest
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.db import transaction
from django.test import SimpleTestCase, TestCase

from workflow_events.events import Event, emit, on
from workflow_events.events.declaration.event import declared
from workflow_events.events.registration.registry import registry
from workflow_events.testing import DeliveryFailed, Emissions, EventTestMixin, recorded_events


def run(case: type[unittest.TestCase]) -> unittest.TestResult:
    """Run the tests of a class as `manage.py test` does."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    for _, traceback in [*result.errors, *result.failures]:
        raise AssertionError(traceback)
    return result


def matter_of(name: str) -> Any:
    class Matter(Event, name=name):
        number: int = 0

    return Matter


def test_a_test_case_has_what_the_plugin_gives(db: None) -> None:
    before = list(registry.receivers)
    ran = []

    class ReceiverTest(EventTestMixin, TestCase):
        heard: ClassVar[list[int]] = []

        @classmethod
        def setUpTestData(cls) -> None:
            cls.matter = matter_of("matter_of_class")
            on(cls.matter, delivery="commit")(cls.hear)

        @classmethod
        def hear(cls, number: int) -> None:
            cls.heard.append(number)

        def setUp(self) -> None:
            super().setUp()
            self.heard.clear()

        def test_events_are_recorded(self) -> None:
            emit(self.matter, sender=None, number=1)
            self.events.assert_emitted(self.matter, number=1)
            with pytest.raises(AssertionError, match="but was never,"):
                self.events.assert_emitted("matter_of_class", number=2)
            with self.events.expect("matter_of_class"):
                emit(self.matter, sender=None, number=2)
            assert self.heard == [1]
            ran.append("recorded")

        def test_deliveries_are_run(self) -> None:
            @on(self.matter, background=True, name="fail")
            def fail(number: int) -> None:
                raise ZeroDivisionError

            emit(self.matter, sender=None, number=1)
            self.deliveries.assert_queued(fail, number=1)
            with pytest.raises(DeliveryFailed):
                self.deliveries.run()
            assert settings.TASKS["default"]["BACKEND"].endswith("InMemoryBackend")
            ran.append("delivered")

        def test_receivers_after_commit_run(self) -> None:
            with transaction.atomic():
                emit(self.matter, sender=None, number=1)
                assert self.heard == []
            assert self.heard == [1]
            ran.append("committed")

        def test_receivers_are_muted_until_its_end(self) -> None:
            numbers = []

            @on(self.matter)
            def hear(number: int) -> None:
                numbers.append(number)

            self.mute(hear)
            emit(self.matter, sender=None, number=1)
            self.mute_all(but=hear)
            assert (numbers, self.heard) == ([], [1])
            emit(self.matter, sender=None, number=1)
            assert (numbers, self.heard) == ([], [1])
            ran.append("muted")

    assert run(ReceiverTest).testsRun == 4
    assert sorted(ran) == ["committed", "delivered", "muted", "recorded"]
    assert registry.receivers == before
    assert "matter_of_class" not in declared
    assert registry._muted == ()
    assert registry._watchers == ()


@pytest.mark.any_database
def test_without_a_database_there_are_no_deliveries() -> None:
    ran = []

    class UnitTest(EventTestMixin, SimpleTestCase):
        def test_events_are_recorded(self) -> None:
            emit(matter_of("plain"), sender=None)
            assert self.events.names() == ["plain"]
            with pytest.raises(LookupError, match="UnitTest has no deliveries: it needs"):
                _ = self.deliveries
            ran.append(1)

    class PlainTest(EventTestMixin):
        def test_events_are_recorded(self) -> None:
            emit(matter_of("plain"), sender=None)
            assert self.events.names() == ["plain"]
            ran.append(2)

    run(UnitTest)
    run(PlainTest)
    assert ran == [1, 2]
    assert "plain" not in declared


@pytest.mark.any_database
def test_recording_needs_no_test_case() -> None:
    matter = matter_of("matter")
    emit(matter, sender=None)
    with recorded_events() as events:
        emit(matter, sender=None, number=1)
        assert isinstance(events, Emissions)
    emit(matter, sender=None)
    assert [event.number for event in events.of(matter)] == [1]
