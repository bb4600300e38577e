"""Django signals as targets of ``@on``, with the failure semantics of events."""

from __future__ import annotations

import sys
from typing import Any

from django.dispatch import Signal

from workflow_events.events.emission import Emission
from workflow_events.events.event import Event, make
from workflow_events.events.registry import registry


class SignalSent(Event, abstract=True):
    """An occurrence made of a Django signal; its payload is what the signal was sent with.

    Instances in it may be on their way to the database, so their unsaved changes are kept.
    """

    fresh_instances = False

    def __init__(self, /, **payload: Any) -> None:
        """Take whatever the signal was sent with."""
        self.__dict__.update(payload)


def bridge(signal: Signal) -> None:
    """Hand what a signal sends to the receivers registered for it; connects only once."""
    if signal in registry.bridges:
        return

    class Sent(SignalSent, abstract=True):
        event_name = _name_of(signal)

    def receive(sender: Any, **payload: Any) -> None:
        plan = registry.plan(signal, sender)
        if plan:
            event = make(Sent, payload, sender)
            Emission(event, robust=True).run(plan)

    registry.bridges[signal] = receive
    signal.connect(receive, weak=False)


def _name_of(signal: Signal) -> str:
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is signal and not name.startswith("_"):
                return f"{module.__name__}.{name}"
    return repr(signal)
