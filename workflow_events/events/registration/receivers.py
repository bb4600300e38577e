"""A registration: one receiver, what it listens to, and its options (contract section 3)."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MethodType
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.dispatch import Signal

from workflow_events.events.declaration.event import Event
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.calls import (
    ALWAYS,
    CALL,
    Shape,
    Wish,
    source_of,
    wish_of,
)
from workflow_events.events.registration.definitions import place_of, plain
from workflow_events.events.registration.phases import Background, Phase
from workflow_events.events.registration.senders import SenderFilter
from workflow_events.events.registration.targets import Source, Target


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition of `filter_events`, with the names that it asks for."""

    function: Callable[..., Any]
    wish: Wish


@dataclass(frozen=True, slots=True, eq=False)
class Receiver:
    """A callable together with the options of one ``@on``."""

    function: Callable[..., Any]
    wish: Wish
    targets: tuple[Target, ...]
    predicates: tuple[Predicate, ...]
    senders: SenderFilter
    raise_exception: bool
    atomic: bool
    order: int
    sequence: int
    dry_run: bool = True
    """Whether it may run where everything that it does is undone afterwards."""
    phase: Phase = Phase.TRANSACTION
    background: Background | None = None
    """Its options where the phase is the background."""
    concurrent: bool = False
    """Whether it runs at the same time as its concurrent neighbours of the same order."""

    @property
    def name(self) -> str:
        """Module and qualified name of the callable, as logs and errors show it."""
        return name_of(self.function)

    @property
    def options(self) -> Background:
        """The options of a receiver in the background; only for such."""
        assert self.background is not None  # noqa: S101 (by its phase)
        return self.background

    @property
    def filtered(self) -> bool:
        """Whether filters stand below its ``@on``."""
        return bool(self.predicates)

    @property
    def chooses(self) -> bool:
        """Whether it gets some occurrences of its events only: by sender, or by filters."""
        return self.filtered or bool(self.senders) or any(t.sender for t in self.targets)

    @property
    def defined_at(self) -> str:
        """File and line of the callable, for messages; empty when it has none."""
        return str(place_of(self.function) or "")

    def is_of(self, wanted: Any) -> bool:
        """Tell whether it was registered of a callable, or of a class of receivers.

        A method may also be given as its class has it, though it may stand below filters there.
        """
        owner = getattr(self.function, "__self__", None)
        if isinstance(wanted, type):
            return isinstance(owner, wanted) or isinstance(self.function, wanted)
        method = getattr(wanted, "function", wanted)
        return bool(self.function == wanted) or (
            owner is not None and getattr(self.function, "__func__", None) is method
        )

    def means(self, source: Source) -> bool:
        """Tell whether it listens to an event class or signal, of one sender at least.

        A pattern means an event declared with ``by_pattern=False`` only together with a sender,
        and one declared with ``is_probe=True`` only if it carries what the receiver needs.
        """
        return any(self._meaning(source))

    def hears(self, source: Source, sender: object) -> bool:
        """Tell whether it listens to an event class or signal of this sender.

        Raises `AmbiguousSender` when a bare name has matched another sender before.
        """
        return self.means(source) and self.takes(source, sender)

    def takes(self, source: Source, sender: object) -> bool:
        """Tell of an event class or signal that it means whether it takes this sender, too.

        Raises `AmbiguousSender` when a bare name has matched another sender before.
        """
        for target in self.targets:  # written out: senders that come and go are asked about often
            if target.sender is not None:
                meant = any(target.accepts(sender) for target in self._meaning(source))
                return meant and self.senders.accepts(sender)
        return self.senders.accepts(sender)

    def _meaning(self, source: Source) -> Iterator[Target]:
        patterns = isinstance(source, Signal) or source.by_pattern or bool(self.senders)
        if not isinstance(source, Signal) and source.is_probe:
            patterns = not self.missing(ALWAYS | source.attributes)
        return (t for t in self.targets if t.names(source) and (patterns or not t.is_pattern))

    def missing(self, carried: frozenset[str]) -> list[str]:
        """Return the names that the receiver or a predicate needs and the event does not carry."""
        wishes = [self.wish, *(predicate.wish for predicate in self.predicates)]
        return sorted({name for wish in wishes for name in wish.missing(carried)})

    def prepare(
        self, carried: frozenset[str], *, is_open: bool
    ) -> tuple[Callable[..., Any], Shape | None]:
        """Return what to call for a source that carries these names, and with which of them.

        Without a shape, the callable takes the occurrence itself.
        """
        function, shape = self.prepare_call(carried, is_open=is_open)
        if not self.predicates:
            return function, shape
        holds = self.prepare_filters(carried, is_open=is_open)

        def call_if_it_holds(event: Event) -> None:
            source = source_of(event)
            if holds(source):
                arguments, keywords = shape.bind(source)
                function(*arguments, **keywords)

        return call_if_it_holds, None

    def prepare_call(
        self, carried: frozenset[str], *, is_open: bool
    ) -> tuple[Callable[..., Any], Shape]:
        """Return the function itself, past its filters, and what it wants of such a source."""
        function = _waiting(self.function) if is_async(self.function) else self.function
        return function, self.wish.shape(carried, is_open=is_open)

    def prepare_awaited(
        self, carried: frozenset[str], *, is_open: bool, filtered: bool = False
    ) -> Callable[[Event], Awaitable[None]]:
        """Return what to await for such a source; for an async receiver.

        ``filtered``: its filters are asked, too; otherwise somebody has asked them before.
        """
        function, shape = self.function, self.wish.shape(carried, is_open=is_open)
        holds = self.prepare_filters(carried, is_open=is_open) if filtered else None

        async def call(event: Event) -> None:
            source = source_of(event)
            if holds is not None and not holds(source):
                return
            arguments, keywords = shape.bind(source)
            result = function(*arguments, **keywords)
            if inspect.isawaitable(result):  # a wrapper of it may return none
                await result

        return call

    def prepare_filters(
        self, carried: frozenset[str], *, is_open: bool
    ) -> Callable[[Mapping[str, Any]], bool]:
        """Return what tells from `source_of` an occurrence whether all filters hold."""
        conditions = [(p.function, p.wish.shape(carried, is_open=is_open)) for p in self.predicates]

        def hold(source: Mapping[str, Any]) -> bool:
            for condition, wanted in conditions:
                arguments, keywords = wanted.bind(source)
                if not condition(*arguments, **keywords):
                    return False
            return True

        return hold


def name_of(function: Callable[..., Any]) -> str:
    """Return the dotted name of a function, method, partial or callable object.

    A bound method is named after the class of its instance, which may have inherited it.
    """
    innermost: Any = plain(function)
    if isinstance(function, MethodType) and hasattr(innermost, "__name__"):
        owner = function.__self__
        owner = owner if isinstance(owner, type) else type(owner)
        return f"{owner.__module__}.{owner.__qualname__}.{innermost.__name__}"
    if not hasattr(innermost, "__qualname__"):
        innermost = type(innermost)
    return f"{getattr(innermost, '__module__', None) or 'builtins'}.{innermost.__qualname__}"


def readable_wish(function: Callable[..., Any]) -> Wish:
    """Return what a callable wants. Raises `RegistrationError` where that cannot be read."""
    try:
        return wish_of(function)
    except (TypeError, ValueError) as error:
        raise RegistrationError(
            f"{name_of(function)} has no signature that could be read; wrap it in a function."
        ) from error


def is_async(function: Callable[..., Any]) -> bool:
    """Tell whether a callable, or what it wraps, may return a coroutine."""
    innermost = inspect.unwrap(plain(function))
    called = getattr(innermost, CALL, None)
    return iscoroutinefunction(innermost) or iscoroutinefunction(called)


def _waiting(function: Callable[..., Any]) -> Callable[..., None]:
    def call_and_wait(*arguments: Any, **keywords: Any) -> None:
        result = function(*arguments, **keywords)
        if inspect.isawaitable(result):  # a wrapper of an async function may have waited itself
            async_to_sync(_wait_for)(result)

    return call_and_wait


async def _wait_for(awaitable: Awaitable[Any]) -> None:
    await awaitable
