"""The workflows."""

from collections.abc import Sequence
from typing import Any, ClassVar

import graphene
from django.db.models import Model, OuterRef, QuerySet, Subquery

from workflow_events.graphql.connections import ConnectionType, NestedConnection
from workflow_events.graphql.fields import ListOf
from workflow_events.graphql.filters.sets import FlowFilterSet
from workflow_events.graphql.ordering.sets import FlowOrderSet
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.types.flow import FlowConnection
from workflow_events.graphql.types.node import Audited, Named, Node, NodeInterface
from workflow_events.graphql.types.task import Task
from workflow_events.workflow import models
from workflow_events.workflow.expressions import flow as flow_expressions


def start_tasks_of(
    workflows: Sequence[models.Workflow], visible: QuerySet[models.Task]
) -> dict[Any, list[models.Task]]:
    """Return the start tasks of each workflow, in order, by its slug."""
    keys = [workflow.pk for workflow in workflows]
    rows = models.WorkflowStartTask.objects.filter(workflow__in=keys, task__in=visible)
    tasks: dict[Any, list[models.Task]] = {}
    for row in rows.select_related("task").order_by("position", "pk"):
        tasks.setdefault(row.workflow_id, []).append(row.task)
    return tasks


def tasks_of(
    workflows: Sequence[models.Workflow], visible: QuerySet[models.Task]
) -> dict[Any, list[models.Task]]:
    """Return the start tasks and those that the flows name statically (facts 1.4), by slug."""
    tasks = start_tasks_of(workflows, visible)
    rows = models.TaskFlow.objects.filter(workflow__in=[workflow.pk for workflow in workflows])
    named: dict[Any, list[str]] = {}
    for workflow_id, expression in rows.order_by("pk").values_list("workflow_id", "flow__next"):
        named.setdefault(workflow_id, []).extend(flow_expressions.static_tasks(expression))
    found = visible.in_bulk({slug for slugs in named.values() for slug in slugs}) if named else {}
    for workflow_id, slugs in named.items():
        known = tasks.setdefault(workflow_id, [])
        seen = {task.pk for task in known}
        known += [found[slug] for slug in dict.fromkeys(slugs) if slug in found.keys() - seen]
    return tasks


def flows_of(slugs: list[str]) -> QuerySet[models.Flow, Any]:
    """Return the flows of the workflows with these slugs."""
    rows = models.TaskFlow.objects.filter(workflow__in=slugs)
    parent = models.TaskFlow.objects.filter(flow=OuterRef("pk")).values("workflow")[:1]
    return models.Flow.objects.filter(pk__in=rows.values("flow")).annotate(
        parent_key=Subquery(parent)
    )


class Workflow(Named, Audited, Node, graphene.ObjectType):  # type: ignore[misc]
    """A design of which cases are instances."""

    class Meta:
        interfaces = (NodeInterface,)

    model: ClassVar[type[Model]] = models.Workflow

    slug = graphene.String(required=True, description="Its key, chosen by its author.")
    name = graphene.String(required=True, description="Its name.")
    description = graphene.String(description="What it is for.")
    meta = GenericScalar(description="The deployment's own data.")
    is_published = graphene.Boolean(required=True, description="Informational: may be used.")
    is_archived = graphene.Boolean(required=True, description="Informational: no longer used.")
    start_tasks = ListOf(
        lambda: Task, start_tasks_of, description="The tasks that a new case starts with."
    )
    allow_all_forms = graphene.Boolean(
        required=True, description="Whether a case may have any form."
    )
    tasks = ListOf(
        lambda: Task,
        tasks_of,
        description="Its start tasks, and those that its flows name as next.",
    )
    flows = NestedConnection(
        lambda: FlowConnection,
        flows_of,
        filters=FlowFilterSet,
        orders=FlowOrderSet,
        description="The flows between its tasks.",
    )


class WorkflowEdge(graphene.ObjectType):  # type: ignore[misc]
    """A workflow in a list."""

    node = graphene.Field(Workflow, description="The workflow.")
    cursor = graphene.String(required=True, description="Its place in the list.")


class WorkflowConnection(ConnectionType, graphene.ObjectType):  # type: ignore[misc]
    """A page of a list of workflows."""

    node_type = Workflow
    edge_type = WorkflowEdge

    edges = graphene.List(WorkflowEdge, required=True, description="The workflows of the page.")
