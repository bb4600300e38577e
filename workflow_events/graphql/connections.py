"""Relay connections: the lists of the API, as roots and below a row."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import graphene
from django.db.models import Count, F, Model, Q, QuerySet, Window
from django.db.models.expressions import OrderBy
from django.db.models.functions import RowNumber
from graphql import FieldNode, GraphQLError, GraphQLResolveInfo
from graphql.execution.values import get_argument_values

from workflow_events.graphql.filters.base import FilterSet
from workflow_events.graphql.loaded import loaded
from workflow_events.graphql.ordering.base import OrderSet
from workflow_events.graphql.paging import Page, Slice, cut, page_of, to_cursor
from workflow_events.graphql.selection import LoadedField, below, chunks, joined, load, selected
from workflow_events.graphql.types.node import Node
from workflow_events.workflow.errors import WorkflowError
from workflow_events.workflow.lookups import ByCodepoint

PAGING = ("offset", "before", "after", "first", "last")


class PageInfo(graphene.ObjectType):  # type: ignore[misc]
    """Where a page lies in its list."""

    has_next_page = graphene.Boolean(required=True, description="Whether rows follow this page.")
    has_previous_page = graphene.Boolean(
        required=True, description="Whether rows precede this page."
    )
    start_cursor = graphene.String(description="Cursor of the first row of the page.")
    end_cursor = graphene.String(description="Cursor of the last row of the page.")

    @staticmethod
    def resolve_has_next_page(page: Page, _info: GraphQLResolveInfo) -> bool:
        """Whether rows follow."""
        return page.has_next

    @staticmethod
    def resolve_has_previous_page(page: Page, _info: GraphQLResolveInfo) -> bool:
        """Whether rows precede."""
        return page.has_previous()

    @staticmethod
    def resolve_start_cursor(page: Page, _info: GraphQLResolveInfo) -> str | None:
        """Cursor of the first row."""
        return to_cursor(page.start) if page.rows else None

    @staticmethod
    def resolve_end_cursor(page: Page, _info: GraphQLResolveInfo) -> str | None:
        """Cursor of the last row."""
        return to_cursor(page.start + len(page.rows) - 1) if page.rows else None


class ConnectionType:
    """What every connection has, beside its edges; its values are pages."""

    node_type: ClassVar[type[Node]]
    edge_type: ClassVar[type[graphene.ObjectType]]
    _meta: ClassVar[Any]

    page_info = graphene.Field(PageInfo, required=True, description="Where this page lies.")
    total_count = graphene.Int(description="Number of rows of the whole list.")

    @staticmethod
    def resolve_page_info(page: Page, _info: GraphQLResolveInfo) -> Page:
        """Give the page itself."""
        return page

    @staticmethod
    def resolve_total_count(page: Page, _info: GraphQLResolveInfo) -> int:
        """Count, now that it is asked for."""
        return page.count()

    @staticmethod
    def resolve_edges(page: Page, _info: GraphQLResolveInfo) -> list[dict[str, Any]]:
        """Give each row with its cursor."""
        return [
            {"node": row, "cursor": to_cursor(index)}
            for index, row in enumerate(page.rows, page.start)
        ]


class Connection(LoadedField):
    """The list of all rows of a type: paged, and filtered and ordered where that is offered.

    Takes the connection type (in a lambda), the filter set and the order set.
    """

    def __init__(
        self,
        connection_type: Callable[[], type[ConnectionType]],
        *,
        description: str,
        filters: type[FilterSet] | None = None,
        orders: type[OrderSet] | None = None,
        required: bool = False,
    ) -> None:
        super().__init__(
            connection_type,
            args=_arguments(filters, orders),
            required=required,
            description=description,
            resolver=self.resolve,
        )
        self._connection_type = connection_type
        self._filters = filters
        self._orders = orders

    @property
    def node_type(self) -> type[Node]:
        """The type of its rows."""
        return self._connection_type().node_type

    def resolve(self, _root: Any, info: GraphQLResolveInfo, **arguments: Any) -> Page:
        """Return the page that the arguments name."""
        rows = self.rows(self.node_type.model._default_manager.all(), arguments, info)
        return self.page(rows, arguments, info.field_nodes, info)

    def rows(
        self, queryset: QuerySet[Any], arguments: dict[str, Any], info: GraphQLResolveInfo
    ) -> QuerySet[Any]:
        """Return of the queryset what may be seen and passes the filters, in order."""
        queryset = self.node_type.get_queryset(queryset, info)
        if self._filters is not None:
            queryset = self._filters.apply(queryset, arguments.get("filter"), info)
        return queryset.order_by(*self.ordering(arguments, info))

    def ordering(self, arguments: dict[str, Any], info: GraphQLResolveInfo) -> list[OrderBy]:
        """Return what the rows are ordered by: the order of creation unless told otherwise."""
        asked = arguments.get("order")
        entries = [] if self._orders is None else self._orders.expressions(asked, info)
        # Keys that are no slugs are ordered by time themselves.
        by_slug = self.node_type.model._meta.pk.name == "slug"
        creation = (F("created_at"), ByCodepoint(F("pk"))) if by_slug else (F("pk"),)
        # The way that the last entry goes, as an index can be read backwards only as a whole.
        descending = bool(entries) and entries[-1].descending
        return [*entries, *(OrderBy(found, descending=descending) for found in creation)]

    def page(
        self,
        queryset: QuerySet[Any],
        arguments: dict[str, Any],
        nodes: list[FieldNode],
        info: GraphQLResolveInfo,
    ) -> Page:
        """Fetch one page of the queryset, and what is selected below its rows."""
        asked = self.asked(nodes, info)
        node_fields = self.node_fields(nodes, info)
        queryset = joined(queryset, self.node_type, node_fields, info)
        with_rows = bool(asked & {"edges", "pageInfo"})
        page = page_of(queryset, _slice(arguments), with_rows=with_rows)
        load(page.rows, self.node_type, node_fields, info)
        return page

    def asked(self, nodes: list[FieldNode], info: GraphQLResolveInfo) -> set[str]:
        """Return the names of the fields selected on the connection."""
        found = selected(info, self._connection_type()._meta.name, nodes).values()
        return {field[0].name.value for field in found}

    def node_fields(self, nodes: list[FieldNode], info: GraphQLResolveInfo) -> list[FieldNode]:
        """Return the selections of edges { node }."""
        connection_type = self._connection_type()
        edges = below(info, connection_type._meta.name, nodes, "edges")
        return below(info, connection_type.edge_type._meta.name, edges, "node")


class NestedConnection(Connection):
    """The list of the rows that belong to a parent row.

    Takes further a function that takes the keys of parents and returns their rows, with the key
    of the parent as annotation ``parent_key``; and, where these are not the primary keys of the
    parents, a function that takes parents and ``info`` and returns the key of each by its primary
    key.
    """

    def __init__(
        self,
        connection_type: Callable[[], type[ConnectionType]],
        rows_of: Callable[[list[Any]], QuerySet[Any]],
        *,
        description: str,
        keys_of: Callable[[Sequence[Any], GraphQLResolveInfo], dict[Any, Any]] | None = None,
        filters: type[FilterSet] | None = None,
        orders: type[OrderSet] | None = None,
        required: bool = False,
    ) -> None:
        super().__init__(
            connection_type,
            description=description,
            filters=filters,
            orders=orders,
            required=required,
        )
        self._rows_of = rows_of
        self._keys_of = keys_of

    def resolve(self, _root: Any, info: GraphQLResolveInfo, **arguments: Any) -> Page:
        """Return the page of the parent, fetched before for all parents or now for this one."""
        page: Page | None = loaded(info).get(_root, id(info.field_nodes[0]))
        if page is not None:
            return page
        [key] = self._keys([_root], info).values()
        return self._page_of_one(key, arguments, info.field_nodes, info)

    def load(self, rows: Sequence[Model], nodes: list[FieldNode], info: GraphQLResolveInfo) -> None:
        """Fetch the pages of all parents."""
        parent_type: Any = info.schema.type_map[type(rows[0]).__name__]
        try:
            definition = parent_type.fields[nodes[0].name.value]
            arguments = get_argument_values(definition, nodes[0], info.variable_values)
            keys = self._keys(rows, info)
            unique = list(dict.fromkeys(keys.values()))
            if len(rows) == 1:
                pages = {unique[0]: self._page_of_one(unique[0], arguments, nodes, info)}
            else:
                pages = self._pages(unique, arguments, nodes, info)
        except (GraphQLError, WorkflowError):
            return  # The resolver will raise it, at the place where it belongs.
        for row in rows:
            loaded(info).put(row, id(nodes[0]), pages[keys[row.pk]])

    def _keys(self, parents: Sequence[Model], info: GraphQLResolveInfo) -> dict[Any, Any]:
        if self._keys_of is None:
            return {parent.pk: parent.pk for parent in parents}
        return self._keys_of(parents, info)

    def _page_of_one(
        self,
        key: Any,
        arguments: dict[str, Any],
        nodes: list[FieldNode],
        info: GraphQLResolveInfo,
    ) -> Page:
        queryset = self.rows(self._rows_of([key]), arguments, info)
        return self.page(queryset, arguments, nodes, info)

    def _pages(
        self,
        unique: list[Any],
        arguments: dict[str, Any],
        nodes: list[FieldNode],
        info: GraphQLResolveInfo,
    ) -> dict[Any, Page]:
        wanted = _slice(arguments)
        asked = self.asked(nodes, info)
        node_fields = self.node_fields(nodes, info)
        pages: dict[Any, Page] = {}
        for keys in chunks(unique):
            queryset = self.rows(self._rows_of(keys), arguments, info)
            totals = None
            if (
                "totalCount" in asked
                or ("pageInfo" in asked and wanted.start)
                or (wanted.last is not None)
            ):
                totals = _totals(queryset)
            rows: dict[Any, list[Any]] = {}
            if asked & {"edges", "pageInfo"}:
                wide = joined(queryset, self.node_type, node_fields, info)
                for row in _sliced(wide, wanted, self.ordering(arguments, info)):
                    rows.setdefault(row.parent_key, []).append(row)
            for key in keys:
                total = None if totals is None else totals.get(key, 0)
                pages[key] = cut(rows.get(key, []), wanted.bounds(total or 0), total)
        load(
            [row for page in pages.values() for row in page.rows], self.node_type, node_fields, info
        )
        return pages


def _slice(arguments: dict[str, Any]) -> Slice:
    return Slice.of(**{name: arguments.get(name) for name in PAGING})


def _totals(queryset: QuerySet[Any]) -> dict[Any, int]:
    counted = queryset.order_by().values("parent_key").annotate(total=Count("pk"))
    return dict(counted.values_list("parent_key", "total"))


def _sliced(queryset: QuerySet[Any], wanted: Slice, ordering: list[OrderBy]) -> QuerySet[Any]:
    """Return the same slice of the list of each parent, and the row after it."""
    if wanted.is_whole:
        return queryset
    partition = [F("parent_key")]
    queryset = queryset.annotate(
        position=Window(RowNumber(), partition_by=partition, order_by=ordering)
    ).filter(position__gt=wanted.start)
    if wanted.end is not None:
        queryset = queryset.filter(position__lte=wanted.end + 1)
    if wanted.last is not None:
        # Counted from the end; where rows follow the end of the slice, from there.
        condition = Q(behind__lte=wanted.last)
        if wanted.end is not None:
            condition |= Q(position__gt=wanted.end - wanted.last)
        backwards = [_reversed(order) for order in ordering]
        behind = Window(RowNumber(), partition_by=partition, order_by=backwards)
        queryset = queryset.annotate(behind=behind).filter(condition)
    return queryset.order_by("position")


def _reversed(order: OrderBy) -> OrderBy:
    # A new one, as a copy that is reversed would still count as equal to the original.
    return OrderBy(
        order.expression,
        descending=not order.descending,
        nulls_first=order.nulls_last,
        nulls_last=order.nulls_first,
    )


def _arguments(
    filters: type[FilterSet] | None, orders: type[OrderSet] | None
) -> dict[str, graphene.Argument]:
    arguments = {
        "offset": graphene.Argument(graphene.Int, description="Skip so many rows."),
        "before": graphene.Argument(graphene.String, description="End before this cursor."),
        "after": graphene.Argument(graphene.String, description="Start after this cursor."),
        "first": graphene.Argument(graphene.Int, description="At most so many, from the start."),
        "last": graphene.Argument(graphene.Int, description="At most so many, from the end."),
    }
    if filters is not None:
        arguments["filter"] = graphene.Argument(
            graphene.List(filters.input_type), description="Only rows that pass every entry."
        )
    if orders is not None:
        arguments["order"] = graphene.Argument(
            graphene.List(orders.input_type),
            description="By the first entry; later ones break ties.",
        )
    return arguments
