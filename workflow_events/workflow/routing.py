"""What comes after an item that was completed or skipped (facts 2.4)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import QuerySet

from workflow_events.events.database.prepared import Among, Parameter, Prepared
from workflow_events.workflow.creation import create_next_items
from workflow_events.workflow.expressions import flow as flow_expressions
from workflow_events.workflow.models import Case, Flow, Task, TaskFlow, Workflow, WorkItem
from workflow_events.workflow.operation import Operation, WalkedFlow
from workflow_events.workflow.states import CaseStatus, WorkItemStatus

DONE = (WorkItemStatus.COMPLETED, WorkItemStatus.SKIPPED)


def continue_flow(
    operation: Operation, item: WorkItem, walked: Sequence[WalkedFlow]
) -> Case | None:
    """Create the items that are due after this one; return its case where nothing is left.

    Runs only while the item is still done and its case running, and not if a nested operation
    has walked this flow already, which is what ``walked`` tells (contract section 5, "when
    receivers change the world").
    """
    case = item.case
    if item.status not in DONE or case.status != CaseStatus.RUNNING:
        return None
    if not _may_continue(case, [item.task], item):
        return None
    rows = _rows_of_flow(item)
    if not rows:
        return case
    flow = rows[0].flow
    if _was_walked(case, flow, walked):
        return None
    tasks = _tasks_after(operation, flow, item)
    others = [row.task for row in rows if row.task_id != item.task_id]
    waits = bool(tasks) and not _may_continue(case, others, item)
    if not waits:
        walk = WalkedFlow(case=case.pk, flow=flow.pk, work_item=item.pk, moment=operation.moment)
        operation.walked_flows.append(walk)
        create_next_items(operation, case, tasks, item)
    return None if tasks else case


def _tasks_after(operation: Operation, flow: Flow, item: WorkItem) -> list[Task]:
    """Return the tasks that the flow names now; slugs of no existing task are dropped."""
    slugs = flow_expressions.evaluate_next(
        flow.next,
        case=item.case,
        user=operation.user,
        work_item=item,
        context=operation.context,
    )
    if not slugs:
        return []
    found = {task.pk: task for task in _TASKS.rows(slugs=slugs)}
    return [found[slug] for slug in slugs if slug in found]


_TASKS: Final = Prepared(lambda: Task.objects.filter(Among("pk", "slugs", Task._meta.pk)))


def _rows_of_flow(item: WorkItem) -> list[TaskFlow]:
    """Return the row that leads away from the item's task, with those that share its flow."""
    return _ROWS_OF_FLOW.rows(workflow=item.case.workflow_id, task=item.task_id)


def _all_rows_of_a_flow() -> QuerySet[TaskFlow, Any]:
    workflow = Parameter("workflow", Workflow._meta.pk)
    return TaskFlow.objects.filter(
        workflow=workflow,
        flow__task_flows__workflow=workflow,
        flow__task_flows__task=Parameter("task", Task._meta.pk),
    ).select_related("flow", "task")


_ROWS_OF_FLOW: Final = Prepared(_all_rows_of_a_flow)


def _may_continue(case: Case, tasks: Iterable[Task], item: WorkItem) -> bool:
    """Say whether each of these tasks is done in the case, as far as its kind requires.

    A multiple-instance task that does not continue by itself must have no READY item left;
    any other must have one that is completed or skipped.
    """
    asked = [task for task in tasks if _waits_for_all(task) or task.pk != item.task_id]
    if not asked:
        return True
    rows = WorkItem.objects.filter(case=case, task__in=[task.pk for task in asked])
    found = set(rows.values_list("task_id", "status").distinct())
    return all(
        (task.pk, WorkItemStatus.READY) not in found
        if _waits_for_all(task)
        else any((task.pk, status) in found for status in DONE)
        for task in asked
    )


def _waits_for_all(task: Task) -> bool:
    return task.is_multiple_instance and not task.continue_async


def _was_walked(case: Case, flow: Flow, walked: Sequence[WalkedFlow]) -> bool:
    """Say whether a nested operation has walked the flow, and was not undone since."""
    return any(
        WorkItem.objects.filter(pk=walk.work_item, status__in=DONE, closed_at=walk.moment).exists()
        for walk in walked
        if walk.case == case.pk and walk.flow == flow.pk
    )
