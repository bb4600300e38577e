"""Filters by a relation: they go by what the request may see of it, as its field does."""

from typing import Any

import graphene
from django.db.models import Exists, OuterRef, Q, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.graphql.filters.base import Filter
from workflow_events.graphql.filters.kinds import Among, Id
from workflow_events.graphql.ids import Kind, parse_id
from workflow_events.graphql.loaded import loaded


def shown(
    type_name: str, info: GraphQLResolveInfo, walked: str | None = None
) -> QuerySet[Any] | None:
    """Return the rows of a type that the request may see; None for all of them.

    ``walked`` is the relation by which clients get there, as visibilities name it.
    """
    # By its name, as the types of nodes need the filters.
    graphql_type: Any = info.schema.type_map[type_name]
    return loaded(info).restriction(graphql_type.graphene_type, info, walked)


class RelatedId(Id):
    """The relation leads to this object, which the request may see.

    Takes further how clients walk the relation, as visibilities name it, if they do.
    """

    looks_elsewhere = True

    def __init__(self, field: str, kind: Kind, walked: str | None, description: str) -> None:
        super().__init__(field, kind, description)
        self.walked = walked

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Compare the key, and look the object up where not all of them may be seen."""
        key = parse_id(value, self.kind, member)
        visible = shown(self.kind.name, info, self.walked)
        condition = Q(**{self.field: key})
        if visible is None:
            return condition
        return condition & Q(**{f"{self.field}__in": visible.filter(pk=key)})


class AmongVisible(Among):
    """The row is among those that a subquery finds for this object, which the request may see."""

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Look the row's key up in the subquery, and the object where not all may be seen."""
        condition = super().condition(value, member, info)
        visible = shown(self.kind.name, info)
        if visible is None:
            return condition
        return condition & Q(Exists(visible.filter(pk=parse_id(value, self.kind, member))))


class HasNoParent(Filter[bool]):
    """No work item that the request may see is done by the case; false restricts nothing."""

    input_type = graphene.Boolean
    looks_elsewhere = True

    def condition(self, value: bool, member: str, info: GraphQLResolveInfo) -> Q:
        """Look for such an item, if it is asked for."""
        if not value:
            return Q()
        visible = shown("WorkItem", info, "Case.parent_work_item")
        if visible is None:
            return Q(parent_work_item__isnull=True)
        return Q(~Exists(visible.filter(child_case=OuterRef("pk"))))
