"""What a client selected, and what of it can be loaded for many rows at once.

A field that needs SQL is a `LoadedField`. When rows have been fetched, `load` walks the selection
below them and lets each such field load its values for all rows together, so that the number of
statements depends on the document and not on the number of rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import graphene
from django.db.models import Model, QuerySet
from graphene.utils.str_converters import to_camel_case
from graphql import FieldNode, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.collect_fields import collect_sub_fields

from workflow_events.graphql.types.node import Node

MAX_JOINS = 12
"""More relations than this in one statement are loaded by statements of their own."""
MAX_KEYS = 10_000
"""More keys than this are looked up by several statements, as databases limit parameters."""

T = TypeVar("T")


class LoadedField(graphene.Field):  # type: ignore[misc]
    """A field whose value takes SQL, loaded for many rows at once."""

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Load the field, selected by ``nodes``, for all rows, and what is selected below it."""
        raise NotImplementedError

    def joins(self, nodes: list[FieldNode], info: GraphQLResolveInfo) -> Iterator[str]:
        """Yield the paths that select_related can fetch together with the rows."""
        return iter(())


def selected(
    info: GraphQLResolveInfo, type_name: str, nodes: list[FieldNode]
) -> dict[str, list[FieldNode]]:
    """Return the fields selected on that object type below the nodes, by response name.

    Fragments are followed, and ``@include`` and ``@skip`` obeyed. Empty for an interface.
    """
    graphql_type = info.schema.get_type(type_name)
    if not isinstance(graphql_type, GraphQLObjectType):
        return {}
    return collect_sub_fields(
        info.schema, info.fragments, info.variable_values, graphql_type, nodes
    )


def below(
    info: GraphQLResolveInfo, type_name: str, nodes: list[FieldNode], name: str
) -> list[FieldNode]:
    """Return all selections of one field of an object type, whatever their aliases."""
    return [
        node
        for found in selected(info, type_name, nodes).values()
        if found[0].name.value == name
        for node in found
    ]


def load(
    rows: Sequence[Model],
    node_type: type[Node],
    nodes: list[FieldNode],
    info: GraphQLResolveInfo,
) -> None:
    """Load for all rows of one type what is selected below the nodes."""
    if rows:
        for field, field_nodes in _loaded_selections(node_type, nodes, info):
            field.load(rows, field_nodes, info)


def joined(
    queryset: QuerySet[Any],
    node_type: type[Node],
    nodes: list[FieldNode],
    info: GraphQLResolveInfo,
) -> QuerySet[Any]:
    """Add to the queryset the selected relations that one statement can fetch with it."""
    # Shallow ones first: a path is useless without the one that it goes through.
    paths = sorted(set(joins(node_type, nodes, info)), key=lambda path: path.count("__"))
    return queryset.select_related(*paths[:MAX_JOINS]) if paths else queryset


def joins(node_type: type[Node], nodes: list[FieldNode], info: GraphQLResolveInfo) -> Iterator[str]:
    """Yield the paths that select_related can fetch with rows of the type."""
    for field, field_nodes in _loaded_selections(node_type, nodes, info):
        yield from field.joins(field_nodes, info)


def _loaded_selections(
    node_type: type[Node], nodes: list[FieldNode], info: GraphQLResolveInfo
) -> Iterator[tuple[LoadedField, list[FieldNode]]]:
    fields = loaded_fields(node_type)  # type: ignore[arg-type]
    if fields:
        for field_nodes in selected(info, node_type._meta.name, nodes).values():
            field = fields.get(field_nodes[0].name.value)
            if field is not None:
                yield field, field_nodes


@cache
def loaded_fields(node_type: type[Node]) -> dict[str, LoadedField]:
    """Return the fields of a node type that take SQL, by their names in GraphQL."""
    return {
        field.name or to_camel_case(name): field
        for name, field in node_type._meta.fields.items()
        if isinstance(field, LoadedField)
    }


def chunks(keys: Iterable[T]) -> Iterator[list[T]]:
    """Yield the different keys, in lists that a database takes as parameters."""
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), MAX_KEYS):
        yield unique[start : start + MAX_KEYS]
