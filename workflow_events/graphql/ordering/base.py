"""What an order set is (facts 1.6, and section 0: several keys in one entry are an error)."""

from collections.abc import Callable
from typing import Any, ClassVar

import graphene
from django.db.models import F
from django.db.models.expressions import Combinable, OrderBy
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLResolveInfo

from workflow_events.graphql.types.enums import AscDesc, Direction
from workflow_events.graphql.values import check_storable
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.lookups import json_order


class Key:
    """One member of an order set: something that rows can be ordered by."""

    def __init__(self, description: str) -> None:
        self.description = description

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        raise NotImplementedError

    def expressions(
        self, value: Any, descending: bool, member: str, info: GraphQLResolveInfo
    ) -> list[OrderBy]:
        """Return what to order by for this value; ``member`` is the name for messages."""
        raise NotImplementedError


class Attribute(Key):
    """Order by an attribute: an enum of names, each with what it means.

    That is a field, or a function that returns the expression for the request.
    """

    def __init__(
        self,
        enum: str,
        fields: dict[str, str | Callable[[GraphQLResolveInfo], Combinable]],
        description: str,
    ) -> None:
        super().__init__(description)
        self.fields = fields
        self.enum = graphene.Enum(
            enum, [(name, name) for name in fields], description=_describe_attribute
        )

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(self.enum, description=self.description)

    def expressions(
        self, value: Any, descending: bool, member: str, info: GraphQLResolveInfo
    ) -> list[OrderBy]:
        """Return the order by the field of that attribute."""
        field = self.fields[value.value]
        return [ordered(F(field) if isinstance(field, str) else field(info), descending)]


class JSONKey(Key):
    """Order by the value at a key of a JSON column (`json_order`)."""

    def __init__(self, field: str, description: str) -> None:
        super().__init__(description)
        self.field = field

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(graphene.String, description=self.description)

    def expressions(
        self, value: Any, descending: bool, member: str, info: GraphQLResolveInfo
    ) -> list[OrderBy]:
        """Return the order by type and value."""
        check_storable(value, member)
        return [ordered(part, descending) for part in json_order(self.field, value)]


class Nothing(Key):
    """Order by what the rows of this list do not have: later entries decide."""

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(graphene.String, description=self.description)

    def expressions(
        self, value: Any, descending: bool, member: str, info: GraphQLResolveInfo
    ) -> list[OrderBy]:
        """Return nothing."""
        return []


def _describe_attribute(value: Any) -> str:
    if value is None:
        return "What rows can be ordered by."
    return f"By {value.value.replace('_', ' ').lower()}."


def ordered(expression: Any, descending: bool) -> OrderBy:
    """Order ascending with nulls last, or descending with nulls first."""
    if descending:
        return OrderBy(expression, descending=True, nulls_first=True)
    return OrderBy(expression, nulls_last=True)


class OrderSet:
    """The orders of one list; a subclass declares each key as an attribute.

    ``class XOrderSet(OrderSet, name="XOrderSetType")`` makes the input type of that name.
    """

    input_type: ClassVar[type[graphene.InputObjectType]]
    keys: ClassVar[dict[str, Key]]

    def __init_subclass__(cls, name: str) -> None:
        cls.keys = {key: value for key, value in vars(cls).items() if isinstance(value, Key)}
        members = {key: found.member() for key, found in cls.keys.items()}
        members["direction"] = graphene.InputField(AscDesc, description="Default: ASC.")
        meta = type("Meta", (), {"name": name, "description": cls.__doc__, "container": dict})
        cls.input_type = type(name, (graphene.InputObjectType,), {**members, "Meta": meta})

    @classmethod
    def expressions(
        cls, entries: list[dict[str, Any] | None] | None, info: GraphQLResolveInfo
    ) -> list[OrderBy]:
        """Return what to order by; raise `InvalidInput` for an entry with several keys."""
        return [
            expression
            for entry in entries or ()
            for expression in cls._expressions(entry or {}, info)
        ]

    @classmethod
    def _expressions(cls, entry: dict[str, Any], info: GraphQLResolveInfo) -> list[OrderBy]:
        given = [key for key in cls.keys if entry.get(key) not in (None, "")]
        if len(given) > 1:
            names = ", ".join(map(to_camel_case, given))
            raise InvalidInput(f'"order": an entry takes one key, but has {names}: make it two.')
        descending = entry.get("direction") is Direction.DESC
        return [
            expression
            for key in given
            for expression in cls.keys[key].expressions(
                entry[key], descending, to_camel_case(key), info
            )
        ]
