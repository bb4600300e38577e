"""Calling by name: what a callable wants of an occurrence, worked out once (contract section 3)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflow_events.events.declaration.event import Event

ALWAYS = frozenset({"sender", "event"})
CALL = "__call__"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that can be given by name, and whether it must be."""

    name: str
    required: bool
    positional: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """The parameters of a callable, and whether it takes ``**kwargs``."""

    parameters: tuple[Parameter, ...]
    takes_rest: bool
    bound: frozenset[str] = frozenset()

    def missing(self, carried: frozenset[str]) -> list[str]:
        """Return the parameters without default that are not among the names carried."""
        return [p.name for p in self.parameters if p.required and p.name not in carried]

    def shape(self, carried: frozenset[str], *, is_open: bool = False) -> Shape:
        """Return how to call with the names carried: a leading run by position, others by name.

        ``is_open``: more may be carried than is known beforehand, as by a signal.
        """
        wanted = [p for p in self.parameters if p.required or p.name in carried or is_open]
        leading = []
        for offered, parameter in zip(self.parameters, wanted, strict=False):
            if offered is not parameter or not parameter.positional or is_open:
                break
            leading.append(parameter.name)
        by_name = [p.name for p in wanted[len(leading) :]]
        rest = carried - self.bound - {p.name for p in wanted} if self.takes_rest else ()
        return Shape(
            positional=tuple(leading),
            keywords=(*by_name, *sorted(rest)),
            optional=frozenset(p.name for p in wanted if not p.required)
            if is_open
            else frozenset(),
            withheld=self.bound if is_open and self.takes_rest else None,
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """Names given by position, names given by keyword; for signals, what else may be given.

    ``optional`` names are given if carried. If ``withheld`` is not ``None``, everything else that
    is carried is given too, but for these.
    """

    positional: tuple[str, ...]
    keywords: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    withheld: frozenset[str] | None = None

    def bind(self, source: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return positional and keyword arguments, taken from the names in ``source``.

        Raises ``TypeError`` for a name that a signal turns out not to carry.
        """
        keywords = {name: source[name] for name in self.keywords if name in source}
        if missing := set(self.keywords) - keywords.keys() - self.optional:
            raise TypeError(
                f"It asks for {', '.join(sorted(missing))}, which this signal does not carry; "
                f"it carries {', '.join(sorted(source))}."
            )
        if self.withheld is not None:
            withheld = self.withheld
            keywords.update({k: v for k, v in source.items() if k not in withheld})
        return tuple([source[name] for name in self.positional]), keywords


Loop = Callable[[Iterable[Callable[..., Any]], "Event", Any, Any], None]
"""Calls functions with what each wants of an occurrence, while the last two arguments are equal."""


def wish_of(function: Callable[..., Any]) -> Wish:
    """Read the signature of any callable; what a partial has bound already is not asked for.

    Raises ``ValueError`` or ``TypeError`` when the callable has no readable signature.
    """
    bound = _bound_names(function)
    parameters = []
    takes_rest = False
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.VAR_KEYWORD:
            takes_rest = True
        elif p.kind is not p.VAR_POSITIONAL and p.name not in bound:
            positional = p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            parameters.append(Parameter(p.name, p.default is p.empty, positional))
    return Wish(tuple(parameters), takes_rest, bound)


def _bound_names(function: Any) -> frozenset[str]:
    """Return the parameters filled already, which ``**kwargs`` must not give a second time."""
    if isinstance(function, functools.partial):
        filled = len(function.args)
        inner: Any = function.func
        names = frozenset(function.keywords)
    elif isinstance(function, MethodType):
        filled, inner, names = 1, function.__func__, frozenset[str]()
    elif isinstance(called := getattr(type(function), CALL, None), FunctionType):
        filled, inner, names = 1, called, frozenset[str]()
    else:
        return frozenset()
    by_position = [
        p.name if p.kind is p.POSITIONAL_OR_KEYWORD else None
        for p in inspect.signature(inner).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return names | _bound_names(inner) | {name for name in by_position[:filled] if name}


def source_of(event: Event) -> dict[str, Any]:
    """Return everything that a receiver may ask for, by name; a signal may have its own event."""
    return {"event": event, **vars(event), "sender": event.sender}


def loop_over(shape: Shape, *, is_open: bool, watching: bool) -> Loop:
    """Return a loop that calls functions as the shape says; ``watching``, until one changes things.

    It is compiled for a shape whose names are known: unpacking at each call doubles its cost
    (docs/decisions/0004-prepared-dispatch.md).
    """
    return functools.partial(_bind_and_loop, shape) if is_open else _compiled(shape, watching)


def loop_over_adapters(
    functions: Iterable[Callable[..., Any]], event: Event, live: Any, saved: Any
) -> None:
    """Call functions that take the occurrence itself, as filtered receivers do."""
    for function in functions:
        function(event)
        if live != saved:
            return


def _bind_and_loop(
    shape: Shape, functions: Iterable[Callable[..., Any]], event: Event, live: Any, saved: Any
) -> None:
    for function in functions:
        arguments, keywords = shape.bind(source_of(event))
        function(*arguments, **keywords)
        if live != saved:
            return


@functools.cache
def _compiled(shape: Shape, watching: bool) -> Loop:
    names = [*shape.positional, *shape.keywords]
    values = [f"value_{place}" for place in range(len(names))]
    by_name = [f"{n}={v}" for n, v in zip(names, values, strict=True)][len(shape.positional) :]
    special = {"event": "event", "sender": "event._origin[0]"}
    lines = [
        "def loop(functions, event, live, saved):",
        "    payload = event.__dict__",
        *(
            f"    {value} = {special.get(name, f'payload[{name!r}]')}"
            for name, value in zip(names, values, strict=True)
        ),
        "    for function in functions:",
        f"        function({', '.join([*values[: len(shape.positional)], *by_name])})",
        *(["        if live != saved:", "            return"] if watching else []),
    ]
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)  # noqa: S102 (names of parameters are all that goes in)
    return namespace["loop"]  # type: ignore[no-any-return]
