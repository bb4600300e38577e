"""What all nodes have in common."""

from functools import cache
from typing import Any, ClassVar

import graphene
from django.db.models import Model, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.access import policy
from workflow_events.delivery.models import LoggedEvent
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.loaded import loaded
from workflow_events.workflow.languages import localized
from workflow_events.workflow.models import Task, base
from workflow_events.workflow.models.design import TaskType


class Node:
    """A GraphQL type whose values are rows of a model."""

    model: ClassVar[type[Model]]
    _meta: ClassVar[Any]

    @classmethod
    def get_queryset(
        cls, queryset: QuerySet[Any], info: GraphQLResolveInfo, relation: str | None = None
    ) -> QuerySet[Any]:
        """Return what of the queryset the request may see, by way of a relation if one is named.

        Every path to rows of this type goes through here: roots, connections, relations, node,
        ids in inputs. The queryset itself comes back where nothing restricts it. A row whose
        required relation leads to what is invisible is invisible too, as null would be an error.
        """
        visible = policy.current().visible(cls, queryset, info, relation)
        if visible is not queryset and _may_repeat_rows(visible):
            # Pages and counts are made of rows that come once.
            visible = queryset.filter(pk__in=visible.order_by().values("pk"))
        for name, related_type in required_relations(cls).items():  # type: ignore[arg-type]
            path = f"{cls._meta.name}.{name}"
            related = loaded(info).restriction(related_type, info, path)
            if related is not None:
                visible = visible.filter(**{f"{name}__in": related})
        return visible


def _may_repeat_rows(queryset: QuerySet[Any]) -> bool:
    """Say whether it joins to-many relations, or selects distinct rows because of that."""
    fields = (getattr(join, "join_field", None) for join in queryset.query.alias_map.values())
    to_many = any(field is not None and field.one_to_many for field in fields)
    return to_many or bool(queryset.query.distinct)


@cache
def required_relations(node_type: type[Node]) -> dict[str, type[Node]]:
    """Return the relations that are never null, by name, with the types that they lead to."""
    found = {}
    for name, field in node_type._meta.fields.items():
        type_ = field.type.of_type if isinstance(field.type, graphene.NonNull) else None
        if isinstance(type_, type) and issubclass(type_, Node):
            found[name] = type_
    return found


TASK_TYPE_NAMES: dict[str, str] = {
    TaskType.SIMPLE: "SimpleTask",
    TaskType.COMPLETE_WORKFLOW_FORM: "CompleteWorkflowFormTask",
    TaskType.COMPLETE_TASK_FORM: "CompleteTaskFormTask",
}


def object_type_of(row: Model, info: GraphQLResolveInfo) -> type[graphene.ObjectType]:
    """Return the object type of a row: that of its model, and for a task that of its type."""
    graphql_type: Any = info.schema.type_map[_type_name(row)]
    found: type[graphene.ObjectType] = graphql_type.graphene_type
    return found


def _type_name(row: Model) -> str:
    if isinstance(row, Task):
        return TASK_TYPE_NAMES[row.type]
    return "Event" if isinstance(row, LoggedEvent) else type(row).__name__


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


class Named:
    """Names and descriptions in the language of the request."""

    @staticmethod
    def resolve_name(row: base.Named, _info: GraphQLResolveInfo) -> str | None:
        """Return the name."""
        return localized(row, "name")

    @staticmethod
    def resolve_description(row: base.Named, _info: GraphQLResolveInfo) -> str | None:
        """Return the description."""
        return localized(row, "description")


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
