"""What ``@on`` listens to: an event, a name, a pattern, a Django signal (contract section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, get_args, get_origin

from django.dispatch import Signal

from workflow_events.events.declaration.event import WILDCARDS, Event
from workflow_events.events.errors import RegistrationError

Source = type[Event] | Signal
"""What is emitted: an event class, or a signal that is sent."""

Wanted = type[Event] | str | re.Pattern[str] | Signal
"""What an author may write; an event class also with its sender, as ``PostUpdateRecord[Page]``."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a receiver listens to, and the class of the senders that it names, if any."""

    wanted: Wanted
    sender: type | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether it may mean several events, also such as nobody has thought of."""
        if isinstance(self.wanted, str):
            return not WILDCARDS.isdisjoint(self.wanted)
        return isinstance(self.wanted, re.Pattern)

    def names(self, source: Source) -> bool:
        """Tell whether it stands for this event class or signal, whoever sends it."""
        wanted = self.wanted
        if isinstance(source, Signal) or isinstance(wanted, Signal | type):
            return wanted is source
        if isinstance(wanted, re.Pattern):
            return wanted.fullmatch(source.event_name) is not None
        return fnmatchcase(source.event_name, wanted)

    def accepts(self, sender: object) -> bool:
        """Tell whether a sender is of the class that it names; without one, all are."""
        return self.sender is None or (isinstance(sender, type) and issubclass(sender, self.sender))

    def __str__(self) -> str:
        wanted: Any = self.wanted
        if isinstance(wanted, re.Pattern):
            return str(wanted.pattern)
        shown = str(getattr(wanted, "event_name", wanted))
        return f"{shown}[{self.sender.__name__}]" if self.sender else shown


def targets_of(given: Any) -> tuple[Target, ...]:
    """Return what an ``@on`` listens to. Raises `RegistrationError` for what cannot be emitted."""
    wanted = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not wanted:
        raise RegistrationError("@on([]) listens to nothing; name an event.")
    return tuple(map(_target, wanted))


def _target(wanted: Any) -> Target:
    event, sender = get_origin(wanted), None
    if isinstance(event, type) and issubclass(event, Event):
        wanted, sender = event, _sender(event, get_args(wanted))
    if isinstance(wanted, type) and issubclass(wanted, Event):
        if wanted.abstract:
            raise RegistrationError(
                f"{wanted.__name__} is abstract and never emitted; name its events or a pattern."
            )
    elif isinstance(wanted, re.Pattern):
        if not isinstance(wanted.pattern, str):
            raise RegistrationError(f"The pattern {wanted.pattern!r} must be of str, not bytes.")
    elif not isinstance(wanted, str | Signal):
        raise RegistrationError(
            f"@on listens to an event class, a name, a pattern or a Django signal, not {wanted!r}."
        )
    return Target(wanted, sender)


def _sender(event: type[Event], arguments: tuple[Any, ...]) -> type:
    shown = f"{event.__name__}[{', '.join(getattr(a, '__name__', str(a)) for a in arguments)}]"
    if not event.subscript_is_sender:
        raise RegistrationError(
            f"@on({shown}): what stands in the brackets says nothing about the sender; "
            f"listen to {event.__name__}, with sender=…."
        )
    [sender] = arguments
    if not isinstance(sender, type):
        raise RegistrationError(f"@on({shown}): give the class itself in the brackets.")
    return sender
