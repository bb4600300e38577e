"""Which work items may be redone, asked for many at once (facts 1.4 and 2.6)."""

from collections.abc import Sequence
from typing import Any

from workflow_events.workflow.expressions import flow as flow_expressions
from workflow_events.workflow.models import TaskFlow, WorkItem
from workflow_events.workflow.states import WorkItemStatus


def redoable_items(items: Sequence[WorkItem]) -> dict[Any, bool]:
    """Return for each item whether it may be redone, by its key; in two statements at most.

    It may if it is not READY, and a READY item further down its succeeding chain has a
    ``redoable`` expression that names its task. Raises `BadExpression` if one of them fails.
    """
    redoable: set[Any] = set()
    candidates = {item.pk for item in items if item.status != WorkItemStatus.READY}
    if candidates:
        cases = {item.case_id for item in items}
        relatives = WorkItem.objects.filter(case__in=cases).select_related("case")
        known = {relative.pk: relative for relative in relatives}
        ready = [item for item in known.values() if item.status == WorkItemStatus.READY]
        for item, targets in _targets(ready):
            redoable |= {before.pk for before in _chain(item, known) if before.task_id in targets}
    return {item.pk: item.pk in candidates & redoable for item in items}


def _targets(ready: list[WorkItem]) -> list[tuple[WorkItem, set[str]]]:
    """Return the ready items with the tasks that one may jump back to from them."""
    workflows = {item.case.workflow_id for item in ready}
    rows = TaskFlow.objects.filter(workflow__in=workflows, redoable__isnull=False)
    expressions = {(row.workflow_id, row.task_id): row.redoable for row in rows} if ready else {}
    return [
        (item, set(flow_expressions.evaluate_redoable(text, case=item.case, work_item=item)))
        for item in ready
        if (text := expressions.get((item.case.workflow_id, item.task_id))) is not None
    ]


def _chain(item: WorkItem, known: dict[Any, WorkItem]) -> list[WorkItem]:
    """Return the items whose completion led to this one, nearest first."""
    chain: list[WorkItem] = []
    before = known.get(item.previous_work_item_id)
    while before is not None and before not in chain:
        chain.append(before)
        before = known.get(before.previous_work_item_id)
    return chain
