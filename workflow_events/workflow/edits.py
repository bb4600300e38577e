"""Changing what cases and work items say; emits nothing (facts 2.2 and 2.3)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from workflow_events.workflow import languages
from workflow_events.workflow.errors import InvalidInput, NotFound
from workflow_events.workflow.models import Case, Workflow, WorkItem
from workflow_events.workflow.operation import atomic_or_conflict
from workflow_events.workflow.reading import lock_and_read
from workflow_events.workflow.unset import UNSET, Unset
from workflow_events.workflow.users import User
from workflow_events.workflow.values import (
    WORK_ITEM,
    check_slug,
    check_values,
    given_only,
    is_blank,
    json_value,
)

SIGNATURE = ("modified_at", "modified_by_user", "modified_by_group")


def update_case(
    case: Case | UUID | str, user: User, *, workflow: Workflow | str | Unset, meta: Any
) -> Case:
    """Change a case; see `workflow_events.workflow.api.update_case`."""
    if meta is not UNSET and (problem := json_value(meta)):
        raise InvalidInput(f"The case: meta: {problem}")
    with atomic_or_conflict():
        target = lock_and_read(case, Case)
        if workflow is not UNSET:
            target.workflow = _existing_workflow(workflow)
        if meta is not UNSET:
            target.meta = meta
        target.modified_by_user = user.username
        target.modified_by_group = user.group
        target.save(update_fields=["workflow", "meta", *SIGNATURE])
    return target


def update_work_item(
    work_item: WorkItem | UUID | str, user: User, given: Mapping[str, Any]
) -> WorkItem:
    """Change a work item; see `workflow_events.workflow.api.update_work_item`."""
    values = given_only(**given)
    with atomic_or_conflict():
        target = lock_and_read(work_item, WorkItem)
        fallback = {
            "name": languages.localized(target.task, "name"),
            "description": languages.localized(target.task, "description"),
        }
        values = {
            name: fallback[name] if is_blank(name, value) else value
            for name, value in values.items()
        }
        check_values(WORK_ITEM, values, f"Work item {target.pk}")
        if "name" in values:
            languages.write(target, "name", values["name"])
        if "description" in values:
            languages.write(target, "description", values["description"])
        target.assigned_users = values.get("assigned_users", target.assigned_users)
        target.deadline = values.get("deadline", target.deadline)
        target.meta = values.get("meta", target.meta)
        target.modified_by_user = user.username
        target.modified_by_group = user.group
        translations = ["translations"] if languages.TEXTS & values.keys() else []
        target.save(update_fields=[*values, *translations, *SIGNATURE])
    return target


def _existing_workflow(workflow: Workflow | str) -> Workflow:
    slug = check_slug(workflow.pk if isinstance(workflow, Workflow) else workflow)
    found = Workflow.objects.filter(pk=slug).first()
    if found is None:
        raise NotFound(f"There is no workflow {slug!r}.")
    return found
