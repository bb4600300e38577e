"""Emitting an event: from its class and payload to its receivers."""

from __future__ import annotations

from typing import Any, overload

from django.dispatch import Signal

from workflow_events.events.declaration.event import E, Event, make
from workflow_events.events.declaration.named import declared_as
from workflow_events.events.emission.handover import carry_out
from workflow_events.events.emission.plans import NOBODY
from workflow_events.events.errors import ReceiversNotLoaded
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.targets import Source


@overload
def emit(event_class: type[E], /, *, sender: Any, robust: bool = True, **payload: Any) -> E: ...
@overload
def emit(event_class: str, /, *, sender: Any, robust: bool = True, **payload: Any) -> Event: ...
def emit(
    event_class: type[Event] | str, /, *, sender: Any, robust: bool = True, **payload: Any
) -> Event:
    """Make an occurrence, run its receivers in order, and return it (contract sections 2 to 4).

    Takes the event class or its name, its sender and the payload by name. With ``robust=False`` the
    first exception of a receiver propagates at once. Raises `ReceiverError` when receivers with
    ``raise_exception=True`` failed, `EventDepthExceeded`, `EventLoop`, `ReceiversNotLoaded`,
    `SynchronousEmission` in async code, where `aemit` is to be awaited, `UndeclaredEvent` for a
    name that no event has, or ``TypeError`` when the payload does not fit the declaration.
    """
    event = occur(event_class, sender, payload)
    plan = registry.plan(type(event), sender)
    if plan is not NOBODY:
        carry_out(plan, event, robust)
    return event


@overload
def occur(event_class: type[E], sender: Any, payload: dict[str, Any]) -> E: ...
@overload
def occur(event_class: str, sender: Any, payload: dict[str, Any]) -> Event: ...
def occur(event_class: Any, sender: Any, payload: dict[str, Any]) -> Any:
    """Make an occurrence without delivering it. Raises as `emit` does for the payload."""
    if not registry.loaded:
        raise ReceiversNotLoaded(
            f"{getattr(event_class, '__name__', event_class)} was emitted before the receivers "
            "were loaded; emit when all apps are ready."
        )
    if getattr(event_class, "abstract", True):
        return make(declared_as(event_class), payload, sender)
    return make(event_class, payload, sender)


def deliver(event: Event, robust: bool = True) -> bool:
    """Run the receivers of an occurrence; return whether one of them wrote to the database.

    Model instances in the payload, and those that they have loaded, have then been brought up to
    date in place. Raises as `emit` does for receivers.
    """
    plan = registry.plan(type(event), event.sender)
    return plan is not NOBODY and carry_out(plan, event, robust)


def is_heard(source: Source, sender: Any) -> bool:
    """Tell whether what an event's receivers do, or who gets a signal, depends on when it is sent.

    An event's receivers after COMMIT and in the background do not count: they are handed each
    occurrence, and nothing that they do comes in between. A signal must be sent to be heard.
    """
    plan = registry.plan(source, sender)
    if plan.groups:
        return True
    if not isinstance(source, Signal):
        return bool(plan.watchers)
    if plan.outside is not None:
        return True
    # Our own bridge listens to every sender, so that it alone says nothing.
    others = len(source.receivers) - (source in registry.bridges)
    return others > 0 and source.has_listeners(sender)
