"""The thread that interrupts receivers at their time limits."""

from __future__ import annotations

import threading
import time

from workflow_events.delivery.slots import Work


class Limits:
    """Interrupts what is still running at its time limit.

    By a thread that never asks the database: on SQLite a receiver that writes lets nobody else
    write, and whoever waits for it could not end it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: list[Work] = []
        self._next = float("inf")
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="time-limits", daemon=True)
        self._thread.start()

    def watch(self, work: Work) -> None:
        """Interrupt this when its time limit is over."""
        with self._changed:
            self._watched.append(work)
            if work.late_at < self._next:
                self._changed.notify()

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while late := self._late():
            for work in late:
                work.attempt.interrupt(work.too_late())

    def _late(self) -> list[Work]:
        """Wait until some are late, and return them; nothing when it is stopped."""
        with self._changed:
            while not self._is_stopped:
                self._watched = [work for work in self._watched if not work.ended]
                now = time.monotonic()
                if late := [work for work in self._watched if work.late_at <= now]:
                    self._watched = [work for work in self._watched if work not in late]
                    return late
                self._next = min((work.late_at for work in self._watched), default=float("inf"))
                self._changed.wait(min(self._next - now, threading.TIMEOUT_MAX))
        return []
