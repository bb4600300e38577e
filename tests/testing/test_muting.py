"""Muting receivers: one, all but some, all; as context managers and as decorators."""

from typing import Any

import pytest
from django.db.models.signals import post_init

from tests.testing.matters import heard, matter
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.registration.listeners import Listener
from workflow_events.events.registration.registry import registry
from workflow_events.testing import Deliveries, UnknownReceiver, mute, mute_all

__all__ = ["heard", "matter"]
HEAR = "tests.testing.matters.heard.<locals>.hear"


def hear_it(number: int) -> None:
    HEARD.append(number)


HEARD: list[int] = []


class Book:
    def __init__(self) -> None:
        self.entries: list[int] = []

    def enter(self, number: int) -> None:
        self.entries.append(number)


@pytest.fixture(autouse=True)
def _nothing_heard() -> None:
    HEARD.clear()


@pytest.mark.any_database
def test_one_receiver_is_muted(matter: Any, heard: list[int]) -> None:
    on(matter)(hear_it)
    with mute(hear_it):
        emit(matter, sender=None, number=1)
    emit(matter, sender=None, number=2)
    assert (heard, HEARD) == ([1, 2], [2])


@pytest.mark.any_database
def test_receivers_are_muted_by_name_method_and_class(matter: Any, heard: list[int]) -> None:
    book, second = Book(), Book()
    on(matter)(book.enter)
    on(matter)(second.enter)
    with mute(HEAR):
        emit(matter, sender=None, number=1)
    with mute(book.enter):
        emit(matter, sender=None, number=2)
    with mute(Book):
        emit(matter, sender=None, number=3)
    with mute(Book.enter):
        emit(matter, sender=None, number=4)
    with mute("tests.testing.test_muting.Book.enter", HEAR):
        emit(matter, sender=None, number=5)
    with mute("tests.testing.test_muting.Book", HEAR):
        emit(matter, sender=None, number=6)
    assert heard == [2, 3, 4]
    assert (book.entries, second.entries) == ([1], [1, 2])


@pytest.mark.any_database
def test_callable_objects_and_methods_below_filters_are_muted(matter: Any) -> None:
    numbers = []

    class Bell:
        def __call__(self, number: int) -> None:
            numbers.append(number)

    class Secretary(Listener):
        listens_for = matter

        @filter_events(lambda number: number > 0)
        def handle(self, number: int) -> None:
            numbers.append(-number)

    bell = Bell()
    on(matter)(bell)
    with mute(bell, Secretary.handle):
        emit(matter, sender=None, number=1)
    with mute(Bell):
        emit(matter, sender=None, number=2)
    with pytest.raises(UnknownReceiver):  # a module is no receiver
        mute("tests.testing.test_muting").__enter__()
    assert numbers == [-2]


@pytest.mark.any_database
def test_a_listener_is_muted_by_its_class_method_and_name(matter: Any) -> None:
    numbers = []

    class Secretary(Listener):
        listens_for = matter

        def handle(self, number: int) -> None:
            numbers.append(number)

    name = registry.receivers[-1].name
    for muted in (Secretary, Secretary.handle, name, name.rpartition(".")[0]):
        with mute(muted):
            emit(matter, sender=None, number=1)
    emit(matter, sender=None, number=2)
    assert numbers == [2]


@pytest.mark.any_database
def test_all_are_muted_but_some(matter: Any, heard: list[int]) -> None:
    on(matter)(hear_it)
    signals = []
    on(post_init, sender=Event)(lambda: signals.append(1))
    with mute_all():
        emit(matter, sender=None, number=1)
        post_init.send(Event)
        with mute_all(but=hear_it):
            emit(matter, sender=None, number=2)
    with mute_all(but=hear_it):
        emit(matter, sender=None, number=3)
        on(matter)(late)
        emit(matter, sender=None, number=4)
    with mute_all(but=[hear_it, HEAR]):
        emit(matter, sender=None, number=5)
    assert (heard, HEARD, signals) == ([5], [3, 4, 5], [])
    post_init.send(Event)
    assert signals == [1]


def late(number: int) -> None:
    raise AssertionError("It is registered where all are muted.")


@pytest.mark.any_database
def test_functions_are_decorated_also_async_ones(matter: Any, heard: list[int]) -> None:
    @mute(HEAR)
    def work(number: int) -> int:
        if number:
            work(number - 1)
        emit(matter, sender=None, number=number)
        return number

    @mute_all()
    async def later() -> int:
        return len(registry._muted)

    assert work(2) == 2
    assert heard == []
    coroutine = later()
    assert registry._muted == ()
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    assert ended.value.value == 1
    assert registry._muted == ()
    with pytest.raises(TypeError, match="Book is a class; decorate its tests"):
        mute_all()(Book)


@pytest.mark.any_database
def test_an_unknown_receiver_is_an_error_when_it_is_muted(matter: Any, heard: list[int]) -> None:
    muting = mute(hear_it)
    with pytest.raises(UnknownReceiver, match="hear_it is no receiver that is registered"):
        muting.__enter__()
    with pytest.raises(UnknownReceiver, match=r"near is .*<locals>.hear$"):
        mute("tests.testing.matters.heard.<locals>.here").__enter__()
    with pytest.raises(UnknownReceiver), mute_all(but=hear_it):
        pass
    with pytest.raises(TypeError, match="Name the receivers"):
        mute()
    emit(matter, sender=None, number=1)
    assert heard == [1]


def test_what_is_emitted_meanwhile_is_not_delivered_later(
    matter: Any, deliveries: Deliveries
) -> None:
    @on(matter, background=True, name="hear")
    @on(matter, delivery="commit")
    def hear(number: int) -> None:
        HEARD.append(number)

    emit(matter, sender=None, number=1)
    with mute(hear):
        emit(matter, sender=None, number=2)
        assert deliveries.run() == 1
    with mute("hear"):
        emit(matter, sender=None, number=3)
    assert deliveries.run() == 0
    assert HEARD == [1, 1, 3]
