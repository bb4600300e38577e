"""The orders of each list. A new attribute is one line here."""

from django.db.models import OuterRef, Subquery

from workflow_events.graphql.ordering.base import Attribute, OrderSet
from workflow_events.workflow.models import TaskFlow

FIRST_TASK_OF_FLOW = Subquery(
    TaskFlow.objects.filter(flow=OuterRef("pk")).order_by("task").values("task")[:1]
)


class CaseOrderSet(OrderSet, name="CaseOrderSetType"):
    """What to order cases by: one key, and a direction."""

    attribute = Attribute(
        "SortableCaseAttributes",
        {"CREATED_AT": "created_at", "MODIFIED_AT": "modified_at", "STATUS": "status"},
        "An attribute of the case.",
    )


class WorkItemOrderSet(OrderSet, name="WorkItemOrderSetType"):
    """What to order work items by: one key, and a direction."""

    attribute = Attribute(
        "SortableWorkItemAttributes",
        {
            "CREATED_AT": "created_at",
            "MODIFIED_AT": "modified_at",
            "CLOSED_AT": "closed_at",
            "DESCRIPTION": "description",
            "NAME": "name",
            "DEADLINE": "deadline",
            "STATUS": "status",
            "SLUG": "task_id",
        },
        "An attribute of the work item; SLUG is that of its task.",
    )


class WorkflowOrderSet(OrderSet, name="WorkflowOrderSetType"):
    """What to order workflows by: one key, and a direction."""

    attribute = Attribute(
        "SortableWorkflowAttributes",
        {
            "CREATED_AT": "created_at",
            "MODIFIED_AT": "modified_at",
            "ALLOW_ALL_FORMS": "allow_all_forms",
            "DESCRIPTION": "description",
            "IS_ARCHIVED": "is_archived",
            "IS_PUBLISHED": "is_published",
            "NAME": "name",
            "SLUG": "slug",
        },
        "An attribute of the workflow.",
    )


class TaskOrderSet(OrderSet, name="TaskOrderSetType"):
    """What to order tasks by: one key, and a direction."""

    attribute = Attribute(
        "SortableTaskAttributes",
        {
            "CREATED_AT": "created_at",
            "MODIFIED_AT": "modified_at",
            "LEAD_TIME": "lead_time",
            "TYPE": "type",
            "DESCRIPTION": "description",
            "IS_ARCHIVED": "is_archived",
            "NAME": "name",
            "SLUG": "slug",
        },
        "An attribute of the task.",
    )


class FlowOrderSet(OrderSet, name="FlowOrderSetType"):
    """What to order flows by: one key, and a direction."""

    attribute = Attribute(
        "SortableFlowAttributes",
        {"CREATED_AT": "created_at", "MODIFIED_AT": "modified_at", "TASK": FIRST_TASK_OF_FLOW},
        "An attribute of the flow; TASK is the slug of the first task that leads into it.",
    )
