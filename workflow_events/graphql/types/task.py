"""The tasks: an interface, and an object type for each type of task."""

from typing import Any, ClassVar

import graphene
from django.db.models import Model
from graphql import GraphQLResolveInfo

from workflow_events.graphql.connections import ConnectionType
from workflow_events.graphql.scalars import GenericScalar, GroupJexl
from workflow_events.graphql.types.node import (
    Audited,
    Named,
    Node,
    NodeInterface,
    object_type_of,
)
from workflow_events.workflow import models


class Task(graphene.Interface, Named, Node):  # type: ignore[misc]
    """A kind of work that work items are made for."""

    model: ClassVar[type[Model]] = models.Task

    id = graphene.ID(required=True, description="Global id: base64 of the type and the slug.")
    created_at = graphene.DateTime(required=True, description="When it was created.")
    modified_at = graphene.DateTime(required=True, description="When it was last modified.")
    created_by_user = graphene.String(description="Name of the user who created it.")
    created_by_group = graphene.String(description="Acting group of the user who created it.")
    slug = graphene.String(required=True, description="Its key, chosen by its author.")
    name = graphene.String(required=True, description="Its name.")
    description = graphene.String(description="What is to be done.")
    is_archived = graphene.Boolean(required=True, description="Informational: no longer used.")
    address_groups = graphene.Field(
        GroupJexl, description="Expression for the groups that its work items are addressed to."
    )
    control_groups = graphene.Field(
        GroupJexl, description="Expression for the groups that control its work items."
    )
    meta = GenericScalar(required=True, description="The deployment's own data.")
    is_multiple_instance = graphene.Boolean(
        required=True, description="Whether a case may have several work items of it at once."
    )
    continue_async = graphene.Boolean(
        description="Whether the flow continues before all of its work items are done."
    )

    @classmethod
    def resolve_type(cls, row: Any, info: GraphQLResolveInfo) -> type[graphene.ObjectType]:
        """Return the object type of the row."""
        return object_type_of(row, info)


class ConcreteTask(Audited, Node):
    """What the interface lacks, and every type of task has."""

    model: ClassVar[type[Model]] = models.Task

    lead_time = graphene.Int(
        description="Seconds from the creation of a work item to its deadline."
    )


class SimpleTask(ConcreteTask, graphene.ObjectType):  # type: ignore[misc]
    """A task that is simply done."""

    class Meta:
        interfaces = (Task, NodeInterface)


class CompleteWorkflowFormTask(ConcreteTask, graphene.ObjectType):  # type: ignore[misc]
    """A task to fill the form of the case."""

    class Meta:
        interfaces = (Task, NodeInterface)


class CompleteTaskFormTask(ConcreteTask, graphene.ObjectType):  # type: ignore[misc]
    """A task to fill a form of its own; such tasks come with imported designs, and have no form."""

    class Meta:
        interfaces = (Task, NodeInterface)


class TaskEdge(graphene.ObjectType):  # type: ignore[misc]
    """A task in a list."""

    node = graphene.Field(Task, description="The task.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class TaskConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of tasks."""

    node_type = Task
    edge_type = TaskEdge

    edges = graphene.List(TaskEdge, required=True, description="The tasks of the page.")
