"""The one task that every engine runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from workflow_events.delivery.running.runner import Runner
from workflow_events.delivery.task_interface import task

QUEUE: Final = "workflow_events"
"""The queue of all our jobs, as ``TASKS`` in the settings names it."""


class Wakeable(Protocol):
    """What looks for due deliveries as soon as it is told to."""

    def wake(self) -> None:
        """Look now; may be called from any thread, and does not wait."""


_here: Wakeable | None = None


@contextmanager
def woken(runner: Wakeable) -> Iterator[None]:
    """Let the task wake this runner, of this process, until the block ends."""
    global _here  # noqa: PLW0603 (a process has one)
    _here = runner
    try:
        yield
    finally:
        _here = None


@task(queue_name=QUEUE)
def deliver_due() -> None:
    """Deliver what is due: by the runner of this process, or at once where there is none.

    It says nothing of what is due: the ledger knows. Two jobs do no harm, a lost one costs time.
    """
    if _here is not None:
        _here.wake()
    else:
        Runner().drain()
