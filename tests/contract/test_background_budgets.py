"""What receivers in the background add to a mutation: one statement each for log, ledger, engine.

Whatever the number of events and receivers; the engine is that of the database.
"""

from typing import Any

import pytest
from django.db import connection

from tests.contract.test_statements_of_documents import HUNDRED, change
from tests.workflow.builders import ANN, item, workflow
from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.delivery.tasks import QUEUE
from workflow_events.events import filter_events, on
from workflow_events.workflow import api
from workflow_events.workflow.models import Case

pytestmark = pytest.mark.django_db(transaction=True)

ADDED = 3


@pytest.fixture(autouse=True)
def _engine_of_the_database(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": settings.EVENT_ENGINE, "QUEUES": [QUEUE]}}


def register(number: int, target: Any = "post_*") -> None:
    for place in range(number):

        @on(target, background=True, name=f"receiver {place}")
        def receiver() -> None:
            raise AssertionError("a mutation calls nobody in the background")


@pytest.mark.parametrize("receivers", [1, 3, 10])
def test_complete_into_the_next_item(receivers: int) -> None:
    """completeWorkItem, next item created: 7 without; 2 events."""
    register(receivers)
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    assert (LoggedEvent.objects.count(), Delivery.objects.count()) == (2, 2 * receivers)
    answer = change("completeWorkItem", "workItem", id=str(item(case, "a").pk))
    assert answer == ("COMPLETED", 7 + ADDED)
    assert (LoggedEvent.objects.count(), Delivery.objects.count()) == (4, 4 * receivers)


@pytest.mark.parametrize("receivers", [1, 3])
def test_cancel_100_items(receivers: int) -> None:
    """cancelCase with 100 ready items: 5 without; 101 events, and still no item is read alone."""
    workflow("many", tasks={"many": HUNDRED})
    case = api.start_case("flow", ANN)
    register(receivers)
    assert change("cancelCase", "case", id=str(case.pk)) == ("CANCELED", 5 + ADDED)
    assert (LoggedEvent.objects.count(), Delivery.objects.count()) == (101, 101 * receivers)
    assert set(case.work_items.values_list("status", flat=True)) == {"canceled"}


def test_what_nobody_wants_costs_nothing() -> None:
    """completeWorkItem, closing: 6; the filters say no."""

    @on("post_*", background=True)
    @filter_events(lambda: False)
    def receiver() -> None: ...

    workflow("a")
    case = api.start_case("flow", ANN)
    answer = change("completeWorkItem", "workItem", id=str(item(case, "a").pk))
    assert answer == ("COMPLETED", 6)
    assert LoggedEvent.objects.count() == 0


def test_the_log_of_everything_is_one_statement(settings: Any) -> None:
    """cancelCase with 100 ready items, EVENT_LOG=all, no receiver: 5, and the log."""
    settings.EVENT_LOG = "all"
    workflow("many", tasks={"many": HUNDRED})
    case = api.start_case("flow", ANN)
    assert LoggedEvent.objects.count() == 101
    assert change("cancelCase", "case", id=str(case.pk)) == ("CANCELED", 6)
    assert (LoggedEvent.objects.count(), Delivery.objects.count()) == (202, 0)


def test_events_are_stored_in_the_order_of_their_emission(settings: Any) -> None:
    """The history of a case reads as it happened (contract section 5)."""
    settings.EVENT_LOG = "all"
    workflow("a -> b")
    case = api.start_case("flow", ANN, context={"why": "test"})
    api.complete_work_item(item(case, "a"), ANN)
    api.cancel_case(case, ANN)
    events = list(LoggedEvent.objects.order_by("id"))
    assert [event.name for event in events] == [
        "post_create_case",
        "post_create_work_item",
        "post_complete_work_item",
        "post_create_work_item",
        "post_cancel_work_item",
        "post_cancel_case",
    ]
    assert {event.case for event in events} == {case.pk}
    assert {event.username for event in events} == {"ann"}
    assert [event.sender.rpartition(".")[2] for event in events] == [
        *["StartCase"] * 2,
        *["CompleteWorkItem"] * 2,
        *["CancelCase"] * 2,
    ]


def test_a_refused_mutation_stores_nothing() -> None:
    """The veto of another receiver, after the record was made."""
    register(1)
    workflow("a")
    on("post_create_work_item", raise_exception=True)(lambda: 1 / 0)
    with pytest.raises(ExceptionGroup):
        api.start_case("flow", ANN)
    assert (Case.objects.count(), LoggedEvent.objects.count(), Delivery.objects.count()) == (0,) * 3
    assert not connection.in_atomic_block
