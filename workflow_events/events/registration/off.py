"""``off``: taking registrations back while the process runs (Django's ``disconnect``)."""

from __future__ import annotations

from typing import Any

from workflow_events.events.registration.registry import registry


def off(receiver: Any) -> bool:
    """Take back everything that ``@on`` has registered of a receiver; return whether there was any.

    Takes the callable, or a class of receivers such as a `Listener`. An emission under way in
    another thread still calls it. What is stored for it in the background waits until a receiver of
    its name is registered again. Each process has its own receivers: the others keep theirs.
    """
    return registry.remove(lambda registered: registered.is_of(receiver))
