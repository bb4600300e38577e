"""Who listens to an event or signal, in the order in which they run, as data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal

from workflow_events.events.declaration.event import declared
from workflow_events.events.registration.conversions import Conversion, signal_to_event
from workflow_events.events.registration.definitions import Place, given_to, place_of
from workflow_events.events.registration.listeners import ReceiverClass
from workflow_events.events.registration.phases import Background, Phase
from workflow_events.events.registration.receivers import Predicate, Receiver, is_async, name_of
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.senders import names_of
from workflow_events.events.registration.signals import name_of_signal
from workflow_events.events.registration.targets import Source

PHASES = tuple(Phase)
"""In the order in which they come."""
NO_PLACE = Place("", 0)
"""Of what is not written in Python, such as a built-in function."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterEntry:
    """A condition of `filter_events`."""

    name: str
    """Module and name of its function."""
    shown: str
    """As people know it: what made it, and with what: ``filter_by_task(slugs=('review',))``."""
    file: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiverEntry:
    """One registration, as one event or signal has it."""

    name: str
    file: str
    """Where the function is defined; empty where it has none."""
    line: int
    listens_to: tuple[str, ...]
    """What its ``@on`` names: events, patterns, signals."""
    senders: tuple[str, ...]
    """Which senders it wants, by their paths; empty for all."""
    filters: tuple[FilterEntry, ...]
    phase: Phase
    order: int
    raise_exception: bool
    atomic: bool
    dry_run: bool
    concurrent: bool
    is_async: bool
    background: Background | None
    """Its options where the phase is the background."""
    sugar: str
    """What it is written as, such as ``Listener``; empty for a function with ``@on``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """An event or signal with its receivers, in the order in which they run."""

    name: str
    is_signal: bool
    receivers: tuple[ReceiverEntry, ...]


def listening(sources: Iterable[Source] | None = None) -> tuple[Listening, ...]:
    """Return who listens to these; without any, to every event and signal that has a receiver."""
    if sources is not None:
        return tuple(map(_listening, sources))
    known: list[Source] = [*declared.values(), *registry.bridges]
    found = map(_listening, known)
    return tuple(one for one in found if one.receivers)


def _listening(source: Source) -> Listening:
    # The registry has them by order; those after COMMIT and in the background come later.
    receivers = sorted(registry.listeners(source), key=lambda r: PHASES.index(r.phase))
    is_signal = isinstance(source, Signal)
    return Listening(
        name=name_of_signal(source) if isinstance(source, Signal) else source.event_name,
        is_signal=is_signal,
        receivers=tuple(_entry(receiver, source) for receiver in receivers),
    )


def _entry(receiver: Receiver, source: Source) -> ReceiverEntry:
    place = place_of(receiver.function) or NO_PLACE
    return ReceiverEntry(
        name=receiver.name,
        file=place.file,
        line=place.line,
        listens_to=tuple(str(target) for target in receiver.targets),
        senders=tuple(_senders(receiver, source)),
        filters=tuple(map(_filter, receiver.predicates)),
        phase=receiver.phase,
        order=receiver.order,
        raise_exception=receiver.raise_exception,
        atomic=receiver.atomic,
        dry_run=receiver.dry_run,
        concurrent=receiver.concurrent,
        is_async=is_async(receiver.function),
        background=receiver.background,
        sugar=_sugar(receiver.function),
    )


def _senders(receiver: Receiver, source: Source) -> Iterator[str]:
    for target in receiver.targets:
        if target.sender is not None and target.names(source):
            yield names_of(target.sender)[1]
    for wish in receiver.senders.wishes:
        yield names_of(wish)[1]


def _filter(predicate: Predicate) -> FilterEntry:
    place = place_of(predicate.function) or NO_PLACE
    return FilterEntry(
        name=name_of(predicate.function),
        shown=_shown(predicate.function),
        file=place.file,
        line=place.line,
    )


def _shown(function: Callable[..., Any]) -> str:
    if not inspect.isfunction(function):
        written: Any = type(function).__repr__
        is_own = written is not object.__repr__
        return repr(function) if is_own else name_of(function).rpartition(".")[2]
    maker, local, _ = function.__qualname__.rpartition(".<locals>.")
    given = given_to(function)
    if not (local and given):
        return function.__name__
    shown = ", ".join(f"{name}={value!r}" for name, value in given.items())
    return f"{maker.rpartition('.')[2]}({shown})"


def _sugar(function: Callable[..., Any]) -> str:
    if isinstance(function, Conversion):
        return signal_to_event.__name__
    kind = type(getattr(function, "__self__", None))
    return next((c.__name__ for c in kind.__mro__ if ReceiverClass in c.__bases__), "")
