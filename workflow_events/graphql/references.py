"""Fields that lead to a row whose key a row holds, though no foreign key says so."""

from collections.abc import Callable, Sequence
from typing import Any

import graphene
from django.db.models import Model
from graphql import FieldNode, GraphQLResolveInfo

from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.loaded import loaded
from workflow_events.graphql.selection import LoadedField, chunks, joined, load
from workflow_events.graphql.types.node import Node

KeyOf = Callable[[Any], Any]
"""Takes a row, and returns the key of another one, or None."""


class Reference(LoadedField):
    """The row with a key; null where there is none, or none that the request may see.

    Takes the node type (in a lambda), and a function that returns the key that a row holds.
    """

    def __init__(
        self, node_type: Callable[[], type[Node]], key_of: KeyOf, *, description: str
    ) -> None:
        super().__init__(node_type, description=description, resolver=self.resolve)
        self._node_type = node_type
        self._key_of = key_of

    def resolve(self, row: Model, info: GraphQLResolveInfo) -> Model | None:
        """Return the row that it leads to."""
        place = id(info.field_nodes[0])
        if not loaded(info).has(row, place):
            self.load([row], info.field_nodes, info)
        related: Model | None = loaded(info).get(row, place)
        return related

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Load what all rows lead to by one statement."""
        node_type = self._node_type()
        visible = loaded(info).restriction(node_type, info)
        everything = node_type.model._default_manager.all()
        queryset = joined(everything if visible is None else visible, node_type, nodes, info)
        keys = {row.pk: self._key_of(row) for row in rows}
        found = {
            related.pk: related
            for chunk in chunks(key for key in keys.values() if key is not None)
            for related in queryset.filter(pk__in=chunk)
        }
        for row in rows:
            loaded(info).put(row, id(nodes[0]), found.get(keys[row.pk]))
        load(list(found.values()), node_type, nodes, info)


class ReferenceId(LoadedField):
    """The global id of such a row.

    Where everything of its type may be seen, whether there is one or not; otherwise only of what
    may be seen. Takes what `Reference` does.
    """

    def __init__(
        self, node_type: Callable[[], type[Node]], key_of: KeyOf, *, description: str
    ) -> None:
        super().__init__(graphene.ID, description=description, resolver=self.resolve)
        self._node_type = node_type
        self._key_of = key_of

    def resolve(self, row: Model, info: GraphQLResolveInfo) -> str | None:
        """Return the global id."""
        if not loaded(info).has(row, self):
            self.load([row], info.field_nodes, info)
        key = loaded(info).get(row, self)
        return None if key is None else to_global_id(self._node_type()._meta.name, key)

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Find out by one statement which of the keys may be shown."""
        visible = loaded(info).restriction(self._node_type(), info)
        keys = {row.pk: self._key_of(row) for row in rows}
        shown = set(keys.values())
        if visible is not None:
            shown = {
                key
                for chunk in chunks(key for key in shown if key is not None)
                for key in visible.filter(pk__in=chunk).values_list("pk", flat=True)
            }
        for row in rows:
            key = keys[row.pk]
            loaded(info).put(row, self, key if key in shown else None)
