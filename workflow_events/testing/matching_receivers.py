"""Which receivers a test means: by function, method, class or name."""

from __future__ import annotations

from typing import Any

from workflow_events.events.near import near
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.senders import names_of as dotted_names


class UnknownReceiver(LookupError):
    """What a test names is registered for nothing."""


def registrations_of(wanted: Any) -> list[Receiver]:
    """Return the registrations of a receiver, in the order of registration.

    Takes the function, a bound method, a method of a class of receivers, such a class, or the name
    of one of these; of one in the background also that of its deliveries. Raises `UnknownReceiver`
    with the names that are near.
    """
    found = [receiver for receiver in registry.receivers if means(wanted, receiver)]
    if not found:
        raise UnknownReceiver(_unknown(wanted))
    return found


def means(wanted: Any, receiver: Receiver) -> bool:
    """Tell whether a registration is of what a test names."""
    if not isinstance(wanted, str):
        return receiver.is_of(wanted)
    owner = getattr(receiver.function, "__self__", None)
    return wanted in names_of(receiver) or (
        owner is not None and wanted == dotted_names(type(owner))[1]
    )


def names_of(receiver: Receiver) -> set[str]:
    """Return the names of a registration: of the function, and of its deliveries."""
    return {receiver.name} | ({receiver.background.name} if receiver.background else set())


def _unknown(wanted: Any) -> str:
    shown = wanted if isinstance(wanted, str) else getattr(wanted, "__qualname__", repr(wanted))
    names = {name for receiver in registry.receivers for name in names_of(receiver)}
    tails = {name.rpartition(".")[2]: name for name in names}
    likely = near(shown, names) + [tails[tail] for tail in near(shown.rpartition(".")[2], tails)]
    hint = f"near is {', '.join(dict.fromkeys(likely))}" if likely else "is its module imported?"
    return f"{shown} is no receiver that is registered; {hint}"
