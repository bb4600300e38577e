"""Rows for lists, written without operations, as only reading is tested with them."""

from typing import Any

from workflow_events.events.identifiers import uuid7
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem


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
