"""How the engine writes: row by row when somebody listens, otherwise in bulk (contract section 5).

Nothing else writes a status, ``closed_*`` or ``family`` of a row that exists.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Final
from uuid import UUID

from django.db import DatabaseError, models
from django.db.models.signals import post_save, pre_save

from workflow_events.events.database.prepared import PreparedInsert, PreparedUpdate
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.operation import Operation
from workflow_events.workflow.states import WorkItemStatus

CLOSING = ("closed_at", "closed_by_user", "closed_by_group")


def signals_are_heard(model: type[models.Model]) -> bool:
    """Say whether a Django signal for saving rows of this model has a listener."""
    return is_heard(pre_save, model) or is_heard(post_save, model)


def close(operation: Operation, target: Case | WorkItem) -> None:
    """Note on the instance when and by whom it was closed."""
    target.closed_at = operation.moment
    target.closed_by_user = operation.user.username
    target.closed_by_group = operation.user.group


def unclose(target: Case | WorkItem) -> None:
    """Forget on the instance that it was closed."""
    target.closed_at = None
    target.closed_by_user = None
    target.closed_by_group = None


def sign(operation: Operation, target: Case | WorkItem) -> None:
    """Note on the instance who modified it."""
    target.modified_by_user = operation.user.username
    target.modified_by_group = operation.user.group


def save_row(
    operation: Operation,
    target: Case | WorkItem,
    fields: Iterable[str],
    sources: Collection[str] | None = None,
) -> None:
    """Write these fields of a row, with Django's signals where they have listeners.

    Raises `InvalidTransition` when the row is gone, or what received ``pre_save`` has brought it to
    a status that is none of ``sources``.
    """
    model = type(target)
    names = (*fields, "modified_at")
    if signals_are_heard(model):
        _save_with_signals(target, names, {"status__in": sources} if sources else {})
        operation.writes += 1
    elif _update_of(model, names).execute(target):
        target.remember()
    else:
        raise _missing(target)


def insert_rows(work_items: list[WorkItem]) -> None:
    """Store new work items without signals, to which nobody listens."""
    if len(work_items) == 1:
        _INSERT.execute(work_items[0])
        work_items[0].remember()
    elif work_items:
        WorkItem.objects.bulk_create(work_items)


def _save_with_signals(
    target: Case | WorkItem, names: Iterable[str], where: Mapping[str, object]
) -> None:
    try:
        target.save_protected(names, where=where)
    except DatabaseError as error:
        if not _row_is_missing(error, target):
            raise
        raise _missing(target) from error


_INSERT: Final = PreparedInsert(WorkItem)


@cache
def _update_of(model: type[Case] | type[WorkItem], names: tuple[str, ...]) -> PreparedUpdate:
    return PreparedUpdate(model, names)


def _missing(target: Case | WorkItem) -> InvalidTransition:
    return InvalidTransition(
        f"{target} was deleted meanwhile, or what receives pre_save or PreUpdateRecord has changed "
        "its status."
    )


def put_silently(
    operation: Operation, work_items: list[UUID], status: WorkItemStatus, *, reopened: bool = False
) -> None:
    """Write the status of many items, without events; ``reopened`` ones count as never closed."""
    if signals_are_heard(WorkItem):
        for item in WorkItem.objects.filter(pk__in=work_items).order_by("pk"):
            item.status = status
            if reopened:
                unclose(item)
            save_row(operation, item, ("status", *CLOSING))
        return
    closing = dict.fromkeys(CLOSING) if reopened else {}
    WorkItem.objects.filter(pk__in=work_items).write_protected(
        status=status, modified_at=operation.moment, **closing
    )


def _row_is_missing(error: DatabaseError, target: models.Model) -> bool:
    # Django 6.0 gave this error a class of its own; before, only its class tells it from others.
    not_updated = getattr(target, "NotUpdated", None)
    return isinstance(error, not_updated) if not_updated else type(error) is DatabaseError
