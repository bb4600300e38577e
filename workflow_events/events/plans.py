"""Receivers prepared for one event and sender: grouped, so that the loop over them is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from workflow_events.events.calls import Loop, Shape, loop_over, loop_over_adapters, source_of
from workflow_events.events.event import Event
from workflow_events.events.frames import current
from workflow_events.events.phases import Phase
from workflow_events.events.receivers import Receiver

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
class Outside:
    """What becomes of an occurrence when its emission has ended: after COMMIT, in the background.

    ``asking`` calls the filters of those receivers in the background that have some; each that
    holds adds its receiver to the ``chosen`` of the emission.
    """

    after_commit: tuple[Group, ...]
    background: tuple[Receiver, ...]
    asking: tuple[Group, ...]
    logged: bool
    """Whether it is stored even if no receiver in the background gets it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All receivers of an event for one sender, in running order."""

    groups: tuple[Group, ...]
    """Those inside the transaction."""
    outside: Outside | None
    """The others; None where there are none."""
    watchers: tuple[Watcher, ...] = ()
    """Around its emission."""


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
    if not receivers and not logged and not watchers:
        return NOBODY

    def of(phase: Phase) -> list[Receiver]:
        return [receiver for receiver in receivers if receiver.phase is phase]

    def grouped(members: Sequence[Receiver]) -> tuple[Group, ...]:
        prepared = [(receiver, *receiver.prepare(carried, is_open=is_open)) for receiver in members]
        return _grouped(prepared, is_open=is_open)

    after_commit, background = grouped(of(Phase.COMMIT)), of(Phase.BACKGROUND)
    outside = None
    if after_commit or background or logged:
        filters = [
            (r, _choosing(r, carried, is_open=is_open), None) for r in background if r.filtered
        ]
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
