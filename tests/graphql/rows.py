"""Rows for lists, written without operations, as only reading is tested with them."""

from typing import Any
from uuid import UUID

from workflow_events.delivery.models import FINISHED, Delivery, LoggedEvent
from workflow_events.delivery.payload import encode
from workflow_events.events import Event
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.events.emission.dispatch import occur
from workflow_events.graphql.mutations import CompleteWorkItem, StartCase
from workflow_events.workflow.events import PostCompleteWorkItem, PostCreateCase
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem
from workflow_events.workflow.users import BaseUser, User


def make_case(workflow: str = "w", **values: Any) -> Case:
    Workflow.objects.get_or_create(slug=workflow, defaults={"name": workflow})
    pk = uuid7()
    values.setdefault("family_id", pk)
    [case] = Case.objects.bulk_create([Case(pk=pk, workflow_id=workflow, **values)])
    return case


def make_item(case: Case, task: str = "t", **values: Any) -> WorkItem:
    Task.objects.get_or_create(slug=task, defaults={"name": task})
    values.setdefault("name", task)
    [item] = WorkItem.objects.bulk_create([WorkItem(case=case, task_id=task, **values)])
    return item


ANN = BaseUser("ann", ["clerks"])


class Housekeeping(Event):
    """An event that is about no case."""


def make_event(
    case: Case | None = None,
    work_item: WorkItem | None = None,
    *,
    user: User = ANN,
    context: Any = None,
    about: UUID | None = None,
    **values: Any,
) -> LoggedEvent:
    """Log that a work item was completed, a case created, or nothing of the kind.

    ``about`` is the key of the case, where it is not theirs.
    """
    if work_item is not None:
        occurrence = occur(
            PostCompleteWorkItem,
            CompleteWorkItem,
            {"work_item": work_item, "user": user, "context": context},
        )
    elif case is not None:
        occurrence = occur(
            PostCreateCase, StartCase, {"case": case, "user": user, "context": context}
        )
    else:
        occurrence = occur(Housekeeping, None, {})
    row = encode(occurrence)
    row.case = about or row.case
    for name, value in values.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def make_delivery(
    event: LoggedEvent, receiver: str = "extensions.mail.send", **values: Any
) -> Delivery:
    values = {"due": event.time, "created_at": event.time, **values}
    if values.get("state") in FINISHED:
        values.setdefault("finished_at", event.time)
    return Delivery.objects.create(event=event, receiver=receiver, **values)
