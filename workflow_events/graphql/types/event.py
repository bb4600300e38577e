"""What has happened: the event log."""

from typing import Any, ClassVar
from uuid import UUID

import graphene
from django.db.models import F, Model, Q, QuerySet
from graphql import GraphQLResolveInfo

from workflow_events.access import policy
from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload import content
from workflow_events.graphql.connections import ConnectionType
from workflow_events.graphql.loaded import loaded
from workflow_events.graphql.references import Reference, ReferenceId
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.types.node import Node, NodeInterface
from workflow_events.graphql.types.work_item import WorkItem, case_type
from workflow_events.workflow import models


def events_of(keys: list[Any]) -> QuerySet[LoggedEvent, Any]:
    """Return the events that are about these cases."""
    rows: QuerySet[LoggedEvent, Any] = LoggedEvent.objects.filter(case__in=keys).annotate(
        parent_key=F("case")
    )
    return rows


def _work_item_of(event: LoggedEvent) -> UUID | None:
    key: UUID | None = content.key_of(event, models.WorkItem, "work_item", "instance")
    return key


class Event(Node, graphene.ObjectType):  # type: ignore[misc]
    """Something that has happened: who did what, when, and caused by what."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = LoggedEvent

    name = graphene.String(
        required=True, description="The name of the event, such as `post_complete_work_item`."
    )
    time = graphene.DateTime(required=True, description="When it was emitted.")
    sender = graphene.String(
        description="The name of what emitted it, such as that of a mutation; null without one."
    )
    username = graphene.String(description="Name of the user who did it.")
    group = graphene.String(description="Acting group of the user who did it.")
    context = GenericScalar(description="The `context` that the client gave.")
    case = Reference(
        case_type, lambda event: event.case, description="The case that it is about, if it exists."
    )
    work_item = Reference(
        lambda: WorkItem, _work_item_of, description="The work item that it is about, if it exists."
    )
    cause = ReferenceId(
        lambda: Event,
        lambda event: event.cause,
        description="Id of the event whose receiver emitted this one. Who may not see every event "
        "is only told of one that he or she may see.",
    )
    caused_by = Reference(
        lambda: Event,
        lambda event: event.cause,
        description="The event whose receiver emitted this one, if the log has it.",
    )

    @classmethod
    def get_queryset(
        cls, queryset: QuerySet[Any], info: GraphQLResolveInfo, relation: str | None = None
    ) -> QuerySet[Any]:
        """Return the events that may be seen: of visible cases.

        Where not every case may be seen, an event without a case is only for a visibility class
        that speaks of events to show: it may tell of anything.
        """
        visible = super().get_queryset(queryset, info, relation)
        cases = loaded(info).restriction(case_type(), info)
        if cases is None:
            return visible
        shown = Q(case__in=cases)
        if policy.current().speaks_of(cls):
            shown |= Q(case=None)
        return visible.filter(shown)

    @staticmethod
    def resolve_sender(event: LoggedEvent, _info: GraphQLResolveInfo) -> str | None:
        """Return the last part of its path."""
        return event.sender.rpartition(".")[2] or None

    @staticmethod
    def resolve_group(event: LoggedEvent, _info: GraphQLResolveInfo) -> str | None:
        """Return the acting group."""
        return content.group_of(event)

    @staticmethod
    def resolve_context(event: LoggedEvent, _info: GraphQLResolveInfo) -> Any:
        """Return the context."""
        return content.context_of(event)


class EventEdge(graphene.ObjectType):  # type: ignore[misc]
    """An event in a list."""

    node = graphene.Field(Event, description="The event.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class EventConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of events."""

    node_type = Event
    edge_type = EventEdge

    edges = graphene.List(EventEdge, required=True, description="The events of the page.")
