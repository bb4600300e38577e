"""Work items that are about to be created: what they will be made from (facts 2.5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from workflow_events.events.database.prepared import Among, Parameter, Prepared
from workflow_events.workflow.expressions import groups as group_expressions
from workflow_events.workflow.languages import localized
from workflow_events.workflow.models import Case, Task, WorkItem
from workflow_events.workflow.operation import Operation
from workflow_events.workflow.states import WorkItemStatus

OPEN = (WorkItemStatus.READY, WorkItemStatus.SUSPENDED)

Key = tuple[str, tuple[str, ...], tuple[str, ...]]


@dataclass(kw_only=True)
class Draft:
    """The values of a work item before it is written, and the REDO item that it revives."""

    values: dict[str, Any]
    key: Key
    texts_of: Task | WorkItem
    """Where name and description come from, in every language."""
    revived: WorkItem | None = None


def drafts_for(
    operation: Operation, case: Case, tasks: Iterable[Task], previous: WorkItem | None
) -> list[Draft]:
    """Return the items due for these tasks, without those that are there already.

    A multiple-instance task gets one item for each addressed group, any other task one item. An
    item in REDO with the same task and groups is revived.
    """
    drafts = [
        Draft(
            values=values_of(
                operation,
                case,
                task,
                addressed=addressed,
                controlling=controlling,
                previous=previous,
            ),
            key=_key(task.pk, addressed, controlling),
            texts_of=task,
        )
        for task in tasks
        for addressed, controlling in _groups(operation, case, task, previous)
    ]
    if previous is None and operation.writes == 0:
        return drafts  # the case was created just now: it has no items yet
    return _without_duplicates(operation, case, drafts)


def values_of(
    operation: Operation,
    case: Case,
    task: Task,
    *,
    addressed: list[str],
    controlling: list[str],
    previous: WorkItem | None,
) -> dict[str, Any]:
    """Return the values of a new work item: the keys that receivers may rely on."""
    return {
        "case": case,
        "task": task,
        "name": localized(task, "name"),
        "description": localized(task, "description"),
        "meta": {},
        "addressed_groups": addressed,
        "controlling_groups": controlling,
        "assigned_users": [],
        "deadline": deadline_of(operation, task),
        "previous_work_item": previous,
        "created_by_user": operation.user.username,
        "created_by_group": operation.user.group,
    }


def deadline_of(operation: Operation, task: Task) -> datetime | None:
    """Return when an item of the task is due that is created now, if the task has a lead time."""
    if task.lead_time is None:
        return None
    return operation.moment + timedelta(seconds=task.lead_time)


def groups_of(
    operation: Operation, case: Case, task: Task, expression: str | None, previous: WorkItem | None
) -> list[str]:
    """Evaluate an address or control expression; none, and null, mean no groups."""
    if expression is None:
        return []
    return group_expressions.evaluate_groups(
        expression,
        task=task,
        case=case,
        user=operation.user,
        previous_work_item=previous,
        context=operation.context,
    )


def still_due(case: Case, drafts: list[Draft]) -> list[Draft]:
    """Return the drafts that nobody has created meanwhile.

    One whose item in REDO was revived by somebody else, or deleted, becomes a new item.
    """
    revived = [draft.revived.pk for draft in drafts if draft.revived is not None]
    if revived:
        in_redo = WorkItem.objects.filter(pk__in=revived, status=WorkItemStatus.REDO)
        waiting = set(in_redo.values_list("pk", flat=True))
        for draft in drafts:
            if draft.revived is not None and draft.revived.pk not in waiting:
                draft.revived = None
    there = {
        _key_of(item)
        for item in WorkItem.objects.filter(
            case=case, task__in=[draft.key[0] for draft in drafts], status__in=OPEN
        )
    }
    return [
        draft
        for draft in drafts
        if draft.values["task"].is_multiple_instance or draft.key not in there
    ]


def _groups(
    operation: Operation, case: Case, task: Task, previous: WorkItem | None
) -> Iterator[tuple[list[str], list[str]]]:
    controlling = groups_of(operation, case, task, task.control_groups, previous)
    addressed = groups_of(operation, case, task, task.address_groups, previous)
    if not task.is_multiple_instance or not addressed:
        yield addressed, controlling
        return
    for group in addressed:
        yield [group], list(controlling)


def _without_duplicates(operation: Operation, case: Case, drafts: list[Draft]) -> list[Draft]:
    tasks = {draft.key[0] for draft in drafts}
    rows = _RELEVANT_ITEMS.rows(case=case.pk, tasks=tasks)
    there: set[Key] = set()
    to_revive: dict[Key, WorkItem] = {}
    for item in rows:
        if item.status == WorkItemStatus.REDO:
            to_revive[_key_of(item)] = item
        else:
            there.add(_key_of(item))
    due = []
    for draft in drafts:
        if draft.key in there and not draft.values["task"].is_multiple_instance:
            continue
        revived = to_revive.pop(draft.key, None)
        due.append(draft if revived is None else _revival(operation, draft, case, revived))
    return due


def _relevant_items() -> QuerySet[WorkItem, Any]:
    """Return a query for the items of certain tasks in a case that are open, or in REDO."""
    return (
        WorkItem.objects.filter(
            Among("task", "tasks", Task._meta.pk),
            case=Parameter("case", Case._meta.pk),
            status__in=(*OPEN, WorkItemStatus.REDO),
        )
        .select_related("previous_work_item")
        .order_by("pk")
    )


_RELEVANT_ITEMS: Final = Prepared(_relevant_items)


def _revival(operation: Operation, draft: Draft, case: Case, item: WorkItem) -> Draft:
    """Return a draft that holds the values that the revived item will get."""
    task = draft.values["task"]
    item.case = case
    item.task = task
    values = {
        "case": case,
        "task": task,
        "name": localized(item, "name"),
        "description": localized(item, "description"),
        "meta": item.meta,
        "addressed_groups": item.addressed_groups,
        "controlling_groups": item.controlling_groups,
        "assigned_users": item.assigned_users,
        "deadline": deadline_of(operation, task),
        "previous_work_item": item.previous_work_item,
        "created_by_user": item.created_by_user,
        "created_by_group": item.created_by_group,
    }
    return Draft(values=values, key=draft.key, texts_of=item, revived=item)


def _key(task: str, addressed: list[str], controlling: list[str]) -> Key:
    return (task, tuple(sorted(addressed)), tuple(sorted(controlling)))


def _key_of(item: WorkItem) -> Key:
    return _key(item.task_id, item.addressed_groups, item.controlling_groups)
