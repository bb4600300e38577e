"""The flows between tasks."""

from collections.abc import Sequence
from typing import Any, ClassVar

import graphene
from django.db.models import Model, QuerySet

from workflow_events.graphql.connections import ConnectionType
from workflow_events.graphql.fields import ListOf
from workflow_events.graphql.scalars import FlowJexl
from workflow_events.graphql.types.node import Audited, Node, NodeInterface
from workflow_events.graphql.types.task import Task
from workflow_events.workflow import models


def tasks_of_flows(
    flows: Sequence[models.Flow], visible: QuerySet[models.Task]
) -> dict[Any, list[models.Task]]:
    """Return the tasks that lead into each flow, by the flow's key."""
    rows = models.TaskFlow.objects.filter(flow__in=[flow.pk for flow in flows], task__in=visible)
    tasks: dict[Any, list[models.Task]] = {}
    for row in rows.select_related("task").order_by("pk"):
        tasks.setdefault(row.flow_id, []).append(row.task)
    return tasks


class Flow(Audited, Node, graphene.ObjectType):  # type: ignore[misc]
    """What comes after a task, or after several that are joined."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = models.Flow

    next = graphene.Field(
        FlowJexl, required=True, description="Expression for the tasks that come next."
    )
    tasks = ListOf(lambda: Task, tasks_of_flows, description="The tasks that lead into the flow.")


class FlowEdge(graphene.ObjectType):  # type: ignore[misc]
    """A flow in a list."""

    node = graphene.Field(Flow, description="The flow.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class FlowConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of flows."""

    node_type = Flow
    edge_type = FlowEdge

    edges = graphene.List(FlowEdge, required=True, description="The flows of the page.")
