"""The errors of the event core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import (
    ImproperlyConfigured,
    SynchronousOnlyOperation,
    ValidationError,
)


class DeclarationError(TypeError):
    """An event class is declared in a way that could not work (contract section 2)."""


class RegistrationError(TypeError):
    """A receiver is registered in a way that could not work (contract section 3)."""


class AmbiguousSender(RegistrationError):
    """A sender given as a string names several senders; give the class or its dotted path."""


class UndeclaredEvent(LookupError):
    """An event was emitted by a name that no event has."""


class ReceiversNotLoaded(RuntimeError):
    """An event was emitted before the receivers were loaded (contract section 6)."""


class ReceiverLoadError(ImproperlyConfigured):
    """A receiver module is missing or fails to import, or its receivers could not work."""


class TracedAlready(RuntimeError):
    """A trace was begun inside of another one."""


class BrokenTransaction(RuntimeError):
    """A receiver swallowed a database error that broke its transaction or savepoint."""


class SynchronousEmission(SynchronousOnlyOperation):
    """`emit` was called in a running event loop, where its receivers cannot run; await `aemit`."""


class ConcurrentSQL(RuntimeError):
    """A receiver with ``concurrent=True`` used the database connection of what runs around it."""


class ConcurrentAssignment(AttributeError):
    """A receiver that others run beside has assigned an attribute of its event."""


class PassesReceivers(Exception):
    """Base of errors that no receiver can contain: they pass all of them, whatever their options.

    The outermost emission raises it, also when a receiver caught it, and nothing more is run.
    """


class EventDepthExceeded(PassesReceivers, RuntimeError):
    """Receivers emit events whose receivers emit events, deeper than ``EVENT_MAX_DEPTH``."""


class EventLoop(EventDepthExceeded):
    """An endless loop that is known before it is deep: what an event brought about is its cause.

    A signal of which the event was made was sent again, with the same sender and arguments.
    """


class ReceiverError(ExceptionGroup[Exception]):
    """One or more receivers with ``raise_exception=True`` failed (contract section 4).

    ``event`` is the event's name, ``receivers`` are the dotted names of the receivers that
    failed, in the order of ``exceptions``; ``message`` joins their messages with ``", "``.
    """

    event: str
    receivers: tuple[str, ...]

    def __new__(
        cls, event: str, receivers: Sequence[str], exceptions: Sequence[Exception]
    ) -> ReceiverError:
        """Take the event's name, and receivers and exceptions in the same order."""
        self = super().__new__(cls, ", ".join(map(message_of, exceptions)), exceptions)
        self.event = event
        self.receivers = tuple(receivers)
        return self

    def __init__(
        self, event: str, receivers: Sequence[str], exceptions: Sequence[Exception]
    ) -> None:
        super().__init__(self.message, exceptions)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return ReceiverError, (self.event, self.receivers, self.exceptions)

    def derive(self, excs: Sequence[Exception], /) -> ReceiverError:  # type: ignore[override]
        """Return a group of some of the exceptions, as ``split`` and ``except*`` need it."""
        failed = {
            id(error): name for error, name in zip(self.exceptions, self.receivers, strict=True)
        }
        names = [failed.get(id(error), "") for error in excs]
        return ReceiverError(self.event, names, excs)


def message_of(error: BaseException) -> str:
    """Return the text of an exception; of a ``ValidationError`` its messages, joined."""
    if isinstance(error, ValidationError):
        return ", ".join(error.messages)
    try:
        return str(error)
    except Exception:  # a broken __str__ must not keep the other receivers from running
        return f"{type(error).__name__} without readable text"
