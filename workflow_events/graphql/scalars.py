"""The scalars of the API, beside GraphQL's own."""

from typing import Any

import graphene
from graphene.types.generic import GenericScalar as GrapheneGenericScalar
from graphql import GraphQLError, StringValueNode, ValueNode, value_from_ast_untyped


class TextScalar(graphene.Scalar):  # type: ignore[misc]
    """A string with a meaning that is checked where it is used, under the name of its member."""

    class Meta:
        abstract = True

    @staticmethod
    def serialize(value: Any) -> Any:
        """Return the value as it is."""
        return value

    @staticmethod
    def parse_value(value: Any) -> str:
        """Return the string; anything else is refused."""
        if not isinstance(value, str):
            raise GraphQLError("Expected a string.")
        return value

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> str:
        """Return the string of a literal; anything else is refused."""
        if not isinstance(node, StringValueNode):
            raise GraphQLError("Expected a string.", node)
        return node.value


class JSONString(TextScalar):
    """A string that holds JSON."""


class FlowJexl(TextScalar):
    """An expression that names the next tasks: `'a'|task`, or `['a', 'b']|tasks`."""


class GroupJexl(TextScalar):
    """An expression that names groups: `['a', 'b']|groups`."""


class GenericScalar(GrapheneGenericScalar):  # type: ignore[misc]
    """Any JSON value."""

    @staticmethod
    def parse_literal(node: ValueNode, variables: Any = None) -> Any:
        """Return the value; graphene's own makes null of large numbers and of variables."""
        return value_from_ast_untyped(node, variables)
