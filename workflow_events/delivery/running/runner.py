"""Who runs what is due: the loop of a worker, and a call that runs it at once."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from workflow_events.delivery import ledger
from workflow_events.delivery.running.execution import execute, fail
from workflow_events.delivery.running.interruption import TimeLimitExceeded, WorkerStopped
from workflow_events.delivery.running.pools import Pool
from workflow_events.delivery.running.slots import Work
from workflow_events.delivery.running.time_limits import Limits
from workflow_events.events.database.lost_connections import close_if_lost
from workflow_events.events.registration.receivers import is_async
from workflow_events.events.registration.registry import registry

logger = logging.getLogger("workflow_events.delivery")

PATIENCE: Final = 5.0
"""Seconds after which a receiver that does not react to its interruption is given up."""

SHORT_PAUSE: Final = 0.5
"""Seconds before the second attempt to reach a database that is gone; they double up to
WORKER_SWEEP_INTERVAL."""

CROWDED: Final = 0.02
"""Seconds to wait where something is due that another worker is just about to take."""


class WorkerBroken(RuntimeError):
    """As many receivers as a worker has slots do not react any more; it must be started anew."""


def worker_name() -> str:
    """Return the name of a new worker: host, process, and four random digits."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"


def run_due() -> int:
    """Run what is due in this thread, one after the other, until nothing is; return how many.

    Without time limits; inside of a transaction that is open, as a part of it.
    """
    worker, number = worker_name(), 0
    after: list[ledger.Stream] = []
    while claimed := ledger.claim(worker, registry.in_background, 1, after):
        for delivery in claimed:
            execute(delivery)
        after = ledger.streams_of(claimed)
        number += 1
    return number


class Runner:
    """Claims what is due and runs it in threads, as many at once as the settings say.

    ``WORKER_CONCURRENCY`` receivers, and ``WORKER_ASYNC_CONCURRENCY`` that are ``async def``; each
    has a thread, and so a connection and a transaction, of its own. A runner runs once.
    """

    def __init__(self, worker: str | None = None) -> None:
        self.worker = worker or worker_name()
        self._woken = threading.Event()
        self._asked = True
        """Whether to look now for whatever is due: somebody said that something is."""
        self._freed = False
        """Whether to look for what had to wait for a slot: one has become free."""
        self._quiet: set[str] = set()
        """Receivers of which nothing was due at the last look; who has many waiting, and no slot
        left, makes it a long one to find that out."""
        self._look_at = self._renew_at = self._retry_at = self._pause = 0.0
        self._after: list[ledger.Stream] = []
        self._stopped: list[Work] = []
        self._ended = 0
        self._limits = Limits(PATIENCE)
        self._pools = [
            Pool(name, receivers, size, self._woken.set)
            for name, size, receivers in (
                ("receiver", settings.WORKER_CONCURRENCY, _receivers(asynchronous=False)),
                (
                    "async-receiver",
                    settings.WORKER_ASYNC_CONCURRENCY,
                    _receivers(asynchronous=True),
                ),
            )
            if receivers
        ]

    def wake(self) -> None:
        """Look for what is due now; may be called from any thread, and does not wait."""
        self._asked = True
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Run what is due until ``stop`` is set, and hand back what does not end in time.

        Raises `WorkerBroken` when too many receivers do not react to their time limit.
        """
        threading.Thread(target=self._wake_when, args=(stop,), daemon=True).start()
        with self._ending():
            while not stop.is_set():
                self._step()
                self._wait()
            self._finish()

    def drain(self) -> int:
        """Run what is due until nothing is, and nothing runs any more; return how many."""
        with self._ending():
            while self._step() or self._running():
                self._wait()
        return self._ended

    def _wake_when(self, stop: threading.Event) -> None:
        stop.wait()
        # On SQLite, the loop may be waiting for a receiver that lets nobody else write.
        self._end_of_grace()
        self._woken.set()

    def _running(self) -> list[Work]:
        return [work for pool in self._pools for work in pool.running()]

    def _step(self, *, look: bool = True) -> bool:
        """Do what is to be done now; return whether something was begun."""
        self._woken.clear()
        self._collect()
        now = time.monotonic()
        if now < self._retry_at:
            return False
        try:
            close_if_lost()
            # First: what this worker still runs must not look like a dead one's.
            self._renew(now)
            self._give_up_the_deaf(now)
            begun = look and self._look(now)
        except Error as error:
            self._lost(error)
            return False
        if self._pause:
            logger.warning("The database answers again")
            self._pause = 0.0
        return begun

    def _collect(self) -> None:
        for pool in self._pools:
            for work in pool.collect():
                self._ended += 1
                self._freed = True
                # It may be tried again, or another one of its stream may go on.
                self._quiet.discard(work.delivery.receiver)
                self._after += ledger.streams_of([work.delivery])
                if isinstance(work.error, WorkerStopped):
                    self._stopped.append(work)
                elif work.error is not None:
                    self._lost(work.error)

    def _renew(self, now: float) -> None:
        if now >= self._renew_at:
            ledger.renew([work.delivery for work in self._running()])
            self._renew_at = now + settings.WORKER_LEASE / 3

    def _give_up_the_deaf(self, now: float) -> None:
        for pool in self._pools:
            for work in pool.running():
                if now >= work.late_at + PATIENCE and not work.ended:
                    self._give_up(pool, work)

    def _give_up(self, pool: Pool, work: Work) -> None:
        is_broken = pool.give_up(work)
        fail(work.delivery, TimeLimitExceeded(f"{work.too_late()} It reacts to nothing: given up."))
        self._after += ledger.streams_of([work.delivery])
        self._asked = True
        if is_broken:
            raise WorkerBroken(f"{pool.size} receivers do not react to their time limits")

    def _look(self, now: float) -> bool:
        asked, self._asked = self._asked, False
        freed, self._freed = self._freed, False
        if self._after:
            ledger.let_go(self._after)
            self._after = []
        if asked or now >= self._look_at:
            self._look_at = now + settings.WORKER_SWEEP_INTERVAL
            self._quiet.clear()
        elif not freed:
            return False
        return sum([self._fill(pool) for pool in self._pools]) > 0

    def _fill(self, pool: Pool) -> int:
        begun = 0
        while True:
            may_begin, limit = pool.room()
            receivers = [name for name in may_begin if name not in self._quiet]
            if not receivers:
                return begun
            claimed = ledger.claim(self.worker, receivers, limit)
            for delivery in claimed:
                self._limits.watch(pool.begin(delivery))
            begun += len(claimed)
            if len(claimed) < limit:
                self._rest(receivers)

    def _rest(self, receivers: list[str]) -> None:
        """Look for these again when one of them is due, as far as is known now."""
        self._quiet.update(receivers)
        due = ledger.next_due(receivers)
        if due is not None:
            seconds = max((due - timezone.now()).total_seconds(), CROWDED)
            self._look_at = min(self._look_at, time.monotonic() + seconds)

    def _wait(self) -> None:
        moments = [work.late_at + PATIENCE for work in self._running()]
        moments += [self._look_at, self._renew_at] if self._running() else [self._look_at]
        at = 0.0 if self._asked else min(moments)
        self._woken.wait(max(at, self._retry_at) - time.monotonic())

    def _lost(self, error: BaseException) -> None:
        connection.close()
        if not self._pause:
            logger.error("The ledger cannot be written, or not read; trying again: %s", error)
        self._asked = True
        now = time.monotonic()
        # Receivers that fail meanwhile have met the same outage.
        if now >= self._retry_at:
            longest = float(settings.WORKER_SWEEP_INTERVAL)
            self._pause = min(max(2 * self._pause, SHORT_PAUSE), longest)
            self._retry_at = now + self._pause

    def _finish(self) -> None:
        """Let what runs end within the grace period; interrupt what does not."""
        self._run_until(self._end_of_grace() + PATIENCE / 2)

    def _end_of_grace(self) -> float:
        return self._limits.interrupt_all_at(time.monotonic() + settings.WORKER_GRACE)

    def _run_until(self, until: float) -> None:
        self._step(look=False)
        while self._running() and (left := until - time.monotonic()) > 0:
            self._woken.wait(min(left, 0.25))
            self._step(look=False)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        finally:
            left = [work.delivery for work in (*self._stopped, *self._running())]
            for work in self._running():
                work.attempt.interrupt(WorkerStopped("Its worker has ended."))
                work.attempt.abandon()
            try:
                ledger.hand_back(left)
                ledger.let_go(self._after)
            except Error:
                logger.exception("Deliveries are not handed back; their leases run out")
            self._limits.stop()
            for pool in self._pools:
                pool.stop()
            connection.close()


def _receivers(*, asynchronous: bool) -> list[str]:
    known = registry.in_background.items()
    return [name for name, receiver in known if is_async(receiver.function) is asynchronous]
