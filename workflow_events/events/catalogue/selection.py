"""Which events or signals somebody means who types a name."""

from __future__ import annotations

from fnmatch import fnmatchcase

from django.dispatch import Signal
from django.utils.module_loading import import_string

from workflow_events.events.catalogue.entries import EventEntry, catalogue
from workflow_events.events.declaration.event import declared
from workflow_events.events.declaration.former_names import former_names
from workflow_events.events.near import near
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.signals import name_of_signal
from workflow_events.events.registration.targets import Source


class NoSuchEvent(LookupError):
    """No event is declared by that name, and no pattern of that form means one."""


def events_named(wanted: str) -> tuple[EventEntry, ...]:
    """Return the events of a name, a former name, a class, a path to import it by, or a pattern.

    Raises `NoSuchEvent` with names that are like it.
    """
    entries = catalogue()
    found = tuple(entry for entry in entries if _means(wanted, entry))
    if not found and "." in wanted:
        meant = _imported(wanted)
        found = tuple(entry for entry in entries if entry.event is meant)
    if not found:
        raise NoSuchEvent(_no_such("event", wanted))
    return found


def sources_named(wanted: str) -> tuple[Source, ...]:
    """Return the events that are meant, or the Django signal of that dotted path.

    Raises `NoSuchEvent` with names that are like it.
    """
    try:
        return tuple(entry.event for entry in events_named(wanted))
    except NoSuchEvent:
        signals = {name_of_signal(signal): signal for signal in registry.bridges}
        found = tuple(signals[name] for name in signals if fnmatchcase(name, wanted))
        if found:
            return found
        if "." not in wanted:
            raise
    signal = _imported(wanted)
    if not isinstance(signal, Signal):
        raise NoSuchEvent(_no_such("event or signal", wanted))
    return (signal,)


def events_near(wanted: str) -> list[str]:
    """Return the names of events that are like one, or were once, the likest first."""
    found = near(wanted, [*declared, *former_names])
    names = [name if name in declared else former_names[name].event_name for name in found]
    return list(dict.fromkeys(names))


def _means(wanted: str, entry: EventEntry) -> bool:
    names = (entry.name, entry.path, entry.event.__name__, *entry.former_names)
    return wanted in names or fnmatchcase(entry.name, wanted)


def _imported(path: str) -> object:
    try:
        return import_string(path)
    except ImportError:
        return None


def _no_such(what: str, wanted: str) -> str:
    likely = events_near(wanted)
    hint = f"did you mean {' or '.join(likely)}?" if likely else "`events` lists those there are."
    return f"There is no {what} {wanted!r}; {hint}"
