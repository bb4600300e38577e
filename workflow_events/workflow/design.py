"""Design-time operations: workflows, tasks and the flows between them (facts 2.1).

They are atomic and emit no events. `NotFound`, `InvalidInput` and `BadExpression` are raised
for what is missing or wrong, `Conflict` when another transaction won; nothing is kept then.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from workflow_events.workflow import languages
from workflow_events.workflow.errors import Conflict, InvalidInput, NotFound
from workflow_events.workflow.expressions import flow as flow_expressions
from workflow_events.workflow.expressions import groups as group_expressions
from workflow_events.workflow.models import Flow, Task, TaskFlow, Workflow, WorkflowStartTask
from workflow_events.workflow.models.design import TaskType
from workflow_events.workflow.operation import atomic_or_conflict
from workflow_events.workflow.unset import UNSET, Unset
from workflow_events.workflow.users import User
from workflow_events.workflow.values import (
    DESIGN,
    check_slug,
    check_values,
    given_only,
    identifier,
    spelled_out,
)

Slugged = TypeVar("Slugged", Workflow, Task)

__all__ = ["add_workflow_flow", "remove_flow", "save_task", "save_workflow"]


def save_workflow(
    slug: str,
    user: User,
    *,
    name: str,
    start_tasks: Iterable[Task | str],
    description: str | Unset | None = UNSET,
    meta: Any = UNSET,
    allow_all_forms: bool | Unset = UNSET,
    is_archived: bool | Unset = UNSET,
    is_published: bool | Unset = UNSET,
    must_be_new: bool = False,
) -> Workflow:
    """Create the workflow of that slug, or update it; what is omitted keeps its value.

    ``name`` and ``description`` are set in the active language only (see `languages`).
    ``start_tasks`` are tasks or slugs, at least one, in the order in which they start. With
    ``must_be_new``, one that exists by now is a `Conflict`.
    """
    values = given_only(
        name=name,
        description=description,
        meta=meta,
        allow_all_forms=allow_all_forms,
        is_archived=is_archived,
        is_published=is_published,
    )
    with atomic_or_conflict():
        tasks = _existing_tasks(start_tasks, "A workflow needs at least one start task.")
        workflow = _found_or_new(Workflow, slug, values, user, must_be_new)
        _write_texts(workflow, values)
        workflow.meta = values.get("meta", workflow.meta)
        workflow.allow_all_forms = values.get("allow_all_forms", workflow.allow_all_forms)
        workflow.is_archived = values.get("is_archived", workflow.is_archived)
        workflow.is_published = values.get("is_published", workflow.is_published)
        _check_and_save(workflow)
        WorkflowStartTask.objects.filter(workflow=workflow).delete()
        WorkflowStartTask.objects.bulk_create(
            WorkflowStartTask(workflow=workflow, task=task, position=position)
            for position, task in enumerate(tasks)
        )
    return workflow


def save_task(
    slug: str,
    user: User,
    *,
    name: str,
    type: TaskType | str = TaskType.SIMPLE,  # noqa: A002 (the field's name)
    description: str | Unset | None = UNSET,
    meta: Any = UNSET,
    address_groups: str | Unset | None = UNSET,
    control_groups: str | Unset | None = UNSET,
    is_archived: bool | Unset = UNSET,
    lead_time: int | Unset | None = UNSET,
    is_multiple_instance: bool | Unset = UNSET,
    continue_async: bool | Unset | None = UNSET,
    must_be_new: bool = False,
) -> Task:
    """Create the task of that slug, or update it, type included; what is omitted is kept.

    ``name`` and ``description`` are set in the active language only (see `languages`).
    ``lead_time`` is in seconds. ``continue_async`` requires ``is_multiple_instance``. With
    ``must_be_new``, one that exists by now is a `Conflict`.
    """
    values = given_only(
        type=type,
        name=name,
        description=description,
        meta=meta,
        address_groups=address_groups,
        control_groups=control_groups,
        is_archived=is_archived,
        lead_time=lead_time,
        is_multiple_instance=is_multiple_instance,
        continue_async=continue_async,
    )
    for expression in (address_groups, control_groups):
        if isinstance(expression, str):
            group_expressions.check(expression)
    with atomic_or_conflict():
        task = _found_or_new(Task, slug, values, user, must_be_new)
        task.type = type
        _write_texts(task, values)
        task.meta = values.get("meta", task.meta)
        task.address_groups = values.get("address_groups", task.address_groups)
        task.control_groups = values.get("control_groups", task.control_groups)
        task.is_archived = values.get("is_archived", task.is_archived)
        task.lead_time = values.get("lead_time", task.lead_time)
        task.is_multiple_instance = values.get("is_multiple_instance", task.is_multiple_instance)
        task.continue_async = values.get("continue_async", task.continue_async)
        _check_and_save(task)
        if task.continue_async and not task.is_multiple_instance:
            raise InvalidInput(
                f"Task {slug!r}: continueAsync is for multiple-instance tasks only; "
                "set isMultipleInstance as well."
            )
    return task


def add_workflow_flow(
    workflow: Workflow | str,
    tasks: Iterable[Task | str],
    next: str,  # noqa: A002 (the field's name)
    redoable: str | None,
    user: User,
) -> Workflow:
    """Lead these tasks into a new flow; several of them are joined (AND).

    Drops every flow of the workflow that one of them had, also for other tasks that shared it.
    ``next`` or ``redoable`` must name a task, and what they name must exist or be dynamic.
    """
    flow_expressions.check(next, _known_tasks)
    if redoable is not None:
        flow_expressions.check(redoable, _known_tasks)
    static = flow_expressions.static_tasks
    if not static(next) and not (redoable is not None and static(redoable)):
        raise InvalidInput("Either next or redoable must name at least one task.")
    with atomic_or_conflict():
        target = _locked_workflow(workflow)
        sources = _existing_tasks(tasks, "A flow needs at least one task that it leads away from.")
        Flow.objects.filter(task_flows__workflow=target, task_flows__task__in=sources).delete()
        flow = Flow.objects.create(
            next=next, created_by_user=user.username, created_by_group=user.group
        )
        TaskFlow.objects.bulk_create(
            TaskFlow(workflow=target, task=task, flow=flow, redoable=redoable) for task in sources
        )
    return target


def remove_flow(flow: Flow | Any) -> Flow:
    """Delete a flow with its task-flow rows; returns it as it was, id included."""
    pk = flow.pk if isinstance(flow, Flow) else identifier(flow, Flow)
    with atomic_or_conflict():
        removed = Flow.objects.select_for_update().filter(pk=pk).first()
        if removed is None:
            raise NotFound(f"There is no flow {pk}.")
        removed.delete()
    removed.pk = pk
    return removed


def _found_or_new(
    model: type[Slugged], slug: str, values: Mapping[str, Any], user: User, must_be_new: bool
) -> Slugged:
    """Return the locked row of that slug, or a new instance, once the values are known to fit."""
    what = f"{model.__name__} {slug!r}"
    check_values(DESIGN, values, what)
    found = model._default_manager.select_for_update().filter(pk=check_slug(slug)).first()
    if found is None:
        return model(slug=slug, created_by_user=user.username, created_by_group=user.group)
    if must_be_new:
        raise _just_created(what)
    found.modified_by_user = user.username
    found.modified_by_group = user.group
    return found


def _write_texts(instance: Workflow | Task, values: Mapping[str, Any]) -> None:
    """Set name and description in the active language; a description that is omitted is kept."""
    languages.write(instance, "name", values["name"])
    if "description" in values:
        languages.write(instance, "description", values["description"])


def _check_and_save(instance: Workflow | Task) -> None:
    what = f"{type(instance).__name__} {instance.slug!r}"
    try:
        instance.clean_fields()
    except ValidationError as error:
        raise InvalidInput(f"{what}: {spelled_out(error)}") from error
    try:
        instance.save(force_insert=instance._state.adding)
    except IntegrityError as error:
        raise _just_created(what) from error


def _just_created(what: str) -> Conflict:
    return Conflict(f"{what} was just created; try again.")


def _existing_tasks(tasks: Iterable[Task | str], none_given: str) -> list[Task]:
    slugs = list(dict.fromkeys(task.pk if isinstance(task, Task) else task for task in tasks))
    for slug in slugs:
        check_slug(slug)
    if not slugs:
        raise InvalidInput(none_given)
    found = Task.objects.in_bulk(slugs)
    missing = [slug for slug in slugs if slug not in found]
    if missing:
        raise NotFound(f"There is no task {', '.join(map(repr, missing))}.")
    return [found[slug] for slug in slugs]


def _known_tasks(slugs: set[str]) -> set[str]:
    return set(Task.objects.filter(pk__in=slugs).values_list("pk", flat=True))


def _locked_workflow(workflow: Workflow | str) -> Workflow:
    slug = check_slug(workflow.pk if isinstance(workflow, Workflow) else workflow)
    found = Workflow.objects.select_for_update().filter(pk=slug).first()
    if found is None:
        raise NotFound(f"There is no workflow {slug!r}.")
    return found
