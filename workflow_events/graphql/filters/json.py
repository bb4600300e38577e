"""The filters by the JSON data that deployments keep in ``meta`` (facts 1.5.1)."""

from typing import Any

import graphene
from django.db.models import Q
from graphql import GraphQLResolveInfo

from workflow_events.graphql.filters.base import FieldFilter
from workflow_events.graphql.filters.related import shown
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.types.enums import JSONLookupMode
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.lookups import JSONLookup, has_key, json_value, problem_of
from workflow_events.workflow.models import Case
from workflow_events.workflow.values import TOO_DEEP, is_too_deep


class JSONValueFilterType(graphene.InputObjectType):  # type: ignore[misc]
    """What the value at a key of a JSON object is to be."""

    class Meta:
        container = dict

    key = graphene.String(
        required=True, description="A key of the object itself; any text, and no path."
    )
    value = GenericScalar(required=True, description="What the stored value is compared to.")
    lookup = JSONLookupMode(description="How it is compared. Default: EXACT.")


class HasKey(FieldFilter[str]):
    """A JSON column holds an object with this key, whatever its value."""

    input_type = graphene.String

    def condition(self, value: str, member: str, info: GraphQLResolveInfo) -> Q:
        """Look for the key."""
        return has_key(self.field, value)


class JSONValue(FieldFilter[list[dict[str, Any] | None]]):
    """The values at keys of a JSON column compare to all of these; nulls are passed over."""

    input_type = graphene.List(JSONValueFilterType)

    def condition(
        self, value: list[dict[str, Any] | None], member: str, info: GraphQLResolveInfo
    ) -> Q:
        """Compare each value; raises `InvalidInput` for one that its lookup cannot take."""
        return _all_of(self.field, value, member)


class CaseJSONValue(FieldFilter[list[dict[str, Any] | None]]):
    """The same, of a case that a row leads to, and that the request may see.

    Takes the relation to the case, and how clients walk it, as visibilities name it.
    """

    input_type = graphene.List(JSONValueFilterType)
    looks_elsewhere = True

    def __init__(self, field: str, relation: str, walked: str, description: str) -> None:
        super().__init__(field, description)
        self.relation = relation
        self.walked = walked

    def condition(
        self, value: list[dict[str, Any] | None], member: str, info: GraphQLResolveInfo
    ) -> Q:
        """Compare each value, as `JSONValue` does."""
        condition = _all_of(self.field, value, member)
        if not condition:
            return condition
        visible = shown("Case", info, self.walked)
        cases = Case._default_manager.all() if visible is None else visible
        return Q(**{f"{self.relation}__in": cases.filter(condition)})


def _all_of(field: str, entries: list[dict[str, Any] | None], member: str) -> Q:
    condition = Q()
    for entry in entries:
        if entry is None:
            continue
        value, lookup = entry["value"], entry.get("lookup") or JSONLookup.EXACT
        problem = TOO_DEEP if is_too_deep(value) else problem_of(value, lookup)
        if problem:
            raise InvalidInput(f'"{member}": {problem}')
        condition &= json_value(field, entry["key"], value, lookup)
    return condition
