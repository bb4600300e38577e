"""Which work items followed from which, and where one may go back to (facts 2.6)."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from workflow_events.workflow.expressions import flow as flow_expressions
from workflow_events.workflow.models import TaskFlow, WorkItem
from workflow_events.workflow.states import WorkItemStatus


class Follower(NamedTuple):
    """A work item that another one led to."""

    pk: UUID
    status: str
    task_id: str


def is_redoable(work_item: WorkItem) -> bool:
    """Say whether the workflow allows to go back to this item: `redo_work_item` would."""
    return are_redoable([work_item])[work_item.pk]


def are_redoable(work_items: Iterable[WorkItem]) -> dict[UUID, bool]:
    """Answer `is_redoable` for many items, in three statements at most.

    An item is redoable if it is not READY, and a READY item that followed from it, however
    indirectly, has a ``redoable`` expression that names its task.
    """
    items = list(work_items)
    answers = {item.pk: False for item in items}
    candidates = [item for item in items if item.status != WorkItemStatus.READY]
    if not candidates:
        return answers
    followers = _followers({item.case_id for item in candidates})
    ready = {
        item.pk: [f for f in _chain(item.pk, followers) if f.status == WorkItemStatus.READY]
        for item in candidates
    }
    redoable_from = _tasks_redoable_from({f.pk for found in ready.values() for f in found})
    for item in candidates:
        answers[item.pk] = any(
            item.task_id in redoable_from.get(follower.pk, ()) for follower in ready[item.pk]
        )
    return answers


def later_items(work_item: WorkItem) -> list[UUID]:
    """Return the ids of every item that followed from this one, however indirectly."""
    return [follower.pk for follower in _chain(work_item.pk, _followers({work_item.case_id}))]


def _followers(cases: set[UUID]) -> dict[UUID, list[Follower]]:
    followers: dict[UUID, list[Follower]] = defaultdict(list)
    rows = WorkItem.objects.filter(case__in=cases, previous_work_item__isnull=False).order_by("pk")
    for previous, *follower in rows.values_list("previous_work_item", "pk", "status", "task_id"):
        if previous is not None:
            followers[previous].append(Follower(*follower))
    return followers


def _chain(start: UUID, followers: dict[UUID, list[Follower]]) -> list[Follower]:
    chain: dict[UUID, Follower] = {}
    waiting = list(followers.get(start, ()))
    while waiting:
        follower = waiting.pop()
        if follower.pk not in chain and follower.pk != start:
            chain[follower.pk] = follower
            waiting.extend(followers.get(follower.pk, ()))
    return list(chain.values())


def _tasks_redoable_from(ready: set[UUID]) -> dict[UUID, set[str]]:
    if not ready:
        return {}
    items = list(WorkItem.objects.filter(pk__in=ready).select_related("case"))
    rows = TaskFlow.objects.filter(
        workflow__in={item.case.workflow_id for item in items},
        task__in={item.task_id for item in items},
        redoable__isnull=False,
    )
    expressions = {
        (workflow, task): expression
        for workflow, task, expression in rows.values_list("workflow_id", "task_id", "redoable")
    }
    tasks: dict[UUID, set[str]] = {}
    for item in items:
        expression = expressions.get((item.case.workflow_id, item.task_id))
        if expression:
            tasks[item.pk] = set(
                flow_expressions.evaluate_redoable(expression, case=item.case, work_item=item)
            )
    return tasks
