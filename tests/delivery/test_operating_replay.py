"""Replaying: logged events, again or for the first time, to a receiver of today."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.dispatch import Signal
from django.utils import timezone

from tests.delivery.deliveries import WORKER, postgresql_only
from workflow_events.delivery import ledger, operating
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.delivery.operating import (
    CannotReplay,
    Replayed,
    batches,
    check_hearing,
    names_heard_by,
)
from workflow_events.delivery.payload import encode
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.declaration.event import make
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.workflow.models import Workflow

pytestmark = pytest.mark.django_db

CASES = [uuid7() for _ in range(3)]


@pytest.fixture
def event_class():
    class PostMatter(Event, case=lambda matter: matter):
        number: int
        matter: UUID

    return PostMatter


@pytest.fixture
def log(event_class):
    """Store occurrences of PostMatter: a number and a case for each."""

    def log(*cases: UUID, sender: Any = None, first: int = 1) -> list[LoggedEvent]:
        events = [
            encode(make(event_class, {"number": number, "matter": case}, sender))
            for number, case in enumerate(cases, first)
        ]
        return LoggedEvent.objects.bulk_create(events)

    return log


def hear(event, *, name: str = "receiver", **options):
    @on(event, delivery="background", name=name, **options)
    def receiver() -> None: ...


def stored(receiver: str = "receiver") -> list[tuple[UUID, str]]:
    """Return event and state of the receiver's deliveries, in the order of the ledger."""
    found = Delivery.objects.filter(receiver=receiver).order_by("pk")
    return [(delivery.event_id, delivery.state) for delivery in found]


def claimed() -> list[UUID]:
    """Run everything, as a worker does, and return the events in that order."""
    found = []
    while batch := ledger.claim(WORKER, ["receiver"], 1):
        found += [delivery.event_id for delivery in batch]
        ledger.mark_done(batch[0])
    return found


def test_what_was_never_delivered_is_for_the_first_time(event_class, log) -> None:
    events = log(CASES[0], CASES[0], CASES[1])
    hear(event_class)
    before = timezone.now()
    assert operating.replay(LoggedEvent.objects.all(), "receiver") == Replayed(created=3)
    assert stored() == [(event.pk, State.PENDING) for event in events]
    for delivery, case in zip(
        Delivery.objects.order_by("pk"), (CASES[0], CASES[0], CASES[1]), strict=True
    ):
        assert delivery.stream == str(case)
        assert (delivery.attempts, delivery.error) == (0, "")
        assert before <= delivery.due <= delivery.created_at <= timezone.now()
    assert claimed() == [event.pk for event in events]


def test_what_has_ended_is_delivered_again_in_the_order_of_the_log(event_class, log) -> None:
    first, second, third = log(CASES[0], CASES[0], CASES[0])
    hear(event_class)
    assert operating.replay(LoggedEvent.objects.filter(pk=second.pk), "receiver").created == 1
    Delivery.objects.update(
        state=State.DEAD, finished_at=timezone.now(), attempts=8, error="Boom", traceback="Line 1"
    )
    replayed = operating.replay(LoggedEvent.objects.all(), "receiver")
    assert replayed == Replayed(created=2, redelivered=1)
    again = Delivery.objects.get(event=second)
    assert (again.state, again.attempts, again.finished_at) == (State.PENDING, 0, None)
    assert (again.error, again.traceback) == ("Boom", "Line 1")
    assert claimed() == [first.pk, second.pk, third.pk]


def test_what_is_on_its_way_is_left(event_class, log) -> None:
    log(CASES[0], CASES[1])
    hear(event_class)
    operating.replay(LoggedEvent.objects.all(), "receiver")
    ledger.claim(WORKER, ["receiver"], 1)
    before = list(Delivery.objects.order_by("pk").values())
    assert operating.replay(LoggedEvent.objects.all(), "receiver") == Replayed(unfinished=2)
    assert list(Delivery.objects.order_by("pk").values()) == before


def test_other_receivers_get_nothing(event_class, log) -> None:
    log(CASES[0])
    hear(event_class)
    hear(event_class, name="other")
    operating.replay(LoggedEvent.objects.all(), "receiver")
    assert stored("other") == []


def test_without_an_order_there_is_no_stream(event_class, log) -> None:
    log(CASES[0])
    hear(event_class, order_by=None)
    operating.replay(LoggedEvent.objects.all(), "receiver")
    assert Delivery.objects.get().stream is None


def test_a_filter_is_asked_with_what_was_emitted(event_class, log) -> None:
    _, second, third = log(*CASES)

    @on(event_class, delivery="background", name="receiver")
    @filter_events(lambda number: number > 1)
    @filter_events(lambda event, matter: event.envelope.name == "post_matter" and matter in CASES)
    def receiver() -> None: ...

    replayed = operating.replay(LoggedEvent.objects.all(), "receiver")
    assert replayed == Replayed(created=2, skipped=1)
    assert [event for event, _ in stored()] == [second.pk, third.pk]


def test_a_filter_that_fails_lets_nothing_pass_and_stops_nothing(event_class, log, caplog) -> None:
    first, second, third = log(*CASES)

    @on(event_class, delivery="background", name="receiver")
    @filter_events(lambda number: 1 / (number - 2))
    def receiver() -> None: ...

    replayed = operating.replay(LoggedEvent.objects.all(), "receiver")
    assert replayed == Replayed(created=2, failed=1)
    assert [event for event, _ in stored()] == [first.pk, third.pk]
    [record] = caplog.records
    assert record.getMessage() == (
        f"A filter of receiver failed with post_matter {second.pk}; it is not replayed"
    )
    assert "ZeroDivisionError" in record.exc_text


class Sender:
    pass


class Other:
    pass


def test_only_what_its_sender_has_sent(event_class, log) -> None:
    log(CASES[0], sender=Other)
    [mine] = log(CASES[1], sender=Sender)
    hear(event_class, sender=Sender)
    replayed = operating.replay(LoggedEvent.objects.all(), "receiver")
    assert replayed == Replayed(created=1, skipped=1)
    assert [event for event, _ in stored()] == [mine.pk]


def test_an_event_whose_row_is_gone_is_delivered_with_that_reason() -> None:
    class PostPublish(Event):
        workflow: Workflow

    @on(PostPublish, delivery="background", name="receiver")
    @filter_events(lambda workflow: workflow.slug == "gone")
    def receiver(workflow: Workflow) -> None: ...

    workflow = Workflow.objects.create(slug="gone")
    encode(make(PostPublish, {"workflow": workflow}, None)).save(force_insert=True)
    workflow.delete()
    assert operating.replay(LoggedEvent.objects.all(), "receiver") == Replayed(created=1)


def test_a_signal() -> None:
    said = Signal()
    hear(said)
    [name] = names_heard_by("receiver")
    LoggedEvent.objects.create(
        id=uuid7(), name=name, time=timezone.now(), content={"version": 1, "payload": {}}
    )
    assert operating.replay(LoggedEvent.objects.all(), "receiver") == Replayed(created=1)


def test_events_that_it_does_not_listen_to_are_not_for_it(event_class, log) -> None:
    class PostOther(Event):
        pass

    hear(PostOther)
    log(CASES[0])
    assert operating.replay(LoggedEvent.objects.all(), "receiver") == Replayed()
    assert Delivery.objects.count() == 0


def test_a_receiver_that_is_not_registered_is_refused(event_class, log) -> None:
    hear(event_class)
    log(CASES[0])
    with pytest.raises(CannotReplay) as refused:
        operating.replay(LoggedEvent.objects.all(), "renamed")
    assert str(refused.value) == (
        "renamed: no receiver of this name is registered in the background; there are: receiver"
    )
    assert Delivery.objects.count() == 0


def test_an_event_that_is_named_must_be_one_that_it_listens_to(event_class, log) -> None:
    class PostOther(Event):
        pass

    class PostOutcome(Event):
        pass

    hear("post_o*")
    [event] = log(CASES[0])
    missing = uuid7()
    for named, message in (
        ("post_matter", "receiver does not listen to post_matter; it listens to "),
        (event.pk, f"receiver does not listen to {event.pk}, a post_matter; it listens to "),
    ):
        with pytest.raises(CannotReplay) as refused:
            check_hearing("receiver", [named])
        assert str(refused.value) == f"{message}post_other, post_outcome"
    with pytest.raises(CannotReplay, match=f"{missing}: there is no such event in the log"):
        check_hearing("receiver", [missing])
    check_hearing("receiver", ["post_other"])


def test_events_are_found_by_name_id_case_and_time(log) -> None:
    old, young = log(CASES[0], CASES[1])
    then = timezone.now() - timedelta(days=2)
    LoggedEvent.objects.filter(pk=old.pk).update(time=then)
    for conditions, found in (
        ({"events": ["post_matter"]}, {old.pk, young.pk}),
        ({"events": ["post_other"]}, set()),
        ({"events": [old.pk, "post_other"]}, {old.pk}),
        ({"events": [young.pk]}, {young.pk}),
        ({"cases": [CASES[0], CASES[2]]}, {old.pk}),
        ({"since": then + timedelta(days=1)}, {young.pk}),
        ({"until": then + timedelta(days=1)}, {old.pk}),
        ({"until": then}, set()),
        ({"since": then}, {old.pk, young.pk}),
    ):
        assert {event.pk for event in operating.logged_events(**conditions)} == found


def test_a_dry_run_counts_the_same_and_stores_nothing(event_class, log) -> None:
    log(*CASES)

    @on(event_class, delivery="background", name="receiver")
    @filter_events(lambda number: number > 1)
    def receiver() -> None: ...

    [step] = operating.replay_in_steps(LoggedEvent.objects.all(), "receiver", dry_run=True)
    assert step == Replayed(created=2, skipped=1)
    assert Delivery.objects.count() == 0


def test_what_was_emitted_and_what_is_replayed_are_the_same(event_class) -> None:
    hear(event_class)
    emit(event_class, sender=Sender, number=1, matter=CASES[0])
    [emitted] = Delivery.objects.values("event", "receiver", "stream")
    assert emitted["stream"] == str(CASES[0])
    assert claimed() == [emitted["event"]]
    assert operating.replay(LoggedEvent.objects.all(), "receiver") == Replayed(redelivered=1)
    assert list(Delivery.objects.values("event", "receiver", "stream")) == [emitted]


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_two_operators_replay_each_event_once(event_class, log, monkeypatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 10)
    events = log(*[CASES[0]] * 100)
    hear(event_class)
    outcomes: list[Replayed] = []

    def replay() -> None:
        try:
            outcomes.append(operating.replay(LoggedEvent.objects.all(), "receiver"))
        finally:
            connection.close()

    threads = [threading.Thread(target=replay) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(outcomes, Replayed()) == Replayed(created=100, unfinished=200)
    assert stored() == [(event.pk, State.PENDING) for event in events]
