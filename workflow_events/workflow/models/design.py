"""The design of a workflow: its tasks and the flows between them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.core.validators import MaxValueValidator
from django.db import models

from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.workflow.models.base import MYPY, Audited, Named, Slugged

if TYPE_CHECKING and not MYPY:
    from django.db.models.fields.related_descriptors import RelatedManager

    from workflow_events.workflow.models.running import Case, WorkItem


class TaskType(models.TextChoices):
    """What completing a work item of the task requires."""

    SIMPLE = "simple", "Nothing but the click."
    COMPLETE_WORKFLOW_FORM = "complete_workflow_form", "The form of the case, filled."
    COMPLETE_TASK_FORM = "complete_task_form", "The form of the work item, filled."


class Task(Slugged, Named, Audited):
    """A kind of work; used by any number of workflows."""

    type: models.CharField[str, str] = models.CharField(
        choices=TaskType, max_length=50, default=TaskType.SIMPLE
    )
    address_groups: models.TextField[str | None, str | None] = models.TextField(
        null=True, blank=True
    )
    control_groups: models.TextField[str | None, str | None] = models.TextField(
        null=True, blank=True
    )
    is_archived: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    lead_time: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=(MaxValueValidator(2**31 - 1),),
        help_text="Seconds from the creation of an item to its deadline.",
    )
    is_multiple_instance: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    continue_async: models.BooleanField[bool | None, bool | None] = models.BooleanField(
        default=False, null=True
    )

    if not MYPY:
        task_flows: RelatedManager[TaskFlow]
        work_items: RelatedManager[WorkItem]

    def __str__(self) -> str:
        return self.slug


class Workflow(Slugged, Named, Audited):
    """A design of which cases are instances."""

    is_published: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    is_archived: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    allow_all_forms: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    start_tasks: models.ManyToManyField[Task, WorkflowStartTask] = models.ManyToManyField(
        Task, through="WorkflowStartTask", related_name="+"
    )

    if not MYPY:
        cases: RelatedManager[Case]
        start_task_rows: RelatedManager[WorkflowStartTask]
        task_flows: RelatedManager[TaskFlow]

    def __str__(self) -> str:
        return self.slug


class WorkflowStartTask(models.Model):
    """A task that a new case starts with, at its place among the others."""

    workflow: models.ForeignKey[Workflow, Workflow] = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="start_task_rows"
    )
    task: models.ForeignKey[Task, Task] = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="+"
    )
    position: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        default=0
    )

    if not MYPY:
        workflow_id: str
        task_id: str

    class Meta:
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=("workflow", "task"), name="start_task_once"),
        )

    def __str__(self) -> str:
        return f"{self.workflow_id} starts with {self.task_id}"


class Flow(Audited):
    """What comes next: an expression that names the tasks after those of its task-flow rows."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(
        primary_key=True, default=uuid7, editable=False
    )
    next: models.TextField[str, str] = models.TextField()

    if not MYPY:
        task_flows: RelatedManager[TaskFlow]

    def __str__(self) -> str:
        return self.next


class TaskFlow(models.Model):
    """That a task of a workflow leads into a flow; several rows of one flow are an AND-join."""

    workflow: models.ForeignKey[Workflow, Workflow] = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="task_flows"
    )
    task: models.ForeignKey[Task, Task] = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="task_flows"
    )
    flow: models.ForeignKey[Flow, Flow] = models.ForeignKey(
        Flow, on_delete=models.CASCADE, related_name="task_flows"
    )
    redoable: models.TextField[str | None, str | None] = models.TextField(null=True, blank=True)

    if not MYPY:
        workflow_id: str
        task_id: str
        flow_id: UUID

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("workflow", "task"), name="one_flow_per_task"),
        )

    def __str__(self) -> str:
        return f"{self.workflow_id}: {self.task_id} → {self.flow_id}"
