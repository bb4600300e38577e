"""The orders of each list. A new attribute is one line here."""

from django.db.models import OuterRef, Subquery
from django.db.models.expressions import Combinable
from graphql import GraphQLResolveInfo

from workflow_events.graphql.filters.related import shown
from workflow_events.graphql.ordering.base import Attribute, JSONKey, Nothing, OrderSet
from workflow_events.workflow.languages import localized_expression
from workflow_events.workflow.lookups import ByCodepoint, InDictionary
from workflow_events.workflow.models import TaskFlow


def _name(_info: GraphQLResolveInfo) -> Combinable:
    return InDictionary(localized_expression("name"))


def _description(_info: GraphQLResolveInfo) -> Combinable:
    return InDictionary(localized_expression("description"))


def _slug(_info: GraphQLResolveInfo) -> Combinable:
    return ByCodepoint("slug")


def _receiver(_info: GraphQLResolveInfo) -> Combinable:
    return ByCodepoint("receiver")


def _slug_of_task(_info: GraphQLResolveInfo) -> Combinable:
    return ByCodepoint("task_id")


def _first_task_of_flow(info: GraphQLResolveInfo) -> Combinable:
    tasks = TaskFlow.objects.filter(flow=OuterRef("pk")).order_by(_slug_of_task(info))
    visible = shown("Task", info)
    if visible is not None:
        tasks = tasks.filter(task__in=visible)
    return ByCodepoint(Subquery(tasks.values("task")[:1]))


class CaseOrderSet(OrderSet, name="CaseOrderSetType"):
    """What to order cases by: one key, and a direction."""

    meta = JSONKey("meta", "A key of the `meta` of the case.")
    attribute = Attribute(
        "SortableCaseAttributes",
        {"CREATED_AT": "created_at", "MODIFIED_AT": "modified_at", "STATUS": "status"},
        "An attribute of the case.",
    )


class WorkItemOrderSet(OrderSet, name="WorkItemOrderSetType"):
    """What to order work items by: one key, and a direction."""

    meta = JSONKey("meta", "A key of the `meta` of the work item.")
    case_meta = JSONKey("case__meta", "A key of the `meta` of the work item's case.")
    attribute = Attribute(
        "SortableWorkItemAttributes",
        {
            "CREATED_AT": "created_at",
            "MODIFIED_AT": "modified_at",
            "CLOSED_AT": "closed_at",
            "DESCRIPTION": _description,
            "NAME": _name,
            "DEADLINE": "deadline",
            "STATUS": "status",
            "SLUG": _slug_of_task,
        },
        "An attribute of the work item; SLUG is that of its task.",
    )


class WorkflowOrderSet(OrderSet, name="WorkflowOrderSetType"):
    """What to order workflows by: one key, and a direction."""

    meta = JSONKey("meta", "A key of the `meta` of the workflow.")
    attribute = Attribute(
        "SortableWorkflowAttributes",
        {
            "CREATED_AT": "created_at",
            "MODIFIED_AT": "modified_at",
            "ALLOW_ALL_FORMS": "allow_all_forms",
            "DESCRIPTION": _description,
            "IS_ARCHIVED": "is_archived",
            "IS_PUBLISHED": "is_published",
            "NAME": _name,
            "SLUG": _slug,
        },
        "An attribute of the workflow.",
    )


class TaskOrderSet(OrderSet, name="TaskOrderSetType"):
    """What to order tasks by: one key, and a direction."""

    meta = JSONKey("meta", "A key of the `meta` of the task.")
    attribute = Attribute(
        "SortableTaskAttributes",
        {
            "CREATED_AT": "created_at",
            "MODIFIED_AT": "modified_at",
            "LEAD_TIME": "lead_time",
            "TYPE": "type",
            "DESCRIPTION": _description,
            "IS_ARCHIVED": "is_archived",
            "NAME": _name,
            "SLUG": _slug,
        },
        "An attribute of the task.",
    )


class FlowOrderSet(OrderSet, name="FlowOrderSetType"):
    """What to order flows by: one key, and a direction."""

    meta = Nothing("Flows have no `meta`: all are equal in it, so that later entries decide.")
    attribute = Attribute(
        "SortableFlowAttributes",
        {"CREATED_AT": "created_at", "MODIFIED_AT": "modified_at", "TASK": _first_task_of_flow},
        "An attribute of the flow; TASK is the slug of the first task that leads into it.",
    )


class EventOrderSet(OrderSet, name="EventOrderSetType"):
    """What to order events by: one key, and a direction."""

    attribute = Attribute(
        "SortableEventAttributes",
        {"ID": "pk", "TIME": "time"},
        "An attribute of the event; ids grow with the time of emission.",
    )


class DeliveryOrderSet(OrderSet, name="DeliveryOrderSetType"):
    """What to order deliveries by: one key, and a direction."""

    attribute = Attribute(
        "SortableDeliveryAttributes",
        {
            "ID": "pk",
            "CREATED_AT": "created_at",
            "DUE": "due",
            "STARTED_AT": "started_at",
            "FINISHED_AT": "finished_at",
            "STATE": "state",
            "RECEIVER": _receiver,
        },
        "An attribute of the delivery; ids grow in the order in which deliveries are stored.",
    )
