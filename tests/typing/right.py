"""Receivers without a mistake: mypy and pyright find nothing, however strict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models.signals import post_save

from workflow_events.events import Event, Listener, Retry, emit, filter_events, on
from workflow_events.records import Observer, PostUpdateRecord, changed
from workflow_events.workflow.events import (
    PostCompleteWorkItem,
    filter_by_task,
    post_complete_work_item,
)
from workflow_events.workflow.models import Case, Workflow, WorkItem


class OrderShipped(Event):
    """Emitted when an order has left the house."""

    number: int
    parcels: int = 1
    notes: ClassVar[str] = "no payload"


@on(OrderShipped)
def by_name(number: int, parcels: int) -> int:
    return number * parcels


@on(OrderShipped, raise_exception=True, order=-1)
def by_occurrence(event: OrderShipped) -> None:
    event.number += 1
    assert event.envelope.time.tzinfo is not None
    assert event.envelope.id.version == 7


@on("order_*", sender="shop.ship")
@on(re.compile(r"order_\w+"), delivery="commit")
@on([OrderShipped, "post_complete_case", post_save])
@filter_events(lambda event: bool(event.number))
async def of_any_kind(sender: object, **kwargs: Any) -> dict[str, Any]:
    return {"sender": sender, **kwargs}


@on(PostCompleteWorkItem, background=True, retry=Retry(attempts=3), name="confirm")
@filter_by_task("review", "decide")
def typed(event: PostCompleteWorkItem) -> tuple[Case, str, str]:
    item: WorkItem = event.work_item
    return item.case, item.case.workflow.slug, item.task_id


@on(post_complete_work_item)
@filter_by_task("review")
def in_snake_case(work_item: WorkItem) -> str:
    return work_item.name


class Confirmation(Listener):
    """A listener with its options as attributes."""

    listens_for = (OrderShipped, "payment_*")
    sender = "shop.ship"
    order = 3

    def handle(self, event: OrderShipped) -> int:
        return event.parcels


class WorkflowObserver(Observer):
    observes = Workflow

    def updated(self, record: Workflow, event: PostUpdateRecord[Workflow]) -> bool:
        return record.is_published and event.record is record


@on(PostUpdateRecord[Workflow])
@changed("is_published", to=True)
def published(event: PostUpdateRecord[Workflow]) -> str:
    old, new = event.diff["is_published"]
    return f"{event.record.slug}: was {old}, is {new}"


def ship(numbers: Iterable[int]) -> int:
    shipped = [emit(OrderShipped, sender=ship, number=number) for number in numbers]
    doubled: int = by_name(number=1, parcels=2)
    return sum(event.parcels for event in shipped) + doubled
