"""The connection that receivers work on, and what they register with it for after COMMIT."""

from __future__ import annotations

import threading
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from workflow_events.events.emission.frames import current


class _OfThread(threading.local):
    """The default connection of a thread, kept here as Django's own look-up costs 0.8 µs."""

    connection: BaseDatabaseWrapper | None = None


of_thread = _OfThread()


class Callbacks(list[Any]):
    """What a receiver registers with ``transaction.on_commit``; the first one pauses the loop."""

    __slots__ = ()

    def append(self, callback: Any) -> None:
        """Take a callback from Django, with the savepoints that it depends on."""
        super().append(callback)
        frame = current.get()
        if frame is not None:
            frame.pause()
