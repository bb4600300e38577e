"""The text of a new receiver, and of its test."""

from __future__ import annotations

import sys
from typing import Final

from workflow_events.events.catalogue import EventEntry
from workflow_events.events.checking.registrations import is_announced
from workflow_events.events.declaration.event import Event
from workflow_events.events.registration.registry import registry
from workflow_events.events.scaffolding.errors import CannotWrite
from workflow_events.events.scaffolding.imports import Imports
from workflow_events.events.scaffolding.layout import LINE, fitted
from workflow_events.events.scaffolding.places import NewModule, check_name

TAKEN: Final = frozenset(
    {"call", "called", "caplog", "envelope", "logger", "logging", "on", "pytest"}
)
"""Names that the module of a receiver, or its test, has already."""

MODULE: Final = '''\
"""{summary}"""

{imports}

logger = logging.getLogger(__name__)


{decorator}
{definition}
    """Note that it happened; write here what is to be done."""
    logger.info("%s %s", event.event_name, event.envelope.id)
'''
TEST: Final = '''\
"""What {name} does."""

{imports}


def test_it_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
{call}
    assert called
    envelope = called.event.envelope
    assert caplog.messages == [f"{{envelope.name}} {{envelope.id}}"]
'''


def receiver_module(place: NewModule, entry: EventEntry, *, background: bool) -> str:
    """Return the text of a module with one receiver.

    Raises `CannotWrite` where that receiver could not be registered.
    """
    _check(place, entry, background)
    imports = Imports(place.top)
    imports.add("logging")
    imports.add("workflow_events.events", "on")
    target, kind = _target(entry, imports), "Event"
    if target.startswith('"'):
        imports.add("workflow_events.events", "Event")
    else:
        kind = target
        if entry.event.subscript_is_sender:
            imports.add("typing", "Any")
            kind = f"{target}[Any]"
    return MODULE.format(
        summary=_summary(entry, background),
        imports=imports,
        decorator=fitted("@on(", [target, *(["background=True"] if background else [])], ")"),
        definition=fitted(f"def {place.name}(", [f"event: {kind}"], ") -> None:"),
    )


def receiver_test(place: NewModule, entry: EventEntry) -> str:
    """Return the text of its test."""
    imports = Imports(place.top)
    imports.add("logging")
    imports.add("pytest")
    imports.add("workflow_events.testing", "call")
    imports.add(place.module, place.name)
    target = _target(entry, imports)
    call = fitted("    called = call(", [place.name, target], ")")
    return TEST.format(name=place.name, imports=imports, call=call)


def _check(place: NewModule, entry: EventEntry, background: bool) -> None:
    check_name(place.name, "the name of a receiver")
    if place.name in TAKEN | {entry.event.__name__}:
        raise CannotWrite(
            f"{place.name!r} cannot be the name of a receiver: its module or its test has "
            "something else of that name."
        )
    if place.name != place.name.lower():
        raise CannotWrite(f"{place.name!r} cannot be the name of a receiver; write it like_this.")
    if not background:
        return
    if is_announced(entry.name):
        raise CannotWrite(
            f"{entry.name} cannot be heard in the background: what it announces would be over. "
            "Take its post_ event, or leave out --background."
        )
    if registry.recorder is None:
        raise CannotWrite(
            "Nobody stores events for the background: add workflow_events.delivery to "
            "INSTALLED_APPS, or leave out --background."
        )


def _summary(entry: EventEntry, background: bool) -> str:
    when = ", in the background" if background else ""
    line = f"What is done after {entry.name}{when}."
    if is_announced(entry.name):
        line = f"What is done before it happens: {entry.name}."
    return line if len(line) + 6 <= LINE else "What is done when it happens."


def _target(entry: EventEntry, imports: Imports) -> str:
    """Return what `@on` is given: the class, or the name where the class cannot be imported."""
    module = importable_from(entry.event)
    if module is None:
        return f'"{entry.name}"'
    imports.add(module, entry.event.__name__)
    return entry.event.__name__


def importable_from(event: type[Event]) -> str | None:
    """Return the shortest module that has an event class under its name; None where none has."""
    parts = event.__module__.split(".")
    modules = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    for module in modules:
        if vars(sys.modules.get(module, sys)).get(event.__name__) is event:
            return module
    return None
