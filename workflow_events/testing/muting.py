"""Muting receivers in a test: one, all but some, or all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator, ExitStack
from functools import wraps
from typing import Any, Self, TypeVar

from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry
from workflow_events.testing.matching_receivers import means, registrations_of

F = TypeVar("F", bound=Callable[..., Any])


class Muting(ContextDecorator):
    """A context manager, and a decorator of functions, in which some receivers get nothing."""

    def __init__(self, named: tuple[Any, ...], is_muted: Callable[[Receiver], bool]) -> None:
        """Take the receivers that a test names, and what tells which ones are muted."""
        self._named = named
        self._is_muted = is_muted
        self._open: list[ExitStack] = []

    def __enter__(self) -> Self:
        """Mute. Raises `UnknownReceiver` for a receiver that is not registered by now."""
        for wanted in self._named:
            registrations_of(wanted)
        stack = ExitStack()
        stack.enter_context(registry.muted(lambda receiver, *_: self._is_muted(receiver)))
        self._open.append(stack)
        return self

    def __exit__(self, *error: object) -> None:
        """Let the receivers hear again."""
        self._open.pop().close()

    def __call__(self, function: F) -> F:
        """Mute while a function, sync or async, runs. Raises ``TypeError`` for a class."""
        if isinstance(function, type):
            raise TypeError(
                f"{function.__qualname__} is a class; decorate its tests, or mute in its setUp()."
            )
        if not inspect.iscoroutinefunction(function):
            return super().__call__(function)

        @wraps(function)
        async def call(*arguments: Any, **keywords: Any) -> Any:
            with self:
                return await function(*arguments, **keywords)

        return call  # type: ignore[return-value]


def mute(*receivers: Any) -> Muting:
    """Let these receivers get nothing of what is emitted meanwhile, in this process.

    Takes functions, methods, classes of receivers, and names of these. Also those after COMMIT and
    in the background: for what is emitted meanwhile they are not called later either. What was
    queued before is delivered. Entering it raises `UnknownReceiver`.
    """
    if not receivers:
        raise TypeError("Name the receivers to mute; mute_all() mutes all of them.")
    return Muting(receivers, lambda receiver: any(means(one, receiver) for one in receivers))


def mute_all(*, but: Any = ()) -> Muting:
    """Let no receiver get what is emitted meanwhile, except for those in ``but``: one, or a list.

    They are named as for `mute`. Entering it raises `UnknownReceiver`.
    """
    kept = tuple(but) if isinstance(but, list | tuple) else (but,)
    return Muting(kept, lambda receiver: not any(means(one, receiver) for one in kept))
