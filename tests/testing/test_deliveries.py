"""The fixture ``deliveries``: what is recorded for the background in a test, and running it."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from workflow_events.delivery.models import Delivery
from workflow_events.events import Event, Retry, emit, on
from workflow_events.testing.deliveries import Deliveries, DeliveryFailed


@pytest.fixture
def matter() -> Any:
    class Matter(Event):
        number: int

    return Matter


@pytest.fixture
def heard(matter: Any) -> list[int]:
    numbers: list[int] = []

    @on(matter, background=True, name="hear")
    def hear(number: int) -> None:
        numbers.append(number)

    return numbers


def test_what_is_due_is_run_until_nothing_is_left(
    matter: Any, heard: list[int], deliveries: Deliveries
) -> None:
    @on(matter, background=True, name="go_on")
    def go_on(number: int) -> None:
        if number < 3:
            emit(matter, sender=None, number=number + 1)

    emit(matter, sender=None, number=1)
    assert heard == []
    assert [(d.receiver, d.event.name, d.state) for d in deliveries] == [
        ("hear", "matter", "pending"),
        ("go_on", "matter", "pending"),
    ]
    assert deliveries.run() == 6
    assert heard == [1, 2, 3]
    assert len(deliveries) == len(deliveries.where(state="done")) == 6
    assert deliveries.run() == 0


def test_they_are_found_by_receiver_event_and_state(
    matter: Any, heard: list[int], deliveries: Deliveries
) -> None:
    class Other(Event):
        pass

    @on([matter, Other], background=True, name="both")
    def both() -> None:
        pass

    emit(matter, sender=None, number=1)
    emit(Other, sender=None)
    first, second, third = deliveries
    assert [d.receiver for d in (first, second, third)] == ["hear", "both", "both"]
    assert deliveries.where(receiver="both") == deliveries.where(receiver=both) == [second, third]
    assert deliveries.where(event=matter) == deliveries.where(event="matter") == [first, second]
    assert deliveries.where(receiver=both, event=Other) == [third] == [deliveries[2]]
    assert deliveries.where(receiver="nobody") == deliveries.where(state="dead") == []


def test_what_was_there_before_is_not_shown(
    matter: Any, heard: list[int], db: None, request: pytest.FixtureRequest
) -> None:
    emit(matter, sender=None, number=1)
    deliveries = request.getfixturevalue("deliveries")
    emit(matter, sender=None, number=2)
    assert len(deliveries) == 1
    assert Delivery.objects.count() == 2


def failing(matter: Any, times: int, **options: Any) -> list[int]:
    """Register a receiver that fails so often; returns the numbers of its calls."""
    calls: list[int] = []

    @on(matter, background=True, name="fail", **options)
    def fail() -> None:
        calls.append(len(calls) + 1)
        if len(calls) <= times:
            raise ConnectionError(f"refused {len(calls)}")

    return calls


def test_a_failure_is_raised_with_its_traceback(matter: Any, deliveries: Deliveries) -> None:
    calls = failing(matter, 1)
    emit(matter, sender=None, number=1)
    with pytest.raises(DeliveryFailed) as raised:
        deliveries.run()
    assert str(raised.value).startswith("fail failed on matter, and is pending: ")
    assert 'raise ConnectionError(f"refused {len(calls)}")' in str(raised.value)
    assert calls == [1]


def test_a_failure_can_be_expected(matter: Any, deliveries: Deliveries) -> None:
    calls = failing(matter, 1)
    emit(matter, sender=None, number=1)
    assert deliveries.run(check=False) == 1
    [delivery] = deliveries.where(state="pending")
    assert (delivery.attempts, "refused 1" in delivery.error) == (1, True)
    assert calls == [1]
    # What this call has not tried is no failure of it.
    assert deliveries.run() == 0


def test_retries_do_not_wait(matter: Any, heard: list[int], deliveries: Deliveries) -> None:
    calls = failing(matter, 2, retry=Retry(attempts=3, base=1000.0))
    emit(matter, sender=None, number=1)
    assert deliveries.run(retries=True) == 4
    assert calls == [1, 2, 3]
    assert [d.state for d in deliveries] == ["done", "done"]


def test_what_is_dead_after_all_retries_is_a_failure(matter: Any, deliveries: Deliveries) -> None:
    calls = failing(matter, 5, retry=Retry(attempts=2, base=1000.0))
    emit(matter, sender=None, number=1)
    with pytest.raises(DeliveryFailed, match=r"^fail failed on matter, and is dead: .*refused 2"):
        deliveries.run(retries=True)
    assert calls == [1, 2]


def test_an_unknown_receiver_is_left_alone(
    matter: Any, heard: list[int], deliveries: Deliveries
) -> None:
    emit(matter, sender=None, number=1)
    Delivery.objects.update(receiver="renamed")
    assert deliveries.run(retries=True) == 0
    assert [d.state for d in deliveries] == ["pending"]


def test_a_rollback_takes_them_back(matter: Any, heard: list[int], deliveries: Deliveries) -> None:
    with transaction.atomic():
        emit(matter, sender=None, number=1)
        transaction.set_rollback(True)
    assert len(deliveries) == 0
    assert deliveries.run() == 0


@pytest.mark.django_db(transaction=True)
def test_it_works_where_tests_commit(matter: Any, heard: list[int], deliveries: Deliveries) -> None:
    emit(matter, sender=None, number=1)
    assert not connection.in_atomic_block
    assert deliveries.run() == 1
    assert heard == [1]


def test_receivers_after_commit_run_in_the_background_too(
    matter: Any, heard: list[int], deliveries: Deliveries
) -> None:
    class Later(Event):
        pass

    on(Later, delivery="commit")(lambda: heard.append(-1))

    @on(matter, background=True, name="emits")
    def emits() -> None:
        emit(Later, sender=None)

    emit(matter, sender=None, number=1)
    assert deliveries.run() == 2
    assert heard == [1, -1]


def test_the_engine_is_in_memory() -> None:
    backend = settings.TASKS["default"]["BACKEND"]
    assert backend == "workflow_events.delivery.engines.memory.InMemoryBackend"


def test_a_test_with_deliveries_asks_for_its_database(
    request: pytest.FixtureRequest, deliveries: Deliveries
) -> None:
    # pytest-django prepares what is asked for when tests are collected: others got the real one.
    assert request.node.get_closest_marker("django_db") is not None
