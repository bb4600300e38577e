"""One attempt at a delivery."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.deliveries import WORKER, abandon
from tests.events.tables import Note, Tables
from workflow_events.delivery import ledger, operating
from workflow_events.delivery.identity import delivery_id_of
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.delivery.running.execution import execute, fail
from workflow_events.delivery.running.interruption import Interruptible, TimeLimitExceeded
from workflow_events.delivery.running.runner import run_due
from workflow_events.events import Event, Retry, emit, on
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)


class Executed(Event):
    number: int = 1


@pytest.fixture(autouse=True)
def _tables(transactional_db: None) -> Iterator[None]:
    Tables.make()
    yield
    Tables.drop()


def background(**options: Any) -> Any:
    return on(Executed, delivery="background", name="receiver", **options)


def claimed() -> Delivery:
    """Emit, and claim the delivery of it."""
    emit(Executed, sender=None)
    [delivery] = ledger.claim(WORKER, registry.in_background, 1)
    return delivery


def test_what_the_receiver_gets() -> None:
    got = []

    @background()
    def receiver(event: Executed, number: int, sender: object) -> None:
        got.append((number, sender, event.envelope.id, event.envelope.delivery_id))

    delivery = claimed()
    execute(delivery)
    event = LoggedEvent.objects.get()
    assert got == [(1, None, event.pk, delivery_id_of(event.pk, "receiver"))]


def test_its_work_and_the_mark_commit_together() -> None:
    @background()
    def receiver() -> None:
        Note.write("receiver")

    delivery = claimed()
    with CaptureQueriesContext(connection) as captured:
        execute(delivery)
    assert [query["sql"].split()[0] for query in captured] == [
        "BEGIN",
        "INSERT",
        "UPDATE",
        "COMMIT",
    ]
    assert Note.all_by() == ["receiver"]
    assert Delivery.objects.get().state == State.DONE


def test_without_sql_the_mark_alone() -> None:
    @background()
    def receiver() -> None: ...

    delivery = claimed()
    with CaptureQueriesContext(connection) as captured:
        execute(delivery)
    assert [query["sql"].split()[0] for query in captured] == ["BEGIN", "UPDATE", "COMMIT"]


def test_outside_of_a_transaction() -> None:
    inside = []

    @background(atomic=False)
    def receiver() -> None:
        inside.append(connection.in_atomic_block)
        Note.write("receiver")
        raise ValueError

    execute(claimed())
    assert inside == [False]
    assert Note.all_by() == ["receiver"]
    assert Delivery.objects.get().state == State.PENDING


def test_the_traceback_begins_in_the_receiver() -> None:
    def refuse() -> None:
        raise ValueError("no")

    @background()
    async def receiver() -> None:
        refuse()

    execute(claimed(), Interruptible())
    frames = re.findall("in .+", Delivery.objects.get().traceback)
    assert frames == ["in receiver", "in refuse"]


def test_what_was_never_raised_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    @background()
    def receiver() -> None: ...

    fail(claimed(), TimeLimitExceeded("It reacts to nothing."))
    [record] = caplog.records
    assert record.getMessage().endswith("TimeLimitExceeded: It reacts to nothing.")
    assert record.exc_info is None


def test_the_traceback_of_what_is_raised_outside_of_a_receiver_is_whole() -> None:
    @background()
    def receiver() -> None: ...

    delivery = claimed()
    LoggedEvent.objects.update(content={"version": 99})
    delivery.event.refresh_from_db()
    execute(delivery)
    assert "in execute" in Delivery.objects.get().traceback


@pytest.mark.parametrize("atomic", [True, False])
def test_async(atomic: bool) -> None:
    @background(atomic=atomic)
    async def receiver() -> None:
        await Note.objects.acreate(by="receiver")

    execute(claimed())
    assert Note.all_by() == ["receiver"]
    assert Delivery.objects.get().state == State.DONE


def test_a_failure_is_stored_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    @background(retry=Retry(attempts=2, base=10))
    def receiver() -> None:
        Note.write("receiver")
        raise ValueError("no")

    delivery = claimed()
    before = timezone.now()
    execute(delivery)
    after = timezone.now()
    assert Note.all_by() == []
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.error) == (
        State.PENDING,
        1,
        "ValueError: no",
    )
    frames = re.findall("in .+", delivery.traceback)
    assert frames == ["in receiver"]
    assert before + timedelta(seconds=5) <= delivery.due <= after + timedelta(seconds=10)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("workflow_events.delivery", logging.WARNING)
    assert re.fullmatch(
        f"Receiver receiver failed on executed, delivery {delivery.pk}, attempt 1 of 2; "
        r"it is tried again in ([5-9]|10) s: ValueError: no",
        record.getMessage(),
    )
    extra = vars(record)
    assert (extra["receiver"], extra["event"]) == ("receiver", "executed")
    assert extra["delivery"] == delivery.pk


def again() -> Delivery:
    Delivery.objects.update(due=timezone.now())
    [delivery] = ledger.claim(WORKER, registry.in_background, 1)
    return delivery


def test_dead_after_the_last_attempt(caplog: pytest.LogCaptureFixture) -> None:
    @background(retry=Retry(attempts=2))
    def receiver() -> None:
        raise ValueError("no")

    execute(claimed())
    execute(again())
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (State.DEAD, 2)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    assert ", attempt 2 of 2; it is dead: " in caplog.records[1].getMessage()


@pytest.mark.parametrize(
    ("error", "worth_it", "state"),
    [
        (ValueError(), (OSError,), "dead"),
        (ConnectionError(), (OSError,), "pending"),
        (TimeLimitExceeded(), (OSError,), "pending"),
        (TimeLimitExceeded(), (ValueError,), "dead"),
        (TimeLimitExceeded(), (Exception,), "pending"),
        (SystemExit(), (Exception,), "dead"),
    ],
)
def test_what_is_worth_another_attempt(
    error: BaseException, worth_it: tuple[type[Exception], ...], state: str
) -> None:
    @background(retry=Retry(on=worth_it))
    def receiver() -> None:
        Note.write("receiver")
        raise error

    execute(claimed())
    assert Delivery.objects.get().state == state
    assert Note.all_by() == []


def test_an_event_that_cannot_be_restored_is_a_dead_letter() -> None:
    called = []

    @background()
    def receiver() -> None:
        called.append(1)

    delivery = claimed()
    delivery.event.name = "unheard_of"
    execute(delivery)
    delivery.refresh_from_db()
    assert (delivery.state, called) == (State.DEAD, [])
    assert delivery.error.startswith("UnknownEvent: There is no event unheard_of")


def test_what_was_taken_over_is_undone(caplog: pytest.LogCaptureFixture) -> None:
    """A worker that has lost its lease cannot commit."""

    @background()
    def receiver() -> None:
        if not Note.all_by():
            Note.write("receiver")

    first = claimed()
    abandon(first)
    [second] = ledger.claim("other", registry.in_background, 1)
    execute(first)
    assert Note.all_by() == []
    assert Delivery.objects.get().state == State.RUNNING
    [record] = caplog.records
    assert "is no longer with here:1:aaaa" in record.getMessage()
    execute(second)
    assert Note.all_by() == ["receiver"]
    assert Delivery.objects.get().state == State.DONE


@pytest.mark.parametrize("atomic", [True, False])
def test_one_that_was_canceled_and_redelivered_to_the_same_worker(
    atomic: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The attempt that was canceled cannot be taken for the new one, which is the first, too."""

    calls = []

    @background(atomic=atomic)
    def receiver() -> None:
        calls.append(1)
        Note.write(f"call {len(calls)}")

    first = claimed()
    assert operating.cancel(Delivery.objects.all()) == 1
    assert operating.redeliver(Delivery.objects.all()) == 1
    [second] = ledger.claim(first.worker, registry.in_background, 1)
    assert (second.worker, second.attempts) == (first.worker, first.attempts)
    execute(first)
    assert Delivery.objects.get().state == State.RUNNING
    assert Note.all_by() == ([] if atomic else ["call 1"])
    [record] = caplog.records
    assert record.getMessage().endswith(
        "is undone." if atomic else "is not undone, as it is not atomic."
    )
    assert ledger.renew([first]) == 0
    execute(second)
    assert Note.all_by() == (["call 2"] if atomic else ["call 1", "call 2"])
    assert Delivery.objects.get().state == State.DONE


def test_a_connection_that_was_lost_before_the_mark() -> None:
    """Nothing of it stays, nor does the mark; the failure is stored by another connection."""

    @background()
    def receiver() -> None:
        Note.write("receiver")
        connection.connection.close()

    execute(claimed())
    assert Delivery.objects.get().state == State.PENDING
    assert Note.all_by() == []


def test_a_lost_database_is_raised() -> None:
    """Nothing can be stored: the lease runs out."""

    @background()
    def receiver() -> None:
        raise ValueError

    delivery = claimed()

    def gone(*_: Any) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(gone), pytest.raises(OperationalError, match="gone"):
        execute(delivery)
    assert Delivery.objects.get().state == State.RUNNING


def test_run_due_in_this_thread() -> None:
    order = []

    @background(retry=Retry(base=0))
    def receiver(number: int) -> None:
        order.append(number)
        if order.count(number) < 2:
            raise ValueError

    for number in (1, 2):
        emit(Executed, sender=None, number=number)
    assert run_due() == 4
    assert sorted(order) == [1, 1, 2, 2]
    assert set(Delivery.objects.values_list("state", "attempts")) == {("done", 2)}
    assert run_due() == 0


@pytest.mark.django_db(transaction=False)
def test_run_due_within_a_transaction() -> None:
    @background()
    def receiver(number: int) -> None:
        Note.write("receiver")
        if number == 2:
            raise ValueError

    for number in (1, 2):
        emit(Executed, sender=None, number=number)
    assert run_due() == 2
    assert Note.all_by() == ["receiver"]
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == [
        "done",
        "pending",
    ]
