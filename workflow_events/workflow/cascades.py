"""Cascades to the items of a case: which of them can be written at once, and how."""

from collections.abc import Container, Iterator
from itertools import groupby
from uuid import UUID

from workflow_events.events.emission.dispatch import is_heard
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.operation import Operation
from workflow_events.workflow.reading import open_items
from workflow_events.workflow.transitions import Transition, cascaded_row
from workflow_events.workflow.writing import close, signals_are_heard


def runs_of_items(
    operation: Operation, row: Transition, case: Case
) -> Iterator[tuple[list[WorkItem], bool]]:
    """Yield the items that a case's row cascades to, in order, in runs treated alike.

    With each run comes whether it may be written in bulk: nobody listens to its items, nor to
    the child cases that would change with them.
    """
    item_row = cascaded_row(row)
    items = open_items([case], item_row.sources)
    if is_watched(operation, item_row):
        yield items, False
        return
    cases_are_watched = is_watched(operation, row)

    def in_bulk(item: WorkItem) -> bool:
        return not cases_are_watched or open_child(item_row, item) is None

    for together, run in groupby(items, key=in_bulk):
        yield list(run), together


def open_child(row: Transition, item: WorkItem) -> Case | None:
    """Return the item's child case if the item's row cascades to it in its state."""
    child = item.child_case
    if child is None or row.cascade is None or child.status not in row.cascade.states:
        return None
    return child


def refuse_cycle(child: Case, above: Container[UUID | None]) -> None:
    """Raise `InvalidTransition` when the child case is one of those ``above`` it.

    Operations make no such cycle, but whoever saves ``child_case`` by hand may.
    """
    if child.pk in above:
        raise InvalidTransition(
            f"Case {child.pk} is below itself: a work item has the wrong child_case.",
            about=child,
            otherwise="A case is below itself.",
        )


def is_watched(operation: Operation, row: Transition) -> bool:
    """Say whether an event of this row, or a Django signal of its model, has a listener."""
    return (
        signals_are_heard(row.model)
        or is_heard(row.before, operation.sender)
        or is_heard(row.after, operation.sender)
    )


def write_in_bulk(
    operation: Operation, row: Transition, items: list[WorkItem], read_at: int
) -> None:
    """Write these items, with everything below them, in one statement per model.

    The events count as emitted in the documented order, though nobody hears them.
    """
    item_row = cascaded_row(row)
    if operation.writes != read_at:
        items = _still_open(item_row, items)
    items_of = _levels(item_row, items)
    every_item = [item for level in items_of.values() for item in level]
    every_case = [case for item in every_item if (case := open_child(item_row, item))]
    WorkItem.objects.filter(pk__in=[item.pk for item in every_item]).write_protected(
        **_written(operation, item_row)
    )
    if every_case:
        Case.objects.filter(pk__in=[case.pk for case in every_case]).write_protected(
            **_written(operation, row)
        )
    _report(operation, row, item_row, items, items_of)


def _still_open(item_row: Transition, items: list[WorkItem]) -> list[WorkItem]:
    if not items:
        return []
    wanted = {item.pk for item in items}
    case = items[0].case
    return [item for item in open_items([case], item_row.sources) if item.pk in wanted]


def _levels(item_row: Transition, items: list[WorkItem]) -> dict[UUID | None, list[WorkItem]]:
    """Read what is below these items, a statement per level; the items themselves are at None."""
    items_of: dict[UUID | None, list[WorkItem]] = {None: items}
    level = items
    while children := [child for item in level if (child := open_child(item_row, item))]:
        for child in children:
            refuse_cycle(child, items_of)
        items_of.update((child.pk, []) for child in children)
        level = open_items(children, item_row.sources)
        for item in level:
            items_of[item.case_id].append(item)
    return items_of


def _written(operation: Operation, row: Transition) -> dict[str, object]:
    values: dict[str, object] = {"status": row.target, "modified_at": operation.moment}
    if row.closes:
        values["closed_at"] = operation.moment
        values["closed_by_user"] = operation.user.username
        values["closed_by_group"] = operation.user.group
    return values


def _report(
    operation: Operation,
    row: Transition,
    item_row: Transition,
    items: list[WorkItem],
    items_of: dict[UUID | None, list[WorkItem]],
) -> None:
    for item in items:
        operation.emit(item_row.before, work_item=item)
        child = open_child(item_row, item)
        if child is not None:
            operation.emit(row.before, case=child)
            _report(operation, row, item_row, items_of[child.pk], items_of)
            _note_written(operation, row, child)
            operation.emit(row.after, case=child)
        _note_written(operation, item_row, item)
        operation.emit(item_row.after, work_item=item)


def _note_written(operation: Operation, row: Transition, target: Case | WorkItem) -> None:
    target.status = row.target
    target.modified_at = operation.moment
    if row.closes:
        close(operation, target)
    target.remember()
