"""Pruning: what is old and settled goes, whatever somebody may still look at stays."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.deliveries import deliveries, postgresql_only
from workflow_events.delivery import operating
from workflow_events.delivery.models import FINISHED, Delivery, LoggedEvent, State
from workflow_events.delivery.operating import Pruned, batches

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _retention(settings) -> None:
    settings.EVENT_LOG_RETENTION = 90


def logged(days: int, *states: str) -> LoggedEvent:
    """Store an event so many days old, with a delivery in each of these states."""
    [first] = deliveries(None)
    event = first.event
    event.time = timezone.now() - timedelta(days=days)
    event.save()
    first.delete()
    for number, state in enumerate(states):
        Delivery.objects.create(
            event=event,
            receiver=f"receiver{number}",
            state=state,
            due=event.time,
            created_at=event.time,
            finished_at=event.time if state in FINISHED else None,
        )
    return event


def kept() -> set:
    return set(LoggedEvent.objects.values_list("pk", flat=True))


def test_what_is_done_or_canceled_goes_after_the_retention() -> None:
    logged(91, State.DONE, State.CANCELED)
    logged(91)
    young = logged(89, State.DONE)
    assert operating.prune() == Pruned(events=2, deliveries=2, kept=0)
    assert kept() == {young.pk}
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING, State.DEAD])
def test_an_event_stays_with_one_that_needs_attention(state) -> None:
    old = logged(91, State.DONE, state)
    assert operating.prune() == Pruned(events=0, deliveries=0, kept=1)
    assert kept() == {old.pk}
    assert Delivery.objects.count() == 2


def test_nothing_goes_where_the_retention_is_for_ever(settings) -> None:
    settings.EVENT_LOG_RETENTION = 0
    old = logged(36_000, State.DONE)
    assert operating.prune() == Pruned()
    assert kept() == {old.pk}


def test_another_time_may_be_named() -> None:
    logged(31, State.DONE)
    young = logged(29, State.DONE)
    before = timezone.now() - timedelta(days=30)
    assert operating.prune(before) == Pruned(events=1, deliveries=1)
    assert kept() == {young.pk}


def test_a_dry_run_counts_the_same_and_deletes_nothing() -> None:
    logged(91, State.DONE, State.CANCELED)
    logged(91, State.DONE, State.DEAD)
    logged(91)
    steps = list(operating.prune_in_steps(dry_run=True))
    assert sum(steps, Pruned()) == Pruned(events=2, deliveries=2, kept=1)
    assert len(kept()) == 3
    assert operating.prune() == Pruned(events=2, deliveries=2, kept=1)


def test_many_go_in_bounded_batches(monkeypatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    for _ in range(5):
        logged(91, State.DONE)
    steps = operating.prune_in_steps()
    assert next(steps) == Pruned(events=2, deliveries=2)
    assert len(kept()) == 3
    assert [step.events for step in steps] == [2, 1]
    assert kept() == set()


def test_the_statements_of_a_batch(monkeypatch) -> None:
    for _ in range(5):
        logged(91, State.DONE)
    with CaptureQueriesContext(connection) as captured:
        operating.prune()
    # The keys before and after, a savepoint twice, two looks under lock, two deletions.
    assert len(captured) == 8


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_what_is_redelivered_meanwhile_stays() -> None:
    old = logged(91, State.DONE)
    outcomes: list[Pruned] = []

    def prune() -> None:
        try:
            outcomes.append(operating.prune())
        finally:
            connection.close()

    with transaction.atomic():
        assert operating.redeliver(Delivery.objects.all()) == 1
        thread = threading.Thread(target=prune)
        thread.start()
        thread.join(0.2)
        assert outcomes == []
    thread.join(30)
    assert outcomes == [Pruned(kept=1)]
    assert kept() == {old.pk}
