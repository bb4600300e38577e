"""The ledger of what receivers in the background are to get, for those who operate it."""

from typing import TYPE_CHECKING, Any, ClassVar

import graphene
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.access import policy
from workflow_events.delivery import models
from workflow_events.graphql.connections import Connection, ConnectionType
from workflow_events.graphql.fields import ToOne
from workflow_events.graphql.paging import Page
from workflow_events.graphql.types.enums import DeliveryState
from workflow_events.graphql.types.event import Event
from workflow_events.graphql.types.node import Node, NodeInterface

if TYPE_CHECKING:
    from workflow_events.graphql.mutations.deliveries import ReadDeliveries


def _reading() -> "type[ReadDeliveries]":
    from workflow_events.graphql.mutations.deliveries import (  # noqa: PLC0415 (they need each other)
        ReadDeliveries,
    )

    return ReadDeliveries


def require_reading(info: GraphQLResolveInfo) -> None:
    """Raise ``PermissionDenied`` unless the permission classes let the user read deliveries."""
    reading = _reading()
    policy.current().check_permission(reading.governed_by({}), reading, info)


class Delivery(Node, graphene.ObjectType):  # type: ignore[misc]
    """An event on its way to one receiver in the background."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = models.Delivery

    event = ToOne(
        lambda: Event, "Delivery.event", required=True, description="The event to be delivered."
    )
    receiver = graphene.String(required=True, description="The stable name of the receiver.")
    state = graphene.Field(DeliveryState, required=True, description="Where it stands.")
    attempts = graphene.Int(
        required=True,
        description="How often a worker has begun it, since it was stored or redelivered.",
    )
    due = graphene.DateTime(required=True, description="It does not begin before this time.")
    created_at = graphene.DateTime(required=True, description="When it was stored.")
    started_at = graphene.DateTime(description="When the last attempt began.")
    finished_at = graphene.DateTime(description="When it was done, died, or was canceled.")
    worker = graphene.String(
        description="Host, process and a random part of the worker that began it last."
    )
    error = graphene.String(description="What the last failed attempt said.")
    traceback = graphene.String(description="Where in the code the last failed attempt failed.")

    @classmethod
    def get_queryset(
        cls, queryset: QuerySet[Any], info: GraphQLResolveInfo, relation: str | None = None
    ) -> QuerySet[Any]:
        """Return the deliveries of visible events, to who is permitted to read them."""
        try:
            require_reading(info)
        except PermissionDenied:
            return queryset.none()
        return super().get_queryset(queryset, info, relation)

    @staticmethod
    def resolve_worker(delivery: models.Delivery, _info: GraphQLResolveInfo) -> str | None:
        """Return the worker, if there was one."""
        return delivery.worker or None

    @staticmethod
    def resolve_error(delivery: models.Delivery, _info: GraphQLResolveInfo) -> str | None:
        """Return the error, if there was one."""
        return delivery.error or None

    @staticmethod
    def resolve_traceback(delivery: models.Delivery, _info: GraphQLResolveInfo) -> str | None:
        """Return the traceback, if there is one."""
        return delivery.traceback or None


class DeliveryEdge(graphene.ObjectType):  # type: ignore[misc]
    """A delivery in a list."""

    node = graphene.Field(Delivery, description="The delivery.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class DeliveryConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of deliveries."""

    node_type = Delivery
    edge_type = DeliveryEdge

    edges = graphene.List(DeliveryEdge, required=True, description="The deliveries of the page.")


class Deliveries(Connection):
    """The list of deliveries, which says so where somebody may not read it."""

    def resolve(self, _root: Any, info: GraphQLResolveInfo, **arguments: Any) -> Page:
        """Return the page that the arguments name, to who is permitted to read it."""
        require_reading(info)
        return super().resolve(_root, info, **arguments)
