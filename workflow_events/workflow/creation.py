"""Starting cases and creating work items (contract section 5, facts 2.3 and 2.5).

``pre_`` for each → guard again → write → ``post_`` for each.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from workflow_events.workflow.drafts import Draft, drafts_for, groups_of, still_due, values_of
from workflow_events.workflow.errors import InvalidInput, InvalidTransition, NotFound
from workflow_events.workflow.languages import copy_texts
from workflow_events.workflow.models import Case, Task, Workflow, WorkflowStartTask, WorkItem
from workflow_events.workflow.operation import Operation, operate
from workflow_events.workflow.reading import (
    lock_and_read,
    lock_family_of,
    put_back_on_failure,
    read,
    reread,
)
from workflow_events.workflow.states import CaseStatus, WorkItemStatus
from workflow_events.workflow.transitions import CREATE_CASE, CREATE_WORK_ITEM
from workflow_events.workflow.users import User
from workflow_events.workflow.values import (
    CASE,
    WORK_ITEM,
    check_complete,
    check_slug,
    check_values,
    given_only,
    is_blank,
)
from workflow_events.workflow.writing import insert_rows, save_row, sign, signals_are_heard

ITEM_FIELDS = (
    "case",
    "task",
    "status",
    "name",
    "description",
    "translations",
    "meta",
    "addressed_groups",
    "controlling_groups",
    "assigned_users",
    "deadline",
    "previous_work_item",
    "created_by_user",
    "created_by_group",
    "modified_by_user",
    "modified_by_group",
)


def start_case(
    workflow: Workflow | str,
    user: User,
    parent_work_item: WorkItem | UUID | str | None,
    context: Any,
    *,
    meta: Any,
    sender: type | None,
    extra: Mapping[str, Any],
) -> Case:
    """Start a case; see `workflow_events.workflow.api.start_case`."""
    with operate("start_case", sender, user, context) as operation:
        parent = None
        if parent_work_item is not None:
            parent = lock_and_read(parent_work_item, WorkItem)
            operation.begin()
        with put_back_on_failure(parent):
            return _start(operation, workflow, parent, {**extra, **given_only(meta=meta)})


def _start(
    operation: Operation,
    workflow: Workflow | str,
    parent: WorkItem | None,
    given: Mapping[str, Any],
) -> Case:
    design, tasks = _start_of(workflow)
    values: dict[str, Any] = {
        "workflow": design,
        "meta": {},
        "parent_work_item": parent,
        "created_by_user": operation.user.username,
        "created_by_group": operation.user.group,
    }
    check_values(CASE, given, "The new case")
    values.update(given)
    event = operation.emit(CREATE_CASE.before, case=None, validated_data=values)
    values = vars(event)["validated_data"]
    check_complete(CASE, values, "The new case")
    if operation.writes or values["workflow"] is not design:
        _, tasks = _start_of(values["workflow"])
    case = _write_case(operation, values, parent)
    read_at = operation.writes
    drafts = drafts_for(operation, case, tasks, None)
    items = _announce_and_write(operation, case, drafts)
    if operation.writes != read_at:
        _reread_case(case)
    read_at = operation.writes
    operation.emit(CREATE_CASE.after, case=case)
    _report(operation, items, read_at)
    if operation.writes != read_at:
        _reread_case(case)
    return case


def create_work_item(
    case: Case | UUID | str,
    task: Task | str,
    user: User,
    context: Any,
    *,
    given: Mapping[str, Any],
    sender: type | None,
) -> WorkItem:
    """Add a work item; see `workflow_events.workflow.api.create_work_item`."""
    with operate("create_work_item", sender, user, context) as operation:
        within = lock_and_read(case, Case)
        operation.begin()
        kind = _task(task)
        _check_sibling(within, kind)
        draft = _draft_of(operation, within, kind, given_only(**given))
        items = _announce_and_write(operation, within, [draft], guard=_check_sibling)
        read_at = operation.writes
        _report(operation, items, read_at)
        item = items[0]
        if operation.writes != read_at and not reread(item):
            raise InvalidTransition(f"Work item {item.pk} was deleted meanwhile.")
    return item


def create_next_items(
    operation: Operation, case: Case, tasks: list[Task], previous: WorkItem
) -> None:
    """Create the items of the tasks that come next (contract section 5, *continue*)."""
    drafts = drafts_for(operation, case, tasks, previous) if tasks else []
    items = _announce_and_write(operation, case, drafts)
    _report(operation, items, operation.writes)


def _announce_and_write(
    operation: Operation,
    case: Case,
    drafts: list[Draft],
    guard: Callable[[Case, Task], None] | None = None,
) -> list[WorkItem]:
    """Emit ``pre_`` for each draft, then write them all.

    ``guard`` replaces the automatic one, for the case and task that receivers have left there.
    """
    for draft in drafts:
        read_at = operation.writes
        values = draft.values
        task = values["task"]
        event = operation.emit(CREATE_WORK_ITEM.before, work_item=None, validated_data=values)
        draft.values = vars(event)["validated_data"]
        check_complete(WORK_ITEM, draft.values, f"The new work item of {draft.key[0]!r}")
        if operation.writes != read_at:
            _reread_case(case)
            _check_previous(draft.values["previous_work_item"])
        chosen = draft.values["case"]
        if chosen is not case:
            lock_family_of(chosen, Case)
            _reread_case(chosen)
        if guard is None:
            _check_running(chosen)
        elif operation.writes != read_at or chosen is not case or draft.values["task"] is not task:
            guard(chosen, draft.values["task"])
    if operation.writes and guard is None and drafts:
        drafts = still_due(case, drafts)
    return _write_items(operation, drafts)


def _write_items(operation: Operation, drafts: list[Draft]) -> list[WorkItem]:
    items = [_revived(operation, draft) or _new_item(draft) for draft in drafts]
    new = [item for item in items if item._state.adding]
    if signals_are_heard(WorkItem):
        for item in new:
            item.save()
        operation.writes += 1
    else:
        insert_rows(new)
    return items


def _new_item(draft: Draft) -> WorkItem:
    item = WorkItem(**draft.values)
    copy_texts(draft.texts_of, item, draft.values)
    return item


def _revived(operation: Operation, draft: Draft) -> WorkItem | None:
    item = draft.revived
    if item is None:
        return None
    values = draft.values
    item.case = values["case"]
    item.task = values["task"]
    item.status = WorkItemStatus.READY
    copy_texts(draft.texts_of, item, values)
    item.meta = values["meta"]
    item.addressed_groups = values["addressed_groups"]
    item.controlling_groups = values["controlling_groups"]
    item.assigned_users = values["assigned_users"]
    item.deadline = values["deadline"]
    item.previous_work_item = values["previous_work_item"]
    item.created_by_user = values["created_by_user"]
    item.created_by_group = values["created_by_group"]
    sign(operation, item)
    save_row(operation, item, ITEM_FIELDS)
    return item


def _report(operation: Operation, items: list[WorkItem], read_at: int) -> None:
    """Emit ``post_`` for each item, as it is by then; one that was deleted is passed over."""
    for item in items:
        if operation.writes == read_at or reread(item):
            operation.emit(CREATE_WORK_ITEM.after, work_item=item)


def _write_case(operation: Operation, values: Mapping[str, Any], locked: WorkItem | None) -> Case:
    parent: WorkItem | None = values["parent_work_item"]
    if parent is not None and (parent is not locked or operation.writes):
        if parent is not locked:
            lock_family_of(parent, WorkItem)
        parent = read(parent, WorkItem)
    case = Case(
        workflow=values["workflow"],
        meta=values["meta"],
        created_by_user=values["created_by_user"],
        created_by_group=values["created_by_group"],
    )
    case.family_id = case.pk if parent is None else parent.case.family_id
    case.save()
    if signals_are_heard(Case):
        operation.writes += 1
    if parent is not None:
        parent.child_case = case
        save_row(operation, parent, ["child_case"])
    return case


def _start_of(workflow: Workflow | str) -> tuple[Workflow, list[Task]]:
    """Return a workflow and its start tasks, in one statement."""
    slug = check_slug(workflow.pk if isinstance(workflow, Workflow) else workflow)
    rows = list(
        WorkflowStartTask.objects.filter(workflow=slug)
        .select_related("workflow", "task")
        .order_by("position", "pk")
    )
    if rows:
        return rows[0].workflow, [row.task for row in rows]
    if Workflow.objects.filter(pk=slug).exists():
        raise InvalidInput(f"Workflow {slug!r} has no start tasks, so no case can be started.")
    raise NotFound(f"There is no workflow {slug!r}.")


def _draft_of(operation: Operation, case: Case, task: Task, given: dict[str, Any]) -> Draft:
    given = {key: value for key, value in given.items() if not is_blank(key, value)}
    check_values(WORK_ITEM, given, "The new work item")
    controlling = addressed = []
    if "controlling_groups" not in given:
        controlling = groups_of(operation, case, task, task.control_groups, None)
    if "addressed_groups" not in given:
        addressed = groups_of(operation, case, task, task.address_groups, None)
    values = values_of(
        operation, case, task, addressed=addressed, controlling=controlling, previous=None
    )
    values.update(given)
    return Draft(values=values, key=(task.pk, (), ()), texts_of=task)


def _task(task: Task | str) -> Task:
    slug = check_slug(task.pk if isinstance(task, Task) else task)
    found = Task.objects.filter(pk=slug).first()
    if found is None:
        raise NotFound(f"There is no task {slug!r}.")
    return found


def _check_sibling(case: Case, task: Task) -> None:
    if not task.is_multiple_instance:
        raise InvalidTransition(
            f"Task {task.pk!r} is not multiple-instance: no work item can be added."
        )
    siblings = WorkItem.objects.filter(case=case, task=task, status=WorkItemStatus.READY)
    if not siblings.exists():
        raise InvalidTransition(
            f"Case {case.pk} has no ready work item of task {task.pk!r} that another could join."
        )


def _check_running(case: Case) -> None:
    if case.status != CaseStatus.RUNNING:
        raise InvalidTransition(
            f"Case {case.pk} is {case.status}: no work item can be created in it."
        )


def _check_previous(item: WorkItem | None) -> None:
    if item is not None and not WorkItem.objects.filter(pk=item.pk).exists():
        raise InvalidTransition(f"Work item {item.pk} was deleted meanwhile.")


def _reread_case(case: Case) -> None:
    if not reread(case):
        raise InvalidTransition(f"Case {case.pk} was deleted meanwhile.")
