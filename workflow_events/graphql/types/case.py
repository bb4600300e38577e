"""The cases."""

from typing import Any, ClassVar

import graphene
from django.db.models import F, Model, QuerySet

from workflow_events.graphql.connections import ConnectionType, NestedConnection
from workflow_events.graphql.fields import ToOne
from workflow_events.graphql.filters.sets import WorkItemFilterSet
from workflow_events.graphql.ordering.sets import WorkItemOrderSet
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.types.enums import CaseStatus
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
    """Return the work items of all cases of these families."""
    rows: QuerySet[models.WorkItem, Any] = models.WorkItem.objects.filter(
        case__family__in=keys
    ).annotate(parent_key=F("case__family_id"))
    return rows


class Case(Audited, Closable, Node, graphene.ObjectType):  # type: ignore[misc]
    """One run of a workflow."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = models.Case

    family = ToOne(lambda: Case, "family", description="The root case of its family.")
    workflow = ToOne(
        lambda: Workflow, "workflow", required=True, description="The workflow that it runs."
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
        "parent_work_item",
        description="The work item that it does; null for a root case.",
    )
    family_work_items = NestedConnection(
        lambda: WorkItemConnection,
        items_of_families,
        parent_key="family_id",
        filters=WorkItemFilterSet,
        orders=WorkItemOrderSet,
        description="The work items of every case of its family.",
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
