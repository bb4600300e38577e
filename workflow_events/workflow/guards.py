"""What must hold, beyond the state of the target, for a transition (facts 2.2)."""

from collections.abc import Callable, Mapping
from typing import Any

from workflow_events.workflow.errors import InvalidInput, InvalidTransition, NotFound
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.states import CaseStatus, WorkItemStatus
from workflow_events.workflow.succession import is_redoable

Arguments = Mapping[str, Any]
Guard = Callable[[Any, Arguments], None]
"""Takes the target and the arguments of the operation; raises what the client is told."""


def case_is_running(item: WorkItem, arguments: Arguments) -> None:
    """Items are completed and skipped in running cases only."""
    if item.case.status != CaseStatus.RUNNING:
        raise InvalidTransition(
            f"The case of work item {item.pk} is {item.case.status}, not running."
        )


def child_case_is_not_running(item: WorkItem, arguments: Arguments) -> None:
    """A running child case must be finished first; a suspended one does not block."""
    if item.child_case is not None and item.child_case.status == CaseStatus.RUNNING:
        raise InvalidTransition(
            f"The child case {item.child_case_id} of work item {item.pk} is not finished.",
            about=item.child_case,
            otherwise=f"Work item {item.pk} cannot be completed yet.",
        )


def no_item_is_ready(case: Case, arguments: Arguments) -> None:
    """A case is completed when nothing is left to do; suspended items do not prevent it."""
    if WorkItem.objects.filter(case=case, status=WorkItemStatus.READY).exists():
        raise InvalidTransition(f"Case {case.pk} still has ready work items.")


def workflow_allows_redo(item: WorkItem, arguments: Arguments) -> None:
    """A ready item that followed from this one must be declared to be redoable to its task."""
    if not is_redoable(item):
        raise InvalidTransition(
            f"Work item {item.pk} of task {item.task_id!r} cannot be redone: the workflow does not "
            "allow it from where the case stands."
        )


def parent_item_is_ready(case: Case, arguments: Arguments) -> None:
    """A child case is reopened only while its parent work item waits for it."""
    parent = WorkItem.objects.filter(child_case=case).first()
    if parent is not None and parent.status != WorkItemStatus.READY:
        raise InvalidTransition(
            f"Case {case.pk} cannot be reopened: its parent work item {parent.pk} is "
            f"{parent.status}, not ready.",
            about=parent,
            otherwise=f"Case {case.pk} cannot be reopened now.",
        )


def named_items_can_reopen(case: Case, arguments: Arguments) -> None:
    """At least one item is named; all are of this case, and nothing but REDO followed from them."""
    named = list(arguments["work_items"])
    if not named:
        raise InvalidInput("Name at least one work item that shall be ready again.")
    cases = dict(WorkItem.objects.filter(pk__in=named).values_list("pk", "case_id"))
    missing = [str(pk) for pk in named if pk not in cases]
    if missing:
        raise NotFound(f"There is no work item {', '.join(missing)}.")
    foreign = [str(pk) for pk in named if cases[pk] != case.pk]
    if foreign:
        raise InvalidInput(f"Work item {', '.join(foreign)} is not of case {case.pk}.")
    followed = WorkItem.objects.filter(previous_work_item__in=named)
    if followed.exclude(status=WorkItemStatus.REDO).exists():
        raise InvalidTransition(
            f"Case {case.pk} cannot be reopened there: other work items followed already from "
            "those that were named."
        )
