"""Ready-made conditions for receivers of workflow events (contract section 3)."""

from collections.abc import Callable
from typing import Any, TypeVar

from workflow_events.events import filter_events
from workflow_events.workflow.models import Case, WorkItem

F = TypeVar("F", bound=Callable[..., Any])


def filter_by_task(*slugs: str) -> Callable[[F], F]:
    """Run the receiver below only for work items of these tasks, before they exist too.

    For events of work items; on an event of a case it is refused at start-up.
    """
    _check(slugs, "filter_by_task")

    def of_task(work_item: WorkItem | None, validated_data: dict[str, Any] | None = None) -> bool:
        if work_item is not None:
            return work_item.task_id in slugs
        return validated_data is not None and validated_data["task"].pk in slugs

    return filter_events(of_task)


def filter_by_workflow(*slugs: str) -> Callable[[F], F]:
    """Run the receiver below only for cases of these workflows, and for their work items."""
    _check(slugs, "filter_by_workflow")

    def of_workflow(
        work_item: WorkItem | None = None,
        case: Case | None = None,
        validated_data: dict[str, Any] | None = None,
    ) -> bool:
        values = validated_data or {}
        if work_item is not None:
            case = work_item.case
        if case is None:
            case = values.get("case")
        if case is not None:
            return case.workflow_id in slugs
        return "workflow" in values and values["workflow"].pk in slugs

    return filter_events(of_workflow)


def _check(slugs: tuple[str, ...], name: str) -> None:
    if not slugs or not all(isinstance(slug, str) for slug in slugs):
        raise TypeError(f"{name} takes one or more slugs, as in {name}('review').")
