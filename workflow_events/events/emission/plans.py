"""Receivers prepared for one event and sender: grouped, so that the loop over them is short."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, ClassVar, Literal

from workflow_events.events.declaration.event import Event
from workflow_events.events.emission.frames import current
from workflow_events.events.registration.calls import (
    Loop,
    Shape,
    loop_over,
    loop_over_adapters,
    source_of,
)
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver, is_async

Watcher = Callable[[Event], AbstractContextManager[None]]
"""Called with each occurrence, its body is the emission: for tests, and to show what happened."""


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours in the running order that are called in the same way."""

    receivers: tuple[Receiver, ...]
    functions: list[Callable[..., Any]]
    loop: Loop
    watching_loop: Loop
    atomic: bool


@dataclass(frozen=True, slots=True)
class ConcurrentGroup:
    """Neighbours in the running order that run at the same time."""

    receivers: tuple[Receiver, ...]
    functions: list[Callable[[Event], Awaitable[None]]]
    asking: Group | None
    """Calls the filters of those that have some, beforehand and in order."""
    atomic: ClassVar[Literal[False]] = False


Step = Group | ConcurrentGroup


@dataclass(frozen=True, slots=True)
class Outside:
    """What becomes of an occurrence when its emission has ended: after COMMIT, in the background.

    ``asking`` calls the filters of those receivers in the background that have some; each that
    holds adds its receiver to the ``chosen`` of the emission.
    """

    after_commit: tuple[Step, ...]
    background: tuple[Receiver, ...]
    asking: tuple[Step, ...]
    logged: bool
    """Whether it is stored even if no receiver in the background gets it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All receivers of an event for one sender, in running order."""

    groups: tuple[Step, ...]
    """Those inside the transaction."""
    outside: Outside | None
    """The others; None where there are none."""
    watchers: tuple[Watcher, ...] = ()
    """Around its emission."""
    on_loop: tuple[ConcurrentGroup, ...] | None = None
    """What an `emit` in an event loop leaves to it, one after the other; None: it is refused."""


NOBODY = Plan((), None)
"""The plan of what nobody listens to."""


def plan_of(
    receivers: Sequence[Receiver],
    carried: frozenset[str],
    *,
    is_open: bool,
    logged: bool,
    watchers: tuple[Watcher, ...],
) -> Plan:
    """Prepare receivers, in running order, for a source that carries these names.

    ``is_open``: it may carry more than these, as a signal does. ``logged``: it is stored anyway.
    """

    def called(receiver: Receiver) -> tuple[Callable[..., Any], Shape | None]:
        if receiver.concurrent:
            return receiver.prepare_awaited(carried, is_open=is_open), None
        return receiver.prepare(carried, is_open=is_open)

    def asked(receiver: Receiver) -> tuple[Callable[..., Any], Shape | None]:
        return _choosing(receiver, carried, is_open=is_open), None

    plan = assembled(receivers, called, asked, is_open=is_open, logged=logged, watchers=watchers)
    if receivers and not logged and all(map(_may_go_on_loop, receivers)):
        return replace(plan, on_loop=_on_loop(receivers, carried, is_open=is_open))
    return plan


def assembled(
    receivers: Sequence[Receiver],
    called: Preparation,
    asked: Preparation,
    *,
    is_open: bool,
    logged: bool,
    watchers: tuple[Watcher, ...],
) -> Plan:
    """Return the plan of receivers, in running order.

    Takes what prepares a receiver, and what prepares the filters of one in the background, or of a
    concurrent one; otherwise as `plan_of`.
    """
    if not receivers and not logged and not watchers:
        return NOBODY

    def of(phase: Phase) -> list[Receiver]:
        return [receiver for receiver in receivers if receiver.phase is phase]

    def grouped(members: Sequence[Receiver]) -> tuple[Step, ...]:
        steps: list[Step] = []
        for order, run in groupby(members, lambda r: r.order if r.concurrent else None):
            prepared = [(receiver, *called(receiver)) for receiver in run]
            if order is None:
                steps += _grouped(prepared, is_open=is_open)
            else:
                steps.append(_together(prepared, asked))
        return tuple(steps)

    after_commit, background = grouped(of(Phase.COMMIT)), of(Phase.BACKGROUND)
    outside = None
    if after_commit or background or logged:
        filters = [(receiver, *asked(receiver)) for receiver in background if receiver.filtered]
        outside = Outside(
            after_commit=after_commit,
            background=tuple(background),
            asking=_grouped(filters, is_open=is_open),
            logged=logged,
        )
    return Plan(groups=grouped(of(Phase.TRANSACTION)), outside=outside, watchers=watchers)


def group_of(receiver: Receiver, function: Callable[[Event], None]) -> Group:
    """Return a group of one receiver, for which this function takes the occurrence."""
    [group] = _grouped([(receiver, function, None)], is_open=False)
    return group


Preparation = Callable[[Receiver], tuple[Callable[..., Any], Shape | None]]
"""Returns what to call for a receiver, and with what; without a shape, with the occurrence."""
Prepared = tuple[Receiver, Callable[..., Any], Shape | None]


def _grouped(prepared: Sequence[Prepared], *, is_open: bool) -> tuple[Group, ...]:
    return tuple(
        Group(
            receivers=tuple(receiver for receiver, _, _ in members),
            functions=[function for _, function, _ in members],
            loop=_loop(shape, is_open=is_open, watching=False),
            watching_loop=_loop(shape, is_open=is_open, watching=True),
            atomic=atomic,
        )
        for (shape, atomic), run in groupby(prepared, lambda p: (p[2], p[0].atomic))
        for members in [list(run)]
    )


def _together(prepared: Sequence[Prepared], asked: Preparation) -> ConcurrentGroup:
    receivers = tuple([receiver for receiver, _, _ in prepared])
    filtered = tuple([receiver for receiver in receivers if receiver.filtered])
    asking = Group(
        receivers=filtered,
        functions=[asked(receiver)[0] for receiver in filtered],
        loop=loop_over_adapters,
        watching_loop=loop_over_adapters,
        atomic=True,
    )
    functions = [function for _, function, _ in prepared]
    return ConcurrentGroup(receivers, functions, asking if filtered else None)


def _may_go_on_loop(receiver: Receiver) -> bool:
    """Tell whether a receiver needs neither a transaction nor somebody who waits for it."""
    return (
        is_async(receiver.function)
        and receiver.phase is Phase.TRANSACTION
        and not receiver.atomic
        and not receiver.raise_exception
    )


def _on_loop(
    receivers: Sequence[Receiver], carried: frozenset[str], *, is_open: bool
) -> tuple[ConcurrentGroup, ...]:
    def awaited(receiver: Receiver) -> Callable[[Event], Awaitable[None]]:
        return receiver.prepare_awaited(carried, is_open=is_open, filtered=receiver.filtered)

    # Whoever is not concurrent runs alone: receivers are equal to themselves only.
    return tuple(
        ConcurrentGroup(tuple(members), [awaited(receiver) for receiver in members], None)
        for _, run in groupby(receivers, lambda r: r.order if r.concurrent else r)
        for members in [list(run)]
    )


def _loop(shape: Shape | None, *, is_open: bool, watching: bool) -> Loop:
    if shape is None:
        return loop_over_adapters
    return loop_over(shape, is_open=is_open, watching=watching)


def _choosing(
    receiver: Receiver, carried: frozenset[str], *, is_open: bool
) -> Callable[[Event], None]:
    holds = receiver.prepare_filters(carried, is_open=is_open)

    def choose_if_it_holds(event: Event) -> None:
        if holds(source_of(event)):
            emission: Any = current.get()
            emission.chosen.append(receiver)

    return choose_if_it_holds
