"""The cases."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, ClassVar

import graphene
from django.db.models import Case as Choose
from django.db.models import F, Model, Q, QuerySet, When
from graphql import GraphQLResolveInfo

from workflow_events.graphql.connections import ConnectionType, NestedConnection
from workflow_events.graphql.fields import ToOne
from workflow_events.graphql.filters.sets import EventFilterSet, WorkItemFilterSet
from workflow_events.graphql.loaded import loaded
from workflow_events.graphql.ordering.sets import EventOrderSet, WorkItemOrderSet
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.selection import chunks
from workflow_events.graphql.types.enums import CaseStatus
from workflow_events.graphql.types.event import EventConnection, events_of
from workflow_events.graphql.types.node import Audited, Closable, Node, NodeInterface
from workflow_events.graphql.types.work_item import WorkItem, WorkItemConnection
from workflow_events.graphql.types.workflow import Workflow
from workflow_events.workflow import models


def items_of(keys: list[Any]) -> QuerySet[models.WorkItem, Any]:
    """Return the work items of these cases."""
    rows: QuerySet[models.WorkItem, Any] = models.WorkItem.objects.filter(case__in=keys).annotate(
        parent_key=F("case_id")
    )
    return rows


def items_of_families(keys: list[Any]) -> QuerySet[models.WorkItem, Any]:
    """Return the work items of all cases of these families, or of just the case, if it is one."""
    cases = models.Case.objects.filter(Q(family__in=keys) | Q(pk__in=keys))
    by_family = When(case__family__in=keys, then=F("case__family_id"))
    rows: QuerySet[models.WorkItem, Any] = models.WorkItem.objects.filter(case__in=cases).annotate(
        parent_key=Choose(by_family, default=F("case_id"))
    )
    return rows


def families_of(cases: Sequence[models.Case], info: GraphQLResolveInfo) -> dict[Any, Any]:
    """Return the key of each case's family; a case is alone where its root is invisible."""
    visible = loaded(info).restriction(Case, info, "Case.family")
    roots = {case.family_id for case in cases}
    if visible is not None:
        rows = (
            visible.filter(pk__in=chunk).values_list("pk", flat=True) for chunk in chunks(roots)
        )
        roots = set(chain.from_iterable(rows))
    return {case.pk: case.family_id if case.family_id in roots else case.pk for case in cases}


class Case(Audited, Closable, Node, graphene.ObjectType):  # type: ignore[misc]
    """One run of a workflow."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = models.Case

    family = ToOne(lambda: Case, "Case.family", description="The root case of its family.")
    workflow = ToOne(
        lambda: Workflow, "Case.workflow", required=True, description="The workflow that it runs."
    )
    status = graphene.Field(CaseStatus, required=True, description="Where it stands.")
    meta = GenericScalar(description="The deployment's own data.")
    work_items = NestedConnection(
        lambda: WorkItemConnection,
        items_of,
        filters=WorkItemFilterSet,
        orders=WorkItemOrderSet,
        description="Its work items.",
    )
    parent_work_item = ToOne(
        lambda: WorkItem,
        "Case.parent_work_item",
        description="The work item that it does; null for a root case.",
    )
    family_work_items = NestedConnection(
        lambda: WorkItemConnection,
        items_of_families,
        keys_of=families_of,
        filters=WorkItemFilterSet,
        orders=WorkItemOrderSet,
        description="The work items of every case of its family.",
    )
    events = NestedConnection(
        lambda: EventConnection,
        events_of,
        filters=EventFilterSet,
        orders=EventOrderSet,
        required=True,
        description="Its history: the events that are about it, as far as they are logged.",
    )


class CaseEdge(graphene.ObjectType):  # type: ignore[misc]
    """A case in a list."""

    node = graphene.Field(Case, description="The case.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class CaseConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of cases."""

    node_type = Case
    edge_type = CaseEdge

    edges = graphene.List(CaseEdge, required=True, description="The cases of the page.")
