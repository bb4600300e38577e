"""Writes a receiver or an event, and a test of it, to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflow_events.events.catalogue import EventEntry, NoSuchEvent, events_named
from workflow_events.events.declaration.debug import DebugEvent
from workflow_events.events.loading import MODULES_OF_AN_APP, SETTING
from workflow_events.events.scaffolding.errors import CannotWrite
from workflow_events.events.scaffolding.event import (
    attributes_of,
    event_module,
    event_test,
    names_for,
)
from workflow_events.events.scaffolding.places import NewModule, is_loaded, place_for, write
from workflow_events.events.scaffolding.receiver import receiver_module, receiver_test

DIRECTORY: Final = "extensions"


class Command(BaseCommand):
    """``new receiver NAME`` and ``new event NAME``."""

    help = "Writes a receiver or an event, and a test of it, to begin with."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is to be written."""
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="receiver|event")
        receiver = kinds.add_parser("receiver", help="a function that is called for an event")
        receiver.add_argument("name", metavar="NAME", help="of the function and its module")
        receiver.add_argument(
            "--event",
            default=DebugEvent.event_name,
            help="name or class of the event (default: debug_event, which is emitted by hand)",
        )
        receiver.add_argument(
            "--background", action="store_true", help="let a worker call it, after COMMIT"
        )
        event = kinds.add_parser("event", help="a class whose annotations are its payload")
        event.add_argument(
            "name", metavar="NAME", help="of the event, or of its class: order_paid, OrderPaid"
        )
        event.add_argument(
            "--attribute",
            action="append",
            default=[],
            metavar="NAME:TYPE",
            help="of its payload, as amount:Decimal; may be repeated",
        )
        for kind in (receiver, event):
            kind.add_argument(
                "--dir",
                dest="directory",
                default=DIRECTORY,
                help=f"the package (default: {DIRECTORY})",
            )

    def handle(self, *args: Any, kind: str, **options: Any) -> None:
        """Write it; raises `CommandError`, and writes nothing, where that cannot be done."""
        make = self._receiver if kind == "receiver" else self._event
        try:
            place, module, test = make(**options)
            written = write(place, module, test)
        except (CannotWrite, NoSuchEvent) as error:
            raise CommandError(str(error)) from None
        for line in _report(place, written):
            self.stdout.write(line)

    def _receiver(
        self, *, name: str, event: str, background: bool, directory: str, **_: Any
    ) -> tuple[NewModule, str, str]:
        place, entry = place_for(directory, name), _one(event)
        module = receiver_module(place, entry, background=background)
        return place, module, receiver_test(place, entry)

    def _event(
        self, *, name: str, attribute: list[str], directory: str, **_: Any
    ) -> tuple[NewModule, str, str]:
        event, kind = names_for(name)
        place = place_for(directory, event)
        attributes = attributes_of(attribute, kind)
        module = event_module(place, event, kind, attributes)
        return place, module, event_test(place, event, kind, attributes)


def _one(wanted: str) -> EventEntry:
    found = events_named(wanted)
    if len(found) > 1:
        raise CannotWrite(
            f"--event {wanted} means {len(found)} events, among them {found[0].name} and "
            f"{found[1].name}; name one."
        )
    return found[0]


def _report(place: NewModule, written: list[Path]) -> Iterator[str]:
    for file in written:
        yield f"wrote {file}"
    yield ""
    yield "Next:"
    yield f"  pytest {place.test}"
    yield f"  Change {place.file} to what you need, and its test with it."
    if is_loaded(place):
        return
    if getattr(settings, SETTING, None) is None:
        modules = " or ".join(MODULES_OF_AN_APP)
        yield f"  To load it at the start, import {place.module} in the module {modules} of an app."
    else:
        yield f"  To load it at the start, let {SETTING} list {place.package}.*"
        yield f"  (the service does so by itself with {DIRECTORY}.*, where that is not set)."
