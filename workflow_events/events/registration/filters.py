"""``filter_events``: a condition that stands below ``@on`` (contract section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.receivers import (
    Predicate,
    is_async,
    name_of,
    readable_wish,
)
from workflow_events.events.registration.registry import registry

F = TypeVar("F", bound=Callable[..., Any])


class Filtered:
    """A function on its way to ``@on``, with the predicates below it. Calling it skips them."""

    def __init__(self, function: Callable[..., Any], predicates: tuple[Predicate, ...]) -> None:
        self.function = function
        self.predicates = predicates

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the function itself; a direct call skips the filters."""
        return self.function(*arguments, **keywords)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return the method itself where it stands in a class, as a direct call has it."""
        bind = getattr(self.function, "__get__", None)
        return self.function if bind is None else bind(instance, owner)


# From the first ones pyright takes what the parameters of a lambda are: Any.
@overload
def filter_events(predicate: Callable[[Any], Any]) -> Callable[[F], F]: ...
@overload
def filter_events(predicate: Callable[[Any, Any], Any]) -> Callable[[F], F]: ...
@overload
def filter_events(predicate: Callable[[Any, Any, Any], Any]) -> Callable[[F], F]: ...
@overload
def filter_events(  # type: ignore[overload-cannot-match]
    predicate: Callable[..., Any],
) -> Callable[[F], F]: ...
def filter_events(predicate: Callable[..., Any]) -> Callable[[F], F]:
    """Run the receiver below only where ``predicate`` is true.

    The predicate takes any of ``sender``, ``event`` and the payload by name. Several filters
    must all hold; the upper one is asked first. It may also stand above a method of a `Listener`.
    Raises `RegistrationError` when it stands above ``@on``, where it could only be ignored, or when
    the predicate cannot be called by name.
    """
    if not callable(predicate):
        raise RegistrationError(f"filter_events takes a function, not {predicate!r}.")
    if is_async(predicate):
        raise RegistrationError(
            f"filter_events takes a plain function; {name_of(predicate)} is async, and its "
            "coroutine would always count as true."
        )
    condition = Predicate(predicate, readable_wish(predicate))
    created = registry.clock()

    def decorate(function: F) -> F:
        below = function.predicates if isinstance(function, Filtered) else ()
        plain: Any = function.function if isinstance(function, Filtered) else function
        if registry.registered_since(created, plain):
            raise RegistrationError(
                f"@filter_events stands above @on at {name_of(plain)}, where it would be ignored; "
                "move it below @on."
            )
        return Filtered(plain, (condition, *below))  # type: ignore[return-value]

    return decorate
