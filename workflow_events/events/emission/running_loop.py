"""Emissions in a running event loop, where synchronous receivers and SQL cannot run."""

from __future__ import annotations

import asyncio
import os

from workflow_events.events.declaration.event import Event
from workflow_events.events.emission.concurrency import Call, Outcome, Siblings
from workflow_events.events.emission.emission import log_failure
from workflow_events.events.emission.frames import Frame, current
from workflow_events.events.emission.plans import ConcurrentGroup, Plan
from workflow_events.events.errors import (
    ConcurrentAssignment,
    PassesReceivers,
    SynchronousEmission,
)
from workflow_events.events.isolation.connections import of_thread
from workflow_events.events.registration.receivers import Receiver, is_async

scheduled: set[asyncio.Task[None]] = set()
"""The emissions that were left to a loop; held here, as a loop holds its tasks weakly."""


def is_left_to_loop(plan: Plan, event: Event, robust: bool) -> bool:
    """Decide on a synchronous emission in the event loop that runs in this thread.

    Returns whether its receivers have been scheduled there; otherwise nobody gets it, or Django's
    ``DJANGO_ALLOW_ASYNC_UNSAFE`` says that synchronous code may run here. Raises
    `SynchronousEmission` for all others, and `ConcurrentSQL` in a concurrent receiver.
    """
    receivers = _receivers_of(plan)
    if not receivers and not (plan.outside is not None and plan.outside.logged):
        return False
    frame = current.get()
    if frame is not None:
        frame.check_connection()
    elif plan.on_loop is not None and robust:
        task = asyncio.create_task(_Scheduled(event).run(plan.on_loop))
        scheduled.add(task)
        task.add_done_callback(scheduled.discard)
        return True
    if os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE") and not any(
        is_async(receiver.function) for receiver in receivers
    ):
        # Django keeps a connection for each task: the one that is remembered is another task's.
        _forget_connection()
        asyncio.get_running_loop().call_soon(_forget_connection)
        return False
    raise SynchronousEmission(
        f"{event.event_name} was emitted in a running event loop, where its receivers cannot run: "
        f"{', '.join(receiver.name for receiver in receivers) or 'the event log'}. Write await "
        "aemit(…) instead of emit(…), await signal.asend(…) instead of signal.send(…), or call the "
        "synchronous code around it by sync_to_async."
    )


def _receivers_of(plan: Plan) -> list[Receiver]:
    steps = list(plan.groups)
    background: tuple[Receiver, ...] = ()
    if plan.outside is not None:
        steps += plan.outside.after_commit
        background = plan.outside.background
    return [*(receiver for step in steps for receiver in step.receivers), *background]


def _forget_connection() -> None:
    of_thread.connection = None


class _Scheduled(Frame):
    """An emission whose receivers run after `emit` has returned; nobody waits for them."""

    __slots__ = ()

    def __init__(self, event: Event) -> None:
        self.event = event
        self.parent = None
        self.assigned = self.exceeded = None
        self.paused = False

    async def run(self, groups: tuple[ConcurrentGroup, ...]) -> None:
        """Run the receivers of each group at the same time, group after group; log failures."""
        current.set(self)  # of this task only
        for group in groups:
            self.stand_at(group, 0)
            try:
                await self._run_group(group)
            except (PassesReceivers, asyncio.CancelledError) as error:
                log_failure(self.receiver, self.event, error)
                if isinstance(error, asyncio.CancelledError):
                    raise
                return

    async def _run_group(self, group: ConcurrentGroup) -> None:
        calls = list(zip(group.receivers, group.functions, strict=True))
        outcomes = (
            await Siblings(self, ends_all=_ends_all).run(calls)
            if len(calls) > 1
            else [await self._outcome(group.functions[0])]
        )
        if self.exceeded is not None:
            raise self.exceeded
        for receiver, error in zip(group.receivers, outcomes, strict=True):
            if error is not None:
                log_failure(receiver, self.event, error)

    async def _outcome(self, call: Call) -> Outcome:
        try:
            await call(self.event)
        except PassesReceivers:
            raise
        except Exception as error:
            return error
        return None

    def note_assignment(self, name: str) -> None:
        """Raise `ConcurrentAssignment`: whoever emitted has gone on, and would not see it."""
        raise ConcurrentAssignment(
            f"{self.receiver.name} assigns {self.event.event_name}.{name}, but runs after emit has "
            "returned, as that was called in an event loop. Emit by await aemit(…)."
        )


def _ends_all(error: BaseException) -> bool:
    return isinstance(error, PassesReceivers) or not isinstance(error, Exception)
