"""What one request has loaded ahead, and which rows it may see."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.access import policy

if TYPE_CHECKING:
    from workflow_events.graphql.types.node import Node


class Loaded:
    """What was loaded ahead in one request, by row and field, and what it may see, by type."""

    def __init__(self) -> None:
        # The row is kept, so that its id() is not reused while the entry lives.
        self._values: dict[tuple[int, Hashable], tuple[Model, Any]] = {}
        self._restrictions: dict[tuple[type[Node], str | None], QuerySet[Any] | None] = {}

    def put(self, row: Model, key: Hashable, value: Any) -> None:
        """Keep the value of a field of a row."""
        self._values[id(row), key] = (row, value)

    def has(self, row: Model, key: Hashable) -> bool:
        """Whether a value was kept for the field of the row."""
        return (id(row), key) in self._values

    def get(self, row: Model, key: Hashable) -> Any:
        """Return the value that was kept, or None."""
        entry = self._values.get((id(row), key))
        return None if entry is None else entry[1]

    def restriction(
        self, node_type: "type[Node]", info: GraphQLResolveInfo, relation: str | None = None
    ) -> QuerySet[Any] | None:
        """Return the rows of the type that this request may see; None for all of them.

        ``relation``, as "WorkItem.case", is the way that leads there; classes may exempt it.
        """
        if relation is not None and not policy.current().suppresses(node_type, relation):
            relation = None
        key = (node_type, relation)
        if key not in self._restrictions:
            everything = node_type.model._default_manager.all()
            visible = node_type.get_queryset(everything, info, relation)
            self._restrictions[key] = None if visible is everything else visible
        return self._restrictions[key]


def loaded(info: GraphQLResolveInfo) -> Loaded:
    """Return what was loaded ahead in this request."""
    try:
        store: Loaded = info.context.loaded
    except AttributeError:
        store = info.context.loaded = Loaded()
    return store


def forget_loaded(info: GraphQLResolveInfo) -> None:
    """Forget it, because a mutation changes the world."""
    info.context.loaded = Loaded()
