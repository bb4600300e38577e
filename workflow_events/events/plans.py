"""Receivers prepared for one event and sender: grouped, so that the loop over them is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from workflow_events.events.calls import Loop, Shape, loop_over, loop_over_adapters
from workflow_events.events.receivers import Receiver


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours in the running order that are called in the same way."""

    receivers: tuple[Receiver, ...]
    functions: list[Callable[..., Any]]
    loop: Loop
    watching_loop: Loop
    atomic: bool


Plan = tuple[Group, ...]
"""All receivers of an event for one sender, in running order."""


def _loop(shape: Shape | None, *, is_open: bool, watching: bool) -> Loop:
    if shape is None:
        return loop_over_adapters
    return loop_over(shape, is_open=is_open, watching=watching)


def plan_of(receivers: Sequence[Receiver], carried: frozenset[str], *, is_open: bool) -> Plan:
    """Prepare receivers, in running order, for a source that carries these names.

    ``is_open``: it may carry more than these, as a signal does.
    """
    prepared = [(receiver, *receiver.prepare(carried, is_open=is_open)) for receiver in receivers]
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
