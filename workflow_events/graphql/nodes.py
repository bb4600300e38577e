"""The types of rows that the API shows, for `filter_queryset_for`; `Node` means all of them."""

from workflow_events.graphql import ids
from workflow_events.graphql.types.case import Case
from workflow_events.graphql.types.delivery import Delivery
from workflow_events.graphql.types.event import Event
from workflow_events.graphql.types.flow import Flow
from workflow_events.graphql.types.node import Node
from workflow_events.graphql.types.task import Task
from workflow_events.graphql.types.work_item import WorkItem
from workflow_events.graphql.types.workflow import Workflow

__all__ = ["Case", "Delivery", "Event", "Flow", "Node", "Task", "WorkItem", "Workflow"]

NODE_TYPES: dict[ids.Kind, type[Node]] = {
    ids.CASE: Case,
    ids.WORK_ITEM: WorkItem,
    ids.FLOW: Flow,
    ids.WORKFLOW: Workflow,
    ids.TASK: Task,
    ids.EVENT: Event,
    ids.DELIVERY: Delivery,
}
"""The node type of each kind of id."""
