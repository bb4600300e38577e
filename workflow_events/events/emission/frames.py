"""Emissions under way: who emits inside whose receiver, and how deep (contract section 4)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from itertools import pairwise
from operator import length_hint
from typing import TYPE_CHECKING, Any

from django.conf import settings

from workflow_events.events.errors import (
    ConcurrentAssignment,
    EventDepthExceeded,
    PassesReceivers,
)

if TYPE_CHECKING:
    from workflow_events.events.declaration.event import Event
    from workflow_events.events.emission.plans import Step
    from workflow_events.events.registration.receivers import Receiver


DEFAULT_MAX_DEPTH = 64
CALLS_PER_LEVEL = 50
"""An operation that a receiver calls, whose event has receivers, takes about 15 nested calls."""


class Frame:
    """One emission under way, inside the receiver of its parent.

    Its only subclass in use, `Emission`, fills it in one constructor: there is one per emission.
    """

    __slots__ = (
        "assigned",
        "event",
        "exceeded",
        "first",
        "functions",
        "group",
        "parent",
        "paused",
        "remaining",
    )

    event: Event
    parent: Frame | None
    paused: bool
    assigned: dict[str, Any] | None
    exceeded: PassesReceivers | None
    """At the outermost emission: what ends all of them."""
    group: Step
    first: int
    """The place in the group of the first of ``functions``."""
    functions: list[Callable[..., Any]]
    remaining: Iterator[Callable[..., Any]]
    """Over ``functions``; how far it is consumed tells who is running."""

    @property
    def depth(self) -> int:
        """How many emissions are under way, this one included."""
        return sum(1 for _ in self.outwards())

    @property
    def top(self) -> Frame:
        """The outermost emission."""
        *_, outermost = self.outwards()
        return outermost

    def outwards(self) -> Iterator[Frame]:
        """Yield this emission, the one around it, and so on."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent

    @property
    def place(self) -> int:
        """The place, in its group, of the receiver that runs, or ran last."""
        return self.first + len(self.functions) - length_hint(self.remaining) - 1

    @property
    def receiver(self) -> Receiver:
        """The receiver that runs, or ran last; of several at once, the one of this context."""
        if (concurrent := self.concurrent_receiver) is not None:
            return concurrent
        return self.group.receivers[self.place]

    @property
    def concurrent_receiver(self) -> Receiver | None:
        """The receiver of this context, if others of this emission run at the same time."""
        found = beside.get()
        return found[1] if found is not None and found[0] is self else None

    def stand_at(self, group: Step, place: int) -> None:
        """Take one receiver of a group for the one that runs, or ran last."""
        self.group, self.first, self.remaining = group, place, iter(())
        self.functions = group.functions[place : place + 1]

    def check_connection(self) -> None:
        """Raise `ConcurrentSQL` where what this context runs must not use the connection."""

    def pause(self) -> None:
        """Let no receiver run after the one that runs, until it is settled what it did."""
        if not self.paused:
            self.paused = True
            del self.functions[len(self.functions) - length_hint(self.remaining) :]

    def note_assignment(self, name: str) -> None:
        """Remember what a payload attribute was before the receiver that runs assigned it.

        Raises `ConcurrentAssignment` in one that others run beside: they would see it, or not.
        """
        if (receiver := self.concurrent_receiver) is not None:
            raise ConcurrentAssignment(
                f"{receiver.name} assigns {self.event.event_name}.{name}, but is registered with "
                "concurrent=True: the order of assignments would be left to chance. Leave out "
                "concurrent=True."
            )
        if self.assigned is None:
            self.assigned = {}
        self.assigned.setdefault(name, vars(self.event)[name])
        self.pause()


current: ContextVar[Frame | None] = ContextVar("workflow_events_frame", default=None)
"""The innermost emission under way in this context."""

beside: ContextVar[tuple[Frame, Receiver] | None] = ContextVar(
    "workflow_events_beside", default=None
)
"""The receiver of this context that others run beside, and their emission."""


def frame_of(event: Event) -> Frame | None:
    """Return the emission of this very occurrence, if it is under way in this context."""
    frame = current.get()
    while frame is not None and frame.event is not event:
        frame = frame.parent
    return frame


def end_all(error: PassesReceivers) -> None:
    """End all emissions under way in this context with the error, which the caller raises."""
    innermost = current.get()
    if innermost is not None:
        innermost.top.exceeded = error
        for frame in innermost.outwards():
            frame.pause()  # so that no receiver runs after one that swallows the error


def check_depth(frame: Frame) -> None:
    """Raise `EventDepthExceeded` beyond ``EVENT_MAX_DEPTH``, and once raised at every emission.

    A receiver that swallows it can so not keep the loop alive.
    """
    if frame.top.exceeded is not None:
        raise frame.top.exceeded
    limit = getattr(settings, "EVENT_MAX_DEPTH", DEFAULT_MAX_DEPTH)
    _reserve_calls(limit)
    if frame.depth > limit:
        error = EventDepthExceeded(
            f"Events are nested deeper than EVENT_MAX_DEPTH={limit}. The cycle is:\n"
            + "\n".join(f"  {step}" for step in _cycle(steps_from(frame.top, frame)))
        )
        frame.top.exceeded = error
        for outer in list(frame.outwards())[1:]:
            outer.pause()  # so that no receiver runs after one that swallows the error
        raise error


def _reserve_calls(depth: int) -> None:
    # Otherwise Python's RecursionError came first, which ends but the innermost receiver.
    needed = 1000 + CALLS_PER_LEVEL * depth
    if sys.getrecursionlimit() < needed:
        sys.setrecursionlimit(needed)


def steps_from(outer: Frame, frame: Frame) -> list[str]:
    """Return who emits what, from an emission down to one inside of it."""
    frames = list(frame.outwards())[::-1]
    return _steps(frames[frames.index(outer) :])


def _steps(frames: list[Frame]) -> list[str]:
    return [
        f"{outer.receiver.name} (on {outer.event.event_name}) emits {inner.event.event_name}"
        for outer, inner in pairwise(frames)
    ]


def _cycle(steps: list[str]) -> list[str]:
    for length in range(1, len(steps) // 2 + 1):
        if steps[-length:] == steps[-2 * length : -length]:
            return steps[-length:]
    return steps
