"""The event core: declare, listen, emit. Knows Django, knows no workflow."""

from workflow_events.events.declaration.debug import DebugEvent
from workflow_events.events.declaration.event import Event
from workflow_events.events.declaration.named import declare_event
from workflow_events.events.emission.asynchronous import aemit
from workflow_events.events.emission.dispatch import emit
from workflow_events.events.errors import EventDepthExceeded, ReceiverError
from workflow_events.events.registration.conversions import signal_to_event
from workflow_events.events.registration.filters import filter_events
from workflow_events.events.registration.listeners import Listener
from workflow_events.events.registration.off import off
from workflow_events.events.registration.on import on
from workflow_events.events.registration.retry import Retry
from workflow_events.events.tracing.dry_runs import dry_run
from workflow_events.events.tracing.explanation import explained
from workflow_events.events.tracing.traced import traced

__all__ = [
    "DebugEvent",
    "Event",
    "EventDepthExceeded",
    "Listener",
    "ReceiverError",
    "Retry",
    "aemit",
    "declare_event",
    "dry_run",
    "emit",
    "explained",
    "filter_events",
    "off",
    "on",
    "signal_to_event",
    "traced",
]
