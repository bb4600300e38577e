"""What runs: cases and their work items."""

from django.db import models

from workflow_events.events.identifiers import uuid7
from workflow_events.workflow.models.base import Audited, Closable, Named
from workflow_events.workflow.models.design import Task, Workflow
from workflow_events.workflow.states import CaseStatus, WorkItemStatus


class Case(Audited, Closable):
    """One run of a workflow; with its child cases and theirs it forms a family."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="cases")
    family = models.ForeignKey("self", on_delete=models.CASCADE, related_name="family_cases")
    status = models.CharField(choices=CaseStatus, max_length=50, default=CaseStatus.RUNNING)
    meta = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"case {self.pk} of {self.workflow_id} ({self.status})"


class WorkItem(Named, Audited, Closable):
    """One piece of work in a case, waiting for its groups or done by them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="work_items")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="work_items")
    status = models.CharField(choices=WorkItemStatus, max_length=50, default=WorkItemStatus.READY)
    deadline = models.DateTimeField(null=True, blank=True)
    addressed_groups = models.JSONField(default=list, blank=True)
    controlling_groups = models.JSONField(default=list, blank=True)
    assigned_users = models.JSONField(default=list, blank=True)
    child_case = models.OneToOneField(
        Case, on_delete=models.SET_NULL, related_name="parent_work_item", null=True, blank=True
    )
    previous_work_item = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        related_name="succeeding_work_items",
        null=True,
        blank=True,
    )

    class Meta:
        indexes = (
            models.Index(fields=("case", "status"), name="work_item_case_status"),
            models.Index(fields=("task", "status"), name="work_item_task_status"),
            models.Index(fields=("status", "deadline"), name="work_item_status_deadline"),
        )

    def __str__(self) -> str:
        return f"work item {self.pk} of {self.task_id} ({self.status})"
