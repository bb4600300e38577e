"""Events for those who think in names: ``declare_event``, and what a name stands for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar, get_origin
from uuid import UUID

from workflow_events.events.declaration.event import Event, declared
from workflow_events.events.errors import DeclarationError, UndeclaredEvent
from workflow_events.events.near import did_you_mean


class NamedEvent(Event, abstract=True):
    """Base of events that `declare_event` makes; a type checker knows no attributes of them."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...


def declare_event(
    name: str,
    /,
    *,
    doc: str = "",
    senders: Callable[[], Iterable[object]] | None = None,
    case_key: Callable[..., UUID | None] | None = None,
    **payload: Any,
) -> type[NamedEvent]:
    """Declare an event by its name, and return its class (contract section 2).

    Takes the name, such as ``"payment::received"``: printable, without blanks and without the
    characters of patterns, ``* ? [``; and the payload by name: a type for what must be given, or
    ``(type, default)``. ``doc`` says when it is emitted; ``senders`` and ``case_key`` are what a
    class takes as ``senders=`` and ``case=``. A payload attribute named like one of these three
    needs an event that is written as a class.

    Declared again from the same line, as when a module is reloaded, it replaces the former. Raises
    `DeclarationError` for a name that is none, or is taken, and for a payload that is not of types.
    """
    if not isinstance(name, str):
        raise DeclarationError(f"declare_event takes a name, not {name!r}.")
    caller = sys._getframe(1)
    module = caller.f_globals.get("__name__", "builtins")
    class_name = _class_name(name)
    body: dict[str, Any] = {"__module__": module, "__doc__": doc or None, "__annotations__": {}}
    for attribute, given in payload.items():
        values = given if isinstance(given, tuple) else (given,)
        _check_types(name, attribute, values)
        body["__annotations__"][attribute], *default = values
        if default:
            [body[attribute]] = default
    keywords = {
        "name": name,
        "senders": senders,
        "case": case_key,
        "declared_at": (module, class_name, caller.f_lineno),
    }
    return new_class(class_name, (NamedEvent,), keywords, lambda namespace: namespace.update(body))


def declared_as(name: object) -> type[Event]:
    """Return the event of this name. Raises `UndeclaredEvent`, with the names that are like it."""
    if not isinstance(name, str):
        raise TypeError(f"emit takes a declared event class or its name, not {name!r}.")
    try:
        return declared[name]
    except KeyError:
        told = [
            f"No event {name!r} is declared.",
            did_you_mean(name, declared),
            f"Declare it with declare_event({name!r}, …) or as a class, in a module that is "
            "imported at the start.",
        ]
        raise UndeclaredEvent(" ".join(filter(None, told))) from None


def _class_name(name: str) -> str:
    words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", name))
    return words if words.isidentifier() else f"Event{words}"


def _check_types(name: str, attribute: str, values: tuple[Any, ...]) -> None:
    if len(values) not in (1, 2):
        raise DeclarationError(
            f"{name!r}: {attribute} is given {len(values)} values; write a type, or "
            "(type, default)."
        )
    hint = values[0]
    is_type = hint is None or isinstance(hint, type) or type(hint).__module__ == "typing"
    if hint is ClassVar or get_origin(hint) is ClassVar or not (is_type or get_origin(hint)):
        kind = type(hint).__name__
        raise DeclarationError(
            f"{name!r}: {attribute}={hint!r} is no type; give one, as {attribute}={kind}, "
            f"or one with a default, as {attribute}=({kind}, {hint!r})."
        )
