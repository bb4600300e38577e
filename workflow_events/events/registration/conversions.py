"""``signal_to_event``: an event for each time that a Django signal is sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from django.db.models import Model
from django.dispatch import Signal

from workflow_events.events.checking.problems import CheckId, Problem, refuse
from workflow_events.events.checking.registrations import further_checks
from workflow_events.events.declaration.event import Event, declared
from workflow_events.events.declaration.named import declared_as
from workflow_events.events.emission.dispatch import deliver, occur
from workflow_events.events.emission.frames import Frame, current, end_all, steps_from
from workflow_events.events.errors import EventLoop, RegistrationError
from workflow_events.events.isolation.snapshots import UNCHANGING
from workflow_events.events.near import did_you_mean
from workflow_events.events.registration.calls import ALWAYS, Wish
from workflow_events.events.registration.definitions import Place, Placed
from workflow_events.events.registration.on import on
from workflow_events.events.registration.receivers import (
    Receiver,
    is_async,
    name_of,
    readable_wish,
)
from workflow_events.events.registration.signals import name_of_signal

Chooser = Callable[..., "type[Event] | str | None"]
"""Takes any of what the signal was sent with, by name; returns what to emit, None for nothing."""


def signal_to_event(
    signal: Signal,
    event: type[Event] | str | Chooser,
    *,
    sender: Any = None,
    map: Mapping[str, str] | Callable[..., Mapping[str, Any]] | None = None,  # noqa: A002
    event_sender: Any = None,
    order: int = 0,
) -> None:
    """Emit an event whenever a signal is sent, as if ``emit`` stood at that place.

    Takes the signal; the event class, its name, or a function that returns one of these, or None to
    emit nothing; and

    * ``sender``: whose signals, as `on` takes it;
    * ``map``: which argument of the signal an attribute of the event is, as
      ``{"page": "instance"}``, or a function that returns the whole payload. What the dict leaves
      out, and without a map everything, is taken from the arguments of the same name;
    * ``event_sender``: the sender of the event, where it is not that of the signal;
    * ``order``: the place among the receivers of the signal.

    Both functions take any of ``sender``, ``event`` (the occurrence of the signal) and what the
    signal was sent with, by name. Where the signal is sent, a `ReceiverError` tells that receivers
    with ``raise_exception=True`` failed, or the conversion itself: a payload that does not fit, a
    function that raises. `EventLoop` ends what would never end: the signal sent again, with the
    same sender and the same arguments, by what the event brought about.

    Raises `RegistrationError` where the registration could not work.
    """
    if not isinstance(signal, Signal):
        raise RegistrationError(f"signal_to_event takes a Django signal, not {signal!r}.")
    caller = sys._getframe(1)
    conversion = Conversion(signal, event, map, event_sender)
    conversion.__module__ = caller.f_globals.get("__name__", "builtins")
    conversion.place = Place(caller.f_code.co_filename, caller.f_lineno)
    if isinstance(event, type) or event in declared:
        refuse(conversion.problems())
    on(signal, sender=sender, order=order, raise_exception=True)(conversion)


class Conversion(Placed):
    """The receiver that `signal_to_event` registers."""

    def __init__(
        self,
        signal: Signal,
        event: type[Event] | str | Chooser,
        mapping: Mapping[str, str] | Callable[..., Mapping[str, Any]] | None,
        event_sender: Any,
    ) -> None:
        self.event = event
        self.mapping: Any = mapping or {}
        self.event_sender = event_sender
        self.__qualname__ = f"signal_to_event({name_of_signal(signal)} → {_shown(event)})"
        functions = [f for f in (event, mapping) if callable(f) and not isinstance(f, type)]
        self._wishes = {function: _wish(function) for function in functions}
        if not isinstance(event, str) and not callable(event):
            raise RegistrationError(
                f"{self.__qualname__} needs an event class, a name or a function that chooses one."
            )
        if not callable(self.mapping) and not isinstance(self.mapping, Mapping):
            raise RegistrationError(f"{self.__qualname__}: map={mapping!r} is no dict or function.")
        if isinstance(event, type) and not (issubclass(event, Event) and not event.abstract):
            raise RegistrationError(
                f"{self.__qualname__}: {event.__name__} is no event that can be emitted."
            )

    def problems(self) -> Iterator[Problem]:
        """Give what is wrong with the event and the map, as far as they are known beforehand."""
        event: Any = declared.get(self.event) if isinstance(self.event, str) else self.event
        if event is None:
            hint = (
                did_you_mean(str(self.event), declared) or "Declare it, in a module that is loaded."
            )
            message = f"{name_of(self)} emits {self.event!r}, but no such event is declared."
            yield Problem(CheckId.UNKNOWN_EVENT, message, hint, self.place)
        elif isinstance(event, type) and not callable(self.mapping):
            yield from self._unknown_attributes(event)

    def _unknown_attributes(self, event: Any) -> Iterator[Problem]:
        if unknown := sorted(self.mapping.keys() - event.attributes):
            carried = ", ".join(sorted(event.attributes)) or "nothing"
            yield Problem(
                CheckId.UNKNOWN_PARAMETER,
                f"{name_of(self)}: the map gives {', '.join(unknown)}, which the event "
                f"{event.event_name} does not carry; it carries {carried}.",
                did_you_mean(unknown[0], event.attributes) or "Give one of these, or leave it out.",
                self.place,
            )

    def __call__(self, /, **carried: Any) -> None:
        """Emit what the signal, sent with all this, is to be made."""
        event_class = self._chosen(carried)
        if event_class is None:
            return
        self._check_loop(event_class)
        payload = self._payload(event_class, carried)
        sender = carried["sender"] if self.event_sender is None else self.event_sender
        deliver(occur(event_class, sender, payload))

    def _chosen(self, carried: dict[str, Any]) -> type[Event] | None:
        chosen: Any = self.event
        if chosen in self._wishes:
            chosen = self._call(chosen, carried)
        return chosen if chosen is None or isinstance(chosen, type) else declared_as(chosen)

    def _payload(self, event_class: type[Event], carried: dict[str, Any]) -> dict[str, Any]:
        if callable(self.mapping):
            payload = self._call(self.mapping, carried)
            if not isinstance(payload, Mapping):
                raise TypeError(
                    f"{self.__qualname__}: {name_of(self.mapping)} returned {payload!r}, which is "
                    "no dict of the event's attributes."
                )
            return dict(payload)
        if lacking := sorted(set(self.mapping.values()) - carried.keys()):
            raise TypeError(
                f"{self.__qualname__}: the map takes {', '.join(lacking)}, which this signal does "
                f"not carry; it carries {', '.join(sorted(carried))}."
            )
        same = {name: carried[name] for name in event_class.attributes & carried.keys()}
        return same | {name: carried[argument] for name, argument in self.mapping.items()}

    def _call(self, function: Any, carried: dict[str, Any]) -> Any:
        arguments, keywords = self._wishes[function].shape(ALWAYS, is_open=True).bind(carried)
        return function(*arguments, **keywords)

    def _check_loop(self, event_class: type[Event]) -> None:
        """Raise `EventLoop` where this very signal is being made this very event of already."""
        here = current.get()
        frames = [] if here is None else list(here.outwards())
        for inner, outer in pairwise(frames):
            if (
                outer.receiver.function is self
                and type(inner.event) is event_class
                and _is_same(outer.event, frames[0].event)
            ):
                error = EventLoop(_loop_message(outer, frames[0], event_class))
                end_all(error)
                raise error


def _loop_message(outer: Frame, here: Frame, event_class: type[Event]) -> str:
    steps = [
        *steps_from(outer, here),
        f"{here.receiver.name} (on {here.event.event_name}) would emit {event_class.event_name}",
    ]
    return (
        "A signal that is made an event comes back to itself, and would do so for ever:\n"
        + "\n".join(f"  {step}" for step in steps)
        + "\nLet one of them do nothing where nothing is left to do: event= may be a function "
        "that returns None."
    )


def _is_same(one: Event, other: Event) -> bool:
    """Tell whether two occurrences are of one signal, with the same sender and arguments."""
    first, second = vars(one), vars(other)
    return (
        one.event_name == other.event_name
        and one.sender is other.sender
        and first.keys() == second.keys()
        and all(_are_same(first[name], second[name]) for name in first)
    )


def _are_same(one: Any, other: Any) -> bool:
    comparable = isinstance(one, Model | frozenset | tuple) or type(one) in UNCHANGING
    return one is other or (comparable and type(one) is type(other) and one == other)


def _shown(event: Any) -> str:
    name = getattr(event, "event_name", event)
    return name if isinstance(name, str) else name_of(name) if callable(name) else repr(name)


def _wish(function: Any) -> Wish:
    if is_async(function):
        raise RegistrationError(
            f"signal_to_event takes plain functions; {name_of(function)} is async."
        )
    return readable_wish(function)


def _problems_of(receiver: Receiver) -> Iterator[Problem]:
    if isinstance(receiver.function, Conversion):
        yield from receiver.function.problems()


further_checks.append(_problems_of)
