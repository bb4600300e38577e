"""The event core: declare, listen, emit (docs/reference/events.md; contract sections 2 to 4)."""

from workflow_events.events.dispatch import emit
from workflow_events.events.event import Event
from workflow_events.events.registry import on

__all__ = ["Event", "emit", "on"]
