"""``@on``: registering a receiver (contract section 3)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from django.dispatch import Signal

from workflow_events.events.calls import Wish, wish_of
from workflow_events.events.errors import RegistrationError
from workflow_events.events.event import Event
from workflow_events.events.filters import Filtered
from workflow_events.events.receivers import Predicate, Receiver, name_of
from workflow_events.events.registry import registry
from workflow_events.events.senders import SenderFilter
from workflow_events.events.signals import bridge

Target = type[Event] | str | re.Pattern[str] | Signal
F = TypeVar("F", bound=Callable[..., Any])


def on(
    targets: Target | list[Target] | tuple[Target, ...],
    *,
    sender: Any = None,
    raise_exception: bool = False,
    order: int = 0,
    atomic: bool = True,
) -> Callable[[F], F]:
    """Register the decorated callable for events; it is returned unchanged.

    Takes an event class, its name, a pattern such as ``"post_*_work_item"``, a compiled regular
    expression that must match the whole name, a Django signal, or a list of these; and

    * ``sender``: a class (subclasses too), any other object, a name or dotted path, or a list;
    * ``raise_exception``: whether a failure takes the operation down (contract section 4);
    * ``order``: lower runs first; among equals the order of registration decides;
    * ``atomic``: false to run without a savepoint of its own.

    Raises `RegistrationError` where the registration could not work.
    """
    wanted = tuple(targets) if isinstance(targets, list | tuple) else (targets,)
    if not wanted:
        raise RegistrationError("@on([]) listens to nothing; name an event.")
    for target in wanted:
        _check_target(target)
    senders = SenderFilter(sender)
    created = registry.clock()

    def decorate(function: F) -> F:
        plain: Any = function.function if isinstance(function, Filtered) else function
        if "__qualname__" in sys._getframe(1).f_locals:
            raise RegistrationError(
                f"@on at {getattr(plain, '__qualname__', plain)} stands in a class body, where "
                "there is no instance to call; register a function of the module or a bound method."
            )
        receiver = Receiver(
            function=plain,
            wish=_readable_wish(plain),
            targets=wanted,
            predicates=_predicates(function, created),
            senders=senders,
            raise_exception=raise_exception,
            atomic=atomic,
            order=order,
            sequence=registry.clock(),
        )
        registry.add(receiver)
        for target in wanted:
            if isinstance(target, Signal):
                bridge(target)
        return plain  # type: ignore[no-any-return]

    return decorate


def _predicates(function: Any, created: int) -> tuple[Predicate, ...]:
    if isinstance(function, Filtered):
        return function.predicates
    # An @on above another @on of the same function shares the filters that stand below both.
    lower = registry.registered_since(created, function)
    return lower[-1].predicates if lower else ()


def _check_target(target: object) -> None:
    if isinstance(target, type) and issubclass(target, Event):
        if target.abstract:
            raise RegistrationError(
                f"{target.__name__} is abstract and never emitted; name its events or a pattern."
            )
    elif isinstance(target, re.Pattern):
        if not isinstance(target.pattern, str):
            raise RegistrationError(f"The pattern {target.pattern!r} must be of str, not bytes.")
    elif not isinstance(target, str | Signal):
        raise RegistrationError(
            f"@on listens to an event class, a name, a pattern or a Django signal, not {target!r}."
        )


def _readable_wish(function: Any) -> Wish:
    if isinstance(function, type) or not callable(function):
        raise RegistrationError(f"@on registers a callable such as a function, not {function!r}.")
    try:
        return wish_of(function)
    except (TypeError, ValueError) as error:
        raise RegistrationError(
            f"{name_of(function)} has no signature that could be read; wrap it in a function."
        ) from error
