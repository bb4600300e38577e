"""The filters of each list. A new filter is one line here."""

from typing import Any

from django.db.models import QuerySet

from workflow_events.graphql.filters.base import FilterSet
from workflow_events.graphql.filters.json import CaseJSONValue, HasKey, JSONValue
from workflow_events.graphql.filters.kinds import (
    AnyChoice,
    AnyId,
    AnyMember,
    AnyText,
    Choice,
    Flag,
    HasValue,
    Id,
    LocalizedText,
    Moment,
    Text,
    Words,
)
from workflow_events.graphql.filters.related import AmongVisible, HasNoParent, RelatedId
from workflow_events.graphql.ids import CASE, DELIVERY, EVENT, FLOW, TASK, WORK_ITEM, WORKFLOW
from workflow_events.graphql.types.enums import CaseStatusArgument, DeliveryState, Status, Type
from workflow_events.workflow.models import TaskFlow


def _flows_after(task: Any) -> QuerySet[Any, Any]:
    return TaskFlow.objects.filter(task=task).values("flow")


class AuditFilterSet(FilterSet):
    """Who created and modified a row, and when."""

    created_by_user = Text("created_by_user", "Created by this user.")
    created_by_group = Text("created_by_group", "Created by a user acting for this group.")
    modified_by_user = Text("modified_by_user", "Last modified by this user.")
    modified_by_group = Text("modified_by_group", "Last modified for this group.")
    created_before = Moment("created_at__lt", "Created before this moment.")
    created_after = Moment("created_at__gte", "Created at this moment or later.")
    modified_before = Moment("modified_at__lt", "Last modified before this moment.")
    modified_after = Moment("modified_at__gte", "Last modified at this moment or later.")


class MetaFilterSet(FilterSet):
    """What a row's ``meta`` holds."""

    meta_has_key = HasKey("meta", "Whose `meta` is an object with this key.")
    meta_value = JSONValue("meta", "Whose `meta` has all these values at their keys.")


class CaseFilterSet(MetaFilterSet, AuditFilterSet, name="CaseFilterSetType"):
    """Which cases to list; all members of one entry must match."""

    workflow = Id("workflow", WORKFLOW, "Cases of this workflow.")
    id = Id("pk", CASE, "This case.")
    ids = AnyId("pk", CASE, "Any of these cases.")
    root_case = RelatedId(
        "family", CASE, "Case.family", "Cases of the family of this root case, itself included."
    )
    status = AnyChoice("status", CaseStatusArgument, "Cases with any of these statuses.")
    exclude_child_cases = HasNoParent("Root cases only; false restricts nothing.")


class WorkItemFilterSet(MetaFilterSet, AuditFilterSet, name="WorkItemFilterSetType"):
    """Which work items to list; all members of one entry must match."""

    status = Choice("status", Status, "Work items with this status.")
    name = LocalizedText("name", "Work items with exactly this name.")
    task = Id("task", TASK, "Work items of this task.")
    tasks = AnyText("task", "Work items of any of these tasks, by slug.")
    case = Id("case", CASE, "Work items of this case.")
    created_at = Moment("created_at", "Created at exactly this moment.")
    closed_at = Moment("closed_at", "Closed at exactly this moment.")
    modified_at = Moment("modified_at", "Last modified at exactly this moment.")
    deadline = Moment("deadline", "Due at exactly this moment.")
    case_family = RelatedId(
        "case__family", CASE, "Case.family", "Work items of all cases of this root case's family."
    )
    root_case = RelatedId("case__family", CASE, "Case.family", "The same as caseFamily.")
    workflow = Id("case__workflow", WORKFLOW, "Work items of the cases of this workflow.")
    id = Id("pk", WORK_ITEM, "This work item.")
    ids = AnyId("pk", WORK_ITEM, "Any of these work items.")
    has_deadline = HasValue("deadline", "Work items with a deadline, or without one.")
    deadline_before = Moment("deadline__lt", "Due before this moment.")
    deadline_after = Moment("deadline__gte", "Due at this moment or later.")
    addressed_groups = AnyMember("addressed_groups", "Work items addressed to any of these groups.")
    controlling_groups = AnyMember(
        "controlling_groups", "Work items controlled by any of these groups."
    )
    assigned_users = AnyMember(
        "assigned_users", "Work items that any of these users is assigned to."
    )
    case_meta_value = CaseJSONValue(
        "meta", "case", "WorkItem.case", "Whose case's `meta` has all these values at their keys."
    )
    root_case_meta_value = CaseJSONValue(
        "meta",
        "case__family",
        "Case.family",
        "Whose root case's `meta` has all these values at their keys.",
    )


class WorkflowFilterSet(MetaFilterSet, AuditFilterSet, name="WorkflowFilterSetType"):
    """Which workflows to list; all members of one entry must match."""

    slug = Text("slug", "The workflow with this slug.")
    slugs = AnyText("slug", "Workflows with any of these slugs.")
    id = Id("pk", WORKFLOW, "This workflow.")
    ids = AnyId("pk", WORKFLOW, "Any of these workflows.")
    name = LocalizedText("name", "Workflows with exactly this name.")
    description = LocalizedText("description", "Workflows with exactly this description.")
    is_published = Flag("is_published", "Workflows that are published, or are not.")
    is_archived = Flag("is_archived", "Workflows that are archived, or are not.")
    search = Words(
        ("slug",),
        ("name", "description"),
        "Workflows with all these words in slug, name and description.",
    )


class TaskFilterSet(MetaFilterSet, AuditFilterSet, name="TaskFilterSetType"):
    """Which tasks to list; all members of one entry must match."""

    slug = Text("slug", "The task with this slug.")
    slugs = AnyText("slug", "Tasks with any of these slugs.")
    id = Id("pk", TASK, "This task.")
    ids = AnyId("pk", TASK, "Any of these tasks.")
    name = LocalizedText("name", "Tasks with exactly this name.")
    description = LocalizedText("description", "Tasks with exactly this description.")
    type = Choice("type", Type, "Tasks of this type.")
    is_archived = Flag("is_archived", "Tasks that are archived, or are not.")
    search = Words(
        ("slug",),
        ("name", "description"),
        "Tasks with all these words in slug, name and description.",
    )


class FlowFilterSet(AuditFilterSet, name="FlowFilterSetType"):
    """Which flows to list; all members of one entry must match."""

    task = AmongVisible(TASK, _flows_after, "Flows that this task leads into.")
    id = Id("pk", FLOW, "This flow.")
    ids = AnyId("pk", FLOW, "Any of these flows.")


class EventFilterSet(FilterSet, name="EventFilterSetType"):
    """Which events to list; all members of one entry must match."""

    id = Id("pk", EVENT, "This event.")
    ids = AnyId("pk", EVENT, "Any of these events.")
    name = Text("name", "Events with exactly this name.")
    names = AnyText("name", "Events with any of these names.")
    case = Id("case", CASE, "Events about this case.")
    username = Text("username", "Events of what this user did.")
    cause = RelatedId("cause", EVENT, None, "Events that receivers of this event emitted.")
    time_before = Moment("time__lt", "Emitted before this moment.")
    time_after = Moment("time__gte", "Emitted at this moment or later.")


class DeliveryFilterSet(FilterSet, name="DeliveryFilterSetType"):
    """Which deliveries to list; all members of one entry must match."""

    id = Id("pk", DELIVERY, "This delivery.")
    ids = AnyId("pk", DELIVERY, "Any of these deliveries.")
    state = AnyChoice("state", DeliveryState, "Deliveries in any of these states.")
    receiver = Text("receiver", "Deliveries to the receiver with exactly this stable name.")
    event = Id("event", EVENT, "Deliveries of this event.")
    event_name = Text("event__name", "Deliveries of events with exactly this name.")
    case = Id("event__case", CASE, "Deliveries of events about this case.")
    due_before = Moment("due__lt", "Due before this moment.")
    due_after = Moment("due__gte", "Due at this moment or later.")
    created_before = Moment("created_at__lt", "Stored before this moment.")
    created_after = Moment("created_at__gte", "Stored at this moment or later.")
