"""Emitting an event: from its class and payload to its receivers."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from workflow_events.events.emission import Emission
from workflow_events.events.errors import ReceiversNotLoaded
from workflow_events.events.event import E, Event, make
from workflow_events.events.registry import Source, registry


def emit(event_class: type[E], /, *, sender: Any, robust: bool = True, **payload: Any) -> E:
    """Make an occurrence, run its receivers in order, and return it (contract sections 2 to 4).

    Takes the event class, its sender and the payload by name. With ``robust=False`` the first
    exception of a receiver propagates at once. Raises `ReceiverError` when receivers with
    ``raise_exception=True`` failed, `EventDepthExceeded`, `ReceiversNotLoaded`, or ``TypeError``
    when the payload does not fit the declaration.
    """
    event = occur(event_class, sender, payload)
    plan = registry.plan(event_class, sender)
    if plan:
        Emission(event, robust).run(plan)
    return event


def occur(event_class: type[E], sender: Any, payload: dict[str, Any]) -> E:
    """Make an occurrence without delivering it. Raises as `emit` does for the payload."""
    if not registry.loaded:
        raise ReceiversNotLoaded(
            f"{getattr(event_class, '__name__', event_class)} was emitted before the receivers "
            "were loaded; emit when all apps are ready."
        )
    if getattr(event_class, "abstract", True):
        raise TypeError(f"emit takes a declared event class, not {event_class!r}.")
    return make(event_class, payload, sender)


def deliver(event: Event, robust: bool = True) -> bool:
    """Run the receivers of an occurrence; return whether one of them wrote to the database.

    Model instances in the payload, and those that they have loaded, have then been brought up to
    date in place. Raises as `emit` does for receivers.
    """
    plan = registry.plan(type(event), event.sender)
    return bool(plan) and Emission(event, robust).run(plan)


def is_heard(source: Source, sender: Any) -> bool:
    """Tell whether anyone listens to an event, or to a Django signal, from this sender."""
    if registry.plan(source, sender):
        return True
    if not isinstance(source, Signal):
        return False
    # Our own bridge listens to every sender, so that it alone says nothing.
    others = len(source.receivers) - (source in registry.bridges)
    return others > 0 and source.has_listeners(sender)
