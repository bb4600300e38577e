"""The Python API: every operation on cases and work items, atomic, with its events.

Rules and events are those of the mutation of the same name (contract section 5, facts 2.2 to
2.6); permissions, visibilities and validations do not apply. For every function:

* ``user`` is any object with ``username``, ``group`` and ``groups``; ``context`` is parsed JSON.
* A case or work item is given as an instance or as its primary key. An instance is brought up to
  date, its unsaved changes are discarded, and it is what is returned.
* ``name`` and ``description`` are texts of the language that is active in Django.
* ``sender`` is for the mutations; without it, the mutation class of the function's verb sends.
* `NotFound` is raised for a missing object, `InvalidTransition` where the state does not allow
  the operation, `InvalidInput` for a wrong value, `BadExpression` when an expression fails,
  `ReceiverError` for a veto, `Conflict` when another operation won. Nothing is kept then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from workflow_events.workflow import creation, edits
from workflow_events.workflow.engine import execute
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem
from workflow_events.workflow.unset import UNSET, Unset
from workflow_events.workflow.users import User
from workflow_events.workflow.values import identifier

__all__ = [
    "cancel_case",
    "cancel_work_item",
    "complete_work_item",
    "create_work_item",
    "redo_work_item",
    "reopen_case",
    "resume_case",
    "resume_work_item",
    "skip_work_item",
    "start_case",
    "suspend_case",
    "suspend_work_item",
    "update_case",
    "update_work_item",
]


def start_case(
    workflow: Workflow | str,
    user: User,
    parent_work_item: WorkItem | UUID | str | None = None,
    context: Any = None,
    *,
    meta: Any = UNSET,
    sender: type | None = None,
    **extra: Any,
) -> Case:
    """Start a case with the items of its workflow's start tasks.

    With a parent work item it becomes that item's child case, in the family of its root; an
    earlier child is detached. ``extra`` may hold ``created_by_user`` and ``created_by_group``.
    """
    return creation.start_case(
        workflow, user, parent_work_item, context, meta=meta, sender=sender, extra=extra
    )


def complete_work_item(
    work_item: WorkItem | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> WorkItem:
    """Complete a ready item of a running case, and continue its flow."""
    return execute("complete_work_item", WorkItem, work_item, user, context=context, sender=sender)


def skip_work_item(
    work_item: WorkItem | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> WorkItem:
    """Skip a ready item of a running case: cancel its child case, and continue its flow."""
    return execute("skip_work_item", WorkItem, work_item, user, context=context, sender=sender)


def cancel_work_item(
    work_item: WorkItem | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> WorkItem:
    """Cancel a ready or suspended item with its child case; its flow does not continue."""
    return execute("cancel_work_item", WorkItem, work_item, user, context=context, sender=sender)


def suspend_work_item(
    work_item: WorkItem | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> WorkItem:
    """Suspend a ready item with its child case."""
    return execute("suspend_work_item", WorkItem, work_item, user, context=context, sender=sender)


def resume_work_item(
    work_item: WorkItem | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> WorkItem:
    """Resume a suspended item with its child case."""
    return execute("resume_work_item", WorkItem, work_item, user, context=context, sender=sender)


def redo_work_item(
    work_item: WorkItem | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> WorkItem:
    """Make an earlier item ready again, and put all that followed from it to REDO."""
    return execute("redo_work_item", WorkItem, work_item, user, context=context, sender=sender)


def cancel_case(
    case: Case | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> Case:
    """Cancel a running or suspended case with its ready and suspended items."""
    return execute("cancel_case", Case, case, user, context=context, sender=sender)


def suspend_case(
    case: Case | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> Case:
    """Suspend a running case with its ready items."""
    return execute("suspend_case", Case, case, user, context=context, sender=sender)


def resume_case(
    case: Case | UUID | str, user: User, context: Any = None, *, sender: type | None = None
) -> Case:
    """Resume a suspended case with all of its suspended items."""
    return execute("resume_case", Case, case, user, context=context, sender=sender)


def reopen_case(
    case: Case | UUID | str,
    work_items: Iterable[WorkItem | UUID | str],
    user: User,
    context: Any = None,
    *,
    sender: type | None = None,
) -> Case:
    """Make a closed case run again, with these of its items ready; at least one must be named.

    Raises `InvalidInput` for an empty list and for items of other cases.
    """
    named = list(dict.fromkeys(identifier(item, WorkItem) for item in work_items))
    return execute(
        "reopen_case", Case, case, user, context=context, sender=sender, work_items=named
    )


def create_work_item(
    case: Case | UUID | str,
    task: Task | str,
    user: User,
    context: Any = None,
    *,
    name: str | Unset | None = UNSET,
    description: str | Unset | None = UNSET,
    assigned_users: Sequence[str] | Unset = UNSET,
    addressed_groups: Sequence[str] | Unset = UNSET,
    controlling_groups: Sequence[str] | Unset = UNSET,
    deadline: datetime | Unset | None = UNSET,
    meta: Any = UNSET,
    sender: type | None = None,
) -> WorkItem:
    """Add an item of a multiple-instance task that has a ready item in the case.

    What is omitted comes from the task: name, description, groups, lead time. A ``deadline`` of
    ``None`` means none.
    """
    given = {
        "name": name,
        "description": description,
        "assigned_users": assigned_users,
        "addressed_groups": addressed_groups,
        "controlling_groups": controlling_groups,
        "deadline": deadline,
        "meta": meta,
    }
    return creation.create_work_item(case, task, user, context, given=given, sender=sender)


def update_case(
    case: Case | UUID | str,
    user: User,
    *,
    workflow: Workflow | str | Unset = UNSET,
    meta: Any = UNSET,
) -> Case:
    """Change a case's workflow and meta; emits nothing."""
    return edits.update_case(case, user, workflow=workflow, meta=meta)


def update_work_item(
    work_item: WorkItem | UUID | str,
    user: User,
    *,
    name: str | Unset | None = UNSET,
    description: str | Unset | None = UNSET,
    assigned_users: Sequence[str] | Unset = UNSET,
    deadline: datetime | Unset | None = UNSET,
    meta: Any = UNSET,
) -> WorkItem:
    """Change what a work item says, in any status; emits nothing.

    A name or description of ``None`` or ``""`` falls back to the task's (facts 2.3). Both are
    set in the active language only.
    """
    given = {
        "name": name,
        "description": description,
        "assigned_users": assigned_users,
        "deadline": deadline,
        "meta": meta,
    }
    return edits.update_work_item(work_item, user, given)
