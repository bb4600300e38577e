"""Mistakes in receivers: mypy and pyright find an error on exactly the lines marked so."""

from __future__ import annotations

from workflow_events.events import Event, Listener, Retry, emit, filter_events, on
from workflow_events.records import Observer, PostUpdateRecord, changed
from workflow_events.workflow.events import PostCompleteWorkItem, filter_by_task
from workflow_events.workflow.models import Workflow


class OrderShipped(Event):
    """Emitted when an order has left the house."""

    number: int


@on(OrderShipped)
def attributes(event: OrderShipped) -> None:
    event.nosuch  # error
    event.number.nosuch  # error
    event.envelope.nosuch  # error
    event.undeclared = 1  # error
    event.number = "one"  # error


@on(PostCompleteWorkItem)
@filter_by_task(1)  # error
def of_the_workflow(event: PostCompleteWorkItem) -> None:
    event.case  # error
    event.work_item.nosuch  # error
    event.work_item.case.nosuch  # error


@on(PostUpdateRecord[Workflow])
@changed("slug", form="x")  # error
def of_a_record(event: PostUpdateRecord[Workflow]) -> None:
    event.nosuch  # error
    event.record.nosuch  # error
    event.record.slug.nosuch  # error


@on(PostUpdateRecord[int])  # error
def of_no_model(event: object) -> None: ...


@on(3)  # error
@on(int)  # error
@on([OrderShipped, 3])  # error
@on(OrderShipped, oder=1)  # error
@on(OrderShipped, order="first")  # error
@on(OrderShipped, delivery="later")  # error
@on(OrderShipped, retry=3)  # error
@on(OrderShipped, retry=Retry(attemps=3))  # error
@on()  # error
@filter_events("a condition")  # error
def options() -> None: ...


class WrongListener(Listener):
    listens_for = 3  # error
    order = "first"  # error
    delivery = "later"  # error

    def handle(self, event: OrderShipped) -> None: ...


class WrongObserver(Observer):
    observes = 3  # error
    raise_exception = "yes"  # error


def ship() -> str:
    event = emit(OrderShipped, sender=ship, number=1)
    event.nosuch  # error
    attributes("no event")  # error
    emit(int, sender=ship)  # error
    emit(OrderShipped, number=1)  # error
    return event.number  # error
