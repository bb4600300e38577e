"""What is emitted is in the log and the ledger, with its operation or not at all."""

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from tests.workflow.builders import item
from workflow_events.delivery import payload
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.delivery.recording import LedgerRecorder
from workflow_events.events import Event, emit, on
from workflow_events.events.emission.recording import stored_together
from workflow_events.events.registration.registry import registry
from workflow_events.workflow import api
from workflow_events.workflow.events import post_complete_work_item, post_create_work_item
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.users import AnonymousUser

pytestmark = pytest.mark.django_db


def listen(event, count=1, **options):
    for number in range(count):

        def receiver(event):
            raise AssertionError("It does not run here.")

        on(event, delivery="background", name=f"receiver {number}", **options)(receiver)


def statements(captured):
    """Return the statements that write, or wake a worker, as verb and table."""
    short = [" ".join(q["sql"].replace('"', "").split()[:3]) for q in captured.captured_queries]
    return [sql for sql in short if sql.startswith(("INSERT INTO delivery_", "SELECT 'nudge'"))]


def test_an_event_and_its_receiver_are_three_statements(noticed, nudges, user):
    listen(noticed)
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        event = emit(noticed, sender=listen, what=1, user=user, context={"why": "so"})
    assert statements(captured) == [
        "INSERT INTO delivery_loggedevent",
        "INSERT INTO delivery_delivery",
        "SELECT 'nudge'",
    ]
    assert nudges == [True]
    logged = LoggedEvent.objects.get()
    assert (logged.pk, logged.name, logged.time) == (
        event.envelope.id,
        "noticed",
        event.envelope.time,
    )
    assert (logged.cause, logged.case, logged.username) == (None, None, "max")
    assert logged.sender == "tests.delivery.test_recording.listen"
    delivery = Delivery.objects.get()
    assert delivery.event == logged
    assert (delivery.receiver, delivery.stream) == ("receiver 0", None)
    assert (delivery.state, delivery.attempts, delivery.worker) == (State.PENDING, 0, "")
    assert delivery.due == delivery.created_at
    assert delivery.due > logged.time
    assert (delivery.lease, delivery.started_at, delivery.finished_at) == (None, None, None)
    assert (delivery.error, delivery.traceback) == ("", "")


def test_a_hundred_events_for_three_receivers_are_three_statements(noticed, nudges):
    listen(noticed, 3)
    with CaptureQueriesContext(connection) as captured, transaction.atomic(), stored_together():
        ids = [emit(noticed, sender=None, what=n).envelope.id for n in range(100)]
        assert statements(captured) == []
    assert statements(captured) == [
        "INSERT INTO delivery_loggedevent",
        "INSERT INTO delivery_delivery",
        "SELECT 'nudge'",
    ]
    assert nudges == [True]
    assert list(LoggedEvent.objects.order_by("pk").values_list("pk", flat=True)) == ids
    expected = [(key, f"receiver {number}") for key in ids for number in range(3)]
    assert list(Delivery.objects.order_by("pk").values_list("event_id", "receiver")) == expected


def test_a_thousand_events_are_no_more(noticed, nudges):
    listen(noticed, 3)
    with CaptureQueriesContext(connection) as captured, transaction.atomic(), stored_together():
        for _ in range(1_000):
            emit(noticed, sender=None, what=None)
    assert len(statements(captured)) == 3
    assert (LoggedEvent.objects.count(), Delivery.objects.count()) == (1_000, 3_000)


def test_a_rollback_leaves_nothing(noticed, nudges):
    listen(noticed)
    with transaction.atomic():
        with stored_together():
            emit(noticed, sender=None, what=1)
        assert (LoggedEvent.objects.count(), Delivery.objects.count()) == (1, 1)
        transaction.set_rollback(True)
    assert (LoggedEvent.objects.count(), Delivery.objects.count(), nudges) == (0, 0, [True])


def test_an_operation_that_fails_stores_nothing(noticed, nudges):
    listen(noticed)

    def fail():
        with transaction.atomic(), stored_together():
            emit(noticed, sender=None, what=1)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert (LoggedEvent.objects.count(), Delivery.objects.count(), nudges) == (0, 0, [])


def test_what_cannot_be_stored_is_refused_where_it_is_emitted(noticed, nudges):
    listen(noticed)
    with (
        pytest.raises(payload.NotEncodable, match=r"^noticed\.what\['a'\] cannot be stored"),
        transaction.atomic(),
    ):
        emit(noticed, sender=None, what={"a": object()})
    assert (LoggedEvent.objects.count(), nudges) == (0, [])


def test_events_of_a_case_are_one_stream(nudges, case, user):
    listen("post_*_work_item")
    api.complete_work_item(item(case, "a"), user)
    events = LoggedEvent.objects.order_by("pk")
    assert [event.name for event in events] == ["post_complete_work_item", "post_create_work_item"]
    assert {event.case for event in events} == {case.pk}
    assert {delivery.stream for delivery in Delivery.objects.all()} == {str(case.pk)}
    assert nudges == [True]


def test_without_an_order_there_is_no_stream(nudges, case, user):
    listen("post_complete_work_item", order_by=None)
    api.complete_work_item(item(case, "a"), user)
    assert [delivery.stream for delivery in Delivery.objects.all()] == [None]


def test_what_only_is_logged_wakes_nobody(nudges, case, user, settings):
    settings.EVENT_LOG = "all"
    registry.forget_plans()
    with CaptureQueriesContext(connection) as captured:
        api.complete_work_item(item(case, "a"), user)
    assert statements(captured) == ["INSERT INTO delivery_loggedevent"]
    assert [event.name for event in LoggedEvent.objects.order_by("pk")] == [
        "post_complete_work_item",
        "post_create_work_item",
    ]
    assert (Delivery.objects.count(), nudges) == (0, [])


def test_which_events_are_logged_that_nobody_gets(settings, noticed):
    recorder = LedgerRecorder()
    assert settings.EVENT_LOG == "background"
    assert not recorder.wants(post_complete_work_item)
    settings.EVENT_LOG = "all"
    assert recorder.wants(post_create_work_item)
    assert not recorder.wants(noticed)
    listen(post_save)
    assert not recorder.wants(registry.bridges[post_save].occurrence)


def test_nobody_acts_without_a_name(noticed, nudges):
    class Lonely(Event):
        pass

    listen([noticed, Lonely])
    emit(noticed, sender=None, what=1, user=AnonymousUser())
    emit(Lonely, sender=None)
    assert [event.username for event in LoggedEvent.objects.all()] == [None, None]


def test_a_signal_is_stored_with_its_sender(nudges, work_item):
    listen(post_save, sender=WorkItem)
    work_item.save()
    logged = LoggedEvent.objects.get()
    assert logged.name == "django.db.models.signals.post_save"
    assert logged.sender == "workflow_events.workflow.models.running.WorkItem"
    assert logged.case is None
    assert logged.content["payload"]["instance"] == {
        "$row": {"model": "workflow.WorkItem", "pk": str(work_item.pk)}
    }


def test_the_cause_of_what_a_receiver_emits(noticed, nudges):
    class Consequence(Event):
        pass

    @on(noticed)
    def go_on():
        emit(Consequence, sender=None)

    listen([noticed, Consequence])
    event = emit(noticed, sender=None, what=1)
    consequence = LoggedEvent.objects.get(name="consequence")
    assert consequence.cause == event.envelope.id
