"""The thread that interrupts receivers at their time limits."""

from __future__ import annotations

import threading
import time

from workflow_events.delivery.running.interruption import WorkerStopped
from workflow_events.delivery.running.slots import Work


class Limits:
    """Interrupts what is still running at its time limit, or when the worker has to stop.

    Undoes what does not react.

    Takes how many seconds that has to react. By a thread that never asks the database: on SQLite a
    receiver that writes lets nobody else write, and whoever waits for it could not end it.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._watched: dict[Work, float] = {}
        """When to do something about each, by the monotonic clock."""
        self._next = self._all_at = float("inf")
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="time-limits", daemon=True)
        self._thread.start()

    def watch(self, work: Work) -> None:
        """Interrupt this when its time limit is over."""
        with self._changed:
            # Here, too: the thread may sleep until the first time limit is over.
            self._forget_what_has_ended()
            self._watched[work] = at = min(work.late_at, self._all_at)
            if at < self._next:
                self._changed.notify()

    def interrupt_all_at(self, moment: float) -> float:
        """Interrupt whatever is still running then, by the monotonic clock.

        The first call counts; returns its moment.
        """
        with self._changed:
            if self._all_at == float("inf"):
                self._all_at = moment
                self._watched = {work: min(at, moment) for work, at in self._watched.items()}
                self._changed.notify()
            return self._all_at

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while late := self._late():
            for work in late:
                is_late = work.late_at <= time.monotonic()
                work.attempt.interrupt(work.too_late() if is_late else _stopped())
                if time.monotonic() >= self._abandoned_at(work):
                    work.attempt.abandon()

    def _late(self) -> list[Work]:
        """Wait until some are late, and return them; nothing when it is stopped."""
        with self._changed:
            while not self._is_stopped:
                self._forget_what_has_ended()
                now = time.monotonic()
                if late := [work for work, at in self._watched.items() if at <= now]:
                    self._watched |= {work: self._next_after(now, work) for work in late}
                    return late
                self._next = min(self._watched.values(), default=float("inf"))
                self._changed.wait(min(self._next - now, threading.TIMEOUT_MAX))
        return []

    def _next_after(self, now: float, work: Work) -> float:
        last = self._abandoned_at(work)
        return last if now < last else float("inf")

    def _abandoned_at(self, work: Work) -> float:
        return min(work.late_at + self._patience, self._all_at + self._patience / 2)

    def _forget_what_has_ended(self) -> None:
        self._watched = {work: at for work, at in self._watched.items() if not work.ended}


def _stopped() -> WorkerStopped:
    return WorkerStopped("Its worker was told to stop.")
