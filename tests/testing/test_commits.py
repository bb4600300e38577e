"""Receivers after COMMIT under Django's TestCase and the fixture ``db``, which never commit."""

from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from workflow_events.events import Event, emit, on
from workflow_events.events.emission.committed import AfterCommit
from workflow_events.events.errors import PassesReceivers


class Wrong(Exception):
    pass


@pytest.fixture
def matter(db: None) -> type[Event]:
    class Matter(Event):
        number: int = 0

    return Matter


@pytest.fixture
def heard(matter: type[Event]) -> list[Any]:
    numbers: list[Any] = []

    @on(matter, delivery="commit")
    def hear(number: int) -> None:
        numbers.append(number)

    return numbers


def test_without_a_block_they_run_at_once(matter: Any, heard: list[Any]) -> None:
    emit(matter, sender=None, number=1)
    assert heard == [1]


def test_they_run_in_order_when_the_outermost_block_of_the_test_ends(
    matter: Any, heard: list[Any]
) -> None:
    with transaction.atomic():
        emit(matter, sender=None, number=1)
        with transaction.atomic():
            emit(matter, sender=None, number=2)
        assert heard == []
    assert heard == [1, 2]
    with transaction.atomic(durable=True):
        emit(matter, sender=None, number=3)
    assert heard == [1, 2, 3]


def test_a_block_without_savepoint_is_a_block(matter: Any, heard: list[Any]) -> None:
    with transaction.atomic(savepoint=False):
        emit(matter, sender=None, number=1)
        assert heard == []
    assert heard == [1]


def test_a_rollback_drops_them(matter: Any, heard: list[Any]) -> None:
    def fail(number: int) -> None:
        with transaction.atomic():
            emit(matter, sender=None, number=number)
            raise Wrong

    with pytest.raises(Wrong):
        fail(1)
    with transaction.atomic():
        with pytest.raises(Wrong):
            fail(2)
        emit(matter, sender=None, number=3)
    assert heard == [3]


def test_what_a_receiver_emits_comes_when_the_emission_has_ended(
    matter: Any, heard: list[Any]
) -> None:
    class Outer(Event):
        pass

    @on(Outer)
    def inner() -> None:
        emit(matter, sender=None, number=1)
        assert heard == []

    emit(Outer, sender=None)
    assert heard == [1]


def test_what_a_receiver_emits_and_fails_is_dropped(matter: Any, heard: list[Any]) -> None:
    class Outer(Event):
        pass

    @on(Outer)
    def inner() -> None:
        emit(matter, sender=None, number=1)
        raise Wrong

    emit(Outer, sender=None)
    assert heard == []


def test_what_they_emit_comes_right_after_them(matter: Any, heard: list[Any]) -> None:
    class Later(Event):
        number: int

    @on(Later, delivery="commit")
    def emits(number: int) -> None:
        emit(matter, sender=None, number=number + 1)
        heard.append(number)

    with transaction.atomic():
        emit(Later, sender=None, number=10)
        emit(Later, sender=None, number=20)
    assert heard == [10, 11, 20, 21]


def test_a_failure_is_logged_and_the_others_run(
    matter: Any, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Hopeless(Event):
        pass

    @on(Hopeless, delivery="commit")
    def hopeless() -> None:
        raise PassesReceivers("too late")

    with transaction.atomic():
        emit(Hopeless, sender=None)
        emit(matter, sender=None, number=1)
    assert heard == [1]
    [record] = caplog.records
    assert record.getMessage() == "Failed after COMMIT: the receivers of hopeless"
    assert str(record.exc_info[1]) == "too late"


def test_callbacks_of_others_are_left_to_django(
    matter: Any, heard: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    def other() -> None:
        heard.append("other")

    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        transaction.on_commit(other)
        emit(matter, sender=None, number=1)
    assert heard == [1]
    assert callbacks == [other]


@pytest.mark.parametrize("inside", [False, True])
def test_capturing_runs_none_twice(
    matter: Any, heard: list[Any], django_capture_on_commit_callbacks: Any, inside: bool
) -> None:
    if inside:
        with transaction.atomic():
            with django_capture_on_commit_callbacks(execute=True):
                emit(matter, sender=None, number=1)
            assert heard == [1]
    else:
        with django_capture_on_commit_callbacks(execute=True):
            with transaction.atomic():
                emit(matter, sender=None, number=1)
            assert heard == [1]
    assert heard == [1]


@pytest.mark.django_db(transaction=True)
def test_where_tests_commit_django_runs_them(transactional_db: None) -> None:
    class Matter(Event):
        pass

    in_blocks = []
    on(Matter, delivery="commit")(lambda: in_blocks.append(len(connection.atomic_blocks)))
    with mock.patch.object(AfterCommit, "__call__", autospec=True) as called:
        with transaction.atomic():
            emit(Matter, sender=None)
            assert called.call_count == 0
        assert called.call_count == 1
    with transaction.atomic():
        emit(Matter, sender=None)
    emit(Matter, sender=None)
    assert in_blocks == [0, 0]


class OfUnittest(TestCase):
    """The same in classes of `unittest`, whose data are set up in a transaction around all."""

    @classmethod
    def setUpTestData(cls) -> None:
        class MatterOfClass(Event):
            number: int

        cls.event = MatterOfClass
        cls.heard = []
        on(MatterOfClass, delivery="commit")(cls.hear)
        emit(MatterOfClass, sender=None, number=0)
        with transaction.atomic():
            emit(MatterOfClass, sender=None, number=1)

    @classmethod
    def hear(cls, number: int) -> None:
        cls.heard = [*cls.heard, number]

    def test_in_a_block(self) -> None:
        with transaction.atomic():
            emit(self.event, sender=None, number=2)
            assert type(self).heard == [0, 1]
        assert type(self).heard == [0, 1, 2]

    def test_in_none(self) -> None:
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            emit(self.event, sender=None, number=3)
        assert type(self).heard[-1] == 3
        assert callbacks == []


class Committing(TransactionTestCase):
    """A class whose tests commit."""

    def test_in_a_block(self) -> None:
        class MatterOfTest(Event):
            number: int

        heard = []

        @on(MatterOfTest, delivery="commit")
        def hear(number: int) -> None:
            heard.append(number)

        with transaction.atomic():
            emit(MatterOfTest, sender=None, number=1)
            assert heard == []
        assert heard == [1]
