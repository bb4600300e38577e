"""What a filter and a filter set are (facts 1.5, and section 0: several keys mean AND)."""

from typing import Any, ClassVar, Generic, TypeVar

import graphene
from django.db.models import Q, QuerySet
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLResolveInfo

from workflow_events.graphql.limits.values import check_filters
from workflow_events.graphql.values import check_storable

Value = TypeVar("Value")


class Filter(Generic[Value]):
    """One member of a filter set.

    A subclass names the type of its value in GraphQL and turns a value into a condition. Null and
    empty values never get there: they restrict nothing.
    """

    input_type: ClassVar[Any]
    looks_elsewhere: ClassVar[bool] = False
    """Whether its condition looks other rows up, which the statement joins."""

    def __init__(self, description: str) -> None:
        self.description = description

    def condition(self, value: Value, member: str, info: GraphQLResolveInfo) -> Q:
        """Return the condition; ``member`` is the name for messages."""
        raise NotImplementedError

    def member(self) -> graphene.InputField:
        """Return the member of the input type."""
        return graphene.InputField(self.input_type, description=self.description)


class FieldFilter(Filter[Value]):
    """A filter of one field, which may lead over relations."""

    def __init__(self, field: str, description: str) -> None:
        super().__init__(description)
        self.field = field


class FilterSet:
    """The filters of one list; a subclass declares each as an attribute.

    ``class XFilterSet(FilterSet, name="XFilterSetType")`` makes the input type of that name.
    """

    input_type: ClassVar[type[graphene.InputObjectType]]
    filters: ClassVar[dict[str, Filter[Any]]]

    def __init_subclass__(cls, name: str | None = None) -> None:
        cls.filters = {
            attribute: value
            for base in reversed(cls.__mro__)
            for attribute, value in vars(base).items()
            if isinstance(value, Filter)
        }
        if name is None:
            return
        members = {attribute: found.member() for attribute, found in cls.filters.items()}
        members["invert"] = graphene.InputField(
            graphene.Boolean, description="Keep what does not match, instead of what does."
        )
        meta = type("Meta", (), {"name": name, "description": cls.__doc__, "container": dict})
        cls.input_type = type(name, (graphene.InputObjectType,), {**members, "Meta": meta})

    @classmethod
    def apply(
        cls,
        queryset: QuerySet[Any],
        entries: list[dict[str, Any] | None] | None,
        info: GraphQLResolveInfo,
    ) -> QuerySet[Any]:
        """Return what of the queryset passes every entry.

        All keys of an entry must match; ``invert`` keeps the rows where they do not, rows with
        null included. An entry that says nothing restricts nothing. Raises `LimitExceeded` for
        more than a statement can hold.
        """
        given = [entry for entry in entries or () if entry]
        members = [
            (found, entry[name])
            for entry in given
            for name, found in cls.filters.items()
            if entry.get(name) is not None
        ]
        check_filters(
            [value for _, value in members], sum(found.looks_elsewhere for found, _ in members)
        )
        for entry in given:
            condition = cls._condition(entry, info)
            if condition:
                inverted = entry.get("invert")
                queryset = queryset.exclude(condition) if inverted else queryset.filter(condition)
        return queryset

    @classmethod
    def _condition(cls, entry: dict[str, Any], info: GraphQLResolveInfo) -> Q:
        condition = Q()
        for attribute, found in cls.filters.items():
            value = entry.get(attribute)
            if value is None or value in ("", []):
                continue
            member = to_camel_case(attribute)
            check_storable(value, member)
            condition &= found.condition(value, member, info)
        return condition
