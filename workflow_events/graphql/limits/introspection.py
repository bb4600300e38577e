"""Keeping the schema to oneself (``DISABLE_INTROSPECTION``)."""

from typing import Any

from graphql import ASTValidationRule, FieldNode, GraphQLError


class NoIntrospection(ASTValidationRule):
    """Refuses `__schema` and `__type`; `__typename` works always."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Report the field if it tells of the schema."""
        if node.name.value in ("__schema", "__type"):
            message = f"{node.name.value} is not answered: DISABLE_INTROSPECTION is set here."
            self.report_error(GraphQLError(message, node))
