"""The work items."""

from typing import TYPE_CHECKING, Any, ClassVar

import graphene
from django.db.models import F, Model, QuerySet

from workflow_events.graphql.connections import ConnectionType, NestedConnection
from workflow_events.graphql.fields import Computed, ToOne
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.types.enums import WorkItemStatus
from workflow_events.graphql.types.node import Audited, Closable, Named, Node, NodeInterface
from workflow_events.graphql.types.task import Task
from workflow_events.workflow import models
from workflow_events.workflow.succession import are_redoable

if TYPE_CHECKING:
    from workflow_events.graphql.types.case import Case


def case_type() -> "type[Case]":
    """Return the type of cases, which needs this module."""
    from workflow_events.graphql.types.case import Case  # noqa: PLC0415 (they need each other)

    return Case


def items_after(keys: list[Any]) -> QuerySet[models.WorkItem, Any]:
    """Return the items that these items led to."""
    rows: QuerySet[models.WorkItem, Any] = models.WorkItem.objects.filter(
        previous_work_item__in=keys
    ).annotate(parent_key=F("previous_work_item_id"))
    return rows


class WorkItem(Named, Audited, Closable, Node, graphene.ObjectType):  # type: ignore[misc]
    """One piece of work in a case."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = models.WorkItem

    name = graphene.String(required=True, description="Its name; the task's unless given.")
    description = graphene.String(description="What is to be done.")
    deadline = graphene.DateTime(description="When it is due.")
    task = ToOne(
        lambda: Task, "WorkItem.task", required=True, description="The task that it is of."
    )
    status = graphene.Field(WorkItemStatus, required=True, description="Where it stands.")
    meta = GenericScalar(description="The deployment's own data.")
    addressed_groups = graphene.List(
        graphene.String, required=True, description="The groups that are to do it."
    )
    controlling_groups = graphene.List(
        graphene.String, required=True, description="The groups that control it."
    )
    assigned_users = graphene.List(
        graphene.String, required=True, description="The users that it was given to."
    )
    case = ToOne(
        case_type, "WorkItem.case", required=True, description="The case that it belongs to."
    )
    child_case = ToOne(case_type, "WorkItem.child_case", description="The case that it is done by.")
    previous_work_item = ToOne(
        lambda: WorkItem,
        "WorkItem.previous_work_item",
        description="The item whose completion created it.",
    )
    succeeding_work_items = NestedConnection(
        lambda: WorkItemConnection,
        items_after,
        required=True,
        description="The items that its completion created.",
    )
    is_redoable = Computed(
        graphene.Boolean, are_redoable, description="Whether it may be redone now."
    )


class WorkItemEdge(graphene.ObjectType):  # type: ignore[misc]
    """A work item in a list."""

    node = graphene.Field(WorkItem, description="The work item.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class WorkItemConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of work items."""

    node_type = WorkItem
    edge_type = WorkItemEdge

    edges = graphene.List(WorkItemEdge, required=True, description="The work items of the page.")
