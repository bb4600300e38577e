"""A probe for wiring: an event that means nothing."""

from __future__ import annotations

from typing import Any

from workflow_events.events.declaration.event import Event


class DebugEvent(Event, is_probe=True):
    """Emitted by hand only, to see who listens and whether receivers come to run.

    It goes the way of any other event: ``@on(DebugEvent)``, ``@on("debug_event")`` and patterns
    hear it, in the background too. A pattern means it for those receivers only whose parameters it
    carries, so that it stands in the way of none. Never emitted by this package itself.

    ``message`` says what is tried; ``data`` is whatever the receivers are to be shown.
    """

    message: str = ""
    data: Any = None
