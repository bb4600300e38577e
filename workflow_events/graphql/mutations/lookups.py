"""The objects that the ids of an input name: looked up among what the user may see (facts 1.1)."""

from typing import Any

from django.db.models import Model, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.access import policy
from workflow_events.access.policy import Chains
from workflow_events.graphql import ids
from workflow_events.graphql.loaded import loaded
from workflow_events.graphql.mutations.members import Member
from workflow_events.graphql.nodes import NODE_TYPES

READ_ALONG: dict[ids.Kind, tuple[str, ...]] = {
    ids.WORK_ITEM: ("case", "task"),
    ids.DELIVERY: ("event",),
}
"""What permissions and validations can use of an object without a statement of their own."""


def look_up(
    members: dict[str, Member[Any]],
    target: str | None,
    data: dict[str, Any],
    chains: Chains,
    info: GraphQLResolveInfo,
) -> Model | None:
    """Put objects in the place of the ids in ``data``; return the target, if there is one already.

    An id is looked up, by one statement, where not everything of its type may be seen, where
    validations get the data and, for the target, where permissions ask for the object. Elsewhere
    it stays: the operation looks anyway. Raises `NotFound` for what is missing or invisible.
    """
    validated = policy.current().has_validations(chains)
    asked = policy.current().has_object_permissions(chains)
    found: Model | None = None
    for name, member in members.items():
        if name not in data or member.kind is None:
            continue
        node_type = NODE_TYPES[member.kind]
        visible = loaded(info).restriction(node_type, info)
        is_target = name == target
        if visible is None and not validated and not (is_target and asked):
            continue
        rows: QuerySet[Any] = node_type.model._default_manager.all() if visible is None else visible
        if along := READ_ALONG.get(member.kind):
            rows = rows.select_related(*along)
        data[name], named = member.look_up(data[name], rows)
        if is_target:
            found = named
    return found
