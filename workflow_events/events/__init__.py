"""The event core: declare, listen, emit. Knows Django, knows no workflow."""

from workflow_events.events.dispatch import emit
from workflow_events.events.errors import EventDepthExceeded, ReceiverError
from workflow_events.events.event import Event
from workflow_events.events.filters import filter_events
from workflow_events.events.listeners import Listener
from workflow_events.events.registration import on
from workflow_events.events.retry import Retry

__all__ = [
    "Event",
    "EventDepthExceeded",
    "Listener",
    "ReceiverError",
    "Retry",
    "emit",
    "filter_events",
    "on",
]
