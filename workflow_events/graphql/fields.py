"""Fields that lead from a row to a related row, or to a list of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import graphene
from django.db.models import Model, QuerySet
from graphene.utils.str_converters import to_camel_case
from graphql import FieldNode, GraphQLResolveInfo

from workflow_events.graphql.loaded import loaded
from workflow_events.graphql.selection import LoadedField, below, chunks, joined, joins, load
from workflow_events.graphql.types.node import Node, required_relations


class ToOne(LoadedField):
    """A relation to one row, forward or the reverse of a one-to-one.

    Takes the node type (in a lambda), the relation with its type, as "WorkItem.child_case" (the
    name that a visibility exempts it by), and a description. Where everything may be seen, the
    related row is joined or taken from the instance; otherwise it is looked up among what may be
    seen, and is null if it is not there. A required one is always joined: rows for which it leads
    to what is invisible are absent themselves.
    """

    def __init__(
        self,
        node_type: Callable[[], type[Node]],
        relation: str,
        *,
        description: str,
        required: bool = False,
    ) -> None:
        super().__init__(
            node_type, required=required, description=description, resolver=self.resolve
        )
        self._node_type = node_type
        self.path = relation
        self.relation = relation.partition(".")[2]
        self.required = required

    @property
    def node_type(self) -> type[Node]:
        """The type of the related row."""
        return self._node_type()

    def restriction(self, info: GraphQLResolveInfo) -> QuerySet[Any] | None:
        """Return the rows that it may lead to; None where they need no further look."""
        if self.required:
            return None
        return loaded(info).restriction(self.node_type, info, self.path)

    def resolve(self, row: Model, info: GraphQLResolveInfo) -> Model | None:
        """Return the related row."""
        if self.restriction(info) is None:
            return self._related(row)
        if not loaded(info).has(row, self.relation):
            self.load([row], info.field_nodes, info)
        related: Model | None = loaded(info).get(row, self.relation)
        return related

    def joins(self, nodes: list[FieldNode], info: GraphQLResolveInfo) -> Iterator[str]:
        """Yield this relation, and those below it, where everything may be seen."""
        if self.restriction(info) is None:
            yield self.relation
            for path in joins(self.node_type, nodes, info):
                yield f"{self.relation}__{path}"

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Load the related rows of all rows by one statement, unless they are there."""
        restriction = self.restriction(info)
        if restriction is None:
            related = self._load_all(rows, nodes, info)
        else:
            related = self._load_visible(rows, restriction, nodes, info)
        load(list({id(row): row for row in related}.values()), self.node_type, nodes, info)

    def _load_all(
        self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo
    ) -> list[Model]:
        field: Any = rows[0]._meta.get_field(self.relation)
        missing = [row for row in rows if not field.is_cached(row)]
        everything = self.node_type.model._default_manager.all()
        found = self._find(missing, everything, nodes, info)
        for row in missing:
            field.set_cached_value(row, found.get(self._key(row)))
        return [related for related in map(self._related, rows) if related is not None]

    def _load_visible(
        self,
        rows: Sequence[Model],
        visible: QuerySet[Any],
        nodes: list[FieldNode],
        info: GraphQLResolveInfo,
    ) -> list[Model]:
        found = self._find(rows, visible, nodes, info)
        for row in rows:
            loaded(info).put(row, self.relation, found.get(self._key(row)))
        return list(found.values())

    def _find(
        self,
        rows: Sequence[Model],
        queryset: QuerySet[Any],
        nodes: list[FieldNode],
        info: GraphQLResolveInfo,
    ) -> dict[Any, Model]:
        if not rows:
            return {}
        field: Any = rows[0]._meta.get_field(self.relation)
        match = field.field.attname if field.auto_created else "pk"
        queryset = joined(queryset, self.node_type, nodes, info)
        keys = [key for key in map(self._key, rows) if key is not None]
        return {
            getattr(row, match): row
            for chunk in chunks(keys)
            for row in queryset.filter(**{f"{match}__in": chunk})
        }

    def _key(self, row: Model) -> Any:
        field: Any = row._meta.get_field(self.relation)
        return row.pk if field.auto_created else getattr(row, field.attname)

    def _related(self, row: Model) -> Model | None:
        # The reverse of a one-to-one raises DoesNotExist, an AttributeError, for "none".
        related: Model | None = getattr(row, self.relation, None)
        return related


class ListOf(LoadedField):
    """A plain list of rows of one type.

    Takes the node type (in a lambda) and a function that takes a list of parents and the
    queryset of the rows that may be seen, and returns the list of each parent by its key.
    """

    def __init__(
        self,
        node_type: Callable[[], type[Node]],
        rows_of: Callable[[Sequence[Any], QuerySet[Any]], dict[Any, list[Any]]],
        *,
        description: str,
    ) -> None:
        super().__init__(
            graphene.List(node_type),
            required=True,
            description=description,
            resolver=self.resolve,
        )
        self._node_type = node_type
        self._rows_of = rows_of

    def resolve(self, row: Model, info: GraphQLResolveInfo) -> list[Model]:
        """Return the list of the row."""
        if not loaded(info).has(row, self):
            self.load([row], info.field_nodes, info)
        related: list[Model] = loaded(info).get(row, self)
        return related

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Load the lists of all rows."""
        node_type = self._node_type()
        visible = node_type.get_queryset(node_type.model._default_manager.all(), info)
        lists = self._rows_of(rows, visible)
        for row in rows:
            loaded(info).put(row, self, lists.get(row.pk, []))
        found = {id(row): row for related in lists.values() for row in related}
        load(list(found.values()), node_type, nodes, info)


class Computed(LoadedField):
    """A scalar that takes SQL: a function computes it for many rows at once.

    Takes the type and a function that takes rows and returns the value of each by its key.
    """

    def __init__(
        self,
        type_: type[graphene.Scalar],
        values_of: Callable[[Sequence[Any]], dict[Any, Any]],
        *,
        description: str,
    ) -> None:
        super().__init__(type_, description=description, resolver=self.resolve)
        self._values_of = values_of

    def resolve(self, row: Model, info: GraphQLResolveInfo) -> Any:
        """Return the value of the row."""
        if not loaded(info).has(row, self):
            self.load([row], info.field_nodes, info)
        return loaded(info).get(row, self)

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Compute the values of all rows."""
        values = self._values_of(rows)
        for row in rows:
            loaded(info).put(row, self, values[row.pk])


class Returned(graphene.Field):  # type: ignore[misc]
    """The member of a payload that holds what the mutation returned, visible or not.

    What is below it must be visible. Null where a selected relation that is never null, like the
    case of a work item, leads to what the operation has made invisible.
    """

    def __init__(self, node_type: type[Node], *, description: str) -> None:
        super().__init__(node_type, description=description)
        self._node_type = node_type

    def wrap_resolve(self, parent_resolver: Any) -> Any:
        """Load what is selected below, before it is resolved."""

        def resolve(payload: dict[str, Any], info: GraphQLResolveInfo) -> Any:
            row = parent_resolver(payload, info)
            if row is None or self._leads_to_invisible(row, info):
                return None
            load([row], self._node_type, info.field_nodes, info)
            return row

        return resolve

    def _leads_to_invisible(self, row: Model, info: GraphQLResolveInfo) -> bool:
        """Say whether a selected relation, which may not be null, leads to what is invisible."""
        name = self._node_type._meta.name
        relations = required_relations(self._node_type)  # type: ignore[arg-type]
        for relation, related_type in relations.items():
            if not below(info, name, info.field_nodes, to_camel_case(relation)):
                continue
            visible = loaded(info).restriction(related_type, info, f"{name}.{relation}")
            key = getattr(row, f"{relation}_id")
            if visible is not None and not visible.filter(pk=key).exists():
                return True
        return False
