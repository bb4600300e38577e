"""The enums of the API (facts 1.1.1)."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import graphene

from workflow_events.delivery.models import State
from workflow_events.workflow import states
from workflow_events.workflow.lookups import JSONLookup
from workflow_events.workflow.models.design import TaskType


def _described(text: str) -> Callable[[Enum | None], str]:
    """Return what graphene asks for the description of the enum (None) and of each value."""
    return lambda value: text if value is None else str(getattr(value, "label", value.value))


CaseStatus = graphene.Enum.from_enum(
    states.CaseStatus, description=_described("Where a case stands.")
)
CaseStatusArgument = graphene.Enum.from_enum(
    states.CaseStatus,
    name="CaseStatusArgument",
    description=_described("A status that cases are filtered by."),
)
WorkItemStatus = graphene.Enum.from_enum(
    states.WorkItemStatus, description=_described("Where a work item stands.")
)
Status = graphene.Enum.from_enum(
    states.WorkItemStatus,
    name="Status",
    description=_described("A status that work items are filtered by."),
)
Type = graphene.Enum.from_enum(
    TaskType, name="Type", description=_described("A type that tasks are filtered by.")
)


class Direction(Enum):
    """The way up or down."""

    ASC = "Smallest first, nulls last."
    DESC = "Largest first, nulls first."


AscDesc = graphene.Enum.from_enum(
    Direction, name="AscDesc", description=_described("The direction of an order.")
)
JSONLookupMode = graphene.Enum.from_enum(
    JSONLookup,
    name="JSONLookupMode",
    description=_described("How a stored JSON value is compared to a given one."),
)


def _describe_state(state: Any) -> str:
    return "Where a delivery stands." if state is None else _STATES[state]


_STATES = {
    State.PENDING: "It waits for its due time, or for an earlier one of its stream.",
    State.RUNNING: "A worker has it, until its lease runs out.",
    State.DONE: "The receiver has returned, and what it wrote is stored.",
    State.DEAD: "It failed for good: nobody tries again, unless somebody redelivers it.",
    State.CANCELED: "Somebody has decided that it is not to be delivered.",
}
DeliveryState = graphene.Enum.from_enum(State, name="DeliveryState", description=_describe_state)
