"""Emitting from async code."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any, TypeVar, overload

from asgiref.sync import sync_to_async

from workflow_events.events.declaration.event import E, Event
from workflow_events.events.emission.dispatch import occur
from workflow_events.events.emission.handover import carry_out
from workflow_events.events.emission.plans import NOBODY, Plan
from workflow_events.events.registration.registry import registry

T = TypeVar("T")


@overload
async def aemit(
    event_class: type[E], /, *, sender: Any, robust: bool = True, **payload: Any
) -> E: ...
@overload
async def aemit(
    event_class: str, /, *, sender: Any, robust: bool = True, **payload: Any
) -> Event: ...
async def aemit(
    event_class: type[Event] | str, /, *, sender: Any, robust: bool = True, **payload: Any
) -> Event:
    """Do what `emit` does, from async code: takes and returns the same, and raises the same.

    Receivers run in the thread of Django's async ORM (asgiref's ``sync_to_async``), ``async def``
    receivers in the event loop of the caller. Inside an async receiver that is the transaction of
    its operation; elsewhere async code has none, and each receiver gets one of its own. Emissions
    that are awaited at the same time take turns.

    When the awaiting task is cancelled, the emission runs to its end before ``CancelledError``
    goes on: half of its receivers would be worse. Raises `ConcurrentSQL` in a concurrent receiver
    whose event has receivers.
    """
    event = occur(event_class, sender, payload)
    plan = registry.plan(type(event), sender)
    if plan is not NOBODY:
        await _to_its_end(sync_to_async(_carry_out)(plan, event, robust))
    return event


def _carry_out(plan: Plan, event: Event, robust: bool) -> None:
    """Do what `emit` does; a ``StopIteration`` is a ``RuntimeError``, as of any coroutine.

    No future takes it: whoever awaits would wait for ever.
    """
    try:
        carry_out(plan, event, robust)
    except StopIteration as error:
        raise RuntimeError(f"A receiver of {event.event_name} raised StopIteration.") from error


async def _to_its_end(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine in the context of the caller; when cancelled, not before it has ended."""
    before = copy_context()
    context = before.copy()
    task = asyncio.get_running_loop().create_task(coroutine, context=context)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    _take_over(context, before)
    if cancelled is not None:
        raise cancelled from (None if task.cancelled() else task.exception())
    return task.result()


def _take_over(context: Context, before: Context) -> None:
    """Set what was set in a copy of this context since it was made.

    What else was set here meanwhile, as by another task of the same context, stays.
    """
    for variable, value in context.items():
        if variable not in before or before[variable] is not value:
            variable.set(value)
