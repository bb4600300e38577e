"""What runs: cases and their work items."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models

from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.workflow.models.base import MYPY, Audited, Closable, Named
from workflow_events.workflow.models.design import Task, Workflow
from workflow_events.workflow.models.indexes import ContainmentIndex
from workflow_events.workflow.models.protected import ProtectedModel
from workflow_events.workflow.states import CaseStatus, WorkItemStatus

if TYPE_CHECKING and not MYPY:
    from django.db.models.fields.related_descriptors import RelatedManager

CLOSING_FIELDS = frozenset({"closed_at", "closed_by_user", "closed_by_group"})


class Case(ProtectedModel, Audited, Closable):
    """One run of a workflow; with its child cases and theirs it forms a family.

    ``status``, ``closed_*`` and ``family`` change through operations only.
    """

    protected = CLOSING_FIELDS | {"status", "family"}

    id: models.UUIDField[UUID, UUID] = models.UUIDField(
        primary_key=True, default=uuid7, editable=False
    )
    workflow: models.ForeignKey[Workflow, Workflow] = models.ForeignKey(
        Workflow, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    # Never null, as the constraint says. With null=False Django could not sort what it deletes:
    # it takes a required key to its own table for a circle, and would delete cases before items.
    family: models.ForeignKey[Case | None, Case | None] = models.ForeignKey(
        "self", on_delete=models.CASCADE, related_name="family_cases", null=True
    )
    status: models.CharField[str, str] = models.CharField(
        choices=CaseStatus, max_length=50, default=CaseStatus.RUNNING
    )
    meta: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    if not MYPY:
        workflow_id: str
        family_id: UUID | None
        family_cases: RelatedManager[Case]
        work_items: RelatedManager[WorkItem]
        parent_work_item: WorkItem

    class Meta(ProtectedModel.Meta):
        abstract = False
        indexes = (
            models.Index(fields=("workflow", "status"), name="case_workflow_status"),
            models.Index(fields=("status", "created_at"), name="case_status_created_at"),
            ContainmentIndex(fields=("meta",), name="case_meta"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(family__isnull=False), name="case_has_a_family"
            ),
        )

    def __str__(self) -> str:
        return f"case {self.pk} of {self.workflow_id} ({self.status})"

    def save(self, **options: Any) -> None:
        """Save as `ProtectedModel` does; a new case without a family is the root of its own."""
        if self._state.adding and self.family_id is None:
            self.family_id = self.pk
        super().save(**options)


class WorkItem(ProtectedModel, Named, Audited, Closable):
    """One piece of work in a case, waiting for its groups or done by them.

    ``status`` and ``closed_*`` change through operations only.
    """

    protected = CLOSING_FIELDS | {"status"}

    id: models.UUIDField[UUID, UUID] = models.UUIDField(
        primary_key=True, default=uuid7, editable=False
    )
    case: models.ForeignKey[Case, Case] = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="work_items", db_index=False
    )
    task: models.ForeignKey[Task, Task] = models.ForeignKey(
        Task, on_delete=models.PROTECT, related_name="work_items", db_index=False
    )
    status: models.CharField[str, str] = models.CharField(
        choices=WorkItemStatus, max_length=50, default=WorkItemStatus.READY
    )
    deadline: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    addressed_groups: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    controlling_groups: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    assigned_users: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    child_case: models.OneToOneField[Case | None, Case | None] = models.OneToOneField(
        Case, on_delete=models.SET_NULL, related_name="parent_work_item", null=True, blank=True
    )
    previous_work_item: models.ForeignKey[WorkItem | None, WorkItem | None] = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        related_name="succeeding_work_items",
        null=True,
        blank=True,
    )

    if not MYPY:
        case_id: UUID
        task_id: str
        child_case_id: UUID | None
        previous_work_item_id: UUID | None
        succeeding_work_items: RelatedManager[WorkItem]

    class Meta(ProtectedModel.Meta):
        abstract = False
        indexes = (
            models.Index(fields=("case", "status"), name="work_item_case_status"),
            models.Index(fields=("task", "status"), name="work_item_task_status"),
            # With the key, as lists are ordered by it in the end: no rows are left to sort.
            models.Index(fields=("status", "deadline", "id"), name="work_item_status_deadline"),
            models.Index(fields=("deadline", "id"), name="work_item_deadline"),
            models.Index(fields=("closed_at",), name="work_item_closed_at"),
            ContainmentIndex(fields=("addressed_groups",), name="work_item_addressed_groups"),
            ContainmentIndex(fields=("controlling_groups",), name="work_item_controlling_groups"),
            ContainmentIndex(fields=("assigned_users",), name="work_item_assigned_users"),
            ContainmentIndex(fields=("meta",), name="work_item_meta"),
        )

    def __str__(self) -> str:
        return f"work item {self.pk} of {self.task_id} ({self.status})"
