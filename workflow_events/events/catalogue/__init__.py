"""What there is: every event with what it carries, and for each event who runs, in which order.

Commands, pages and checks are made of it; the emission of events needs nothing of it.
"""

from workflow_events.events.catalogue.entries import Argument, EventEntry, catalogue, describe
from workflow_events.events.catalogue.listening import Listening, ReceiverEntry, listening
from workflow_events.events.catalogue.selection import NoSuchEvent, events_named, sources_named

__all__ = [
    "Argument",
    "EventEntry",
    "Listening",
    "NoSuchEvent",
    "ReceiverEntry",
    "catalogue",
    "describe",
    "events_named",
    "listening",
    "sources_named",
]
