"""Calling one receiver as if an event had been emitted, in its unit test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from django.dispatch import Signal

from workflow_events.events import Event
from workflow_events.events.declaration.envelope import Envelope
from workflow_events.events.declaration.event import declared, restore
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.events.emission.restoring import run_alone, wants
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.senders import names_of
from workflow_events.events.registration.targets import Source, targets_of
from workflow_events.testing.matching_events import EventMatcher, UnknownEvent
from workflow_events.testing.matching_receivers import registrations_of
from workflow_events.testing.stand_ins import LeftOut


@dataclass(frozen=True, slots=True)
class Called:
    """What became of a `call`; true where a filter or the sender has not kept it from running."""

    event: Any
    """The occurrence, with its payload as the receiver left it."""
    times: int
    """How many registrations of the receiver have run."""

    def __bool__(self) -> bool:
        return self.times > 0


class NotGiven:
    """What stands for a part of an occurrence that a test left out: using it fails."""

    def __init__(self, name: str, event: str) -> None:
        """Take the name of the attribute, and that of the event."""
        vars(self).update(_name=name, _event=event)

    def _fail(self, *_: Any, **__: Any) -> NoReturn:
        raise LeftOut(
            f"{self._name} of {self._event} is used, which the test left out; "
            f"give it: call(…, {self._name}=…)."
        )

    def __repr__(self) -> str:
        return f"<{self._name}: left out>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # as hasattr() and inspect ask for what may be there
        self._fail()

    __setattr__ = __delattr__ = __str__ = __format__ = __bytes__ = _fail
    __bool__ = __len__ = __iter__ = __next__ = __contains__ = __reversed__ = _fail
    __getitem__ = __setitem__ = __delitem__ = __call__ = __enter__ = __exit__ = _fail
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _fail
    __rtruediv__ = __floordiv__ = __mod__ = __or__ = __ror__ = __and__ = __rand__ = _fail
    __int__ = __float__ = __index__ = __neg__ = __abs__ = __await__ = __hash__ = _fail


OMITTED: Final = object()


def call(receiver: Any, event: Any, /, *, sender: Any = OMITTED, **payload: Any) -> Called:
    """Call a receiver as if this event had been emitted, and nobody else listened.

    Takes the receiver as `mute` does, the event's class or name or a signal, and as much of the
    payload as the receiver uses; rows may be stand-ins. The sender, its filters and its signature
    count as ever; its SQL, if it runs any, is undone when it fails. Also one after COMMIT or in the
    background is called at once. No database is needed where it runs no SQL.

    Raises what the receiver raises, `LeftOut` when it uses what was not given, `UnknownReceiver`,
    `UnknownEvent`, and ``TypeError`` where it does not listen to the event.
    """
    source, named = _target(event)
    sender = named if sender is OMITTED else sender
    registrations = [one for one in registrations_of(receiver) if one.means(source)]
    if not registrations:
        raise TypeError(f"{_named(receiver)} does not listen to {_named(event)}.")
    if sender is OMITTED and any(map(_chooses_senders, registrations)):
        raise TypeError(f"{_named(receiver)} listens to some senders only; give sender=….")
    occurrence = _occurrence(source, sender, payload)
    times = 0
    for one in registrations:
        if wants(one, occurrence):
            times += 1
            run_alone(one, occurrence, then=_nothing)
    return Called(occurrence, times)


def _chooses_senders(receiver: Receiver) -> bool:
    return bool(receiver.senders) or any(target.sender for target in receiver.targets)


def _nothing() -> None:
    """Come after the receiver, where a delivery would be marked as done."""


def _target(event: Any) -> tuple[Source, Any]:
    """Return what is emitted, and the sender that it names, as ``PostUpdateRecord[Page]`` does."""
    target, *others = targets_of(event)
    wanted = declared.get(target.wanted, event) if isinstance(target.wanted, str) else target.wanted
    if others or not isinstance(wanted, type | Signal):
        EventMatcher(event)  # raises for a name that is near another one
        raise UnknownEvent(f"call() takes one event, not {event!r}.")
    return wanted, OMITTED if target.sender is None else target.sender


def _occurrence(source: Source, sender: Any, payload: dict[str, Any]) -> Event:
    kind = registry.bridges[source].occurrence if isinstance(source, Signal) else source
    values = dict(vars(kind(**payload)))
    values.update(_left_out(kind, values))
    name = kind.event_name
    envelope = Envelope(name=name, id=uuid7(), time=datetime.now(UTC), cause=None)
    sent_by = NotGiven("sender", name) if sender is OMITTED else sender
    return restore(kind, values, sent_by, envelope)


def _left_out(kind: type[Event], values: dict[str, Any]) -> Iterator[tuple[str, NotGiven]]:
    for name in sorted(kind.attributes - values.keys()):
        yield name, NotGiven(name, kind.event_name)


def _named(wanted: Any) -> str:
    return getattr(wanted, "event_name", None) or names_of(wanted)[1]
