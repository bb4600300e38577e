"""Django signals as targets of ``@on``, with the failure semantics of events."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal

from workflow_events.events.declaration.event import Event, make
from workflow_events.events.emission.handover import carry_out
from workflow_events.events.emission.plans import NOBODY
from workflow_events.events.registration.registry import registry


class SignalSent(Event, abstract=True):
    """An occurrence made of a Django signal; its payload is what the signal was sent with.

    Instances in it may be on their way to the database, so their unsaved changes are kept.
    """

    fresh_instances = False

    def __init__(self, /, **payload: Any) -> None:
        """Take whatever the signal was sent with."""
        self.__dict__.update(payload)


@dataclass(frozen=True, slots=True)
class Bridge:
    """What is connected to a signal, and the class of the occurrences that it makes."""

    receive: Callable[..., None]
    occurrence: type[SignalSent]


def bridge(signal: Signal) -> None:
    """Hand what a signal sends to the receivers registered for it; connects only once."""
    if signal in registry.bridges:
        return

    class Sent(SignalSent, abstract=True):
        event_name = name_of_signal(signal)

    def receive(sender: Any, **payload: Any) -> None:
        plan = registry.plan(signal, sender)
        if plan is not NOBODY:
            carry_out(plan, make(Sent, payload, sender), robust=True)

    registry.bridges[signal] = Bridge(receive, Sent)
    signal.connect(receive, weak=False)


def name_of_signal(signal: Signal) -> str:
    """Return the dotted path of a signal, the same whoever else has imported it."""
    found = [
        (module.__name__, name)
        for module in list(sys.modules.values())
        for name, value in list(getattr(module, "__dict__", {}).items())
        if value is signal and not name.startswith("_")
    ]
    # Without sources, as where a package is compiled: where it is at home is usually named so.
    found.sort(
        key=lambda path: (
            not _assigns(*path),
            not path[0].endswith("signals"),
            len(path[0]),
            path,
        )
    )
    return ".".join(found[0]) if found else repr(signal)


def _assigns(module: str, name: str) -> bool:
    """Tell whether a module makes what it holds under a name; others have imported it."""
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError):
        return False
    return re.search(rf"^{name}\s*[:=]", source, re.MULTILINE) is not None
