"""The root queries: the lists, and any node by its id."""

from typing import Any

import graphene
from django.db.models import Model
from graphql import GraphQLResolveInfo

from workflow_events.graphql import ids
from workflow_events.graphql.connections import Connection
from workflow_events.graphql.filters.sets import (
    CaseFilterSet,
    DeliveryFilterSet,
    EventFilterSet,
    TaskFilterSet,
    WorkflowFilterSet,
    WorkItemFilterSet,
)
from workflow_events.graphql.nodes import NODE_TYPES
from workflow_events.graphql.ordering.sets import (
    CaseOrderSet,
    DeliveryOrderSet,
    EventOrderSet,
    TaskOrderSet,
    WorkflowOrderSet,
    WorkItemOrderSet,
)
from workflow_events.graphql.selection import joined, load
from workflow_events.graphql.types.case import CaseConnection
from workflow_events.graphql.types.delivery import Deliveries, DeliveryConnection
from workflow_events.graphql.types.event import EventConnection
from workflow_events.graphql.types.node import NodeInterface
from workflow_events.graphql.types.task import TaskConnection
from workflow_events.graphql.types.work_item import WorkItemConnection
from workflow_events.graphql.types.workflow import WorkflowConnection


class Query(graphene.ObjectType):  # type: ignore[misc]
    """Everything that can be read."""

    all_workflows = Connection(
        lambda: WorkflowConnection,
        filters=WorkflowFilterSet,
        orders=WorkflowOrderSet,
        description="The workflows.",
    )
    all_tasks = Connection(
        lambda: TaskConnection,
        filters=TaskFilterSet,
        orders=TaskOrderSet,
        description="The tasks.",
    )
    all_cases = Connection(
        lambda: CaseConnection,
        filters=CaseFilterSet,
        orders=CaseOrderSet,
        description="The cases.",
    )
    all_work_items = Connection(
        lambda: WorkItemConnection,
        filters=WorkItemFilterSet,
        orders=WorkItemOrderSet,
        description="The work items.",
    )
    all_events = Connection(
        lambda: EventConnection,
        filters=EventFilterSet,
        orders=EventOrderSet,
        description="The events that are logged.",
    )
    all_deliveries = Deliveries(
        lambda: DeliveryConnection,
        filters=DeliveryFilterSet,
        orders=DeliveryOrderSet,
        description="What receivers in the background got, and are to get; for who is permitted "
        "to operate deliveries.",
    )
    node = graphene.Field(
        NodeInterface,
        id=graphene.ID(required=True, description="A global id."),
        description="Any object by its global id; null if there is none.",
    )

    @staticmethod
    def resolve_node(_root: Any, info: GraphQLResolveInfo, id: str) -> Model | None:  # noqa: A002
        """Return the row with that global id, if it exists and may be seen."""
        kind, key = ids.parse_global_id(id)
        node_type = NODE_TYPES[kind]
        visible = node_type.get_queryset(node_type.model._default_manager.all(), info)
        row: Model | None = (
            joined(visible, node_type, info.field_nodes, info).filter(pk=key).first()
        )
        if row is not None:
            load([row], node_type, info.field_nodes, info)
        return row
