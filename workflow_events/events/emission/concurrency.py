"""Receivers that run at the same time (``concurrent=True``), without the database connection.

Two of them on one connection would release, or roll back, each other's savepoints
(docs/decisions/0030-concurrent-receivers-have-no-connection.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from workflow_events.events.emission.frames import Frame, beside
from workflow_events.events.errors import ConcurrentSQL
from workflow_events.events.registration.receivers import Receiver

if TYPE_CHECKING:
    from workflow_events.events.declaration.event import Event
    from workflow_events.events.isolation.savepoints import IsolatedFrame

Call = Callable[["Event"], Awaitable[None]]
Calls = Sequence[tuple[Receiver, Call]]
"""Receivers, each with what to await for an occurrence."""
Outcome = BaseException | None
"""What a receiver has raised."""


class Siblings:
    """The concurrent receivers of one step, each a task of its own.

    ``ends_all`` tells of which exceptions the others are cancelled.
    """

    def __init__(self, frame: Frame, ends_all: Callable[[BaseException], bool]) -> None:
        self.frame = frame
        self.ends_all = ends_all
        self.ended_by: BaseException | None = None
        self.tasks: list[asyncio.Task[Outcome]] = []

    async def run(self, calls: Calls) -> list[Outcome]:
        """Run all to their ends; return what each has raised, in the order of the calls.

        Raises the first exception that ends all, and ``CancelledError`` when it is cancelled
        itself; the others have then been cancelled, and have ended.
        """
        for call in calls:
            if self.ended_by is None:  # by one that an eager task factory has run already
                # In a copy of the context: what one sets in it, the others do not see.
                self.tasks.append(asyncio.create_task(self._outcome(*call)))
        while not all(task.done() for task in self.tasks):
            try:
                await asyncio.wait(self.tasks)
            except asyncio.CancelledError as cancelled:
                self._end_all(cancelled)
        outcomes = [task.result() for task in self.tasks if not task.cancelled()]
        if self.ended_by is not None:
            for error in outcomes:
                if isinstance(error, Exception) and error is not self.ended_by:
                    self.ended_by.add_note(f"Another receiver had failed beside it: {error!r}")
            raise self.ended_by
        return outcomes

    async def _outcome(self, receiver: Receiver, call: Call) -> Outcome:
        beside.set((self.frame, receiver))
        try:
            await call(self.frame.event)
        except BaseException as error:  # KeyboardInterrupt out of a task would end the loop
            if self.ends_all(error):
                self._end_all(error)
            return error
        return None

    def _end_all(self, error: BaseException) -> None:
        if self.ended_by is not None:
            return  # who is cancelled may clean up in peace
        self.ended_by = error
        running = asyncio.current_task()
        for task in self.tasks:
            if task is not running:
                task.cancel()


@contextmanager
def disconnected(frame: IsolatedFrame) -> Iterator[None]:
    """Let nobody use the connection of an emission while its concurrent receivers run."""
    connection = frame.connection
    broken_before = connection.needs_rollback

    def refuse(*_: Any) -> NoReturn:
        raise refusal(frame.concurrent_receiver)

    # In front: the wrappers of the emissions open a savepoint before they pass a statement on.
    connection.execute_wrappers.insert(0, refuse)
    mine, connection.run_on_commit = connection.run_on_commit, _RefusedCallbacks(frame)
    try:
        yield
    finally:
        connection.run_on_commit = mine
        connection.execute_wrappers.remove(refuse)
        connection.needs_rollback = broken_before


class _RefusedCallbacks(list[Any]):
    """Stands where Django puts what is to be called after COMMIT."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    def append(self, callback: Any) -> NoReturn:
        raise refusal(self.frame.concurrent_receiver)


def refusal(receiver: Receiver | None) -> ConcurrentSQL:
    """Return the error for the use of the connection by a concurrent receiver.

    None stands for a task of a context of its own, which does not tell whose it is.
    """
    if receiver is None:
        return ConcurrentSQL(
            "A task in a context of its own uses the database of an operation whose concurrent "
            "receivers run; begin it in their context, or leave out concurrent=True."
        )
    return ConcurrentSQL(
        f"{receiver.name} is registered with concurrent=True, so it can use neither the database, "
        "nor transaction.on_commit, nor events that have receivers: others run beside it on the "
        "one connection of the operation. Use @on(…, background=True), or leave out "
        f"concurrent=True. {receiver.defined_at}"
    )
