"""Calling one receiver with an occurrence of another time and process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflow_events.events.declaration.event import Event, declared
from workflow_events.events.emission.emission import Emission
from workflow_events.events.emission.plans import group_of
from workflow_events.events.isolation.snapshots import NOTHING, Snapshot
from workflow_events.events.registration.calls import ALWAYS, source_of
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.signals import SignalSent
from workflow_events.events.registration.targets import Source


def source_named(name: str) -> type[Event] | None:
    """Return the event of that name, or what stands for a signal of that dotted path.

    None where no such event is declared, and no receiver listens to such a signal.
    """
    if name in declared:
        return declared[name]
    signals = (bridge.occurrence for bridge in registry.bridges.values())
    return next((sent for sent in signals if sent.event_name == name), None)


def wants(receiver: Receiver, event: Event) -> bool:
    """Tell whether a receiver listens to the sender of an occurrence, and its filters hold."""
    if not receiver.hears(_source_of(event), event.sender):
        return False
    return receiver.prepare_filters(**_carried_by(event))(source_of(event))


def run_alone(receiver: Receiver, event: Event, then: Callable[[], None]) -> None:
    """Call one receiver with an occurrence, past its filters, and then ``then``.

    What both write is one transaction, begun at the first statement; inside of one that is open, a
    savepoint. For a receiver with ``atomic=False`` there is neither. What the receiver emits has
    the occurrence as its cause. Raises what either raises, or COMMIT; all is undone then.
    """
    function, shape = receiver.prepare_call(**_carried_by(event))

    def call(event: Event) -> None:
        arguments, keywords = shape.bind(source_of(event))
        function(*arguments, **keywords)
        then()

    _Alone(event, robust=False).run([group_of(receiver, call)])


class _Alone(Emission):
    """The emission to one receiver: nobody comes after it to whom its doings would matter."""

    __slots__ = ()

    def __init__(self, event: Event, robust: bool) -> None:
        super().__init__(event, robust)
        self.snapshot = NOTHING

    def refreshed(self) -> Snapshot:
        return NOTHING


def _source_of(event: Event) -> Source:
    sent_as = {bridge.occurrence: signal for signal, bridge in registry.bridges.items()}
    return sent_as[type(event)] if isinstance(event, SignalSent) else type(event)


def _carried_by(event: Event) -> dict[str, Any]:
    is_open = isinstance(event, SignalSent)
    carried = ALWAYS if is_open else ALWAYS | type(event).attributes
    return {"carried": carried, "is_open": is_open}
