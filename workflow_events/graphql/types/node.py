"""What all nodes have in common."""

from typing import Any, ClassVar

import graphene
from django.db.models import Model, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.graphql.ids import to_global_id
from workflow_events.workflow.models import Task
from workflow_events.workflow.models.design import TaskType


class Node:
    """A GraphQL type whose values are rows of a model."""

    model: ClassVar[type[Model]]
    _meta: ClassVar[Any]

    @classmethod
    def get_queryset(cls, queryset: QuerySet[Any], info: GraphQLResolveInfo) -> QuerySet[Any]:
        """Return what of the queryset the request may see.

        Every path to rows of this type goes through here: roots, connections, relations, node.
        Returning the queryset itself, as here, means "everything"; relations are then joined.
        """
        return queryset


TASK_TYPE_NAMES: dict[str, str] = {
    TaskType.SIMPLE: "SimpleTask",
    TaskType.COMPLETE_WORKFLOW_FORM: "CompleteWorkflowFormTask",
    TaskType.COMPLETE_TASK_FORM: "CompleteTaskFormTask",
}


def object_type_of(row: Model, info: GraphQLResolveInfo) -> type[graphene.ObjectType]:
    """Return the object type of a row: that of its model, and for a task that of its type."""
    name = TASK_TYPE_NAMES[row.type] if isinstance(row, Task) else type(row).__name__
    graphql_type: Any = info.schema.type_map[name]
    found: type[graphene.ObjectType] = graphql_type.graphene_type
    return found


class NodeInterface(graphene.Interface):  # type: ignore[misc]
    """An object with an id of its own."""

    class Meta:
        name = "Node"

    id = graphene.ID(required=True, description="Global id: base64 of the type and the key.")

    @staticmethod
    def resolve_id(row: Model, info: GraphQLResolveInfo) -> str:
        """Return the global id of the row."""
        return to_global_id(info.parent_type.name, row.pk)

    @classmethod
    def resolve_type(cls, row: Model, info: GraphQLResolveInfo) -> type[graphene.ObjectType]:
        """Return the object type of the row."""
        return object_type_of(row, info)


class Audited:
    """The fields that say when a row was created and modified, and by whom."""

    created_at = graphene.DateTime(required=True, description="When it was created.")
    modified_at = graphene.DateTime(required=True, description="When it was last modified.")
    created_by_user = graphene.String(description="Name of the user who created it.")
    created_by_group = graphene.String(description="Acting group of the user who created it.")
    modified_by_user = graphene.String(description="Name of the user who last modified it.")
    modified_by_group = graphene.String(
        description="Acting group of the user who last modified it."
    )


class Closable:
    """The fields that say when a row was closed, and by whom."""

    closed_at = graphene.DateTime(description="When it was completed, canceled or skipped.")
    closed_by_user = graphene.String(description="Name of the user who closed it.")
    closed_by_group = graphene.String(description="Acting group of the user who closed it.")
