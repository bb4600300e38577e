"""The worker that `serve --worker` runs beside the server, in a process of its own."""

import logging
import os
import signal
import subprocess
import sys
from time import monotonic
from typing import Any, Final

from django.conf import settings
from gunicorn.arbiter import Arbiter

logger = logging.getLogger("workflow_events.worker")

PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a worker that has died is replaced for the first, second, … time in a row."""
SETTLED: Final = 60.0
"""Seconds after which a worker has started well, and its end is the first one again."""
REACTION: Final = 5.0
"""Seconds that it gets, after WORKER_GRACE, to interrupt what runs and to hand it back."""
HURRY: Final = 2.0
"""Seconds that it gets to end when the server is in a hurry, as at Ctrl-C."""


class Companion:
    """Starts the worker, replaces it when it dies, and stops it with the server."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._started = self._due = 0.0
        self._told: float | None = None

    def look_after(self) -> None:
        """Start a worker unless one runs, or one has died a moment ago."""
        self.notice_its_end()
        if self._process is None and self._told is None and monotonic() >= self._due:
            self._started = monotonic()
            self._process = _started()

    def notice_its_end(self) -> None:
        """Log that the worker has died, and set when another one starts."""
        status = None if self._process is None else self._process.poll()
        if status is None:
            return
        self._process = None
        if self._told is not None:
            return
        if monotonic() - self._started > SETTLED:
            self._deaths = 0
        pause = PAUSES[min(self._deaths, len(PAUSES) - 1)]
        self._deaths += 1
        self._due = monotonic() + pause
        reason = f"status {status}" if status >= 0 else signal.Signals(-status).name
        when = f"in {pause:g} s" if pause else "at once"
        logger.error("The worker has ended (%s); another one starts %s", reason, when)

    def tell_to_stop(self) -> None:
        """Ask the worker to end; does not wait."""
        if self._told is None and self._process is not None and self._process.poll() is None:
            self._process.terminate()
        self._told = self._told or monotonic()

    def wait(self, *, hurry: bool) -> None:
        """Wait until it has ended; kill it when it takes longer than it may."""
        if self._process is None or self._told is None:
            return
        grace = HURRY if hurry else settings.WORKER_GRACE + REACTION
        try:
            self._process.wait(max(0.0, self._told + grace - monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _started() -> subprocess.Popen[bytes]:
    """Start a worker that finds the modules that this process finds."""
    command = [sys.executable, "-P", "-m", "workflow_events.cli", "worker"]
    return subprocess.Popen(  # noqa: S603 (nothing of it comes from outside)
        [*command, "--parent", str(os.getpid())],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        # In a group of its own: signals of the terminal are for the server, which tells it to stop.
        process_group=0,
    )


class AccompaniedArbiter(Arbiter):  # type: ignore[misc]
    """Gunicorn's manager of processes, with one process more."""

    def __init__(self, app: Any) -> None:
        self.companion = Companion()
        super().__init__(app)

    def manage_workers(self) -> None:
        """See to it that all processes run; called about once a second."""
        super().manage_workers()
        self.companion.look_after()

    def reap_workers(self) -> None:
        """Take note of processes that have ended: of ours first, as gunicorn takes any."""
        self.companion.notice_its_end()
        super().reap_workers()

    def stop(self, graceful: bool = True) -> None:
        """Stop all processes, at the same time."""
        self.companion.tell_to_stop()
        super().stop(graceful)
        self.companion.wait(hurry=not graceful)
