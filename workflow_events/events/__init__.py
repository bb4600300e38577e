"""The event core: declare, listen, emit. Knows Django, knows no workflow."""

from workflow_events.events.asynchronous import aemit
from workflow_events.events.conversions import signal_to_event
from workflow_events.events.debug import DebugEvent
from workflow_events.events.dispatch import emit
from workflow_events.events.errors import EventDepthExceeded, ReceiverError
from workflow_events.events.event import Event
from workflow_events.events.filters import filter_events
from workflow_events.events.listeners import Listener
from workflow_events.events.named import declare_event
from workflow_events.events.registration import on
from workflow_events.events.retry import Retry

__all__ = [
    "DebugEvent",
    "Event",
    "EventDepthExceeded",
    "Listener",
    "ReceiverError",
    "Retry",
    "aemit",
    "declare_event",
    "emit",
    "filter_events",
    "on",
    "signal_to_event",
]
